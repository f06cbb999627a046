"""Counts by second and level: the same as counting all anew, within bounded memory."""

import sys
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from console.logs.ring import Ring
from console.logs.tally import AHEAD, MINUTES, MOST_SERVICES, SECONDS, Tallies, Tally

NOW = 1_795_460_000.0
LEVELS = (Severity.ERROR, Severity.WARNING, Severity.INFO, None)


def record(time: float, severity: Severity | None = Severity.INFO) -> LogRecord:
    return LogRecord(0, time, True, severity, Shown("x"), b"")


def test_each_level_has_its_count() -> None:
    tally = Tally()
    severities = [*Severity, None, Severity.ERROR]
    tally.add([record(NOW, severity) for severity in severities], NOW)
    assert tally.buckets(int(NOW), 1, 1) == [(3, 1, 1, 3)]
    assert (tally.total, tally.outside, tally.first, tally.newest) == (8, 0, NOW, NOW)


@given(
    st.lists(st.tuples(st.integers(-SECONDS + 1, 0), st.integers(0, 3)), max_size=60),
    st.sampled_from([1, 5, 10, 30]),
)
def test_buckets_are_what_counting_anew_gives(course: list[tuple[int, int]], step: int) -> None:
    tally, counted = Tally(), Counter[tuple[int, int]]()
    newest = max((ago for ago, _ in course), default=0)
    for ago, kind in course:
        tally.add([record(NOW + ago, LEVELS[kind])], NOW)
        counted[int(NOW + ago) // step, kind] += 1
    start = int(NOW - SECONDS) // step * step
    buckets = tally.buckets(start, step, SECONDS // step + 1)
    for at, bucket in enumerate(buckets):
        for kind in range(4):
            assert bucket[kind] == counted[start // step + at, kind]
    assert newest <= 0


def test_what_is_older_than_the_seconds_is_known_by_the_minute() -> None:
    tally = Tally()
    old = NOW - SECONDS - 600
    tally.add([record(NOW), record(old, Severity.ERROR)], NOW)
    assert tally.finest > old
    assert tally.buckets(int(old), 1, 1) == [(0, 0, 0, 0)]
    minute = int(old) // 60 * 60
    assert tally.buckets(minute, 60, 1) == [(1, 0, 0, 0)]
    assert tally.buckets(minute // 300 * 300, 300, 1) == [(1, 0, 0, 0)]


def test_times_that_cannot_be_are_counted_apart_and_wipe_nothing() -> None:
    tally = Tally()
    tally.add([record(NOW)], NOW)
    wild = (NOW + AHEAD + 1, -5.0, float("nan"), float("inf"), 0.0, NOW - MINUTES * 60 - 60)
    tally.add([record(time) for time in wild], NOW)
    assert tally.outside == len(wild)
    assert tally.total == 1 + len(wild)
    assert tally.buckets(int(NOW), 1, 1) == [(0, 0, 1, 0)]


def test_what_has_turned_over_is_forgotten() -> None:
    tally = Tally()
    tally.add([record(NOW)], NOW)
    tally.add([record(NOW + SECONDS)], NOW + SECONDS)
    assert tally.buckets(int(NOW), 1, 1) == [(0, 0, 0, 0)]
    assert tally.buckets(int(NOW) + SECONDS, 1, 1) == [(0, 0, 1, 0)]
    tally.add([record(NOW + 10 * MINUTES * 60)], NOW + 10 * MINUTES * 60)
    assert sum(map(sum, tally.buckets(int(NOW) // 60 * 60, 60, MINUTES))) == 0


def test_services_have_their_own_and_their_number_is_bounded() -> None:
    tallies = Tallies()
    for number in range(MOST_SERVICES + 50):
        tallies.add(f"service-{number}", [record(NOW)], NOW)
    tallies.add("", [record(NOW)], NOW)
    assert tallies.whole.total == MOST_SERVICES + 51
    assert tallies.of("").total == MOST_SERVICES + 51
    assert tallies.of("service-3").total == 1
    assert tallies.of(f"service-{MOST_SERVICES + 3}").total == 0
    assert sys.getsizeof(tallies.of("service-3")._seconds._cells) < 40_000


def test_the_ring_counts_what_comes_also_what_has_left_it() -> None:
    ring = Ring(budget=5000)
    subject = Context(collector="test", service="orders").subject(Practice.LOGS, b"app.log")
    now = ring.clock.wall()
    for _ in range(100):
        ring.append(LogBatch(subject, (record(now, Severity.ERROR), record(now))))
    assert ring.dropped > 100
    assert ring.tallies.whole.buckets(int(now), 1, 1) == [(100, 0, 100, 0)]
    assert ring.tallies.of("orders").total == 200
