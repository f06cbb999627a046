"""What ``sh/follow.sh`` says, taken from the bytes as they come."""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.errors import AnswerError
from collectors.transport.read.remote_look import MARK, MOST_GREETING

MOST_WORDS = 4096
"""Bytes of one line of words."""

MOST_BYTES = 4 * 1024 * 1024
"""Bytes behind one line."""

_WITH_BYTES = {b"D": 3, b"A": 2}


@dataclass(frozen=True, slots=True)
class Frame:
    """One word with its arguments, and the bytes that follow it."""

    word: str
    arguments: tuple[bytes, ...]
    data: bytes = b""

    def number(self, index: int) -> int:
        """An argument as a number; raises AnswerError."""
        try:
            return int(self.arguments[index])
        except (ValueError, IndexError):
            raise AnswerError(f"{self.word} came without a number") from None

    def identity(self, index: int) -> tuple[int, int]:
        """An argument as dev:inode; (0, 0) for what looks otherwise."""
        device, _, inode = (self.arguments[index] if index < len(self.arguments) else b"").partition(b":")
        return (int(device), int(inode)) if device.isdigit() and inode.isdigit() else (0, 0)


class Frames:
    """Cuts the bytes into frames; raises AnswerError for what is none."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._greeted = False
        self._wanted = 0

    @property
    def greeting(self) -> bytes:
        """What came and is not a frame yet: where nothing else came, a complaint."""
        return bytes(self._held[:MOST_WORDS])

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that ``data`` ends."""
        self._held += data
        if len(self._held) < self._wanted or not (self._greeted or self._greets()):
            return
        start = 0
        while (frame := self._next(start)) is not None:
            start, found = frame
            yield found
        del self._held[:start]
        self._wanted = max(0, self._wanted - start)

    def _greets(self) -> bool:
        at = self._held.find(MARK)
        if at >= 0:
            del self._held[: at + len(MARK)]
            self._greeted = True
        elif len(self._held) > MOST_GREETING:
            raise AnswerError("the login shell says too much before a program runs")
        return self._greeted

    def _next(self, start: int) -> tuple[int, Frame] | None:
        end = self._held.find(b"\n", start, start + MOST_WORDS)
        if end < 0:
            if len(self._held) - start > MOST_WORDS:
                raise AnswerError("no words came from the reader on the server")
            self._wanted = 0
            return None
        word, *arguments = bytes(self._held[start:end]).split(b" ")
        frame = Frame(word.decode("ascii", "replace"), tuple(arguments))
        count = frame.number(_WITH_BYTES[word] - 1) if word in _WITH_BYTES else 0
        if not 0 <= count <= MOST_BYTES:
            raise AnswerError("the reader on the server sends too much at once")
        after = end + 1 + count
        if len(self._held) < after:
            self._wanted = after
            return None
        return after, Frame(frame.word, frame.arguments, bytes(self._held[end + 1 : after]))
