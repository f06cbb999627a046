"""History → Chart: a field of one subject over the last quarter of an hour."""

import math
from collections.abc import Sequence

from collectors.model.fields import FieldSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from console.engine.history import History
from console.engine.state import Event, Row, Snapshot
from console.present.cells import SPANS, covering
from console.present.practices import VIEWS
from console.present.words import span
from widgets.chartdata import Chart, ChartLine, ChartMark

GRID = 5.0
"""Seconds to which the chart's end is rounded up, so that only new data draws it anew."""

STEP = 300.0
"""Seconds by which the time keys shift it."""


def chart_of(row: Row, history: History, snapshot: Snapshot, shift: int = 0) -> Chart:
    """The practice's first chart field and those of the same unit; ``shift`` steps into the past."""
    reading = row.reading
    names = VIEWS[reading.practice].chart
    specs = {spec.name: spec for spec in reading.specs()}
    shown = [specs[name] for name in names if specs[name].unit is specs[names[0]].unit]
    until = math.ceil(row.taken / GRID) * GRID - shift * STEP
    first = min((_first(row, spec, history, until) for spec in shown), default=until)
    length = SPANS[-1] if shift else covering(until - first)
    lines = tuple(_line(row, spec, history, until, length) for spec in shown)
    past = f", until {span(shift * STEP)} ago" if shift else ""
    title = f"{', '.join(line.label for line in lines)} · {span(length)}{past}"
    return Chart(
        title=title,
        unit=shown[0].unit if shown else Unit.COUNT,
        lines=lines,
        span=length,
        at=until,
        marks=_marks(snapshot.events, reading.subject.service, reading.practice, until, length),
    )


def _first(row: Row, spec: FieldSpec, history: History, until: float) -> float:
    series = history.series(row.reading.subject.id, spec.name, until - SPANS[-1])
    return series[0].at if series else until


def _line(row: Row, spec: FieldSpec, history: History, until: float, length: float) -> ChartLine:
    series = history.series(row.reading.subject.id, spec.name, until - length)
    return ChartLine(
        spec.name.replace("_", " "),
        tuple((until - point.at, point.value) for point in series if point.at <= until),
    )


def _marks(
    events: Sequence[Event], service: str, practice: Practice, until: float, length: float
) -> tuple[ChartMark, ...]:
    """What happened to the service: marks by hand, changes, and what was done in this practice."""
    return tuple(
        ChartMark(until - event.at, _label(event))
        for event in events
        if event.service in ("", service)
        and (event.kind in ("mark", "version", "restart", "drain", "exit") or _was_done_in(event, practice))
        and 0 <= until - event.at <= length
    )


def _was_done_in(event: Event, practice: Practice) -> bool:
    # a recording does not tell the practice: better a mark too many than none
    return event.kind == "action" and event.practice in (None, practice)


def _label(event: Event) -> str:
    """``mark``, ``version``, or the verb of what was done."""
    if event.kind != "action":
        return event.kind
    first = event.text.partition(" ")[0]
    return first.partition(".")[2] or first
