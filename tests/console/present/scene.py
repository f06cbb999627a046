"""Snapshots by hand, and golden files."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.reading import Reading
from collectors.model.sweep import Cost, Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Event, Failure, Freshness, Row, Snapshot, SourceId, SourceState
from widgets.cell import Cell, Column
from widgets.cell import Row as TableRow

NOW = 1000.0
WALL = datetime(2026, 3, 4, 14, 3, 22, tzinfo=UTC).timestamp()
GOLDEN = Path(__file__).parent / "golden"


def row(
    reading: Reading,
    level: Level = Level.OK,
    reason: str = "",
    *,
    freshness: Freshness = Freshness.LIVE,
    muted: bool = False,
    age: float = 1.0,
    worth: float = 0.0,
    evidence: tuple[str, ...] = (),
) -> Row:
    """A row of a source whose values are ``age`` seconds old; a stale one is judged as the store does it."""
    subject = reading.subject
    if freshness is Freshness.STALE:
        level, reason = Level.UNKNOWN, "stale: refused"
    elif freshness is Freshness.GONE:
        level, reason = Level.NONE, "gone: the source no longer names it"
    verdict = Verdict(
        level,
        "limits",
        subject.service,
        reading.practice,
        Shown(reason),
        tuple(Shown(line) for line in evidence),
        subject=subject.id,
        worth=worth,
    )
    source = SourceId(subject.collector, subject.instance)
    return Row(source, reading, freshness, NOW - age, WALL - age, verdict, muted)


def source(
    name: str,
    practice: Practice,
    service: str = "",
    *,
    instance: str = "",
    why: str = "",
    answered: float | None = 1.0,
    **changed: Any,
) -> SourceState:
    """A source that answered so many seconds ago (None: never), and that fails now if there is a ``why``."""
    own = SourceId(name, instance)
    failure = None
    if why:
        failure = Failure(own, practice, service, Shown(why), Shown("look at it"), WALL - 30, 3)
    sweep = (
        None if answered is None else Sweep((), WALL - answered, NOW - answered, cost=Cost(2, 4096, 0.003))
    )
    values: dict[str, Any] = {"passes": 0 if answered is None else 9, "every": 2.0, "timeout": 1.0}
    return SourceState(
        own, f"{practice}.sample", practice, service, sweep=sweep, failure=failure, **(values | changed)
    )


def finding(
    rule: str,
    service: str,
    reason: str,
    *,
    level: Level = Level.CRITICAL,
    of: Reading | None = None,
    **changed: Any,
) -> Verdict:
    practice = changed.pop("practice", of.practice if of else Practice.QUEUES)
    return Verdict(
        level, rule, service, practice, Shown(reason), subject=of.subject.id if of else None, **changed
    )


def snapshot(rows: Iterable[Row] = (), sources: Iterable[SourceState] = (), **changed: Any) -> Snapshot:
    """A snapshot; rows whose source is not told get a live one."""
    rows, told = tuple(rows), {state.id: state for state in sources}
    for one in rows:
        if one.source not in told:
            told[one.source] = source(
                one.source.collector,
                one.reading.practice,
                one.reading.subject.service,
                instance=one.source.instance,
                answered=NOW - one.arrived,
            )
    return Snapshot(NOW, WALL, 1, sources=tuple(told.values()), rows=rows, **changed)


def event(kind: str, service: str, text: str, ago: float) -> Event:
    return Event(WALL - ago, kind, service, Shown(text))


def past(
    history: History, reading: Reading, field: str, values: Sequence[Quantity], every: float = 10.0
) -> None:
    """Samples of one field, the last one now."""
    for index, value in enumerate(values):
        history.add(reading.subject.id, WALL - every * (len(values) - 1 - index), {field: value})


def pictured(columns: Sequence[Column], rows: Sequence[TableRow]) -> str:
    """A table as text: mark, text and spark of each cell, ``~`` where it is dim; nothing is cut."""
    texts = [[column.title for column in columns], *([_cell(cell) for cell in one.cells] for one in rows)]
    widths = [
        max([column.width, *(len(line[place]) for line in texts)]) for place, column in enumerate(columns)
    ]
    lines = []
    for line in texts:
        cells = [
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        lines.append("|".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    return " ".join(word for word in ("~" if cell.dim else "", cell.mark, cell.text, cell.spark) if word)


def same_as_golden(name: str, text: str) -> None:
    """Compare with a golden file; ``GOLDEN=write`` in the environment writes it."""
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    before = path.read_text()
    if text != before:
        lines = unified_diff(before.splitlines(), text.splitlines(), name, "now", lineterm="", n=0)
        raise AssertionError("\n".join(lines))
