"""Numbers with units, in questions and in lines: durations in seconds, sizes in bytes."""

import re
from enum import StrEnum
from typing import NamedTuple

LONGEST = 64
"""Characters of a text that may be a number."""

TIMES = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
    "d": 86_400.0, "w": 604_800.0,
}  # fmt: skip
SIZES = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20,
    "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_PART = re.compile(r"(\d+(?:\.\d+)?)([a-zµμ]{1,2})")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]{1,3})")


class Kind(StrEnum):
    """What a number counts."""

    PLAIN = ""
    SECONDS = "s"
    BYTES = "B"


class Measure(NamedTuple):
    """A number and what it counts."""

    value: float
    kind: Kind


def number(text: str) -> float | None:
    """A plain number, whole ones exactly; None for any other text, ``nan`` and ``1_000`` among them."""
    if len(text) > LONGEST or _NUMBER.fullmatch(text) is None:
        return None
    if text.lstrip("+-").isdecimal():
        return int(text)
    value = float(text)
    return value if abs(value) != float("inf") else None


def duration(text: str) -> float | None:
    """Seconds of ``41.4ms``, ``1m30s`` or ``1h``; None for any other text, a bare number among them."""
    if len(text) > LONGEST:
        return None
    sign = -1.0 if text[:1] == "-" else 1.0
    text = text[text[:1] in ("-", "+") :]
    if text.endswith((" ms", " us", " ns", " s")):
        text = text.replace(" ", "", 1)
    total, at = 0.0, 0
    for part in _PART.finditer(text):
        factor = TIMES.get(part[2])
        if part.start() != at or factor is None:
            return None
        # a division is exact to the last digit where a product with 1e-9 is not
        total += float(part[1]) * factor if factor >= 1 else float(part[1]) / round(1 / factor)
        at = part.end()
    return sign * total if at and at == len(text) else None


def size(text: str) -> float | None:
    """Bytes of ``12KiB`` or ``1.5 MB``; None for any other text."""
    found = _SIZE.fullmatch(text) if len(text) <= LONGEST else None
    return float(found[1]) * SIZES[found[2]] if found and found[2] in SIZES else None


def measure(text: str) -> Measure | None:
    """A number in any of these ways, or None."""
    for read, kind in ((number, Kind.PLAIN), (duration, Kind.SECONDS), (size, Kind.BYTES)):
        value = read(text)
        if value is not None:
            return Measure(value, kind)
    return None


def seconds_text(seconds: float) -> str:
    """A duration as a question writes it: ``90s``, ``5m``, ``1h``."""
    for unit in ("d", "h", "m"):
        count = seconds / TIMES[unit]
        if count >= 1 and count == int(count):
            return f"{int(count)}{unit}"
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{seconds!r}s"
