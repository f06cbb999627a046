"""Locks between the consoles of one user: files that the kernel unlocks when their holder dies."""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from collectors.text import one_line


class Flocks:
    """Locks of one pair of hands. Methods block for a moment: call them in a thread."""

    def __init__(self) -> None:
        self._held: dict[str, list[int]] = {}

    def take(self, name: str, who: str) -> str | None:
        """Empty where the lock is ours now, else who has it; None where no lock can be kept here.

        It is taken in each folder that there is, as another console may not have the same environment.
        """
        if name in self._held:
            return ""
        handles: list[int] = []
        for folder in lock_folders():
            answer = _lock(folder, name, who)
            if isinstance(answer, str):
                _unlock(handles)
                return answer
            handles += [] if answer is None else [answer]
        if not handles:
            return None
        self._held[name] = handles
        return ""

    def give(self, name: str) -> None:
        """Unlock what is ours; the file stays, as one that is taken away could be held twice."""
        _unlock(self._held.pop(name, []))

    def close(self) -> None:
        """Unlock everything."""
        for name in list(self._held):
            self.give(name)


def _lock(folder: Path, name: str, who: str) -> int | str | None:
    """An open file that is locked, or who has it, or None where it cannot be locked."""
    # A subject's name may be longer than a file's, and hold anything.
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.pwrite(handle, who.encode()[:1000], 0)
    except BlockingIOError:
        holder = one_line(os.pread(handle, 1000, 0), 120)
        os.close(handle)
        return str(holder) or "another console"
    except OSError:
        os.close(handle)
        return None
    return handle


def _unlock(handles: list[int]) -> None:
    for handle in handles:
        os.close(handle)


def lock_folders() -> Iterator[Path]:
    """Folders of this user alone: in ``$XDG_RUNTIME_DIR`` and in ``/tmp``, as far as they can be trusted."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = [Path(runtime, "quarterdeck")] if runtime.startswith("/") else []
    for path in (*places, Path(f"/tmp/quarterdeck-{os.geteuid()}")):  # noqa: S108 - checked to be ours
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            status = path.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077:
            yield path
