"""Times as health answers write them."""

import re
from datetime import datetime

_CLOCK = re.compile(r"(?:(\d{1,6})(?:\.|\s*days?,?\s*))?(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{1,12})?)")
_UNITS = re.compile(r"(\d{1,15}(?:\.\d{1,12})?)\s{0,2}(ms|µs|us|ns|[dhms])")
_ISO = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,12}(?:\.\d{1,12})?)S)?)?")
_FACTORS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def duration(text: str) -> float | None:
    """Seconds of Go's "1h2m3.5s", .NET's "1.02:03:04", Python's "1 day, 2:03:04" or ISO "PT1H2M"."""
    text = text.strip()
    if not 0 < len(text) <= 60:
        return None
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = (float(group or 0) for group in clock.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (float(group or 0) for group in iso.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    found = _UNITS.findall(text)
    if found and not _UNITS.sub("", text).strip():
        return sum(float(value) * _FACTORS[unit] for value, unit in found)
    return None


def moment(value: float) -> float | None:
    """UTC epoch seconds of a number that may count seconds, ms, µs or ns; None where none of them."""
    for scale in (1.0, 1e3, 1e6, 1e9):
        if 1e9 <= value / scale < 1e10:
            return value / scale
    return None


def iso_moment(text: str) -> float | None:
    """UTC epoch seconds of an ISO 8601 time; None without a zone, as it could be any."""
    if not 10 <= len(text) <= 40:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.timestamp() if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None
