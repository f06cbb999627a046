"""Lines whose facts lie deeper than their first level, brought up."""

import re
from typing import Any

from collectors.logs._formats import otlp

NEEDS_RESHAPE = frozenset({"record", "@fields", "@mt", "resourceLogs"})
"""Keys of which one tells that ``reshape`` may have something to do."""

_PLACE = re.compile(r"\{[@$]?(\w{1,64})(?:[:,][^{}]{0,64})?\}")
_LONGEST = 4096


def reshape(found: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object with its facts on top, and the logger where the shape itself gives it away."""
    record = found.get("record")
    if isinstance(record, dict) and "text" in found:
        return _loguru(record), "loguru"
    fields = found.get("@fields")
    if isinstance(fields, dict):
        return {**{key: value for key, value in found.items() if key != "@fields"}, **fields}, "logstash"
    if "resourceLogs" in found:
        return otlp.read(found) or found, "otlp"
    if "@mt" in found and "@m" not in found:
        return {**found, "@m": _rendered(found)}, ""
    return found, ""


def _loguru(record: dict[str, Any]) -> dict[str, Any]:
    level = record.get("level")
    extra = record.get("extra")
    up: dict[str, Any] = {
        "time": record.get("time"),
        "level": level.get("name") if isinstance(level, dict) else level,
        "message": record.get("message"),
        "logger": record.get("name"),
    }
    up |= extra if isinstance(extra, dict) else {}
    up |= {key: record[key] for key in ("function", "line", "exception") if record.get(key) is not None}
    return up


def _rendered(found: dict[str, Any]) -> object:
    template = found["@mt"]
    if not isinstance(template, str) or len(template) > _LONGEST:
        return template
    return _PLACE.sub(lambda match: str(found.get(match[1], match[0]))[:200], template)
