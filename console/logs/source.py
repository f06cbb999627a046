"""Lines to ask questions of, newest first: one way to go through them wherever they are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collectors.lines.facts import Profile
from console.logs.language.moments import Window

__all__ = ["Chunk", "Lines", "State", "Stream", "Window"]

CHUNK = 1024 * 1024
"""Bytes of one chunk, about: what is read between two looks at whether the question was given up."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Where lines come from; ``service`` and ``host`` stand in for lines that tell none."""

    name: str
    service: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How much of a stream was read: ``complete``, or ``why`` not. ``behind``: bytes not read yet."""

    stream: str
    complete: bool = True
    why: str = ""
    behind: int = 0


@dataclass(slots=True)
class Chunk:
    """Records of one stream in the order of their arrival, as a block of whole lines or one by one.

    ``arrivals``: UTC epoch seconds that stand in where a line tells no time, one for all or one for each.
    ``joined``: lines that belong together, such as a trace, are one record already.
    ``oversize``: lines that were cut at the cap.
    """

    stream: Stream
    profile: Profile
    block: bytes = b""
    records: Sequence[bytes] | None = None
    arrivals: float | Sequence[float] = 0.0
    joined: bool = False
    oversize: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Count its bytes, as ``size``."""
        self.size = (
            len(self.block) if self.records is None else sum(map(len, self.records)) + len(self.records)
        )

    def count(self) -> int:
        """How many lines."""
        if self.records is not None:
            return len(self.records)
        return self.block.count(b"\n") + (self.block[-1:] not in (b"", b"\n"))

    def lines(self) -> Sequence[bytes]:
        """Its lines."""
        if self.records is not None:
            return self.records
        lines = self.block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines

    def whole(self) -> bytes:
        """Its lines as one block that ends with a newline."""
        if self.records is None:
            return self.block if self.block.endswith(b"\n") else self.block + b"\n"
        return b"\n".join((*self.records, b""))


class Lines(Protocol):
    """Streams over a span of time."""

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:
        """Chunks that hold all lines within the window, and may hold others; may be called again.

        Newest first, but the lines of a chunk are in the order of their arrival. What cannot be read is
        told by ``states``.
        """
        ...

    def states(self) -> Sequence[State]:
        """How the streams stand, after or while ``chunks`` is gone through."""
        ...

    @property
    def total(self) -> int:
        """Bytes that there are to read, about; 0 where nobody knows."""
        ...
