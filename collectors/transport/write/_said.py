"""What a program says: its begin and its end, never more, and never waited for."""

import asyncio
import contextlib
import os

from collectors.text import Shown, one_line

HALF = 32 * 1024
"""Bytes kept of the begin, and of the end."""

MOST_READS = 32
"""Pieces read of what lies in the pipe: somebody may still be writing."""

_GAP = b"\n\xe2\x80\xa6\n"


class Said:
    """A pipe whose ``writing`` end is a program's output; the program is never held up by a full one."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._begin = bytearray()
        self._end = bytearray()
        self._over = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Begin to read, once the program has its end."""
        self._drop_writing()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._read)

    def bytes(self) -> bytes:
        """All that was said so far; the middle is left out where that is more than 64 KiB."""
        for _ in range(MOST_READS):
            if self._loop is None or not self._read():
                break
        gap = _GAP if self._over else b""
        return bytes(self._begin) + gap + bytes(self._end)

    def last_line(self) -> Shown:
        """The last line that is not empty."""
        lines = [line for line in self.bytes().splitlines() if line.strip()]
        return one_line(lines[-1]) if lines else Shown("")

    def close(self) -> None:
        """Give the pipe back; may be called twice."""
        self._drop_writing()
        self._deafen()
        if self._reading >= 0:
            os.close(self._reading)
            self._reading = -1

    def _read(self) -> int:
        try:
            piece = os.read(self._reading, 64 * 1024)
        except BlockingIOError:
            return 0
        room = HALF - len(self._begin)
        self._begin += piece[:room]
        self._end += piece[room:] if room > 0 else piece
        beyond = len(self._end) - HALF
        if beyond > 0:
            self._over += beyond
            del self._end[:beyond]
        if not piece:
            self._deafen()
        return len(piece)

    def _deafen(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.remove_reader(self._reading)
            self._loop = None

    def _drop_writing(self) -> None:
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1
