"""One open log file: where we are in it, and what we remember of it to know it again."""

import os
import stat
from typing import NamedTuple

from collectors.transport.read.files_lines import Line, LineSplitter
from collectors.transport.read.files_place import PROOF, FileId, FilePlace, Proof

CHUNK = 256 * 1024
"""Bytes of one read."""

KEPT = 256
"""Bytes remembered of the file's head and from just before our place."""

SURE = 4096
"""Bytes read before two files whose remembered bytes agree are taken for the same: shorter ones may
agree by chance, and reading a little twice is better than not at all."""


class Seen(NamedTuple):
    """A file as seen at rest: a reused inode number shows by another size or time of change."""

    id: FileId
    size: int
    modified: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Seen":
        """What ``stat`` tells."""
        return cls((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)


class NotRegularError(OSError):
    """A folder, FIFO or device stands where a file should be."""


class OpenFile:
    """A descriptor with our offset, line splitter and memory of the bytes; raises OSError throughout.

    Before ``floor`` nothing is there: the file was unpacked from that place on.
    """

    def __init__(self, descriptor: int, found: os.stat_result, cap: int) -> None:
        self._descriptor = descriptor
        self._cap = cap
        self._head = b""
        self._tail = b""
        self.id: FileId = (found.st_dev, found.st_ino)
        self.size = found.st_size
        self.modified = found.st_mtime
        self.seen = Seen.of(found)
        self.offset = 0
        self.floor = 0
        self.backlog_end = 0
        self.replay_end = 0
        self.quiet_since: float | None = None
        self.splitter = LineSplitter(cap)

    @classmethod
    def open(cls, path: str, cap: int) -> "OpenFile":
        """Open ``path`` for reading; never waits for a FIFO's writer."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise NotRegularError(f"{path} is not a regular file")
        return cls(descriptor, found, cap)

    @property
    def behind(self) -> int:
        """Bytes written and not read, as of the last look."""
        return max(0, self.size - self.offset)

    def place(self) -> FilePlace:
        """The start of the next line, as another run can find it again."""
        pending = self.splitter.pending
        told = self._tail[: len(self._tail) - pending] if pending < len(self._tail) else b""
        return FilePlace(self.id, self.offset - pending, Proof.of(self._head), Proof.of(told[-PROOF:]))

    def holds(self, place: FilePlace) -> bool:
        """Whether the bytes at and before ``place`` are here, at their places."""
        before, head = place.before, place.head
        return (
            self.size >= place.offset
            and head.fits(self.pread(head.size, 0))
            and before.fits(self.pread(before.size, place.offset - before.size))
        )

    def pread(self, count: int, offset: int) -> bytes:
        """Bytes at ``offset`` without moving."""
        return os.pread(self._descriptor, count, offset)

    def start_at(self, offset: int) -> None:
        """Begin to read at ``offset``; what the file holds by now is backlog."""
        self.offset = offset
        self.backlog_end = self.size
        self._remember()

    def look(self) -> None:
        """Take size and time of change anew."""
        found = os.fstat(self._descriptor)
        self.size = found.st_size
        self.modified = found.st_mtime
        self.seen = Seen.of(found)

    def read(self, limit: int) -> list[Line]:
        """Lines of the next ``limit`` bytes at most; moves on."""
        lines: list[Line] = []
        while limit > 0:
            data = os.pread(self._descriptor, min(CHUNK, limit), self.offset)
            if not data:
                break
            limit -= len(data)
            self.offset += len(data)
            self._tail = data[-KEPT:] if len(data) >= KEPT else (self._tail + data)[-KEPT:]
            lines += self.splitter.feed(data)
        if len(self._head) < KEPT:
            self._head = self.pread(KEPT, 0)
        return lines

    def intact(self) -> bool:
        """Whether what we have read is still there, unchanged; costs two small reads."""
        self.look()
        return self.size >= self.offset and self.agrees(self)

    def continues_in(self, other: "OpenFile") -> bool:
        """Whether ``other`` holds all that we have read of this one: a copy, or the same file come back."""
        return SURE <= self.offset <= other.size and self.agrees(other)

    def begins_as(self, copy: "OpenFile") -> bool:
        """Whether this file still has what ``copy`` was made of."""
        return self.size >= copy.size and self.pread(KEPT, 0)[: copy.size] == copy.pread(KEPT, 0)

    def hand_over(self, other: "OpenFile") -> None:
        """Let ``other`` go on at our place, with the line that has begun."""
        other.offset = self.offset
        other.splitter = self.splitter
        other.backlog_end = min(self.backlog_end, other.size)
        other.replay_end = min(self.replay_end, other.size)
        other._remember()  # noqa: SLF001 - of the same class
        self.splitter = LineSplitter(self._cap)

    def restart(self) -> None:
        """Begin anew after a truncation, behind the hole that a writer without O_APPEND leaves."""
        self.look()
        try:
            self.offset = os.lseek(self._descriptor, 0, os.SEEK_DATA) if self.size else 0
        except OSError:
            self.offset = 0
        self.backlog_end = 0
        self.replay_end = 0
        self.quiet_since = None
        self.splitter = LineSplitter(self._cap)
        self._remember()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def agrees(self, other: "OpenFile") -> bool:
        """Whether ``other`` holds the bytes that we remember, at their places."""
        if other.pread(len(self._head), 0) != self._head:
            return False
        return other.pread(len(self._tail), self.offset - len(self._tail)) == self._tail

    def _remember(self) -> None:
        self._head = self.pread(KEPT, 0)
        start = max(0, self.offset - KEPT)
        self._tail = self.pread(self.offset - start, start)
