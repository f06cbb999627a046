"""What a health answer says, in one form for all formats."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collectors.model.quantity import Quantity
from collectors.model.reading import Part
from collectors.text import Shown, one_line

MOST_PARTS = 100
"""Sub-checks kept of one answer, failing ones first."""


class Outcome(StrEnum):
    """What one probe says; ``SILENT`` where only the status code speaks."""

    PASS = "pass"  # noqa: S105 - a word, not a password
    WARN = "warn"
    FAIL = "fail"
    DRAINING = "draining"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer tells of its process, each None or empty where it does not.

    ``started``: UTC epoch seconds. ``uptime``: seconds. ``raw_uptime``: a number whose unit is not told.
    """

    version: Shown = Shown("")
    instance: Shown = Shown("")
    started: float | None = None
    uptime: float | None = None
    raw_uptime: float | None = None
    restarts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedHealth:
    """One answer's body, understood as ``format``; ``word`` is its own word for its state."""

    format: str
    outcome: Outcome = Outcome.SILENT
    word: Shown = Shown("")
    parts: tuple[Part, ...] = ()
    note: Shown = Shown("")
    told: Told = Told()


_WORDS = {
    Outcome.PASS: (
        *(
            "ok",
            "up",
            "pass",
            "passing",
            "passed",
            "healthy",
            "alive",
            "ready",
            "serving",
            "success",
            "successful",
        ),
        *("green", "available", "live", "running", "started", "working", "true", "pong", "operational"),
        *("server is ready", "server is not shutting down"),
    ),
    Outcome.WARN: ("warn", "warning", "degraded", "yellow", "partial", "partially available"),
    Outcome.FAIL: (
        *(
            "down",
            "fail",
            "failed",
            "failing",
            "failure",
            "error",
            "unhealthy",
            "critical",
            "unavailable",
            "red",
        ),
        *(
            "dead",
            "stopped",
            "false",
            "not ready",
            "not serving",
            "not ok",
            "not healthy",
            "service unavailable",
        ),
        *("timeout", "timeout during health check", "server is not ready"),
    ),
    Outcome.DRAINING: (
        *(
            "draining",
            "terminating",
            "stopping",
            "shutting down",
            "out of service",
            "server is shutting down",
        ),
    ),
    Outcome.UNKNOWN: ("unknown",),
}
_BY_WORD = {word: outcome for outcome, words in _WORDS.items() for word in words}


def outcome_of(word: object) -> Outcome | None:
    """The meaning of a state's word (or truth value), None where it has none that we know."""
    if isinstance(word, bool):
        return Outcome.PASS if word else Outcome.FAIL
    if not isinstance(word, str) or len(word) > 60:
        return None
    plain = word.strip().strip(".!").casefold().replace("_", " ").replace("-", " ")
    return _BY_WORD.get(" ".join(plain.split()))


def is_bad(word: object) -> bool:
    """Whether a sub-check of this word counts as failing."""
    return outcome_of(word) in (Outcome.FAIL, Outcome.DRAINING)


def number(value: object) -> float | None:
    """A finite float from a JSON number, None for all else; integers too long for a float included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def text(value: object) -> str:
    """The value where it is a string or a number, else empty."""
    if isinstance(value, str):
        return value
    return "" if number(value) is None else str(value)[:40]


def part(name: object, word: object, why: object = "", value: Quantity | None = None) -> Part:
    """A sub-check; ``why`` (an error, a description) is added to the word of one that does not pass."""
    state = one_line(word, 80)
    passed = outcome_of(word) is Outcome.PASS
    reason = "" if passed else one_line(why, 160)
    said = Shown(f"{state}: {reason}" if state and reason else state or reason)
    return Part(name=one_line(name, 80), word=said, value=value, bad=is_bad(word))


def kept(parts: Iterable[Part]) -> tuple[Part, ...]:
    """At most 100 sub-checks, failing ones first, else in the order told."""
    return tuple(sorted(parts, key=lambda item: not item.bad)[:MOST_PARTS])
