"""Values from lines in answers: visible, capped, and secrets as the stable tokens that stand for them."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from collectors.redaction import redact_fields, redact_value
from collectors.text import Shown
from console.logs.asking.values import ABSENT, text_of
from console.logs.language.syntax import Field

LONGEST = 512
"""Characters of one cell."""

MOST_FIELDS = 200
"""Fields of one record, and elements of one list."""

DEEPEST = 8
"""Objects within objects; what lies deeper is told as text."""


def revealed(field: Field, value: Any) -> Shown | float | None:  # noqa: ANN401 - any value of JSON
    """A value of a field as an answer may show it: numbers stay numbers, what is absent is None."""
    if value is None or value is ABSENT:
        return None
    safe = redact_value(value, field.name)
    if type(safe) in (int, float):
        return safe  # type: ignore[no-any-return] # its type was just asked
    return Shown(text_of(safe), LONGEST)


def revealed_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with their values, those within objects and lists too."""
    return _object(redact_fields(fields), 0)


def _object(fields: Mapping[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for at, (name, value) in enumerate(fields.items()):
        if at >= MOST_FIELDS:
            found["…"] = f"+{len(fields) - at} fields"
            break
        found[Shown(name, 200)] = _value(value, depth)
    return found


def _value(value: Any, depth: int) -> Any:  # noqa: ANN401 - any value of JSON
    kind = type(value)
    if value is None or kind is bool or kind is int or kind is float:
        return value if kind is not float or isfinite(value) else text_of(value)
    if kind is dict and depth < DEEPEST:
        return _object(value, depth + 1)
    if kind is list and depth < DEEPEST:
        return [_value(one, depth + 1) for one in value[:MOST_FIELDS]]
    return Shown(text_of(value), LONGEST)
