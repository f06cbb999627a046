"""Durations as loggers write them → seconds."""

import re
from functools import lru_cache
from typing import Any

LONGEST = 64
"""Characters of a text that may be a duration."""

UNITS = {
    "ns": 1e-9, "nanos": 1e-9, "nanoseconds": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "micros": 1e-6,
    "usec": 1e-6, "microseconds": 1e-6, "ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3,
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "mins": 60.0,
    "minutes": 60.0, "h": 3600.0, "hr": 3600.0, "hours": 3600.0, "d": 86_400.0, "days": 86_400.0,
    "w": 604_800.0,
}  # fmt: skip
"""Seconds of one of each unit."""

_PART = re.compile(r"(\d{1,20}(?:\.\d{0,20})?) ?([a-zµμ]{1,12})")
_ISO = re.compile(
    r"P(?:(\d{1,9}(?:\.\d{1,12})?)D)?"
    r"(?:T(?:(\d{1,9}(?:\.\d{1,12})?)H)?(?:(\d{1,9}(?:\.\d{1,12})?)M)?(?:(\d{1,12}(?:\.\d{1,12})?)S)?)?"
)
_CLOCK = re.compile(r"(?:(\d{1,6})(?:\.| days?, ))?(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,12})?)")
_NUMBER = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")


def of_text(text: str) -> float | None:
    """Seconds of ``41.424799ms``, ``1m3.5s``, ``PT0.04S`` or ``0:00:00.041``; None for any other text.

    A bare number is None too: nobody knows its unit without its field.
    """
    text = text.strip() if len(text) <= LONGEST else ""
    sign = -1.0 if text[:1] == "-" else 1.0
    text = text[text[:1] in ("-", "+") :]
    if text[:1] == "P":
        found = _iso(text)
    elif text[:1].isdigit():
        found = _clock(text) if ":" in text else _parts(text)
    else:
        found = None
    return None if found is None else sign * found


def number(value: Any) -> float | None:  # noqa: ANN401 - any value of JSON
    """A finite number, whether JSON wrote it as one or as text; truth is none."""
    kind = type(value)
    if kind is str:
        if len(value) > LONGEST or _NUMBER.fullmatch(value) is None:
            return None
        value = float(value)
    elif kind is not int and kind is not float:
        return None
    return float(value) if -1e300 < value < 1e300 else None


def of_value(value: Any, unit: float | None) -> float | None:  # noqa: ANN401 - any value of JSON
    """Seconds of a value from a line; ``unit``: seconds per 1 of a bare number, None where unknown."""
    if type(value) is str and (found := of_text(value)) is not None:
        return found
    if type(value) is dict:
        # loguru's elapsed, and seconds with nanoseconds as protobuf writes them
        seconds, nanos = number(value.get("seconds")), number(value.get("nanos", 0))
        return None if seconds is None or nanos is None else seconds + nanos * 1e-9
    found = number(value) if unit is not None else None
    if found is None or unit is None:
        return None
    # a division is exact to the last digit where a product with 1e-9 is not
    return found * unit if unit >= 1 else found / round(1 / unit)


def _parts(text: str) -> float | None:
    total, at = 0.0, 0
    for part in _PART.finditer(text):
        unit = UNITS.get(part[2])
        if part.start() != at or unit is None:
            return None
        value = float(part[1])
        total += value * unit if unit >= 1 else value / round(1 / unit)
        at = part.end() + (text[part.end() : part.end() + 1] == " ")
    return total if at and at >= len(text) else None


def _iso(text: str) -> float | None:
    found = _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds


def _clock(text: str) -> float | None:
    """``0:00:00.041424`` of Python and Postgres, ``00:00:00.0414248`` and ``1.02:03:04`` of .NET."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds


_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-zµ]+|[A-Z]")
_SPANS = frozenset({
    "duration", "dur", "elapsed", "latency", "took", "delay", "wait", "waited", "runtime", "rtt", "lag",
    "timeout", "backoff", "interval", "uptime", "ttl", "age", "taken",
})  # fmt: skip
_TIMES_OF = frozenset({
    "request", "response", "upstream", "processing", "connect", "header", "execution", "exec", "query",
    "total", "elapsed", "service", "queue", "db", "view", "cpu", "wall", "run", "render", "handler",
    "session", "taken",
})  # fmt: skip
_SUFFIXES = frozenset({
    "ns", "nanos", "nanoseconds", "us", "usec", "micros", "microseconds", "ms", "msec", "msecs", "millis",
    "milliseconds", "s", "sec", "secs", "seconds", "minutes",
})  # fmt: skip


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name[-64:])]


@lru_cache(maxsize=4096)
def unit_by_name(name: str) -> float | None:
    """Seconds per 1 that the field's own name tells: ``duration_ms``, ``latencyNs``, ``took_millis``."""
    words = _words(name)
    if len(words) < 2 or words[-1] not in _SUFFIXES:
        return None
    if words[-1] == "s" and not is_span(name[:-1]):
        return None
    return UNITS.get(words[-1], 1e-3)


@lru_cache(maxsize=4096)
def is_span(name: str) -> bool:
    """Whether a field of this name tells how long something took or may take."""
    words = _words(name)
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
        if words[-1] == "in":
            words.pop()
    if not words:
        return False
    if words[-1] == "time":
        return len(words) > 1 and words[-2] in _TIMES_OF
    return words[-1] in _SPANS
