"""Answers as text, JSON and CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from collectors.model.quantity import Unit
from collectors.text import Shown, one_line
from console.logs.asking.answer import Answer, Coverage, Record
from console.logs.asking.table import Table, Value
from console.present.words import counted, number

FORMAT = 1

_UNITS = {"s": Unit.SECONDS, "B": Unit.BYTES, "1/s": Unit.PER_SECOND, "ratio": Unit.RATIO}
_TIMES = frozenset({"time", "newest", ".time"})
_WIDEST = 60
_ABOUT = "≈ "


def rfc3339(time: float | None) -> str | None:
    """UTC with microseconds; None where it is unknown or beyond all calendars."""
    if time is None:
        return None
    try:
        return datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def local(time: float, zone: tzinfo | None) -> str:
    """A time in the shown zone, with it: ``2026-11-23 18:53:43.397+0100``."""
    try:
        return datetime.fromtimestamp(time, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return "?"


def record_json(record: Record) -> dict[str, Any]:
    """One record as JSON lines carry it; a time that the line did not tell is null."""
    return {
        "time": rfc3339(record.time) if record.timed else None,
        "level": record.level,
        "message": record.message,
        "fields": dict(record.fields),
        "stream": record.stream,
    }


def record_line(record: Record, zone: tzinfo | None, *, named: bool) -> str:
    """One record for people; ``named``: with its stream."""
    time = local(record.time, zone) if record.timed else "-" * 23
    fields = " ".join(f"{name}={_word(value)}" for name, value in _rest(record))
    stream = f"{record.stream}: " if named else ""
    return f"{time} {record.level or '-':8} {stream}{one_line(record.message, 2000)} {fields}".rstrip()


def _rest(record: Record) -> Iterator[tuple[str, Any]]:
    """Fields with something in them, less a stack of many lines."""
    for name, value in record.fields.items():
        if value is not None and name != "stack":
            yield name, value


def _word(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(one_line(value, 300)) if not isinstance(value, float) else f"{value:.10g}"
    return f'"{text}"' if " " in text else text


def answer_json(answer: Answer) -> dict[str, Any]:
    """A table and its coverage as one object of format 1; ``units`` are those of the columns."""
    table = answer.table
    if table is None:
        rows: list[Any] = [record_json(record) for record in answer.records]
        columns: Sequence[str] = ("time", "level", "message", "fields", "stream")
        cells = [[row[name] for name in columns] for row in rows]
        shape: dict[str, Any] = {"columns": list(columns), "rows": cells}
    else:
        shape = {
            "columns": list(table.columns),
            "units": list(table.units),
            "rows": [
                [rfc3339(cell) if _timed(table, at, cell) else cell for at, cell in enumerate(row)]  # type: ignore[arg-type] # a number
                for row in table.rows
            ],
            "estimated": [name for name, about in zip(table.columns, table.about, strict=False) if about],
        }
        if table.step is not None:
            shape["step"] = table.step
    coverage = coverage_json(answer.coverage)
    return {"format": FORMAT, "question": answer.question, **shape, "coverage": coverage}


def _timed(table: Table, at: int, cell: Value) -> bool:
    return table.columns[at] in _TIMES and isinstance(cell, (int, float))


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """What an answer saw and what it did not."""
    return {
        "since": rfc3339(coverage.window.since),
        "until": rfc3339(coverage.window.until),
        "first": rfc3339(coverage.first),
        "last": rfc3339(coverage.last),
        "complete": coverage.complete,
        "stopped": coverage.stopped,
        "lines": coverage.lines,
        "bytes": coverage.bytes,
        "matched": coverage.matched,
        "unparsed": coverage.unparsed,
        "oversize": coverage.oversize,
        "untimed": coverage.untimed,
        "unknown_units": coverage.unitless,
        "partly": coverage.partly,
        "estimated": coverage.estimated,
        "capped": coverage.capped,
        "streams": [
            {"stream": one.stream, "complete": one.complete, "behind": one.behind, "why": one.why}
            for one in coverage.streams
        ],
        "text": coverage_line(coverage, None),
    }


def coverage_line(coverage: Coverage, zone: tzinfo | None) -> str:
    """In one line: ``n=48,112 of 1,000,000 lines · 18:02 to 19:02 complete · 17 lines unparsed``."""
    about = _ABOUT if coverage.estimated else ""
    parts = [f"{about}n={coverage.matched:,} of {coverage.lines:,} lines", _window(coverage, zone)]
    for count, one, many in (
        (coverage.unparsed, "line unparsed", "lines unparsed"),
        (coverage.oversize, "line cut", "lines cut"),
        (coverage.untimed, "record without a time", "records without a time"),
        (coverage.unitless, "duration of unknown unit", "durations of unknown unit"),
        (coverage.partly, "long text searched in part", "long texts searched in part"),
    ):
        if count:
            parts.append(f"{count:,} {one if count == 1 else many}")
    if coverage.estimated:
        parts.append("estimated")
    if coverage.capped:
        parts.append("more than is shown")
    behind = [one for one in coverage.streams if not one.complete or one.behind]
    if behind:
        told = "; ".join(f"{one.stream}: {one.why or 'behind'}" for one in behind[:3])
        parts.append(f"{len(behind)} of {counted(len(coverage.streams), 'stream')} not whole ({told})")
    return str(Shown(" · ".join(parts), 2000))


def _window(coverage: Coverage, zone: tzinfo | None) -> str:
    window = coverage.window
    since = coverage.first if window.since is None else window.since
    until = coverage.last if window.until is None else window.until
    if since is None or until is None:
        told = "no times"
    else:
        told = f"{local(since, zone)[:19]} to {local(max(since, until), zone)[:19]} {_zone(until, zone)}"
    if coverage.stopped:
        return f"{told}, stopped before its end"
    return f"{told} {'complete' if coverage.complete else 'not complete'}"


def _zone(at: float, zone: tzinfo | None) -> str:
    try:
        return datetime.fromtimestamp(at, zone).astimezone(zone).strftime("%Z")
    except (ValueError, OverflowError, OSError):
        return ""


def cell(table: Table, at: int, value: Value, zone: tzinfo | None) -> str:
    """A cell for people."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return str(one_line(value, _WIDEST))
    if _timed(table, at, value):
        return local(value, zone)
    unit = _UNITS.get(table.units[at] or "")
    about = _ABOUT if at < len(table.about) and table.about[at] else ""
    if unit is not None:
        return about + _precise(value, unit)
    tail = f" {table.units[at]}" if table.units[at] else ""
    plain = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    return about + plain + tail


def _precise(value: float, unit: Unit) -> str:
    """Three digits at least where a bare word would round away what was asked for."""
    if unit is not Unit.SECONDS or value == 0 or abs(value) >= 60:
        return number(value, unit)
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if abs(value) >= factor:
            return f"{value / factor:.4g} {name}"
    return f"{value:.3g} s"


def table_lines(table: Table, zone: tzinfo | None) -> Iterator[str]:
    """A table in columns, numbers to the right."""
    rows = [[cell(table, at, value, zone) for at, value in enumerate(row)] for row in table.rows]
    head = [str(Shown(name, _WIDEST)) for name in table.columns]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    right = [any(_counts(table, at, row[at]) for row in table.rows) for at in range(len(head))]
    for row in [head, *rows]:
        cells = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _counts(table: Table, at: int, value: Value) -> bool:
    return isinstance(value, (int, float)) and not _timed(table, at, value)


def table_csv(table: Table) -> str:
    """A table as CSV, with a head; times in RFC 3339, numbers in the columns' units."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_safe(name) for name in table.columns)
    for row in table.rows:
        writer.writerow(
            rfc3339(value) if _timed(table, at, value) else _safe(value)  # type: ignore[arg-type] # a number
            for at, value in enumerate(row)
        )
    return out.getvalue()


def records_csv(records: Sequence[Record]) -> str:
    """Records as CSV: time, level, stream, message."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for record in records:
        time = rfc3339(record.time) if record.timed else ""
        writer.writerow((time, record.level or "", _safe(record.stream), _safe(record.message)))
    return out.getvalue()


def _safe(value: Value) -> Value:
    """A text that a spreadsheet does not take for a formula."""
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t")
    return f"'{value}" if risky else value
