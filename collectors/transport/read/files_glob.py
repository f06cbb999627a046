"""Patterns → paths of log files."""

import glob
import os
import re
import stat
from itertools import islice

from collectors.transport.read.files_open import Seen
from collectors.transport.read.files_past import PACKED

_ENTRIES = 10_000
_NUMBERED = re.compile(r"(.+)\.\d{1,3}", re.DOTALL)


def is_pattern(path: str) -> bool:
    """Whether ``path`` names several files."""
    return glob.has_magic(path)


def base_of(path: str) -> str:
    """``app.log`` of ``app.log.1``; empty for a path without a number."""
    numbered = _NUMBERED.fullmatch(path)
    return numbered[1] if numbered else ""


def expand(pattern: str, most: int) -> tuple[list[tuple[str, Seen]], int]:
    """The files of ``pattern``, latest written first, and how many are beyond ``most``.

    Packed files and rotated ones (``app.log.1`` beside ``app.log``) are left out.
    """
    # Path.glob takes no absolute pattern
    names = set(islice(glob.iglob(pattern, recursive=True), _ENTRIES))  # noqa: PTH207
    found: list[tuple[float, str, Seen]] = []
    for name in names:
        if name.endswith(PACKED) or base_of(name) in names:
            continue
        try:
            status = os.stat(name)  # noqa: PTH116 - thousands of times
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            found.append((status.st_mtime, name, Seen.of(status)))
    found.sort(reverse=True)
    return [(name, identity) for _, name, identity in found[:most]], max(0, len(found) - most)
