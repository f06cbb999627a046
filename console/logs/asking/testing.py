"""What a comparison asks of a single value."""

from collections.abc import Callable
from datetime import tzinfo
from math import isclose
from typing import Any, NamedTuple

from collectors.lines.durations import of_value
from collectors.lines.traces import same_trace
from collectors.logs._formats.instant import of_any
from console.logs.asking.values import ABSENT, number_of, text_of
from console.logs.language.literals import wanted_trace
from console.logs.language.moments import span
from console.logs.language.patterns import examine
from console.logs.language.syntax import ORDERING, Compare, Sign
from console.logs.language.units import Kind, Measure, measure, size
from console.logs.levels import STEP, level_of

Test = Callable[[Any], bool]

SAYING = frozenset({"message", "error", "stack"})
"""Virtual fields that are sentences: ``message:timeout`` looks for a part of it."""


class Moment(NamedTuple):
    """When the question is asked, UTC epoch seconds, and the zone of its times (None: this machine's)."""

    now: float
    zone: tzinfo | None = None


def present(value: Any) -> bool:  # noqa: ANN401 - any value of JSON
    """Whether a line has the field."""
    return value is not ABSENT and value is not None


def asks(compared: Compare, moment: Moment, unit: float | None) -> Test:
    """The test of a field's values; ``unit``: seconds that 1 stands for, where numbers have a unit."""
    sign = compared.sign
    if sign is Sign.NOT:
        inner = _equals(compared, unit)
        return lambda value: value is not ABSENT and value is not None and not inner(value)
    if sign is Sign.NOT_OR_ABSENT:
        inner = _equals(compared, unit)
        return lambda value: value is ABSENT or value is None or not inner(value)
    if sign in ORDERING:
        return _ordered(compared, moment, unit)
    if sign is Sign.MATCHES:
        return _matches(compared)
    return _equals(compared, unit)


def _equals(compared: Compare, unit: float | None) -> Test:
    virtual = compared.field.virtual
    literal = compared.literal
    if literal.text == "*" and not literal.quoted and compared.sign is Sign.HAS:
        return present
    if virtual == "level":
        level = level_of(literal.text)
        return lambda value: type(value) is int and level is not None and level <= value < level + STEP
    if virtual == "trace":
        wanted = wanted_trace(literal.text) or ""
        return lambda value: type(value) is str and same_trace(value, wanted)
    if compared.sign is Sign.HAS:
        return _each(_has(compared, unit))
    return _each(_either(_same(literal.text), None if literal.quoted else _numeric(literal.text, unit)))


def _same(text: str) -> Test:
    return lambda value: value == text if type(value) is str else present(value) and text_of(value) == text


def _has(compared: Compare, unit: float | None) -> Test:
    literal = compared.literal
    wanted = literal.text.lower()
    if "*" in wanted and not literal.quoted:
        fits = glob(wanted, part=compared.field.virtual in SAYING)
        return lambda value: present(value) and fits(text_of(value).lower())
    if compared.field.virtual in SAYING:
        return lambda value: present(value) and wanted in text_of(value).lower()
    return _either(
        lambda value: present(value) and text_of(value).lower() == wanted,
        None if literal.quoted else _numeric(literal.text, unit),
    )


def _each(test: Test) -> Test:
    """A list is what any of its elements is."""
    return lambda value: any(map(test, value)) or test(value) if type(value) is list else test(value)


def _either(first: Test, second: Test | None) -> Test:
    return first if second is None else lambda value: first(value) or second(value)


def _numeric(text: str, unit: float | None) -> Test | None:
    """Equal as numbers."""
    wanted = measure(text)
    if wanted is None:
        return None
    read = _reader(wanted, unit)
    if wanted.kind is Kind.PLAIN:
        return lambda value: read(value) == wanted.value
    return lambda value: (found := read(value)) is not None and isclose(found, wanted.value)


def _reader(wanted: Measure, unit: float | None) -> Callable[[Any], float | None]:
    """A value as what the literal counts."""
    if wanted.kind is Kind.PLAIN:
        return number_of
    if wanted.kind is Kind.SECONDS:
        return lambda value: of_value(value, unit)

    def of_bytes(value: Any) -> float | None:  # noqa: ANN401 - any value of JSON
        found = size(value) if type(value) is str else None
        return number_of(value) if found is None else found

    return of_bytes


def _ordered(compared: Compare, moment: Moment, unit: float | None) -> Test:
    sign, text = compared.sign, compared.literal.text
    if compared.field.virtual == "level":
        return _levels(sign, text)
    wanted = None if compared.field.virtual == "time" else measure(text)
    if wanted is None:
        start = span("since", text, moment.now, moment.zone).since
        return _beside(sign, start or 0.0, of_any)
    return _beside(sign, wanted.value, _reader(wanted, unit))


def _beside(sign: Sign, bound: float, read: Callable[[Any], float | None]) -> Test:
    if sign is Sign.LESS:
        return lambda value: (found := read(value)) is not None and found < bound
    if sign is Sign.AT_MOST:
        return lambda value: (found := read(value)) is not None and found <= bound
    if sign is Sign.MORE:
        return lambda value: (found := read(value)) is not None and found > bound
    return lambda value: (found := read(value)) is not None and found >= bound


def _levels(sign: Sign, name: str) -> Test:
    level = level_of(name) or 1
    low, high = level, level + STEP
    if sign is Sign.LESS:
        return lambda value: type(value) is int and value < low
    if sign is Sign.AT_MOST:
        return lambda value: type(value) is int and value < high
    if sign is Sign.MORE:
        return lambda value: type(value) is int and value >= high
    return lambda value: type(value) is int and value >= low


def _matches(compared: Compare) -> Test:
    pattern = examine(compared.literal.text)
    matches = pattern.fits

    def fits(value: Any) -> bool:  # noqa: ANN401 - any value of JSON
        return present(value) and matches(text_of(value))

    return _each(fits)


def glob(pattern: str, *, part: bool = False) -> Callable[[str], bool]:
    """Whether a text fits ``a*b*c``, in linear time; ``part``: whether a part of it does."""
    pieces = pattern.split("*")
    first, last = ("", "") if part else (pieces[0], pieces[-1])
    between = [piece for piece in (pieces if part else pieces[1:-1]) if piece]

    def fits(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in between:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return at <= end

    return fits
