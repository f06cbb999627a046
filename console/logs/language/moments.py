"""Moments and spans as people write them → UTC epoch seconds, in the zone that is shown."""

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from console.logs.language.units import duration

REMEDY = "write 1h, yesterday, today, 18:00..19:00, 2026-11-23 or 2026-11-23T18:00:00Z"

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


class Window(NamedTuple):
    """From ``since`` up to and without ``until``, UTC epoch seconds; None is open."""

    since: float | None = None
    until: float | None = None

    def cut(self, other: "Window") -> "Window":
        """What both share."""
        starts = [one for one in (self.since, other.since) if one is not None]
        ends = [one for one in (self.until, other.until) if one is not None]
        return Window(max(starts, default=None), min(ends, default=None))

    @property
    def seconds(self) -> float | None:
        """How long it is; None where a side is open."""
        return None if self.since is None or self.until is None else max(0.0, self.until - self.since)

    def holds(self, time: float) -> bool:
        """Whether a moment lies within."""
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)


def span(word: str, text: str, now: float, zone: tzinfo | None = None) -> Window:
    """What ``since:TEXT``, ``until:TEXT`` or ``time:TEXT`` mean at ``now``; raises ValueError.

    ``zone`` None is this machine's. A day stands for its beginning, after ``time:`` for all of it; a
    time of day for the last one that has passed; a range is a range after each of the words.
    """
    first, dots, last = text.partition("..")
    if dots:
        start, end = _moment(first, now, zone), _moment(last, now, zone)
        if end[0] < start[0] and _CLOCK.fullmatch(last):
            end = (end[0] + 86_400, 0)
        elif _CLOCK.fullmatch(first) and _CLOCK.fullmatch(last) and end[0] - start[0] > 86_400:
            end = (end[0] - 86_400, 0)
        return Window(start[0], end[0] + end[1])
    moment, length = _moment(text, now, zone)
    if word == "since":
        return Window(moment, None)
    if word == "until":
        return Window(None, moment)
    if not length:
        raise ValueError("names a moment, not a span")
    return Window(moment, moment + length)


def _moment(text: str, now: float, zone: tzinfo | None) -> tuple[float, float]:
    """When it begins, and how long it lasts where it is a day, in seconds."""
    if text == "now":
        return now, 0.0
    back = duration(text.removeprefix("-"))
    if back is not None:
        return _sane(now - back), 0.0
    today = datetime.fromtimestamp(now, zone).date()
    day, _, clock = text.partition("T")
    if day in _DAYS:
        when = today + timedelta(days=_DAYS[day])
        return (_at(when, clock, zone), 0.0) if clock else _whole(when, zone)
    if _CLOCK.fullmatch(text):
        at = _at(today, text, zone)
        return (_at(today - timedelta(days=1), text, zone) if at > now else at), 0.0
    if _DATE.fullmatch(text):
        return _whole(date.fromisoformat(text), zone)
    if text[4:5] != "-":
        raise ValueError("is no moment")
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return _epoch(found), 0.0


def _whole(day: date, zone: tzinfo | None) -> tuple[float, float]:
    """A day in its zone has 23 to 25 hours."""
    start = _at(day, "00:00", zone)
    return start, _at(day + timedelta(days=1), "00:00", zone) - start


def _at(day: date, clock: str, zone: tzinfo | None) -> float:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise ValueError("has no time of day such as 18:00")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    return _epoch(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone))


def _epoch(moment: datetime) -> float:
    try:
        return _sane(moment.timestamp())
    except (OverflowError, OSError) as error:
        raise ValueError("lies beyond all calendars") from error


def _sane(time: float) -> float:
    if abs(time) > 1e10:
        raise ValueError("lies beyond all calendars")
    return time
