"""The geometry of a table: column widths, places, and which column stands at a cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.cell import Column

GUTTER = 1
"""Cells before the first column, for the pointer and the mark of a row."""

GAP = 1
"""Cells after each column."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the columns stand: ``compact`` ones are narrow, ``frozen`` cells do not scroll sideways."""

    widths: tuple[int, ...]
    starts: tuple[int, ...]
    compact: tuple[bool, ...]
    total: int
    frozen: int

    def column_at(self, x: int) -> int:
        """The index of the column at cell ``x`` of the whole line, the nearest one in a gap."""
        for index in reversed(range(len(self.starts))):
            if x >= self.starts[index]:
                return index
        return 0


def lay_out(columns: Sequence[Column], available: int, *, compact: bool | None = None) -> Grid:
    """Widths for ``available`` cells; ``compact`` None decides by whether the full widths fit.

    A narrow screen makes the columns compact from the right, as many as it takes.
    """
    room = available - GUTTER - GAP * max(0, len(columns) - 1)
    small = [bool(compact and column.short) for column in columns]
    widths = [
        column.short if is_small else column.width for column, is_small in zip(columns, small, strict=True)
    ]
    for index in reversed(range(len(columns))):
        if compact is None and columns[index].short and sum(widths) > room:
            widths[index], small[index] = columns[index].short, True
    _grow(columns, widths, room - sum(widths))
    starts, x = [], GUTTER
    for width in widths:
        starts.append(x)
        x += width + GAP
    frozen = min(starts[1] if len(starts) > 1 else 0, available // 2)
    return Grid(tuple(widths), tuple(starts), tuple(small), max(x - GAP, GUTTER), frozen)


def _grow(columns: Sequence[Column], widths: list[int], left: int) -> None:
    growing = [index for index, column in enumerate(columns) if column.grow]
    for position, index in enumerate(growing):
        share = max(0, left) // (len(growing) - position)
        widths[index] += share
        left -= share
