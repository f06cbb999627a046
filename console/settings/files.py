"""Reading configuration files: who may write them, what they are now, and whether they changed."""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from console.settings.values import FileStamp, IncludeStamp, Settings

LARGEST = 4 * 2**20
"""Bytes of one file."""


LARGEST_SECRET = 64 * 2**10
"""Bytes of a secret's file."""


class Refused(NamedTuple):
    """Why a file is not read, and what to do."""

    message: str
    remedy: str


class Content(NamedTuple):
    """A file as it was read; ``readable`` is whether group or others may read it."""

    text: str
    stamp: FileStamp
    readable: bool


def read(path: Path, environ: Mapping[str, str]) -> Content | Refused:
    """A file's text and stamp, or why it is refused: unreadable, too large, or writable by others."""
    try:
        # A FIFO would block the open for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            refused = _refused(path, status, environ)
            if refused is not None:
                return refused
            raw = file.read(LARGEST + 1)
    except OSError as error:
        return Refused(f"cannot be read: {error.strerror or error}", "check the path and its rights")
    if len(raw) > LARGEST:
        return Refused(f"is larger than {LARGEST // 2**20} MiB", "split it with include")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Refused(f"is not UTF-8 (line {line})", "save it as UTF-8")
    return Content(text, _stamp(path, status, raw), bool(status.st_mode & 0o077))


def read_secret(path: Path) -> Content | Refused:
    """A secret's file; it may belong to anybody, as mounted secrets do, but not be written by all."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Refused(f"{path} is not a file", "name a file")
            if status.st_mode & 0o002:
                return Refused(f"{path} may be written by others, so it is not trusted", f"chmod o-w {path}")
            raw = file.read(LARGEST_SECRET + 1)
    except OSError as error:
        return Refused(f"{path} cannot be read: {error.strerror or error}", "check the path and its rights")
    if len(raw) > LARGEST_SECRET:
        return Refused(f"{path} is too large for a secret", "name the right file")
    text = raw.decode("utf-8", "replace")
    return Content(text, _stamp(path, status, raw), bool(status.st_mode & 0o077))


def _refused(path: Path, status: os.stat_result, environ: Mapping[str, str]) -> Refused | None:
    if not stat.S_ISREG(status.st_mode):
        return Refused("is not a file", "name a file")
    if status.st_mode & 0o022:
        who = "others" if status.st_mode & 0o002 else "its group"
        return Refused(f"may be written by {who}, so it is not trusted", f"chmod go-w {path}")
    owners = {0, os.geteuid()}
    if os.geteuid() == 0 and environ.get("SUDO_UID", "").isdecimal():
        owners.add(int(environ["SUDO_UID"]))
    if status.st_uid not in owners:
        return Refused(
            f"belongs to user {status.st_uid}, so it is not trusted", f"take it over: chown {os.geteuid()}"
        )
    return None


def _stamp(path: Path, status: os.stat_result, raw: bytes) -> FileStamp:
    digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
    return FileStamp(path, status.st_mtime_ns, status.st_ino, status.st_size, digest)


def matching(folder: Path, pattern: str) -> tuple[Path, ...]:
    """Files that an include pattern names, sorted; ``~`` and absolute patterns are understood."""
    wide = Path(pattern).expanduser()
    if wide.is_absolute():
        folder, pattern = Path(wide.anchor), str(wide.relative_to(wide.anchor))
    if not any(char in pattern for char in "*?["):
        return ((folder / pattern),) if (folder / pattern).is_file() else ()
    return tuple(sorted(path for path in folder.glob(pattern) if path.is_file()))


def changed(settings: Settings) -> bool:
    """Whether a file that ``settings`` came from is another one now, is gone, or has company.

    Cheap while nothing happens (one stat each); a file that was only touched has not changed. The
    caller loads anew and keeps the old settings where that raises SettingsError.
    """
    return any(_is_new(stamp) for stamp in settings.stamps) or _has_company(settings.includes)


def _is_new(stamp: FileStamp) -> bool:
    try:
        status = stamp.path.stat()
        if (status.st_mtime_ns, status.st_ino, status.st_size) == (stamp.modified, stamp.inode, stamp.size):
            return False
        return _stamp(stamp.path, status, stamp.path.read_bytes()).digest != stamp.digest
    except OSError:
        return True


def _has_company(includes: Iterable[IncludeStamp]) -> bool:
    return any(matching(include.folder, include.pattern) != include.matches for include in includes)
