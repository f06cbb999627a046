"""Lines whose facts lie deeper than their first level, brought up."""

import re
from typing import Any

NEEDS_RESHAPE = frozenset({"record", "@fields", "@mt", "resourceLogs"})
"""Keys of which one tells that ``reshape`` may have something to do."""

_PLACE = re.compile(r"\{[@$]?(\w{1,64})(?:[:,][^{}]{0,64})?\}")


def reshape(found: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object with its facts on top, and the profile where the shape itself gives it away."""
    record = found.get("record")
    if isinstance(record, dict) and "text" in found:
        return _loguru(record), "loguru"
    fields = found.get("@fields")
    if isinstance(fields, dict):
        return {**{key: value for key, value in found.items() if key != "@fields"}, **fields}, "logstash"
    if "resourceLogs" in found:
        return _otlp(found)
    if "@mt" in found and "@m" not in found:
        return {**found, "@mt": _rendered(found)}, ""
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
    if not isinstance(template, str) or len(template) > 4096:
        return template
    return _PLACE.sub(lambda match: str(found.get(match[1], match[0]))[:200], template)


def _otlp(found: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The first record of an OTLP line, which may hold many; the rest is counted."""
    up: dict[str, Any] = {}
    try:
        records = [
            (resource.get("resource", {}), record)
            for resource in found["resourceLogs"]
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]
        resource, record = records[0]
        up |= {key: value for key, value in record.items() if key != "attributes"}
        up["body"] = _otlp_value(record.get("body"))
        for attribute in (*record.get("attributes", ()), *resource.get("attributes", ())):
            up[attribute["key"]] = _otlp_value(attribute["value"])
    except (LookupError, TypeError, AttributeError):
        return found, "otlp"
    if len(records) > 1:
        up["records.beyond"] = len(records) - 1
    return up, "otlp"


def _otlp_value(value: object) -> object:
    return next(iter(value.values()), None) if isinstance(value, dict) else value
