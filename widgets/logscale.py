"""The arithmetic of a log's bars: which span of time a column is, and how high its levels stand; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Counts = tuple[int, int, int, int]
"""Records of one span: errors and worse, warnings, infos, all others."""

SPANS = (60, 300, 900, 3600, 10800, 21600, 86400)
"""Seconds that can be on show, by ``zoomed``."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Seconds of one column."""

LETTERS = ("E", "W")
"""What stands in the cells of errors and of warnings."""


class BarSource(Protocol):
    """Counts by time."""

    @property
    def finest(self) -> int:
        """The second (UTC epoch) from which on counts are known by the second; before, by the minute."""

    def buckets(self, start: int, step: int, count: int) -> Sequence[Counts]:
        """The counts of ``count`` spans of ``step`` seconds from ``start`` on."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Columns of ``step`` seconds from ``start`` (UTC epoch, a multiple of the step) on."""

    start: int
    step: int
    columns: int

    @property
    def end(self) -> int:
        """Where the last column ends."""
        return self.start + self.step * self.columns

    def span(self, column: int) -> tuple[int, int]:
        """Begin and end of a column's time."""
        begin = self.start + column * self.step
        return begin, begin + self.step

    def column(self, at: float) -> int:
        """The column of a moment, the nearest one for a moment that is not on show."""
        return max(0, min(int((at - self.start) // self.step), self.columns - 1))


def scale_of(until: float, span: float, columns: int, finest: int) -> Scale:
    """The columns that end with the one of ``until`` and show ``span`` seconds at the least."""
    columns = max(1, columns)
    step = next((step for step in STEPS if step * columns >= span), STEPS[-1])
    scale = _ending(until, step, columns)
    return _ending(until, 60, columns) if step < 60 and scale.start < finest else scale


def zoomed(span: float, *, out: bool) -> int:
    """The next larger or smaller span on show."""
    if out:
        return next((one for one in SPANS if one > span), SPANS[-1])
    return next((one for one in reversed(SPANS) if one < span), SPANS[0])


def covering(seconds: float) -> int:
    """The span on show for records that began so many seconds ago: a quarter of an hour at most."""
    return next((one for one in SPANS[1:3] if one >= seconds), SPANS[2])


def heights(counts: Counts, peak: int, rows: int) -> tuple[int, int, int]:
    """Rows of errors, rows of warnings, and eighths of a row of all others above them.

    A single error among thousands of lines has a row of its own: nothing that is wrong is too small
    to be seen.
    """
    errors, warnings, infos, others = counts
    whole = sum(counts)
    if not whole or peak <= 0 or rows <= 0:
        return 0, 0, 0
    first = max(1, round(errors / peak * rows)) if errors else 0
    second = max(1, round(warnings / peak * rows)) if warnings else 0
    first = min(first, rows)
    second = min(second, rows - first) or min(1, second, rows - first)
    room = 8 * (rows - first - second)
    rest = max(1, round(whole / peak * rows * 8) - 8 * (first + second)) if infos + others else 0
    return first, second, min(rest, room)


def _ending(until: float, step: int, columns: int) -> Scale:
    return Scale((int(until // step) - columns + 1) * step, step, columns)
