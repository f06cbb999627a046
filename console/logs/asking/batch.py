"""Records of one stream as columns: what filters and tables are evaluated over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from console.logs.asking.answer import Record
from console.logs.language.syntax import Field

Mask = Sequence[bool]
"""Which rows of a batch are meant."""


@dataclass(slots=True)
class Tally:
    """What was met on the way and belongs into the coverage.

    ``unparsed``: lines that no format fitted. ``oversize``: lines cut at the cap. ``untimed``: records of
    the answer dated by their arrival. ``unitless``: numbers of a duration whose unit nobody knows.
    ``partly``: texts longer than a pattern may look at. ``holds``: whether a time lies in the span that is
    asked about, None where all do: the numbers do not depend on what was read beside it.
    """

    lines: int = 0
    bytes: int = 0
    matched: int = 0
    unparsed: int = 0
    oversize: int = 0
    untimed: int = 0
    unitless: int = 0
    partly: int = 0
    first: float | None = None
    last: float | None = None
    streams: dict[str, int] = field(default_factory=dict)
    holds: Callable[[float], bool] | None = None

    def add(self, other: "Tally") -> None:
        """Count what another one has counted of the lines read, not of what was found."""
        self.lines += other.lines
        self.bytes += other.bytes
        self.unparsed += other.unparsed
        self.oversize += other.oversize
        self.unitless += other.unitless
        self.partly += other.partly
        self.saw(other.first, other.last)

    def saw(self, *times: float | None) -> None:
        """Widen what is known of the times of all lines."""
        for time in times:
            if time is not None:
                self.first = time if self.first is None else min(self.first, time)
                self.last = time if self.last is None else max(self.last, time)


class Batch(Protocol):
    """Rows of one stream; a row is one record."""

    tally: Tally
    strict: bool
    """Whether its numbers come from a strict reader, so that none is infinite."""

    @property
    def size(self) -> int:
        """How many rows."""
        ...

    def column(self, field: Field) -> Sequence[Any]:
        """A field's value in each row, ABSENT where it has none.

        ``time`` is UTC epoch seconds, ``level`` a severity as a plain int, ``duration`` seconds or
        Unitless, ``trace`` its one form; the line's own fields are values of JSON.
        """
        ...

    def unit(self, field: Field) -> float | None:
        """Seconds that 1 stands for in the field's numbers; None where nobody knows."""
        ...

    def times(self) -> Sequence[float]:
        """Each row's time; of its arrival where it tells none."""
        ...

    def lines(self) -> Sequence[bytes]:
        """Each row's own bytes."""
        ...

    def places(self) -> Sequence[int]:
        """Where each row stands among the lines of its chunk."""
        ...

    def noted(self, note: str) -> Mask:
        """What ``is:`` asks of each row."""
        ...

    def untimed(self) -> int:
        """How many rows tell no time."""
        ...

    def records(self) -> Sequence[Record]:
        """Rows made to be shown."""
        ...

    def fields(self) -> Sequence[Mapping[str, Any]]:
        """The line's own fields of each row."""
        ...

    def pick(self, mask: Mask) -> Self:
        """The rows that are meant."""
        ...


class Unitless(float):
    """A duration in nobody knows what."""

    __slots__ = ()
