"""One line → the facts that every logger tells, and its fields with their types."""

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.logs._formats.joins import opens_trace
from collectors.logs._formats.keyed import text_of
from collectors.logs._formats.ladder import Rung, read_json
from collectors.logs._formats.parsed import Told
from collectors.logs._formats.unwrap import colourless, unwrapped
from collectors.logs._formats.virtual import at
from collectors.logs.detecting import detect
from collectors.logs.durations import of_value
from collectors.logs.profile import Profile
from collectors.logs.traces import is_decimal, trace_id
from collectors.model.logs import Severity
from collectors.text import is_hostile

__all__ = ["Facts", "Profile", "detect", "facts"]

_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Facts:
    """What one record tells, in its own words: nothing is redacted or made visible yet.

    ``time`` is UTC epoch seconds, ``duration`` seconds, ``trace`` the one form of ``traces.trace_id``;
    each is None where the record does not tell it. ``fields`` are all of its fields as values of JSON.
    ``parsed``: it fitted its format. ``hostile``: it holds what was made to deceive a reader.
    """

    time: float | None = None
    severity: Severity | None = None
    message: str = ""
    logger: str | None = None
    trace: str | None = None
    request: str | None = None
    error: str | None = None
    stack: str | None = None
    duration: float | None = None
    service: str | None = None
    host: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    parsed: bool = True
    hostile: bool = False


def facts(raw: bytes, profile: Profile, now: float | None = None) -> Facts:
    """What a record tells; several lines that belong together are joined by newlines.

    ``now`` (UTC epoch seconds, default the present) dates times without a year or a day. Never raises,
    whatever the bytes: what no reader understands is a message.
    """
    present = clock.time() if now is None else now
    inner, wrapped_at, wrapper = unwrapped(raw)
    below = ""
    told, hostile = None, False
    if profile.format != "plain" and inner.lstrip(b" \t\xef\xbb\xbf")[:1] == b"{":
        found, rung = read_json(inner)
        hostile = rung in (Rung.LENIENT, Rung.REFUSED)
        if found is not None:
            told = profile.readers.keyed.told(found, "json")
            hostile = hostile or _deceives(inner, found)
    if told is None:
        text, invalid = colourless(inner)
        first, _, below = text.partition("\n")
        hostile = hostile or invalid or is_hostile(text)
        told = _of_text(first, below, profile, present, broken=inner[:1] == b"{")
    if wrapper:
        told.fields = {**wrapper, **told.fields}
    if told.time is None:
        told.time = wrapped_at
    return _with_virtual(told, below, profile, hostile=hostile)


def _of_text(first: str, below: str, profile: Profile, now: float, *, broken: bool) -> Told:
    told = None
    if not broken and not (profile.forced and profile.format in ("plain", "json")):
        told = profile.readers.text.told(first, now)
    if told is not None:
        return told
    message = first.rstrip()
    severity = None
    if opens_trace(message):
        severity = Severity.ERROR
        # a bare trace is told by its last line, the error
        lines = reversed(below.split("\n"))
        message = next((line for line in lines if line and not line[0].isspace()), message)
    fits = profile.format in ("plain", "") or severity is not None
    return Told("plain", None, severity, message, {}, ok=fits and not broken)


def _with_virtual(told: Told, below: str, profile: Profile, *, hostile: bool) -> Facts:
    found, aliases = told.fields, profile.aliases
    stack = below or _stack(found, aliases["stack"])
    return Facts(
        told.time,
        told.severity,
        told.message,
        _word(found, aliases["logger"]),
        _trace(found, aliases["trace"]),
        _word(found, aliases["request"]),
        _error(found, aliases["error"], stack),
        stack,
        _duration(found, profile),
        _word(found, aliases["service"]),
        _word(found, aliases["host"]),
        {**found, "stack": below} if below else found,
        told.ok,
        hostile,
    )


def _word(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        value = at(found, path)
        if type(value) is str and value:
            return value
        if type(value) is int:
            return str(value) if abs(value) < 1 << 128 else None
    return None


def _trace(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        value = at(found, path)
        if value is not None and (known := trace_id(value, decimal=is_decimal(path))) is not None:
            return known
    return None


def _duration(found: dict[str, Any], profile: Profile) -> float | None:
    for path in profile.aliases["duration"]:
        value = at(found, path)
        if value is not None and (seconds := of_value(value, profile.unit_of(path))) is not None:
            return seconds
    return None


def _stack(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        value = at(found, path)
        if type(value) is str and "\n" in value:
            return value
        if type(value) is list and value:
            return "\n".join(text_of(one) or _frame(one) for one in value[:200])
    return None


def _frame(one: object) -> str:
    """One frame of a stack that is told as objects: zerolog's, structlog's."""
    if not isinstance(one, dict):
        return ""
    if isinstance(one.get("frames"), list):
        head = f"{one.get('exc_type', '')}: {one.get('exc_value', '')}"
        return "\n".join([*(_frame(frame) for frame in one["frames"][:200]), head])
    name = one.get("func") or one.get("name") or one.get("function") or "?"
    place = one.get("source") or one.get("filename") or one.get("file") or "?"
    return f"  {name} ({place}:{one.get('line') or one.get('lineno') or '?'})"


def _error(found: dict[str, Any], paths: tuple[str, ...], stack: str | None) -> str | None:
    for path in paths:
        value = at(found, path)
        if type(value) is str and value:
            return _told_line(value)
        if type(value) is dict and (text := text_of(value)):
            return text
        if type(value) is list and value and isinstance(value[0], dict) and "exc_value" in value[0]:
            return f"{value[0].get('exc_type')}: {value[0]['exc_value']}"
    return None if stack is None else _told_line(stack)


def _told_line(text: str) -> str:
    """The line of a stack trace that names the error: Python's last, everybody else's first."""
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line and not line[0].isspace()]
    if not lines:
        return text.strip().partition("\n")[0]
    return lines[-1] if opens_trace(lines[0]) and not lines[0].startswith("Caused by") else lines[0]


def _deceives(raw: bytes, found: dict[str, Any]) -> bool:
    """Whether a value holds control, bidi or invisible characters, escaped ones too, or a huge number."""
    if raw.isascii() and b"\\u" not in raw and b"\\b" not in raw and b"\\f" not in raw and _printable(raw):
        return False
    return any(_hostile(key) or _hostile(value) for key, value in found.items())


def _printable(raw: bytes) -> bool:
    return not raw.translate(None, _PLAIN)


_PLAIN = bytes((9, 10, 13, *range(32, 127)))


def _hostile(value: object, depth: int = 0) -> bool:
    kind = type(value)
    if kind is str:
        return is_hostile(value)  # type: ignore[arg-type] # its type was just asked
    if kind is dict and depth < 8:
        return any(_hostile(key) or _hostile(deep, depth + 1) for key, deep in value.items())  # type: ignore[attr-defined] # its type was just asked
    if kind is list and depth < 8:
        return any(_hostile(deep, depth + 1) for deep in value)  # type: ignore[attr-defined] # its type was just asked
    return False
