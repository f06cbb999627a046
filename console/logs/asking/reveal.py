"""Values from lines in answers: visible, capped, and secrets as the stable tokens that stand for them."""

from collections.abc import Mapping
from typing import Any

from collectors.logs._formats.showing import Showing
from collectors.text import Shown, shown
from console.logs.asking.values import ABSENT, text_of
from console.logs.language.syntax import Field

LONGEST = 512
"""Characters of one cell."""

MOST_FIELDS = 200
"""Fields of one record, and elements of one list."""

DEEPEST = 8
"""Objects within objects; what lies deeper is told as text."""

_NAMES = Showing()


def revealed(field: Field, value: Any) -> Shown | float | None:  # noqa: ANN401 - any value of JSON
    """A value of a field as an answer may show it: numbers stay numbers, what is absent is None."""
    if value is None or value is ABSENT:
        return None
    secret = _NAMES.name(field.name[-200:])[1]
    if type(value) in (int, float) and not secret:
        return value  # type: ignore[no-any-return] # its type was just asked
    if secret:
        return Shown(_NAMES.value(text_of(value), secret=True))
    return shown(text_of(value), LONGEST)


def revealed_fields(fields: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Fields with their values, those within objects and lists too."""
    found: dict[str, Any] = {}
    for at, (name, value) in enumerate(fields.items()):
        if at >= MOST_FIELDS:
            found["…"] = f"+{len(fields) - at} fields"
            break
        found[Shown(name, 200)] = _revealed(name, value, depth)
    return found


def _revealed(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - any value of JSON
    kind = type(value)
    if value is None or kind is bool:
        return value
    if _NAMES.name(name[-200:])[1] or depth >= DEEPEST or kind not in (dict, list):
        return revealed(Field(name), value)
    if kind is dict:
        return revealed_fields(value, depth + 1)
    return [_revealed(name, one, depth + 1) for one in value[:MOST_FIELDS]]
