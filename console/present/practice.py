"""One practice's screen: its table, and the facts of the subject under the cursor."""

from collectors.model.fields import FieldSpec
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Known
from collectors.model.subject import SubjectId
from console.engine.history import History
from console.engine.state import Freshness, Row, Snapshot
from console.present.cells import age_words, is_dim, level_cell, quantity_cell, spark_of
from console.present.fitting import fitted
from console.present.fold import owner
from console.present.practices import VIEWS
from console.present.words import brief, say, span
from widgets import cell as cells
from widgets.cell import Cell, Column


def rows_of(snapshot: Snapshot, practice: Practice, service: str | None = None) -> tuple[Row, ...]:
    """The rows of a practice's screen, worst first, then by service and label."""
    rows = [row for row in snapshot.of(practice) if service is None or owner(row) == service]
    rows.sort(
        key=lambda row: (
            row.freshness is Freshness.GONE,
            -row.verdict.level.rank,
            owner(row),
            row.reading.subject.label,
        )
    )
    return tuple(rows)


def table(
    snapshot: Snapshot,
    history: History,
    practice: Practice,
    service: str | None = None,
    *,
    width: int | None = None,
) -> tuple[tuple[Column, ...], tuple[cells.Row, ...]]:
    """Columns and rows of a practice's screen; a row's key is its SubjectId.

    Where the screen has only ``width`` cells, the columns that matter least leave.
    """
    view = VIEWS[practice]
    columns = (
        Column("service", "service", 13),
        Column(
            "subject", practice.value.removesuffix("s") if practice is not Practice.HEALTH else "check", 22
        ),
        *view.columns,
        Column("spark", "past", 9),
        Column("because", "because", 24, grow=True),
    )
    rows = tuple(_row(row, snapshot, history, practice) for row in rows_of(snapshot, practice, service))
    if width is None:
        return columns, rows
    return fitted(columns, rows, view.give_way, width)


def unfilled(practice: Practice) -> tuple[tuple[str, Cell], ...]:
    """What a practice without a row tells: its question, and what will fill it."""
    view = VIEWS[practice]
    return ("asks", Cell(view.asks)), ("filled by", Cell(view.filled_by))


def _row(row: Row, snapshot: Snapshot, history: History, practice: Practice) -> cells.Row:
    view = VIEWS[practice]
    reading = row.reading
    dim = is_dim(row)
    quantities = reading.quantities()
    words = view.words(row)
    hint = hint_of(row, snapshot.now)
    label = reading.subject.label
    if reading.subject.instance:
        told = label.startswith(reading.subject.instance)
        label_text = label if told else f"{reading.subject.instance} {label}"
    else:
        label_text = label
    level = row.verdict.level
    out = [
        Cell(owner(row), dim=dim, hint=hint),
        level_cell(level, label_text, hint=hint, dim=dim),
    ]
    for column in view.columns:
        if column.key in words:
            out.append(Cell(words[column.key], short=words[column.key][:4], dim=dim, hint=hint))
        else:
            out.append(quantity_cell(quantities[column.key], dim=dim, hint=hint))
    field = view.chart[0] if view.chart else ""
    out.append(Cell(spark_of(history, row, field, snapshot.wall) if field else "", dim=dim))
    out.append(Cell(_because(row, snapshot.now), dim=dim, hint=hint))
    return cells.Row(reading.subject.id, tuple(out))


def _because(row: Row, now: float) -> str:
    words = str(
        row.verdict.reason if row.verdict.level.rank > Level.OK.rank else row.reading.note or row.reading.word
    )
    if row.freshness is not Freshness.LIVE:
        words = words.removeprefix("stale").removeprefix(": ")
        words = f"{age_words(row, now)}: {words}" if words else age_words(row, now)
    return f"muted; {words}" if row.muted else words


def hint_of(row: Row, now: float) -> str:
    """The sentence on the row under the cursor."""
    reason = row.verdict.reason or "no limit is set"
    fresh = "" if row.freshness is Freshness.LIVE else f" [{span(max(0.0, now - row.arrived))} old]"
    return f"{owner(row)} · {row.reading.subject.label}: {reason}{fresh}"


def facts(row: Row, now: float) -> tuple[tuple[str, Cell], ...]:
    """All that a reading tells, one fact a line, in the order of its declaration."""
    reading = row.reading
    dim = is_dim(row)
    found: list[tuple[str, Cell]] = [
        ("verdict", level_cell(row.verdict.level, str(row.verdict.reason or "no limit is set"))),
        ("values", Cell(_age_sentence(row, now), dim=dim)),
    ]
    found.extend(("also", Cell(str(line))) for line in row.verdict.evidence)
    words = VIEWS[reading.practice].words(row)
    if reading.word and reading.word not in row.verdict.reason and reading.word not in words.values():
        found.append(("says", Cell(str(reading.word))))
    if reading.note:
        found.append(("note", Cell(str(reading.note))))
    specs = {spec.name: spec for spec in reading.specs()}
    quantities = reading.quantities()
    found.extend(
        (name.replace("_", " "), Cell(text)) for name, text in words.items() if name not in quantities
    )
    for name, quantity in quantities.items():
        if quantity.known is Known.UNKNOWN:
            continue
        spec = specs.get(name)
        found.append(
            (name.replace("_", " "), Cell(say(quantity), short=brief(quantity), dim=dim, hint=_meaning(spec)))
        )
    untold = [
        name.replace("_", " ") for name, quantity in quantities.items() if quantity.known is Known.UNKNOWN
    ]
    if untold:
        found.append(("unknown", Cell(", ".join(untold), dim=True)))
    for part in reading.parts:
        value = f" {say(part.value)}" if part.value is not None else ""
        mark = cells.MARKS[Level.CRITICAL] + " " if part.bad else ""
        found.append((str(part.name), Cell(f"{mark}{part.word}{value}".strip() or "–", dim=dim)))
    return tuple(found)


def find_row(snapshot: Snapshot, subject: SubjectId) -> Row | None:
    """The row of a subject, or None where it has left."""
    return next((row for row in snapshot.rows if row.reading.subject.id == subject), None)


def _meaning(spec: FieldSpec | None) -> str:
    return spec.meaning if spec else ""


def _age_sentence(row: Row, now: float) -> str:
    if row.freshness is Freshness.LIVE:
        return "live"
    return f"{row.freshness}, {span(max(0.0, now - row.arrived))} old"
