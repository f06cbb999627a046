"""The time that a payload carries; pure."""

import json
import math
from datetime import UTC, datetime
from typing import Any

_MILLISECONDS = 1e11
"""Numbers above it are milliseconds: in seconds they would be after the year 5100."""


def time_of(payload: bytes, path: str) -> float | None:
    """UTC epoch seconds at the dotted ``path`` of a JSON payload; None where there is none."""
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return _epoch(value)


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
