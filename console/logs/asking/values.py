"""Values of lines as a question sees them: as text, as numbers, as keys of a table."""

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from collectors.lines.durations import of_text
from console.logs.asking.sketch import LARGEST
from console.logs.language.units import Kind, Measure, number, size

ABSENT: Final = msgspec.UNSET
"""Stands for a field that a line does not have; ``null`` counts as absent too."""

_LONGEST_KEY = 512


def text_of(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    """A value as text: texts as they are, numbers and truth as JSON writes them, the rest as compact JSON."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return] # its type was just asked
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return _number_text(value)
    if value is None or value is ABSENT:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (ValueError, RecursionError):
        return "…"


def _number_text(value: float) -> str:
    try:
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    except (ValueError, OverflowError):
        # infinite, not a number, or more digits than Python prints
        return "a number too large"


def number_of(value: Any) -> float | None:  # noqa: ANN401 - any value of JSON
    """A plain number, whether JSON wrote it as one or as text; truth is none."""
    kind = type(value)
    if kind is str:
        return number(value)
    return value if kind is int or (kind is float and math.isfinite(value)) else None


def measure_of(value: Any) -> Measure | None:  # noqa: ANN401 - any value of JSON
    """A number to calculate with, and what its own text says that it counts."""
    kind = type(value)
    if kind is float or kind is int:
        return Measure(value, Kind.PLAIN) if -LARGEST < value < LARGEST else None
    if kind is not str or not value:
        return None
    for read, unit in ((number, Kind.PLAIN), (of_text, Kind.SECONDS), (size, Kind.BYTES)):
        found = read(value)
        if found is not None:
            return Measure(found, unit) if -LARGEST < found < LARGEST else None
    return None


def scaled(values: Sequence[float], unit: float) -> list[float]:
    """Numbers as seconds; ``unit``: seconds that 1 stands for."""
    if unit >= 1:
        return [value * unit for value in values]
    # a division is exact to the last digit where a product with 1e-9 is not
    per = round(1 / unit)
    return [value / per for value in values]


def key_of(value: Any) -> str | float | None:  # noqa: ANN401 - any value of JSON
    """A value as the key of a table's row: numbers stay numbers, what is absent is None."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= _LONGEST_KEY else value[:_LONGEST_KEY] + "…"  # type: ignore[no-any-return]
    if value is None or value is ABSENT:
        return None
    if (kind is int or kind is float) and -LARGEST < value < LARGEST:
        return value  # type: ignore[no-any-return] # its type was just asked
    return text_of(value)[:_LONGEST_KEY]
