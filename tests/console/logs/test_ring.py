"""The ring: bounded, numbered for good, safe between threads."""

import threading
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown, shown
from collectors.transport.read.files_lines import Line
from console.logs.ring import Ring, size_of

SUBJECT = Context(collector="test").subject(Practice.LOGS, b"/var/log/app.log")


def record(number: int, message: str = "x", severity: Severity | None = None, size: int = 100) -> LogRecord:
    return LogRecord(number, float(number), True, severity, Shown(message), b"r" * size)


def batch(*records: LogRecord) -> LogBatch:
    return LogBatch(SUBJECT, records)


def test_an_empty_ring() -> None:
    ring = Ring()
    assert (ring.first, ring.next, len(ring), ring.dropped, ring.bytes) == (0, 0, 0, 0, 0)
    assert ring.get(0) is None
    assert ring.span(0, 10) == (0, [])
    ring.append(batch())
    assert ring.bounds() == (0, 0)


def test_numbers_stay_and_the_oldest_leave() -> None:
    ring = Ring(budget=10 * size_of(record(0)))
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
    ring = Ring(budget=100 * size_of(record(0)))
    for number in range(0, 60_000, 100):
        ring.append(batch(*(record(number + index) for index in range(100))))
    assert len(ring._entries) < 6000
    assert ring.get(59_999) is not None


def test_sizes_are_near_the_truth() -> None:
    parser = Parser()
    lines = [
        Line(
            b'{"timestamp":"2026-11-23T18:53:43.%06dZ","level":"info","event":"request done","region":"eu",'
            b'"user_id":%d,"path":"/api/v1/orders/%d","trace_id":"%032x","service":"orders"}' % (n, n, n, n)
        )
        for n in range(5000)
    ]
    tracemalloc.start()
    records = parser.parse(lines, 0.0, 0.0)
    _, held = tracemalloc.get_traced_memory()[1], tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # the raw lines were made before
    held += sum(len(line.data) + 33 for line in lines)
    told = sum(size_of(one) for one in records)
    assert 0.6 < told / held < 1.7


def test_one_thread_appends_while_others_read() -> None:
    ring = Ring(budget=500 * size_of(record(0)))
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
