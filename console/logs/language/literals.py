"""What stands beside a field, examined where it is written: a level, a pattern, a number with its unit."""

from collectors.lines.traces import trace_id
from console.logs.language.cursor import Cursor
from console.logs.language.moments import span
from console.logs.language.names import LEVELS, did_you_mean
from console.logs.language.patterns import PatternError, examine
from console.logs.language.syntax import ORDERING, Compare, Field, Literal, Sign
from console.logs.language.units import Kind, measure
from console.logs.levels import level_of


def wanted_trace(text: str) -> str | None:
    """The one form of a trace id as someone typed it; None where it is none."""
    return trace_id(text) or trace_id(text, decimal=True)


def check(cursor: Cursor, compared: Compare, at: int) -> None:
    """Raise QuestionError where the literal, written at ``at``, cannot be compared so."""
    field, sign, literal = compared.field, compared.sign, compared.literal
    length = max(1, cursor.at - at)
    if sign is Sign.MATCHES:
        try:
            examine(literal.text)
        except PatternError as error:
            cursor.fail(error.why, error.remedy, at + error.at, 1)
    elif field.virtual == "level":
        _check_level(cursor, literal, at, length)
    elif field.virtual == "trace":
        if sign in ORDERING:
            cursor.fail("trace ids have no order", "write trace:ID", at, length)
        if literal.text != "*" and wanted_trace(literal.text) is None:
            cursor.fail(
                "this is no trace id", "write its hexadecimal digits, in any of its forms", at, length
            )
    elif sign in ORDERING:
        _check_order(cursor, field, literal, at, length)
    elif field.virtual == "duration":
        _check_unit(cursor, literal, at, length)


def _check_level(cursor: Cursor, literal: Literal, at: int, length: int) -> None:
    if literal.text == "*" or level_of(literal.text) is not None:
        return
    if measure(literal.text) is not None:
        cursor.fail("a number is no level", "write a name, or .level for the line's own number", at, length)
    cursor.fail(f"{literal.text[:40]!r} is no level", did_you_mean(literal.text, LEVELS), at, length)


def _check_order(cursor: Cursor, field: Field, literal: Literal, at: int, length: int) -> None:
    if literal.quoted:
        cursor.fail("a text in quotes has no order", "write the number without quotes", at, length)
    if field.virtual == "time" or measure(literal.text) is None:
        try:
            span("since", literal.text, 1e9)
        except ValueError:
            wanted = "a moment" if field.virtual == "time" else "a number, duration, size or moment"
            cursor.fail(
                f"{literal.text[:40]!r} is not {wanted}", "write it like 200, 1.5s or 4KiB", at, length
            )
    elif field.virtual == "duration":
        _check_unit(cursor, literal, at, length)


def _check_unit(cursor: Cursor, literal: Literal, at: int, length: int) -> None:
    found = None if literal.quoted else measure(literal.text)
    if found is not None and found.kind is Kind.PLAIN and found.value != 0:
        remedy = f"write {literal.text}ms or {literal.text}s, or .duration for the line's own number"
        cursor.fail("durations have units", remedy, at, length)
    if found is not None and found.kind is Kind.BYTES:
        cursor.fail("a size is no duration", "write it like 200ms", at, length)
