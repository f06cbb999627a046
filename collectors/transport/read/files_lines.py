"""Bytes → lines, in constant memory whatever comes."""

from functools import partial
from itertools import repeat
from typing import NamedTuple

LINE_CAP = 256 * 1024
"""Bytes kept of one line."""


class Line(NamedTuple):
    """One line without its newline; ``lost`` bytes of its end were over the cap."""

    data: bytes
    lost: int = 0


# the constructor of a named tuple is Python: it takes twice as long
_line = partial(tuple.__new__, Line)


class LineSplitter:
    """Cuts a stream of bytes at newlines and keeps the head of a line that is over ``cap`` bytes."""

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._held = bytearray()
        self._over = 0

    @property
    def partial(self) -> bool:
        """Whether a line has begun and not ended."""
        return bool(self._held) or self._over > 0

    @property
    def pending(self) -> int:
        """Bytes of the line that has begun and not ended."""
        return len(self._held) + self._over

    def feed(self, data: bytes) -> list[Line]:
        """The lines that ``data`` ends, in order."""
        lines: list[Line] = []
        if self.partial:
            end = data.find(b"\n")
            if end < 0:
                self._hold(data)
                return lines
            self._hold(data[:end])
            lines += self.flush()
            data = data[end + 1 :]
        pieces = data.split(b"\n")
        self._hold(pieces.pop())
        cap = self._cap
        if len(data) <= cap:
            lines += map(_line, zip(pieces, repeat(0)))
        else:
            lines += [Line(piece[:cap], max(0, len(piece) - cap)) for piece in pieces]
        return lines

    def flush(self) -> list[Line]:
        """The line held as if it had ended; empty where none is held, except after its newline."""
        line = Line(bytes(self._held), self._over)
        self._held.clear()
        self._over = 0
        return [line]

    def _hold(self, data: bytes) -> None:
        room = self._cap - len(self._held)
        self._held += data[:room]
        self._over += max(0, len(data) - room)
