"""Files read at any place, plain or gzipped; blocking, so they belong in a thread."""

import os
import zlib
from collections.abc import Iterator
from typing import Protocol

SEGMENT = 4 * 1024 * 1024
"""Unpacked bytes between two places at which unpacking can begin."""

_READ = 256 * 1024
_GZIP = 31


class Pages(Protocol):
    """Bytes at any place of a file; raises OSError."""

    size: int

    def pread(self, count: int, offset: int) -> bytes:
        """At most ``count`` bytes at ``offset``; fewer only at the end."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


class PlainPages:
    """A file as it lies there."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size

    def pread(self, count: int, offset: int) -> bytes:
        """Bytes at ``offset``, not beyond the size at the start."""
        return os.pread(self._descriptor, min(count, max(0, self.size - offset)), offset)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


class GzipPages:
    """A gzipped file, unpacked piece by piece.

    ``index`` reads it once and keeps the state of the unpacking every ``SEGMENT`` bytes (about 40 KB
    each), so that a later read anywhere costs one segment. ``size`` (unpacked) holds after that.
    ``broken``: the file ends early or is damaged; what comes before is there.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._points: list[_Unpacking] = []
        self._held = (-1, b"")
        self.size = 0
        self.broken = False

    def index(self) -> Iterator[int]:
        """Unpack it all once, giving the count of unpacked bytes now and then."""
        now = _Unpacking(self._descriptor)
        self._points = [now.copy()]
        while piece := now.read(SEGMENT):
            self.size += len(piece)
            if len(piece) == SEGMENT:
                self._points.append(now.copy())
            yield len(piece)
        self.broken = now.damaged

    def pread(self, count: int, offset: int) -> bytes:
        """Unpacked bytes at ``offset``."""
        pieces: list[bytes] = []
        count = min(count, max(0, self.size - offset))
        while count > 0:
            number, start = divmod(offset, SEGMENT)
            piece = self._segment(number)[start : start + count]
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)

    def _segment(self, number: int) -> bytes:
        if self._held[0] != number:
            if number >= len(self._points):
                return b""
            self._held = (number, self._points[number].copy().read(SEGMENT))
        return self._held[1]


class _Unpacking:
    """A place within a gzipped file from which to unpack; members one behind the other are one file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._offset = 0
        self._engine = zlib.decompressobj(_GZIP)
        self._rest = b""
        self.damaged = False

    def copy(self) -> "_Unpacking":
        other = _Unpacking(self._descriptor)
        other._offset, other._rest, other.damaged = self._offset, self._rest, self.damaged
        other._engine = self._engine.copy()
        return other

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer at the end and before damage."""
        pieces: list[bytes] = []
        while count > 0 and not self.damaged:
            if self._engine.eof:
                self._rest = self._engine.unused_data or self._more()
                if not self._rest.lstrip(b"\0"):
                    break
                self._engine = zlib.decompressobj(_GZIP)
            given = self._engine.unconsumed_tail or self._rest or self._more()
            self._rest = b""
            try:
                piece = self._engine.decompress(given, count)
            except zlib.error:
                piece = given = b""
            self.damaged = not given and not piece
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def _more(self) -> bytes:
        data = os.pread(self._descriptor, _READ, self._offset)
        self._offset += len(data)
        return data
