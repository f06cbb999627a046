"""What undo needs, on disk before the write that it undoes: private, capped, expiring."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.action import RefusedError
from console.actions.whole import append_whole
from console.engine.folders import make_private

FOLDER = "undo"
KEPT_FOR = 24 * 3600.0
"""Seconds after which a run can no longer be taken back."""

MOST_BYTES = 256 * 2**20
"""Of all runs together; a run that would need more is refused at that step."""


class UndoFile:
    """The records of one run, locked while it goes on, so that others know that it lives."""

    def __init__(self, path: Path, room: int) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._room = room
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def keep(self, record: Mapping[str, Any]) -> None:
        """Write a record and sync it; raises RefusedError where it cannot be kept whole."""
        line = json.dumps(record).encode() + b"\n"
        if len(line) > self._room:
            raise RefusedError("the undo store is full", "nothing more is touched; runs expire after a day")
        try:
            append_whole(self._fd, line)
        except OSError as error:
            raise RefusedError(f"what undo needs cannot be kept: {error.strerror}") from None
        self._room -= len(line)

    def close(self) -> None:
        """Let others see that the run has ended; more than once does no harm."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class UndoStore:
    """One folder; a file for each run, named by its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def begin(self, run: str) -> UndoFile:
        """The file of a run that begins; raises RefusedError where it cannot be made."""
        try:
            make_private(self._folder)
            self._expire()
            used = sum(path.stat().st_size for path in self._paths())
            return UndoFile(self._path(run), max(0, MOST_BYTES - used))
        except OSError as error:
            raise RefusedError(f"the undo store cannot be written: {error.strerror}") from None

    def is_running(self, run: str) -> bool:
        """Whether a living console holds the run."""
        try:
            fd = os.open(self._path(run), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def read(self, run: str) -> list[dict[str, Any]]:
        """What was kept of a run, oldest first; a torn last line is passed over."""
        try:
            lines = self._path(run).read_bytes().splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def has(self, run: str) -> bool:
        """Whether something was kept of the run and is not too old."""
        with contextlib.suppress(OSError):
            state = self._path(run).stat()
            return state.st_size > 0 and time.time() - state.st_mtime < KEPT_FOR
        return False

    def drop(self, run: str) -> None:
        """Forget a run that was taken back."""
        self._path(run).unlink(missing_ok=True)

    def _expire(self) -> None:
        for path in self._paths():
            if time.time() - path.stat().st_mtime > KEPT_FOR and not self.is_running(path.stem):
                path.unlink(missing_ok=True)

    def _paths(self) -> Iterator[Path]:
        return self._folder.glob("*.jsonl")

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.jsonl"
