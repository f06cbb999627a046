"""Sorting a table by one of its columns."""

from collections.abc import Sequence

from collectors.model.subject import SubjectId
from console.engine.state import Snapshot
from widgets.cell import Column, Row


def next_column(columns: Sequence[Column], current: str) -> str:
    """The column after ``current``; empty after the last one: worst first again."""
    keys = [column.key for column in columns]
    if current not in keys:
        return keys[0] if keys else ""
    index = keys.index(current) + 1
    return keys[index] if index < len(keys) else ""


def ordered(rows: Sequence[Row], columns: Sequence[Column], key: str, snapshot: Snapshot) -> tuple[Row, ...]:
    """Rows by the values of column ``key``: greatest first, unknown last, words by the alphabet."""
    values: dict[SubjectId, float] = {}
    for row in snapshot.rows:
        quantity = row.reading.quantities().get(key)
        if quantity is not None and quantity.value is not None:
            values[row.reading.subject.id] = quantity.value
    index = next((place for place, column in enumerate(columns) if column.key == key), 0)

    def order(row: Row) -> tuple[bool, float, str]:
        value = values.get(row.key) if isinstance(row.key, SubjectId) else None
        return (value is None, -(value or 0.0), row.cells[index].text)

    return tuple(sorted(rows, key=order))
