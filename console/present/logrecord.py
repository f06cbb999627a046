"""One log record in full: facts, fields, its line indented, its stack, its bytes where they are hostile."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from collectors.lines.facts import Facts, detect, facts
from collectors.logs._formats.loggers import logger_of
from collectors.model.logs import LogRecord, Severity
from collectors.text import LINE_LIMIT, is_hostile, one_line, redact, shown
from console.present.logline import NEW_LINE
from console.present.words import counted, rfc3339, span
from widgets.cell import Cell

Fact = tuple[str, Cell]

MOST_LINES = 400
"""Lines of an indented object, of a stack, of bytes."""

FOLDED = 3
"""Lines of a stack that are told while it is folded: where it begins, and its last ones."""

_ROW = 16
_LEVEL_NAMES = (
    *("level", "severity", "log.level", "levelname", "lvl", "@l", "loglevel", "log_level", "severity_text"),
    *(
        "severityText",
        "error_severity",
        "PRIORITY",
        "level_name",
        "severity_number",
        "severityNumber",
        "levelno",
    ),
)


def told(record: LogRecord) -> Facts:
    """What the line tells whatever its logger calls it."""
    return facts(record.raw, detect([record.raw]), record.time)


def head(record: LogRecord, found: Facts, service: str, stream: str) -> tuple[Fact, ...]:
    """Time, level and why, where it comes from, what was noted."""
    arrived = "" if record.timed else " (arrival: the line tells no time)"
    level = record.severity.word if record.severity is not None else "not told"
    known = [
        ("time", Cell(rfc3339(record.time) + arrived)),
        ("level", Cell(f"{level}, {why_level(record, found)}")),
        ("service", Cell(service)),
        ("stream", Cell(stream)),
        ("message", Cell(record.message.partition(NEW_LINE)[0])),
    ]
    others = (
        ("logger", found.logger),
        ("trace", found.trace),
        ("request", found.request),
        ("error", found.error),
    )
    known += [(name, Cell(one_line(value))) for name, value in others if value]
    if found.duration is not None:
        known.append(("duration", Cell(span(found.duration))))
    known += [("note", Cell(note)) for note in notes(record)]
    return tuple(known)


def notes(record: LogRecord) -> Iterator[str]:
    """What must be known of the line itself."""
    if not record.parsed:
        yield "the line does not fit the recognised format of its stream"
    if record.hostile:
        yield "the line holds control or invisible characters; they are shown as marks"
    if record.lost_bytes:
        yield f"{record.lost_bytes:,} bytes of the line were over the cap and are lost"


def why_level(record: LogRecord, found: Facts) -> str:
    """Where a record's level comes from."""
    own = _object(record.raw)
    fields = own or found.fields
    for name in _LEVEL_NAMES:
        if name in fields:
            value = fields[name]
            written = shown(json.dumps(value, ensure_ascii=False, default=str), 40)
            scale = logger_of(dict(fields)).scale_words if type(value) is int else ""
            return f"since the line says {name}: {written}" + (f", {scale}" if scale else "")
    if record.severity is None:
        return "since the line names none"
    if "status" in fields:
        return f"by the status {shown(str(fields['status']), 10)} of the request"
    if own is not None:
        return "by the default of its logger"
    return f"by the word in the line that its format reads as {Severity(record.severity).word}"


def pretty(record: LogRecord) -> list[str]:
    """The line's object indented, as lines; the line itself where it is none."""
    found = _object(record.raw)
    if found is None:
        return _lines(shown(record.raw, LINE_LIMIT))
    try:
        text = json.dumps(found, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _lines(shown(record.raw, LINE_LIMIT))
    return _lines(shown(text, LINE_LIMIT))


def stack(found: Facts) -> list[str]:
    """The stack trace as lines; none where the line tells none."""
    return _lines(shown(found.stack, LINE_LIMIT)) if found.stack else []


def folded(lines: list[str], *, unfolded: bool) -> list[str]:
    """A stack's lines, or its first and last ones and how many stand between."""
    between = len(lines) - FOLDED
    if unfolded or between < 2:
        return lines
    return [lines[0], f"  … {counted(between, 'line')} more: w unfolds", *lines[-FOLDED + 1 :]]


def hexed(raw: bytes) -> list[str]:
    """The rows of 16 bytes in which a terminal would find something to obey, with their neighbours.

    Secrets are replaced first, all other bytes are as they came.
    """
    raw = redact(raw[:LINE_LIMIT].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    rows = [raw[at : at + _ROW] for at in range(0, len(raw), _ROW)]
    odd = {at for at in range(len(rows)) if _is_odd(rows, at)}
    wanted = sorted({near for at in odd for near in (at - 1, at, at + 1) if 0 <= near < len(rows)})
    lines: list[str] = []
    for place, at in enumerate(wanted):
        if len(lines) >= MOST_LINES:
            lines.append(f"… {counted(len(wanted) - place, 'row')} more")
            break
        if place and at > wanted[place - 1] + 1:
            lines.append("…")
        pairs = rows[at].hex(" ")
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in rows[at])
        lines.append(f"{at * _ROW:06x}  {pairs:<{3 * _ROW - 1}}  {text}")
    return lines


def _is_odd(rows: list[bytes], at: int) -> bool:
    """Whether a row has such characters; the next three bytes belong to one that begins in it."""
    rest = rows[at + 1][:3] if at + 1 < len(rows) else b""
    text = (rows[at] + rest).decode("utf-8", "replace")
    return is_hostile(text.strip("�")) or (b"\xff" in rows[at])


def _lines(text: str) -> list[str]:
    lines = [line.replace("␉", "    ").rstrip() for line in text.split(NEW_LINE)]
    while lines and not lines[-1]:
        lines.pop()
    over = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"… {counted(over, 'line')} more"] if over > 0 else lines


def _object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in a line, whatever stands before it."""
    start = raw.find(b"{")
    if start < 0:
        return None
    try:
        found = msgspec.json.decode(raw[start:])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
