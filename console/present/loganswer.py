"""An answer as rows, as a plot, and in words: what it covers, how far it is."""

import math
from datetime import UTC

from collectors.model.level import Level
from collectors.model.quantity import Unit
from console.logs.asking.answer import Answer
from console.logs.asking.table import Table, Value
from console.logs.levels import level_of
from console.logs.running import Told
from console.logs.telling import cell, coverage_line, local
from console.present.logline import LEVELS, NEW_LINE
from console.present.words import number
from widgets.cell import Cell, Column, Row
from widgets.chartdata import Chart, ChartLine

MOST_ROWS = 500
"""Rows that are shown; an export has all."""

MOST_LINES = 3
"""Lines of a plot."""

TIMES = ("time", "newest")
"""Columns that hold moments."""

BAR = 16
"""Cells of the longest bar beside a row."""

RECORD_COLUMNS = (
    Column("time", "time", 23),
    Column("level", "level", 10),
    Column("stream", "stream", 14),
    Column("message", "message", 40, grow=True),
)

ON_A_LINE = 8
"""Fields told on the line of a record."""

_WIDEST, _NARROWEST = 40, 6
_UNITS = {"s": Unit.SECONDS, "B": Unit.BYTES, "1/s": Unit.PER_SECOND, "ratio": Unit.RATIO}
_EIGHTHS = " ▏▎▍▌▋▊▉"


def columns_and_rows(table: Table) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """The table; where it has one row for each group, with a bar for its first number."""
    # of a histogram the newest step comes first
    shown = list(table.rows[:MOST_ROWS]) if table.step is None else list(reversed(table.rows[-MOST_ROWS:]))
    texts = [[cell(table, at, value, UTC) for at, value in enumerate(row)] for row in shown]
    columns = []
    for at, name in enumerate(table.columns):
        longest = max([len(name), *(len(row[at]) for row in texts)])
        right = any(isinstance(row[at], (int, float)) for row in shown) and name not in TIMES
        width = max(_NARROWEST, min(_WIDEST, longest))
        columns.append(Column(f"{at}", name, width, right=right, grow=longest > _WIDEST))
    bars = bars_of(table)
    if bars:
        columns.append(Column("bar", "", BAR))
    rows = tuple(
        Row(_key(table, shown[at], at), (*map(Cell, row), *([Cell(bars[at], dim=True)] if bars else [])))
        for at, row in enumerate(texts)
    )
    return tuple(columns), rows


def record_rows(answer: Answer) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Records of the past as rows, newest first."""
    rows = []
    for at, record in enumerate(answer.records[:MOST_ROWS]):
        severity = level_of(record.level or "")
        level = LEVELS.get(severity, Level.NONE) if severity is not None else Level.NONE
        when = local(record.time, UTC) if record.timed else "–"
        fields = " ".join(f"{name}={value}" for name, value in list(record.fields.items())[:ON_A_LINE])
        message = f"{record.message.partition(NEW_LINE)[0]}  {fields}".strip()
        cells = (
            Cell(when),
            Cell(record.level or "–", level),
            Cell(record.stream),
            Cell(message, hint=message),
        )
        rows.append(Row(at, cells))
    return RECORD_COLUMNS, tuple(rows)


def bars_of(table: Table) -> list[str]:
    """A bar for each row's first number; none where there is nothing to compare."""
    if table.step is not None or len(table.rows) < 2:
        return []
    place = first_number(table)
    if place is None:
        return []
    values = [_finite(row[place]) for row in table.rows[:MOST_ROWS]]
    highest = max((value for value in values if value is not None), default=0.0)
    if highest <= 0:
        return []
    return [_bar(value, highest) for value in values]


def first_number(table: Table) -> int | None:
    """The first column of numbers that is no time."""
    for at, name in enumerate(table.columns):
        values = [row[at] for row in table.rows if row[at] is not None]
        if values and name not in TIMES and all(isinstance(value, (int, float)) for value in values):
            return at
    return None


def chart(table: Table, now: float) -> Chart | None:
    """A histogram as lines over time, one for each of the largest groups; None for other tables."""
    place = first_number(table)
    if table.step is None or place is None or "time" not in table.columns:
        return None
    when = table.columns.index("time")
    groups: dict[str, list[tuple[float, float]]] = {}
    for row in table.rows:
        value, at = _finite(row[place]), _finite(row[when])
        if value is not None and at is not None:
            name = " ".join(
                cell(table, one, row[one], UTC) for one in range(len(row)) if one < place and one != when
            )
            groups.setdefault(name or table.columns[place], []).append((at, value))
    largest = sorted(groups, key=lambda name: (-sum(value for _, value in groups[name]), name))[:MOST_LINES]
    times = [at for name in largest for at, _ in groups[name]]
    until = max([now if table.step > 3600 else 0.0, *times], default=now)
    began = min(times, default=until)
    return Chart(
        title=f"{table.columns[place]}, {number(table.step, Unit.SECONDS)} a step",
        unit=_UNITS.get(table.units[place] or "", Unit.COUNT),
        lines=tuple(
            ChartLine(name, tuple((until - at, value) for at, value in groups[name])) for name in largest
        ),
        span=max(until - began, table.step),
        at=until,
        empty="nothing to draw yet",
    )


def words(told: Told) -> Cell:
    """How far the answer is, and what it covers."""
    if told.fault:
        return Cell(told.fault, Level.CRITICAL)
    parts = []
    if told.stopped:
        parts.append("STOPPED")
    elif not told.done:
        share = f" {100 * min(1.0, told.read / told.total):.0f} % of" if told.total else ""
        parts.append(f"READING{share} {number(max(told.total, told.read), Unit.BYTES)}, ctrl+c stops")
    level = Level.NONE
    if told.answer is not None:
        coverage = told.answer.coverage
        parts.append(coverage_line(coverage, UTC))
        level = Level.NONE if coverage.complete or not told.done else Level.WARNING
    return Cell(" · ".join(parts) or "reading", level)


def judged(table: Table | None, column: str) -> tuple[str, float | None]:
    """The text and the value of the cell that a tile shows: of the column, or of the first number."""
    if table is None or not table.rows:
        return "–", None
    place = judged_place(table, column)
    if place is None:
        return cell(table, 0, table.rows[0][0], UTC), None
    values = [(value, at) for at, row in enumerate(table.rows) if (value := _finite(row[place])) is not None]
    if not values:
        return "–", None
    value, at = max(values) if table.step is None else (_finite(table.rows[-1][place]), len(table.rows) - 1)
    others = " ".join(
        cell(table, one, table.rows[at][one], UTC) for one in range(place) if table.columns[one] != "time"
    )
    return f"{cell(table, place, table.rows[at][place], UTC)} {others}".strip(), value


def judged_place(table: Table, column: str) -> int | None:
    """The place of the column that a tile shows; None where there are no numbers."""
    return table.columns.index(column) if column in table.columns else first_number(table)


def _key(table: Table, row: tuple[Value, ...], at: int) -> tuple[Value, ...]:
    """What a row is known by: what stands before its first number, or its place where nothing does."""
    place = first_number(table)
    return row[:place] if place else (*(value for value in row if isinstance(value, str)), float(at))


def _bar(value: float | None, highest: float) -> str:
    eighths = round(max(0.0, value or 0.0) / highest * BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _finite(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
