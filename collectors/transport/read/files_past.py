"""A log file and its rotated neighbours, in the order in which they were written."""

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass

MOST_NEIGHBOURS = 1000
"""Rotated files of one log that are looked at, the youngest."""

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4")
"""Endings of packed files; only ``.gz`` can be read back here."""

_TURN = (
    r"(?P<turn>\d{1,4}|\d{9,14}|old"
    r"|\d{4}-?\d\d-?\d\d(?:[T_.-]?\d[\d:-]{0,17}(?:_\d{1,9})?)?(?:[._-]\d{1,4})?)"
)
_PACK = r"(?P<pack>\.gz|\.bz2|\.xz|\.zst|\.zip|\.lz4)?"


@dataclass(frozen=True, slots=True)
class PastFile:
    """One file of a log's past: its size as it lies there in bytes, and when it last changed (UTC epoch)."""

    path: str
    size: int
    compressed: bool
    mtime: float


def name_patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What rotated neighbours of a file ``name`` are called; the group ``turn`` is the number or date.

    ``app.log.1``, ``app.log-20261123.gz``, ``app-2026-11-23.log``.
    """
    stem, dot, ending = name.rpartition(".")
    behind = re.compile(rf"{re.escape(name)}[._-]{_TURN}{_PACK}")
    if not stem:
        return behind, behind
    return behind, re.compile(rf"{re.escape(stem)}[._-]{_TURN}{re.escape(dot + ending)}{_PACK}")


def in_order(path: str, found: Iterable[tuple[str, int, float]]) -> list[PastFile]:
    """Of (name, size, mtime) in the folder of ``path``: its neighbours, oldest first, itself last."""
    folder, name = os.path.split(path)
    patterns = name_patterns(name)
    turns: list[tuple[str, PastFile]] = []
    itself: list[PastFile] = []
    for other, size, mtime in found:
        whole = f"{folder}/{other}" if folder not in ("", "/") else f"{folder}{other}"
        if other == name:
            itself.append(PastFile(path, size, other.endswith(PACKED), mtime))
            continue
        fits = next((hit for one in patterns if (hit := one.fullmatch(other))), None)
        if fits is not None:
            turns.append((fits["turn"], PastFile(whole, size, fits["pack"] is not None, mtime)))
    # while a file is being packed both are there
    plain = {one.path for _, one in turns if not one.compressed}
    turns = [(turn, one) for turn, one in turns if not (one.compressed and _unpacked(one.path) in plain)]
    return [one for _, one in _sorted(turns)][-MOST_NEIGHBOURS:] + itself


def neighbours(path: str) -> list[PastFile]:
    """The files of a log on this machine, oldest first; blocks; empty where there is nothing to read."""
    folder = os.path.dirname(path) or "."  # noqa: PTH120 - the path's own spelling is kept
    found: list[tuple[str, int, float]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    status = entry.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append((entry.name, status.st_size, status.st_mtime))
    except OSError:
        return []
    return in_order(path, found)


def _unpacked(path: str) -> str:
    return next((path.removesuffix(ending) for ending in PACKED if path.endswith(ending)), path)


def _sorted(turns: list[tuple[str, PastFile]]) -> list[tuple[str, PastFile]]:
    """Oldest first: by number where all have one, by date where all have one, else by time of change."""
    if all(turn.isdigit() and len(turn) <= 4 for turn, _ in turns):
        return sorted(turns, key=lambda one: -int(one[0]))
    if all(len(turn) >= 8 for turn, _ in turns):
        return sorted(turns, key=lambda one: (re.sub(r"\D", "", one[0]), one[1].mtime))
    return sorted(turns, key=lambda one: one[1].mtime)
