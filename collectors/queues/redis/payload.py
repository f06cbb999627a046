"""The time and the error that a payload carries; pure."""

import json
import math
from datetime import UTC, datetime
from typing import Any

_MILLISECONDS = 1e11
"""Numbers above it are milliseconds: in seconds they would be after the year 5100."""

_MOST_ERROR = 2000


def time_of(payload: bytes, path: str) -> float | None:
    """UTC epoch seconds at the dotted ``path`` of a JSON payload; None where there is none."""
    return _epoch(_value(payload, path))


def error_of(payload: bytes, path: str) -> str:
    """The error at the dotted ``path`` of a JSON payload, as JSON where it is no text; empty for none."""
    value = _value(payload, path)
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False)[:_MOST_ERROR]
    except (ValueError, RecursionError):
        return ""


def _value(payload: bytes, path: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and len(name) < 10 and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value


def _epoch(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _iso(str(value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not abs(value) < 1e16 or not math.isfinite(value):
        return None
    return value / 1000 if value > _MILLISECONDS else float(value)


def _iso(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).timestamp()
