"""Moments and units as people and loggers write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from console.logs.language.moments import Window, span
from console.logs.language.units import Kind, Measure, duration, measure

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC).timestamp()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("word", "text", "start", "end"),
    [
        ("since", "1h", "2026-11-23T13:30:00Z", ""),
        ("since", "-90m", "2026-11-23T13:00:00Z", ""),
        ("since", "today", "2026-11-23T00:00:00+01:00", ""),
        ("since", "yesterday", "2026-11-22T00:00:00+01:00", ""),
        ("until", "today", "", "2026-11-23T00:00:00+01:00"),
        ("time", "yesterday", "2026-11-22T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
        ("since", "18:00..19:00", "2026-11-22T18:00:00+01:00", "2026-11-22T19:00:00+01:00"),
        ("since", "15:00..15:30", "2026-11-23T15:00:00+01:00", "2026-11-23T15:30:00+01:00"),
        ("time", "22:00..02:00", "2026-11-22T22:00:00+01:00", "2026-11-23T02:00:00+01:00"),
        ("since", "15:00", "2026-11-23T15:00:00+01:00", ""),
        ("since", "16:00", "2026-11-22T16:00:00+01:00", ""),
        ("since", "yesterdayT18:00", "2026-11-22T18:00:00+01:00", ""),
        ("until", "2026-11-20T10:00:00Z", "", "2026-11-20T10:00:00Z"),
        ("until", "2026-11-20T10:00", "", "2026-11-20T10:00:00+01:00"),
        ("time", "2026-10-25", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        ("time", "2026-11-20T10:00Z..now", "2026-11-20T10:00:00Z", "2026-11-23T14:30:00Z"),
    ],
)
def test_times_are_of_the_zone_that_is_shown(word: str, text: str, start: str, end: str) -> None:
    found = span(word, text, NOW, BERLIN)
    assert found == Window(at(start) if start else None, at(end) if end else None)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "1x", "2026-13-01", "1h..", "99999999999d", "0001-01-01"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        span("since", text, NOW, BERLIN)


def test_a_span_is_cut_by_another() -> None:
    assert Window(1.0, 5.0).cut(Window(2.0, None)) == Window(2.0, 5.0)
    assert Window(1.0, 5.0).holds(1.0)
    assert not Window(1.0, 5.0).holds(5.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("41.424799ms", 0.041424799),
        ("1m30s", 90.0),
        ("1h2m3.5s", 3723.5),
        ("5 ms", 0.005),
        ("-2s", -2.0),
        ("12µs", 12e-6),
    ],
)
def test_durations_as_loggers_write_them(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "ms", "5 xs", "1h-2m", "nan", "1_000", "5" * 100 + "s"])
def test_what_is_no_duration(text: str) -> None:
    assert duration(text) is None


def test_numbers_with_and_without_units() -> None:
    assert measure("200") == Measure(200, Kind.PLAIN)
    assert measure("1e3") == Measure(1000.0, Kind.PLAIN)
    assert measure("1.5KiB") == Measure(1536.0, Kind.BYTES)
    assert measure("5m") == Measure(300.0, Kind.SECONDS)
    assert measure("nan") is None
    assert measure("1_000") is None
