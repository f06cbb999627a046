"""The fleet: services × practices as columns and rows, wide, narrow, or turned round."""

from collections.abc import Mapping
from dataclasses import replace

from collectors.model.level import Level, worst
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from console.engine.history import History
from console.engine.state import Event, Freshness, Snapshot, SourceState
from console.present.cells import level_cell, spark_of
from console.present.fold import Folded, Folds, fold_all
from console.present.practices import VIEWS
from console.present.words import counted, span, tiny
from console.settings import Service
from widgets.cell import EMPTY, Cell, Column, Row

NARROW = 118
"""Columns under which a cell is a mark and at most four characters."""

TURNED = 3
"""Up to so many services stand turned round: one practice a line, with its sentence."""

ROOMY = 10
"""Columns of a cell from which on it may say more than four characters on a narrow screen."""

CHANGED_WITHIN = 1800.0


def practices_shown(folds: Folds) -> tuple[Practice, ...]:
    """The practices that have a collector, in their order."""
    there = {practice for _service, practice in folds}
    return tuple(practice for practice in Practice if practice in there)


def services_shown(folds: Folds, services: Mapping[str, Service]) -> tuple[str, ...]:
    """Every service with its level, worst first; of equal ones the configured order counts."""
    names = list(services) + sorted({service for service, _practice in folds} - set(services))
    levels = service_levels(folds)
    return tuple(sorted(names, key=lambda name: -levels.get(name, Level.NONE).rank))


def service_levels(folds: Folds) -> dict[str, Level]:
    """The worst level of each service's practices; a service that nobody watches is not there."""
    levels: dict[str, Level] = {}
    for (service, _practice), folded in folds.items():
        levels[service] = worst((levels.get(service, Level.NONE), folded.level))
    return levels


def is_turned(services: Mapping[str, Service]) -> bool:
    """Whether so few services are configured that the fleet stands turned round."""
    return 0 < len(services) <= TURNED


def table(
    snapshot: Snapshot, history: History, services: Mapping[str, Service], width: int
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """The fleet's table for a screen of ``width`` columns."""
    folds = fold_all(snapshot, services)
    shown = practices_shown(folds)
    narrow = width < NARROW
    name_width = 13 if narrow else 18
    room = (width - name_width - (9 if narrow else 14)) // max(1, len(shown))
    size = max(6, min(17, room - 1))
    columns = (
        Column("service", "service", name_width),
        *(Column(practice.value, practice.value[: size - 1], size) for practice in shown),
        Column("changed", "changed", 8 if narrow else 12),
    )
    newest = _newest(snapshot)
    rows = []
    for service in services_shown(folds, services):
        cells = [_name(folds, service, shown)]
        for practice in shown:
            folded = folds.get((service, practice))
            cells.append(_sized(folded, snapshot, history, size if narrow else None))
        changed = _changed(newest.get(service), snapshot.wall)
        cells.append(replace(changed, text=changed.short or changed.text) if narrow else changed)
        rows.append(Row(service, tuple(cells)))
    return columns, tuple(rows)


def turned(
    snapshot: Snapshot, history: History, services: Mapping[str, Service], width: int
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    """Few services: each practice on a line of its own, with its sentence; keys are (service, practice)."""
    folds = fold_all(snapshot, services)
    columns = (
        Column("service", "service", 12),
        Column("practice", "practice", 9),
        Column("value", "now", 16),
        Column("spark", "past", 9),
        Column("sentence", "because", max(20, width - 54), grow=True),
    )
    shown = practices_shown(folds)
    rows = []
    for service in services_shown(folds, services):
        name = _name(folds, service, shown)
        for practice in shown:
            folded = folds.get((service, practice))
            if folded is None:
                continue
            cell = fleet_cell(folded, snapshot, history, sparks=True)
            sentence = Cell(sentence_of(folded, snapshot.now), dim=cell.dim, hint=cell.hint)
            value = level_cell(cell.level, cell.text, short=cell.short, hint=cell.hint, dim=cell.dim)
            rows.append(
                Row(
                    (service, practice),
                    (
                        name,
                        Cell(practice.value, hint=cell.hint),
                        value,
                        Cell(cell.spark, dim=cell.dim),
                        sentence,
                    ),
                )
            )
            name = EMPTY
    return columns, tuple(rows)


def _sized(folded: Folded | None, snapshot: Snapshot, history: History, size: int | None) -> Cell:
    """A place of the fleet in the longest form that fits a narrow column of ``size`` cells."""
    if folded is None:
        return Cell("–", dim=True)
    cell = fleet_cell(folded, snapshot, history, sparks=size is None)
    if size is None:
        return cell
    forms = (cell.text, _counted(folded, cell.short)) if size >= ROOMY else ()
    return replace(cell, text=next((form for form in forms if len(form) <= size - 2), cell.short))


def _counted(folded: Folded, text: str) -> str:
    told = folded.bad and folded.total > 1 and folded.worst is not None
    return f"{folded.bad}/{folded.total} {text}" if told else text


def fleet_cell(folded: Folded, snapshot: Snapshot, history: History, *, sparks: bool) -> Cell:
    """One place of the fleet in short: value, how many of how many, the worst."""
    hint = f"{folded.service} · {folded.practice}: {sentence_of(folded, snapshot.now)}"
    there = [row for row in folded.rows if row.freshness is not Freshness.GONE]
    if not there:
        if folded.failed:
            return level_cell(folded.level, "failed", short="fail", hint=hint)
        text = "waiting" if folded.waiting else "gone"
        return Cell(text, short=text[:4], hint=hint, dim=True)
    text, short, field = VIEWS[folded.practice].summary([row for row in there if not row.muted] or there)
    stale = folded.stale == len(there)
    if folded.bad and folded.total > 1 and folded.worst is not None:
        text = f"{folded.bad}/{folded.total} {folded.worst.reading.subject.instance or text}"
    spark = ""
    if sparks and field:
        shown = folded.worst or there[0]
        spark = spark_of(history, shown, field, snapshot.wall, 4)
    return level_cell(folded.level, text, short=short, hint=hint, spark=spark, dim=stale)


def sentence_of(folded: Folded, now: float) -> str:
    """Why a place of the fleet looks as it does; ``now`` is boottime."""
    if folded.worst is None:
        return _silent(folded, now)
    row = folded.worst
    label = row.reading.subject.instance or row.reading.subject.label
    reason = row.verdict.reason or row.reading.note or "no limit is set"
    if folded.level is Level.OK and not folded.stale and not folded.failed:
        there = [row for row in folded.rows if row.freshness is not Freshness.GONE]
        return f"{VIEWS[folded.practice].summary(there)[0]}, within limits"
    words = f"{label}: {reason}" if folded.total > 1 else str(reason)
    if row.freshness is Freshness.STALE:
        words += f"; values are {span(max(0.0, now - row.arrived))} old"
    if folded.bad > 1:
        words += f" (and {folded.bad - 1} more of {folded.total})"
    if folded.failed:
        words += f"; {_source_words(folded.failed[0])}"
    return words


def _silent(folded: Folded, now: float) -> str:
    if folded.failed:
        return _source_words(folded.failed[0])
    if folded.waiting:
        since = folded.waiting[0].running_at
        return f"waiting for the first answer{f' since {span(now - since)}' if since is not None else ''}"
    if folded.rows and all(row.muted for row in folded.rows):
        return "muted"
    return "gone: the source no longer names it"


def _source_words(source: SourceState) -> str:
    failure = source.failure
    return f"{source.id.text} failed: {failure.why}" if failure else f"{source.id.text} gives no answer"


def _name(folds: Folds, service: str, shown: tuple[Practice, ...]) -> Cell:
    """A service's name with its level."""
    there = {practice: folds[service, practice].level for practice in shown if (service, practice) in folds}
    level = worst(list(there.values()))
    bad = [practice for practice, one in there.items() if one.rank > Level.OK.rank]
    hint = f"{service}: {level if level is not Level.NONE else 'no limit is set'}"
    if bad:
        hint += f"; {counted(len(bad), 'practice')} to look at: {', '.join(bad)}"
    return level_cell(level, service, hint=hint)


def _newest(snapshot: Snapshot) -> dict[str, Event]:
    """The newest change of each service within half an hour; that a subject appeared is none."""
    newest: dict[str, Event] = {}
    for event in snapshot.events:
        if event.kind != "new" and snapshot.wall - event.at <= CHANGED_WITHIN:
            known = newest.get(event.service)
            if known is None or known.at <= event.at:
                newest[event.service] = event
    return newest


def _changed(event: Event | None, wall: float) -> Cell:
    if event is None:
        return Cell("–", dim=True)
    seconds = max(0.0, wall - event.at)
    age = span(seconds)
    short = tiny(exact(seconds, Unit.SECONDS))
    return Cell(f"{event.kind} {age}", short=short, hint=f"{event.text}, {age} ago")
