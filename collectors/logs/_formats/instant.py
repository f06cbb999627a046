"""Times in all their encodings → UTC epoch seconds; never ``strptime``, which costs thirty times as much."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()

MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905 - one glance
}

_HOURS_EAST = {
    "UTC": 0.0, "GMT": 0.0, "Z": 0.0, "WET": 0.0, "WEST": 1.0, "CET": 1.0, "CEST": 2.0, "EET": 2.0,
    "EEST": 3.0, "MSK": 3.0, "JST": 9.0, "KST": 9.0, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
    "EST": -5.0, "EDT": -4.0, "CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0,
}  # fmt: skip
"""Names of zones that mean one zone only; IST, CST and BST mean several."""

ZONE_NAMES = "|".join(_HOURS_EAST)

Reader = Callable[[str, float], float | None]
"""A text and the present → its time; the present helps where a year or a day is missing."""


def of_number(number: float) -> float | None:
    """Epoch seconds, milli-, micro- or nanoseconds, by magnitude."""
    for factor in (1.0, 1e3, 1e6, 1e9):
        if EARLIEST <= number / factor <= LATEST:
            return number / factor
    return None


def of_text(text: str) -> float | None:
    """ISO 8601 with any fraction, comma, blank or zone; epoch numbers as text; CLF. None for all else."""
    if text[4:5] in ("-", "/"):
        return _iso(text)
    if text[2:3] == "/" and text[6:7] == "/":
        return of_clf(text)
    try:
        return of_number(float(text)) if len(text) < 32 else None
    except (ValueError, OverflowError):
        return None


def of_any(value: object) -> float | None:
    """The time that a JSON value tells: text, number, or seconds and nanoseconds in an object."""
    kind = type(value)
    if kind is str:
        return of_text(value)  # type: ignore[arg-type] # its type was just asked
    if kind is float or kind is int:
        try:
            return of_number(value)  # type: ignore[arg-type] # its type was just asked
        except OverflowError:
            return None
    if isinstance(value, dict):
        for seconds, nanos in (
            ("seconds", "nanos"),
            ("epochSecond", "nanoOfSecond"),
            ("timestamp", ""),
            ("$date", ""),
        ):
            whole = of_any(value[seconds]) if seconds in value else None
            if whole is not None:
                part = value.get(nanos, 0)
                return whole + (part * 1e-9 if isinstance(part, int) and 0 <= part < 10**9 else 0.0)
    return None


def _iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(_plain_iso(text))
        except ValueError:
            return None
    return _epoch(moment)


def _plain_iso(text: str) -> str:
    """ISO with a named or detached zone and slashes in its date, as ``fromisoformat`` wants it."""
    text = text[:40].strip().replace("/", "-", 2)
    start, _, name = text.rpartition(" ")
    east = _HOURS_EAST.get(name)
    if east is not None:
        return f"{start}{'-' if east < 0 else '+'}{abs(int(east)):02}:00"
    return text.replace(" +", "+").replace(" -", "-")


def _epoch(moment: datetime) -> float | None:
    """A moment without a zone is this machine's local time: its writer runs here."""
    try:
        time = moment.timestamp()
    except (OverflowError, ValueError, OSError):
        return None
    return time if EARLIEST <= time <= LATEST else None


def _made(parts: tuple[int, ...], fraction: str = "", zone: tzinfo | None = None) -> float | None:
    try:
        whole = _epoch(datetime(*parts, tzinfo=zone))  # type: ignore[misc,arg-type] # six numbers
    except (ValueError, OverflowError, TypeError):
        return None
    return whole if whole is None or not fraction else whole + float("0." + fraction[:9])


def of_clf(text: str, _now: float = 0.0) -> float | None:
    """``23/Nov/2026:18:57:41 +0000``, as access logs write."""
    try:
        clock = (int(text[12:14]), int(text[15:17]), int(text[18:20]))
        shift = timedelta(hours=int(text[21:24]), minutes=int(text[21] + text[24:26]))
        return _made((int(text[7:11]), MONTHS[text[3:6]], int(text[:2]), *clock), zone=timezone(shift))
    except (ValueError, KeyError, IndexError):
        return None


def of_iso(text: str, _now: float = 0.0) -> float | None:
    """ISO 8601, as most loggers write."""
    return of_text(text)


def of_apache(text: str, _now: float = 0.0) -> float | None:
    """``Mon Nov 23 18:57:40.439445 2026``, as Apache's error log writes, local."""
    try:
        _, month, day, clock, year = text.split()
        clock, _, fraction = clock.partition(".")
        return _made((int(year), MONTHS[month], int(day), *map(int, clock.split(":"))), fraction)
    except (ValueError, KeyError):
        return None


def of_redis(text: str, _now: float = 0.0) -> float | None:
    """``23 Nov 2026 18:57:48.153``, as Redis writes, local."""
    try:
        day, month, year, clock = text.split()
        clock, _, fraction = clock.partition(".")
        return _made((int(year), MONTHS[month], int(day), *map(int, clock.split(":"))), fraction)
    except (ValueError, KeyError):
        return None


def of_rfc3164(text: str, now: float) -> float | None:
    """``Nov 23 18:00:00``, as syslog writes: local, and of the year that puts it in the past."""
    try:
        month, day, clock = text.split()
        return _of_year(MONTHS[month], int(day), clock, now)
    except (ValueError, KeyError):
        return None


def of_klog(text: str, now: float) -> float | None:
    """``1123 18:00:00.000000``, as klog writes: local, and of the year that puts it in the past."""
    try:
        return _of_year(int(text[:2]), int(text[2:4]), text[5:], now)
    except ValueError:
        return None


def of_clock(text: str, now: float) -> float | None:
    """``18:00:00``, as RQ's workers write: local, and of the day that puts it in the past."""
    clock, _, fraction = text.replace(",", ".").partition(".")
    today = datetime.fromtimestamp(now)  # noqa: DTZ006 - the writer's local time is meant
    try:
        hour, minute, second = map(int, clock.split(":"))
    except ValueError:
        return None
    time = _made((today.year, today.month, today.day, hour, minute, second), fraction)
    return time - 86_400 if time is not None and time > now + 3600 else time


def _of_year(month: int, day: int, clock: str, now: float) -> float | None:
    clock, _, fraction = clock.partition(".")
    hour, minute, second = map(int, clock.split(":"))
    year = datetime.fromtimestamp(now).year  # noqa: DTZ006 - the writer's local time is meant
    time = _made((year, month, day, hour, minute, second), fraction)
    if time is None or time > now + 86_400:
        return _made((year - 1, month, day, hour, minute, second), fraction)
    return time
