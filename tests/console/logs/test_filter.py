"""What a filter means, and a view that follows it at the cost of what is new."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from console.logs.filter import Filter, FilterError, compile_filter
from console.logs.ring import Entry, KeptRecord, Ring
from console.logs.view import STEP, FilteredView

SUBJECT = Context(collector="test").subject(Practice.LOGS, b"app.log")
LEVELS = {"t": 1, "d": 5, "i": 9, "w": 13, "e": 17, "c": 21}


def entry(
    level: str = "",
    message: str = "x",
    *,
    parsed: bool = True,
    hostile: bool = False,
    timed: bool = True,
    lost: int = 0,
    **fields: str,
) -> Entry:
    pairs = tuple((Shown(name), Shown(value)) for name, value in fields.items())
    severity = Severity(LEVELS[level]) if level else None
    return Entry(
        SUBJECT, LogRecord(0, 0.0, timed, severity, Shown(message), b"", pairs, parsed, hostile, lost)
    )


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        *(
            ("error", "ec"),
            ("ERROR", "ec"),
            (">=warn", "wec"),
            ("warning", "wec"),
            (">warn", "ec"),
            ("=warn", "w"),
        ),
        *(("<warn", "tdi"), ("<=warn", "tdiw"), ("trace", "tdiwec"), ("fatal", "c"), ("=info", "i")),
        *(
            ("!error", "tdiw-"),
            ("!>=info", "td-"),
            (">=info <error", "iw"),
            ("", "tdiwec-"),
            ("!debug", "t-"),
        ),
    ],
)
def test_levels(text: str, passing: str) -> None:
    chosen = compile_filter(text)
    assert [level for level in "tdiwec-" if chosen.matches(entry(level.strip("-")))] == list(passing)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        *(("timed out", True), ("TIMED", False), ("Order", True), ("order", True), ("!order", False)),
        *(
            ('"timed out"', True),
            ('"out timed"', False),
            ('!"timed out"', False),
            ('"timed ou', True),
            ('""', True),
        ),
        *(("region=eu", True), ("region=us", False), ("eu", True), ("gion=e", True), ("Region=eu", False)),
        *(("order !payment", True), ("order payment", False), ('"error"', True), ("=", True), ("!", False)),
    ],
)
def test_words(text: str, passes: bool) -> None:
    one = entry("i", "Order 7 timed out: error", region="eu")
    assert compile_filter(text).matches(one) is passes


def test_what_was_noted() -> None:
    assert compile_filter("is:hostile").matches(entry(hostile=True))
    assert not compile_filter("is:hostile").matches(entry())
    assert compile_filter("is:unparsed").matches(entry(parsed=False))
    assert compile_filter("is:untimed").matches(entry(timed=False))
    assert compile_filter("is:cut").matches(entry(lost=5))
    assert compile_filter("!is:cut").matches(entry())


@pytest.mark.parametrize(("text", "why"), [(">=loud", "'loud' is no level"), ("is:odd", "'is:odd' asks")])
def test_what_means_nothing_is_refused_with_a_remedy(text: str, why: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text)
    assert caught.value.why.startswith(why)
    assert caught.value.hint


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    try:
        chosen = compile_filter(text)
    except FilterError:
        return
    chosen.matches(entry("i", text, a=text))


def filled(count: int, budget: int | None = None) -> Ring:
    """Every tenth record is an error; its message is its number."""
    ring = Ring(budget or 10**9)
    add(ring, count)
    return ring


def add(ring: Ring, count: int) -> None:
    start = ring.next
    records = tuple(
        LogRecord(n, float(n), True, Severity.ERROR if n % 10 == 0 else Severity.INFO, Shown(str(n)), b"")
        for n in range(start, start + count)
    )
    ring.append(LogBatch(SUBJECT, records))


ONE = KeptRecord.of(SUBJECT, LogRecord(0, 0.0, True, None, Shown("00000"), b"")).size


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
    view = FilteredView(ring, compile_filter("error"))
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

    def counting(record: LogRecord) -> bool:
        nonlocal examined
        examined += 1
        return record.severity is Severity.ERROR

    ring = filled(3000)
    view = FilteredView(ring, Filter("error", (counting,)))
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
    view = FilteredView(ring, compile_filter("error"))
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
    view = FilteredView(ring, compile_filter("error"))
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
    view = FilteredView(ring, compile_filter("!nothing"))
    for _ in range(40):
        add(ring, 1000)
        while view.refresh():
            pass
        assert shown_by(view) == list(range(*ring.bounds()))
    assert len(view._newer) < 2 * STEP
