"""Objects with keys (JSON, logfmt) → time, severity, message and fields, by a plan for each set of keys."""

from dataclasses import dataclass
from typing import Any

from collectors.logs._formats.aliases import INSTEAD, LEVEL, MESSAGE, TIME
from collectors.logs._formats.instant import of_any
from collectors.logs._formats.loggers import BY_NAME, UNKNOWN, Logger, logger_of
from collectors.logs._formats.parsed import MOST_FIELDS, Told
from collectors.logs._formats.reshape import NEEDS_RESHAPE, reshape
from collectors.logs._formats.severity import (
    NAMES,
    by_name,
    by_number,
    by_status,
    guessed_scale,
)
from collectors.model.logs import Severity

__all__ = ["MOST_FIELDS", "Keyed", "Plan", "text_of"]

_REQUEST = frozenset({
    "request", "request_uri", "request_method", "uri", "path", "url", "method", "remote_addr",
})  # fmt: skip
"""Keys of an access log, whose level is that of its status."""

_PLANS = 512
_MOST_KEYS = 128
_INSTEAD_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """Which keys tell what, in the order in which they are asked."""

    logger: Logger
    time: tuple[str, ...]
    level: tuple[str, ...]
    message: tuple[str, ...]
    used: frozenset[str]


class Keyed:
    """Reads objects; ``logger`` is meant where a line's own keys tell none. Threads may share one."""

    def __init__(self, logger: Logger = UNKNOWN) -> None:
        self._logger = logger
        self._plans: dict[tuple[str, ...], Plan] = {}

    def told(self, found: dict[str, Any], family: str) -> Told:
        """What the object tells; ``family`` names the format where no logger is recognised."""
        name = ""
        if not NEEDS_RESHAPE.isdisjoint(found):
            found, name = reshape(found)
        plan = self.plan(found, name)
        time = None
        for key in plan.time:
            time = of_any(found[key])
            if time is not None:
                if key == "timestampSeconds" and type(nanos := found.get("timestampNanos")) is int:
                    time += nanos * 1e-9 if 0 <= nanos < 10**9 else 0.0
                break
        return Told(
            plan.logger.name or family,
            time,
            self.severity(found, plan),
            _message(found, plan),
            found,
            plan.used,
        )

    def plan(self, found: dict[str, Any], name: str = "") -> Plan:
        """The plan for an object with these keys; ``name``: the logger that its shape gave away."""
        keys = tuple(found)
        plan = self._plans.get(keys)
        if plan is None:
            logger = BY_NAME.get(name) or logger_of(found)
            if logger is UNKNOWN:
                logger = self._logger
            plan = _plan(found, logger)
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            if len(keys) <= _MOST_KEYS:
                self._plans[keys] = plan
        return plan

    def named(self, word: str, plan: Plan) -> Severity | None:
        """The severity that a word names."""
        return plan.logger.words.get(word) or NAMES.get(word) or by_name(word)

    def severity(self, found: dict[str, Any], plan: Plan) -> Severity | None:
        """The severity of an object; a name counts before any number."""
        numbers: list[tuple[str, float]] = []
        for key in plan.level:
            value = found[key]
            if type(value) is str:
                severity = self.named(value, plan)
                if severity is not None:
                    return severity
            elif isinstance(value, dict) and (severity := by_name(str(value.get("name", "")))) is not None:
                return severity
            if (number := _whole(value)) is not None:
                numbers.append((key, number))
        # words come before numbers: they are the same on every scale
        for key, number in numbers:
            severity = by_number(number, plan.logger.scale or guessed_scale(key, number))
            if severity is not None:
                return severity
        return None if plan.level else _otherwise(found, plan)


def _whole(value: object) -> float | None:
    """A level's number, as such or as text."""
    if type(value) is int or type(value) is float:
        return value
    if type(value) is str and len(value) < 8 and value.isdecimal() and value.isascii():
        return int(value)
    return None


def _otherwise(found: dict[str, Any], plan: Plan) -> Severity | None:
    """The severity of a line that has no key for one."""
    log = found.get("log")
    if isinstance(log, dict) and isinstance(log.get("level"), str):
        return by_name(log["level"])
    if plan.logger.name == "serilog":
        return Severity.INFO
    if "status" in found and not _REQUEST.isdisjoint(found):
        return by_status(found["status"])
    return None


def _plan(found: dict[str, Any], logger: Logger) -> Plan:
    lowered = {key.lower(): key for key in reversed(found)}
    own = logger.paths
    time = _candidates((*own.get("time", ()), *TIME), found, lowered)
    level = _candidates((*own.get("level", ()), *LEVEL), found, lowered)
    message = _candidates((*own.get("message", ()), *MESSAGE), found, lowered)
    used = frozenset((*time[:1], *level[:1], *message[:1]))
    return Plan(logger, time, level, message, used)


def _candidates(wanted: tuple[str, ...], found: dict[str, Any], lowered: dict[str, str]) -> tuple[str, ...]:
    here = [key for key in wanted if key in found]
    return tuple(here) or tuple(lowered[key.lower()] for key in wanted if key.lower() in lowered)[:1]


def _message(found: dict[str, Any], plan: Plan) -> str:
    """The message, or what may stand for one; a line without either is told by its fields."""
    for key in plan.message:
        value = found[key]
        text = value.rstrip() if type(value) is str else text_of(value)
        if text:
            return text
    for key in INSTEAD:
        if key in found and (text := text_of(found[key])):
            status = found.get("status")
            return f"{text} {status}" if status is not None and key != "error" else text
    return " ".join(
        f"{key}={text_of(value)}" for key, value in list(found.items())[:12] if key not in plan.used
    )[:_INSTEAD_LENGTH]


def text_of(value: object) -> str:
    """A text, the bytes that journald writes as numbers, or the text within a small object."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and value and all(type(one) is int and 0 <= one < 256 for one in value):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dict):
        return str(value.get("message") or value.get("stringValue") or "")
    return "" if value is None or value is False else str(value)
