"""The ring: bounded, numbered for good, safe between threads."""

import gc
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown, shown
from collectors.transport.read.files_lines import Line
from console.logs.ring import KeptRecord, Ring, kept_of, text_of

SUBJECT = Context(collector="test").subject(Practice.LOGS, b"/var/log/app.log")


def record(number: int, message: str = "x", severity: Severity | None = None, size: int = 100) -> LogRecord:
    return LogRecord(number, float(number), True, severity, Shown(message), b"r" * size)


def batch(*records: LogRecord) -> LogBatch:
    return LogBatch(SUBJECT, records)


ONE = kept_of(batch(record(0)))[1][0]


def parser(*, raw: bool) -> Parser:
    """One whose records are made when they are looked at, or at once."""
    made = Parser()
    if raw:
        made.belongs(SUBJECT)
    return made


def test_an_empty_ring() -> None:
    ring = Ring()
    assert (ring.first, ring.next, len(ring), ring.dropped, ring.bytes) == (0, 0, 0, 0, 0)
    assert ring.get(0) is None
    assert ring.span(0, 10) == (0, [])
    ring.append(batch())
    assert ring.bounds() == (0, 0)


def test_numbers_stay_and_the_oldest_leave() -> None:
    ring = Ring(budget=10 * ONE)
    for number in range(25):
        ring.append(batch(record(number)))
    assert (ring.first, ring.next, len(ring), ring.dropped) == (15, 25, 10, 15)
    assert ring.bytes <= ring.budget
    assert ring.get(14) is None
    assert ring.get(25) is None
    assert [ring.get(number).record.seq for number in range(15, 25)] == list(range(15, 25))  # type: ignore[union-attr]
    start, entries = ring.span(0, 18)
    assert (start, [entry.record.seq for entry in entries]) == (15, [15, 16, 17])
    assert entries[0].subject is SUBJECT


def test_the_newest_record_stays_whatever_its_size() -> None:
    ring = Ring(budget=1000)
    ring.append(batch(record(0), record(1, size=10_000)))
    assert ring.bounds() == (1, 2)
    ring.append(batch(record(2)))
    assert ring.bounds() == (2, 3)


@given(st.lists(st.lists(st.integers(0, 3000), max_size=20), max_size=40), st.integers(2000, 20_000))
def test_the_budget_holds_and_nothing_is_lost_within(batches: list[list[int]], budget: int) -> None:
    ring = Ring(budget)
    number = 0
    for sizes in batches:
        ring.append(batch(*(record(number + index, size=size) for index, size in enumerate(sizes))))
        number += len(sizes)
        first, end = ring.bounds()
        assert end == number
        assert ring.bytes <= budget or end - first == 1
        assert [entry.record.seq for entry in ring.span(first, end)[1]] == list(range(first, end))


def test_the_list_behind_it_does_not_grow() -> None:
    ring = Ring(budget=100 * ONE)
    for number in range(0, 60_000, 100):
        ring.append(batch(*(record(number + index) for index in range(100))))
    assert len(ring._kept) < 6000
    assert ring.get(59_999) is not None
    # numbers from before the list was shortened
    assert ring.get(3) is None
    assert ring.span(0, 50)[1] == []


def lines(count: int) -> list[Line]:
    return [
        Line(
            b'{"timestamp":"2026-11-23T18:53:43.%06dZ","level":"info","event":"request done","region":"eu",'
            b'"user_id":%d,"path":"/api/v1/orders/%d","trace_id":"%032x","service":"orders"}' % (n, n, n, n)
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("raw", [True, False])
def test_sizes_are_near_the_truth(raw: bool) -> None:
    ring = Ring()
    tracemalloc.start()
    ring.append(batch(*parser(raw=raw).parse(lines(5000), 0.0, 0.0)))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.7 < ring.bytes / held < 1.4


@pytest.mark.parametrize("raw", [True, False])
def test_the_garbage_collector_has_one_object_to_look_at_for_each_record(raw: bool) -> None:
    ring = Ring()
    gc.collect()
    before = len(gc.get_objects())
    ring.append(batch(*parser(raw=raw).parse(lines(2000), 0.0, 0.0)))
    gc.collect()
    assert len(gc.get_objects()) - before < 2000 + 100


def test_a_kept_record_tells_what_it_was_given() -> None:
    (given,) = Parser().parse(lines(1), 0.0, 0.0)
    kept = KeptRecord.of(SUBJECT, given)
    for name in LogRecord.__slots__:
        assert getattr(kept, name) == getattr(given, name), name
    assert type(kept.message) is Shown
    assert all(type(text) is Shown for pair in kept.fields for text in pair)
    assert text_of(given) == text_of(kept)
    bare = KeptRecord.of(SUBJECT, record(0, ""))
    assert (bare.message, bare.fields) == ("", ())


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=4))
def test_any_text_is_kept(message: str, fields: list[tuple[str, str]]) -> None:
    pairs = tuple((Shown(name), Shown(value)) for name, value in fields)
    kept = KeptRecord.of(SUBJECT, LogRecord(0, 0.0, True, None, Shown(message), b"", pairs))
    assert kept.message == Shown(message)
    assert kept.fields == tuple((name.replace("=", "_"), value) for name, value in pairs)


def test_one_thread_appends_while_others_read() -> None:
    ring = Ring(budget=500 * ONE)
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            first, end = ring.bounds()
            start, entries = ring.span(first, end)
            if [entry.record.seq for entry in entries] != list(range(start, start + len(entries))):
                wrong.append((first, end, start, len(entries)))
            entry = ring.get(first)
            if entry is not None and entry.record.seq != first:
                wrong.append(first)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(0, 40_000, 40):
        ring.append(batch(*(record(number + index) for index in range(40))))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert ring.next == 40_000


def test_shown_texts_are_kept_as_they_are() -> None:
    ring = Ring()
    ring.append(batch(record(0, shown("a\x1bb"))))
    entry = ring.get(0)
    assert entry is not None
    assert entry.record.message == "a␛b"
