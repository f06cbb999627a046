"""Two tables of the same question side by side."""

from collections.abc import Sequence

from console.logs.asking.table import Table, Value, by_first, topped
from console.logs.language.syntax import Stage, Summary, Top

Row = tuple[Value, ...]


def beside(stage: Stage, now: Table, before: Table, tops: Sequence[Top]) -> Table:
    """Each row with what it was before and how much it changed, the largest changes first.

    ``stage`` made both tables: its keys are the columns by which rows are found again.
    """
    if isinstance(stage, Summary):
        keys, values = list(range(len(stage.by))), list(range(len(stage.by), len(now.columns)))
    else:
        keys, values = [now.columns.index("pattern")], [0]
    older = {_pick(row, keys): _pick(row, values) for row in before.rows}
    newer = {_pick(row, keys): _pick(row, values) for row in now.rows}
    nothing: Row = (None,) * len(values)
    rows = [
        (*key, *_changes(newer.get(key, nothing), older.get(key, nothing)))
        for key in dict.fromkeys((*newer, *older))
    ]
    labels = [now.columns[at] for at in values]
    units = [now.units[at] for at in values]
    about = now.about or (False,) * len(now.columns)
    then = before.about or (False,) * len(now.columns)
    table = Table(
        (*(now.columns[at] for at in keys), *(f"{label}{tail}" for label in labels for tail in TAILS)),
        (*(None for _ in keys), *(unit for unit in units for _ in TAILS)),
        tuple(_by_change(rows, len(keys))),
        (*(False for _ in keys), *(about[at] or then[at] for at in values for _ in TAILS)),
        capped=now.capped or before.capped,
    )
    for top in tops:
        table = topped(table, top, len(keys))
    return table


TAILS = ("", " before", " change")


def _pick(row: Row, places: Sequence[int]) -> Row:
    return tuple(row[at] for at in places)


def _changes(now: Row, before: Row) -> Row:
    found: list[Value] = []
    for new, old in zip(now, before, strict=True):
        numbers = isinstance(new, (int, float)) and isinstance(old, (int, float))
        found += (new, old, new - old if numbers else new if old is None else None)  # type: ignore[operator] # numbers
    return tuple(found)


def _by_change(rows: Sequence[Row], first: int) -> list[Row]:
    marked = [(*row[:first], _size(row[first + 2]), *row) for row in rows]
    return [row[first + 1 :] for row in by_first(marked, first)]


def _size(value: Value) -> Value:
    return abs(value) if isinstance(value, (int, float)) else None
