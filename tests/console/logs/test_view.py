"""What a question finds in the ring, followed at the cost of what is new."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from console.logs.asked import Asked
from console.logs.ring import Kept, Ring, kept_of
from console.logs.view import STEP, FilteredView

SUBJECT = Context(collector="test", service="orders").subject(Practice.LOGS, b"app.log")
OTHER = Context(collector="test", service="billing").subject(Practice.LOGS, b"other.log")


def asked(text: str, service: str = "") -> Asked:
    return Asked(text, service, now=1_000_000.0)


def line(number: int, severity: Severity) -> LogRecord:
    raw = b'{"level":"%s","message":"%d"}' % (severity.word.encode(), number)
    return LogRecord(number, float(number), True, severity, Shown(str(number)), raw)


def filled(count: int, budget: int | None = None) -> Ring:
    """Every tenth record is an error; its message is its number."""
    ring = Ring(budget or 10**9)
    add(ring, count)
    return ring


def add(ring: Ring, count: int) -> None:
    start = ring.next
    records = tuple(
        line(n, Severity.ERROR if n % 10 == 0 else Severity.INFO) for n in range(start, start + count)
    )
    ring.append(LogBatch(SUBJECT, records))


ONE = kept_of(LogBatch(SUBJECT, (line(10_000, Severity.ERROR),)))[1][0]


def shown_by(view: FilteredView) -> list[int]:
    records = [view.record(index) for index in range(len(view))]
    return [record.seq for record in records if record is not None]


def test_a_view_of_everything_is_the_ring() -> None:
    ring = filled(100)
    view = FilteredView(ring)
    assert shown_by(view) == list(range(100))
    add(ring, 5)
    assert len(view) == 100
    assert view.refresh()
    assert not view.refresh()
    assert len(view) == 105
    assert (view.first_seq, view.index_of(50), view.pending) == (0, 50, 0)


def test_a_filtered_view_begins_with_the_last_matches() -> None:
    ring = filled(20_000)
    view = FilteredView(ring, asked("level:error"))
    assert len(view) == 0
    assert view.pending == 20_000
    assert view.first_seq == 20_000
    assert view.refresh(1000)
    assert shown_by(view) == list(range(19_000, 20_000, 10))
    assert view.first_seq == 19_000
    assert view.pending == 19_000
    while view.refresh():
        pass
    assert shown_by(view) == list(range(0, 20_000, 10))
    assert view.pending == 0
    assert view.index_of(995) == 100
    assert view.seq(100) == 1000
    add(ring, 20)
    assert view.refresh()
    assert shown_by(view)[-2:] == [20_000, 20_010]


def test_following_costs_only_what_is_new() -> None:
    examined = 0

    class Counting(Asked):
        def passing(self, records: Sequence[Kept]) -> list[int]:
            nonlocal examined
            examined += len(records)
            return super().passing(records)

    ring = filled(3000)
    view = FilteredView(ring, Counting("level:error", now=0.0))
    view.refresh()
    assert examined == 3000
    for _ in range(10):
        add(ring, 50)
        view.refresh()
    assert examined == 3500
    add(ring, 3 * STEP)
    view.refresh()
    assert examined == 3500 + STEP


def test_what_leaves_the_ring_leaves_the_view() -> None:
    ring = filled(1000, budget=500 * ONE)
    view = FilteredView(ring, asked("level:error"))
    view.refresh()
    first = ring.first
    assert shown_by(view) == [n for n in range(first, 1000) if n % 10 == 0]
    add(ring, 300)
    assert view.entry(0) is None
    assert view.record(0) is None
    view.refresh()
    assert shown_by(view) == [n for n in range(ring.first, 1300) if n % 10 == 0]
    add(ring, 5000)
    view.refresh()
    assert shown_by(view) == [n for n in range(ring.first, 6300) if n % 10 == 0]
    assert view.seq(0) >= ring.first


def test_beyond_the_view_is_an_index_error() -> None:
    view = FilteredView(filled(3))
    for index in (-1, 3):
        with pytest.raises(IndexError):
            view.seq(index)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), max_size=30), st.integers(20, 200))
def test_any_course_ends_with_all_that_matches(course: list[tuple[int, int]], kept: int) -> None:
    ring = filled(30, budget=kept * ONE)
    view = FilteredView(ring, asked("level:error"))
    for count, most in course:
        add(ring, count)
        view.refresh(most)
        numbers = [view.seq(index) for index in range(len(view))]
        assert numbers == sorted(set(numbers))
        assert all(number % 10 == 0 for number in numbers)
    for _ in range(400):
        view.refresh(7)
    first, end = ring.bounds()
    assert shown_by(view) == [n for n in range(first, end) if n % 10 == 0]


def test_the_old_end_is_compacted() -> None:
    ring = Ring(budget=2000 * ONE)
    view = FilteredView(ring, asked("-nothing"))
    for _ in range(40):
        add(ring, 1000)
        while view.refresh():
            pass
        assert shown_by(view) == list(range(*ring.bounds()))
    assert len(view._newer) < 2 * STEP


def test_a_window_shows_its_time_alone_and_what_is_found_is_told_whenever_it_was() -> None:
    ring = filled(3000)
    told: list[LogRecord] = []
    since, until = "1970-01-01T00:10:00Z", "1970-01-01T00:20:00Z"
    view = FilteredView(ring, asked(f"level:error since:{since} until:{until}"), told.extend)
    while view.refresh():
        pass
    assert shown_by(view) == list(range(600, 1200, 10))
    assert sorted(record.seq for record in told) == list(range(0, 3000, 10))


def test_one_service_alone() -> None:
    ring = filled(20)
    ring.append(LogBatch(OTHER, (line(20, Severity.ERROR),)))
    view = FilteredView(ring, asked("level:error", "billing"))
    view.work(1.0)
    assert shown_by(view) == [20]
    assert view.behind == 0


def test_work_goes_on_while_there_is_something_to_do() -> None:
    view = FilteredView(filled(4 * STEP), asked("level:error"))
    assert view.work(5.0)
    assert view.pending == 0
    assert len(view) == 4 * STEP // 10
