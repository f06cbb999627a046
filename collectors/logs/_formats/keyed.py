"""Objects with keys (JSON, logfmt) → time, severity, message and fields, by a plan for each set of keys."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from collectors.logs._formats.aliases import INSTEAD, LEVEL, MESSAGE, TIME, profile_of
from collectors.logs._formats.instant import of_any
from collectors.logs._formats.parsed import Fields, Parsed
from collectors.logs._formats.reshape import reshape
from collectors.logs._formats.severity import (
    NAMES,
    OTEL,
    PINO,
    SYSLOG,
    Scale,
    by_name,
    by_number,
    by_status,
)
from collectors.logs._formats.showing import Showing
from collectors.model.logs import Severity
from collectors.text import Shown, one_line

MOST_FIELDS = 64
"""Fields kept of one line; the rest is counted."""

_PLANS = 512


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which keys tell what, in the order in which they are asked, and the names of the others."""

    profile: str
    scale: Scale | None
    time: tuple[str, ...]
    level: tuple[str, ...]
    message: tuple[str, ...]
    rest: tuple[tuple[str, Shown, bool], ...]
    beyond: int


class Keyed:
    """Reads the objects of one stream."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def read(self, found: dict[str, Any], family: str, *, clean: bool) -> Parsed:
        """What the object tells; ``family`` names the format where no logger's profile is recognised."""
        profile = ""
        if "record" in found or "@fields" in found or "@mt" in found or "resourceLogs" in found:
            found, profile = reshape(found)
        plan = self._plans.get(tuple(found))
        if plan is None:
            plan = self._plan(found, profile)
        time = None
        for key in plan.time:
            time = of_any(found[key])
            if time is not None:
                break
        severity = self._severity(found, plan)
        fields: Fields = []
        beyond = plan.beyond
        showing = self._showing
        for key, name, secret in plan.rest:
            value = found[key]
            if type(value) is dict and value and not secret:
                beyond += self._flatten(key, value, fields, clean=clean)
            else:
                fields.append((name, showing.value(value, clean=clean, secret=secret)))
        message = self._message(found, plan, fields, clean=clean)
        if beyond:
            fields.append((Shown("…"), Shown(f"+{beyond} fields")))
        return Parsed(plan.profile or family, time, severity, message, fields)

    def _plan(self, found: dict[str, Any], profile: str) -> _Plan:
        keys = tuple(found)
        told, scale = profile_of(found.keys())
        lowered = {key.lower(): key for key in reversed(keys)}
        time = _candidates(TIME, found, lowered)
        level = _candidates(LEVEL, found, lowered)
        message = _candidates(MESSAGE, found, lowered)
        used = {*time[:1], *level[:1], *message[:1]}
        others = [key for key in keys if key not in used]
        names = tuple((key, *self._showing.name(key)) for key in others[:MOST_FIELDS])
        plan = _Plan(profile or told, scale, time, level, message, names, len(others) - len(names))
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        if not self._showing.hostile and len(keys) <= 2 * MOST_FIELDS:
            self._plans[keys] = plan
        return plan

    def _severity(self, found: dict[str, Any], plan: _Plan) -> Severity | None:
        for key in plan.level:
            value = found[key]
            if type(value) is str:
                severity = NAMES.get(value)
                if severity is None:
                    severity = by_name(value, plan.scale or SYSLOG)
            else:
                severity = _by_value(value, key, plan.scale)
            if severity is not None:
                return severity
        log = found.get("log")
        if isinstance(log, dict) and isinstance(log.get("level"), str):
            return by_name(log["level"])
        if plan.level:
            return None
        if plan.profile == "serilog":
            return Severity.INFO
        return by_status(found["status"]) if "status" in found else None

    def _flatten(self, key: str, value: dict[str, Any], fields: Fields, *, clean: bool) -> int:
        """One level with dots, what lies deeper as compact JSON; how many did not fit."""
        showing = self._showing
        room = max(0, MOST_FIELDS - len(fields))
        for inner, deep in islice(value.items(), room):
            name, secret = showing.name(f"{key}.{inner}")
            fields.append((name, showing.value(deep, clean=clean, secret=secret)))
        return max(0, len(value) - room)

    def _message(self, found: dict[str, Any], plan: _Plan, fields: Fields, *, clean: bool) -> Shown:
        for key in plan.message:
            value = found[key]
            if type(value) is str:
                text = value.rstrip() if value[-1:].isspace() else value
            else:
                text = _text_of(value)
            if text:
                return self._showing.text(text, clean=clean)
        for key in INSTEAD:
            if key in found and (text := _text_of(found[key])):
                status = found.get("status")
                return one_line(f"{text} {status}" if status is not None and key != "error" else text)
        return one_line(" ".join(f"{name}={value}" for name, value in fields[:12]))


def _candidates(wanted: tuple[str, ...], found: dict[str, Any], lowered: dict[str, str]) -> tuple[str, ...]:
    here = [key for key in wanted if key in found]
    return tuple(here) or tuple(lowered[key.lower()] for key in wanted if key.lower() in lowered)[:1]


def _by_value(value: object, key: str, scale: Scale | None) -> Severity | None:
    if isinstance(value, dict):
        return by_name(str(value.get("name", "")))
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    if scale is None:
        scale = OTEL if key.startswith("severity") and value <= 24 else SYSLOG if value <= 7 else PINO
    return by_number(value, scale)


def _text_of(value: object) -> str:
    """A text, the bytes that journald writes as numbers, or the text within a small object."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and value and all(type(one) is int and 0 <= one < 256 for one in value):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dict):
        return str(value.get("message") or value.get("stringValue") or "")
    return "" if value is None or value is False else str(value)
