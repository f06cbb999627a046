"""A table: what most questions are answered with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.logs.language.syntax import Top

Value = str | float | None
"""A cell: numbers in the column's unit, texts already shown; None is unknown or absent."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, their units (None: none), rows, and which columns hold estimates.

    ``capped``: there were more rows. ``step``: seconds between the rows' times where they are a histogram.
    """

    columns: tuple[str, ...]
    units: tuple[str | None, ...]
    rows: tuple[tuple[Value, ...], ...]
    about: tuple[bool, ...] = ()
    capped: bool = False
    step: float | None = None

    @property
    def estimated(self) -> bool:
        """Whether any column is."""
        return any(self.about)


def topped(table: Table, stage: Top, first: int) -> Table:
    """The rows that are highest in a column, ``first`` where the stage names none."""
    place = first if stage.column is None else table.columns.index(stage.column.label)
    rows = sorted(table.rows, key=lambda row: order(row[place]), reverse=True)
    return replace(table, rows=tuple(rows[: stage.count]))


def order(value: Value) -> tuple[int, float, str]:
    """Sorts what is absent before texts, and these before numbers."""
    if value is None:
        return (0, 0.0, "")
    return (1, 0.0, value) if isinstance(value, str) else (2, value, "")


def by_first(rows: Sequence[tuple[Value, ...]], first: int) -> list[tuple[Value, ...]]:
    """Rows falling by one column; equal ones rising by the columns before it."""
    rising = sorted(rows, key=lambda row: [order(value) for value in row[:first]])
    return sorted(rising, key=lambda row: order(row[first]), reverse=True)
