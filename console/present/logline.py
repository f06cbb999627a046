"""One log record as one line: its time, level, message and the fields that are chosen as columns."""

from collections.abc import Sequence
from datetime import UTC, datetime

from collectors.model.level import Level
from collectors.model.logs import LogRecord, Severity
from collectors.model.subject import Subject

LEVELS = {
    Severity.WARNING: Level.WARNING,
    Severity.ERROR: Level.CRITICAL,
    Severity.CRITICAL: Level.CRITICAL,
}
"""How severities are coloured; the others have no level."""

LETTERS = {
    Severity.TRACE: "T",
    Severity.DEBUG: "D",
    Severity.INFO: "I",
    Severity.WARNING: "W",
    Severity.ERROR: "E",
    Severity.CRITICAL: "C",
}
"""The letter of each severity."""

HOSTILE = "esc!"
"""What stands before a message whose line held characters that a terminal would obey."""

NEW_LINE = "␊"
"""A line end as Shown has it."""

_LAST = frozenset({"logger", "request_id", "trace_id", "span_id", "logger_name", "pid", "hostname"})
"""Fields that identify rather than tell: they stand at the end of the line."""

_LONGEST = 200

_ON_A_LINE = 16
"""Fields told on the line of a record."""


def level_of(record: LogRecord) -> Level:
    """The level in which a record is coloured."""
    return LEVELS.get(record.severity, Level.NONE) if record.severity is not None else Level.NONE


def letter_of(record: LogRecord) -> str:
    """The letter of a record's severity, empty where its line tells none."""
    return LETTERS[record.severity] if record.severity is not None else ""


def time_of(record: LogRecord) -> str:
    """Time of day to the millisecond, UTC; ``~`` where it is the time of arrival."""
    try:
        at = datetime.fromtimestamp(record.time, UTC).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):  # beyond the years that are counted
        return "?"
    return at if record.timed else f"~{at[:-1]}"


def message_of(record: LogRecord, *, fields: bool = True) -> str:
    """The message, its fields behind its first line."""
    if not fields:
        return record.message
    ordered = sorted(record.fields[:_ON_A_LINE], key=lambda field: field[0] in _LAST)
    told = " ".join(f"{name}={value}" for name, value in ordered if NEW_LINE not in value)
    first, *below = record.message.split(NEW_LINE)
    # a stack or the like in a field stands below, as one that follows the message does
    for name, value in ordered:
        if NEW_LINE in value:
            below += [f"{name}:", *value.split(NEW_LINE)]
    return NEW_LINE.join([f"{first}  {told}" if told else first, *below])


def origin_of(subject: Subject) -> str:
    """Where a record comes from, in one word."""
    return subject.instance or subject.service or subject.label


def value_of(record: LogRecord, subject: Subject, name: str) -> str:
    """What a record tells under a field's name; empty where it tells nothing."""
    found = next((value for key, value in record.fields if key == name), None)
    if found is not None:
        return found
    match name:
        case "service":
            return subject.service
        case "level":
            return record.severity.word if record.severity is not None else ""
        case "message":
            return record.message
        case "stream":
            return subject.label
        case _:
            return ""


def values_of(record: LogRecord, subject: Subject, names: Sequence[str]) -> tuple[str, ...]:
    """The values of some fields."""
    return tuple(value_of(record, subject, name) for name in names)


def unaskable(value: str) -> str:
    """Why a value cannot be asked for as it is shown; empty where it can."""
    if not value:
        return "this line tells none"
    if NEW_LINE in value or len(value) > _LONGEST or value.endswith("…"):
        return "too long to ask for: type a part of it behind /"
    return ""
