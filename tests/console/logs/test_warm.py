"""What left memory, of streams that nobody else keeps: each record once, packed, within a budget."""

import threading
from typing import Any

from collectors.base import Context
from collectors.model.logs import LogBatch, LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from console.logs.asked import Asked, Profiles
from console.logs.asking.ask import ask
from console.logs.reach import Origin, Reach
from console.logs.ring import Ring
from console.logs.warm import FULL, LINES, Warm, pastless
from console.settings.values import CollectorSettings

PIPE = Context(collector="pipe", service="orders").subject(Practice.LOGS, b"stdin")
FILE = Context(collector="app", service="orders").subject(Practice.LOGS, b"app.log")
BEGAN = 1_000_000.0


def record(number: int) -> LogRecord:
    raw = b'{"level":"info","n":%d,"message":"line %d\\n  goes on"}\n  below' % (number, number)
    return LogRecord(number, BEGAN + number, True, Severity.INFO, Shown("x"), raw)


def ring_of(budget: int = 300_000, warm: int = 1 << 24) -> Ring:
    ring = Ring(budget)
    ring.warm = Warm(warm, keeps=lambda subject: subject is PIPE)
    return ring


def fill(ring: Ring, first: int, count: int, subject: Any = PIPE) -> None:
    for at in range(first, first + count, 100):
        ring.append(LogBatch(subject, tuple(map(record, range(at, min(at + 100, first + count))))))


def asked(ring: Ring, text: str, now: float = BEGAN + 1e4) -> Any:
    question = Asked(text, now=now)
    origins = [Origin(PIPE, why="only what is in memory can be asked of this source")]
    return ask(question.question, Reach(ring, origins, "", Profiles()), question.moment)


def test_each_record_is_had_once_whether_it_left_or_not() -> None:
    ring = ring_of()
    fill(ring, 0, 10_000)
    assert 0 < len(ring) < 5000
    assert ring.warm.count == ring.dropped
    assert ring.lost == 0
    answer = asked(ring, "* | count, sum(n), uniq(n)")
    assert answer.table.rows == ((10_000, sum(range(10_000)), 10_000),)
    assert answer.coverage.complete
    assert ring.warm.bytes < 0.5 * sum(len(record(n).raw) for n in range(ring.warm.count))


def test_a_window_may_begin_before_memory_does() -> None:
    ring = ring_of()
    fill(ring, 0, 10_000)
    answer = asked(ring, "since:9000s | count, min(n)")
    assert answer.table.rows == ((9000, 1000),)
    assert answer.coverage.complete
    before = asked(ring, "since:20000s | count")
    assert before.table.rows == ((10_000,),)
    assert [state.why for state in before.coverage.streams if not state.complete] == [
        "only what is in memory can be asked of this source"
    ]


def test_what_has_to_go_is_counted_and_told() -> None:
    ring = ring_of(warm=60_000)
    fill(ring, 0, 20_000)
    warm = ring.warm
    assert warm.bytes <= 60_000
    assert warm.dropped > 0
    assert warm.dropped % LINES == 0
    assert ring.lost == warm.dropped
    answer = asked(ring, "* | count, min(n)")
    assert answer.table.rows == ((20_000 - ring.lost, ring.lost),)
    assert not answer.coverage.complete
    assert any(f"{ring.lost:,} older records" in state.why for state in answer.coverage.streams)


def test_long_lines_do_not_wait_for_a_whole_block() -> None:
    ring = ring_of(budget=1_000_000)
    for number in range(40):
        raw = b'{"level":"info","message":"%s"}' % (b"x" * 200_000)
        one = LogRecord(number, BEGAN + number, True, Severity.INFO, Shown("x"), raw)
        ring.append(LogBatch(PIPE, (one,)))
    assert ring.warm.count == ring.dropped > 20
    assert sum(pending.bytes for pending in ring.warm._pending.values()) < FULL
    assert asked(ring, "* | count").table.rows == ((40,),)


def test_streams_with_a_past_are_not_kept_twice() -> None:
    ring = ring_of()
    fill(ring, 0, 5000, FILE)
    assert ring.dropped > 0
    assert ring.warm.count == 0
    assert ring.lost == ring.dropped


def test_the_configuration_tells_which_streams_have_a_past() -> None:
    types = {"app": "logs.file", "pipe": "logs.command"}
    keeps = pastless(
        lambda: [
            CollectorSettings(name=name, type=type_, practice=Practice.LOGS, options=None)
            for name, type_ in types.items()
        ]
    )
    assert (keeps(FILE), keeps(PIPE)) == (False, True)


def test_reading_while_lines_come_has_each_once() -> None:
    ring = ring_of(budget=200_000)
    fill(ring, 0, 5000)
    stop = threading.Event()

    def more() -> None:
        at = 5000
        while not stop.is_set() and at < 40_000:
            fill(ring, at, 500)
            at += 500

    thread = threading.Thread(target=more)
    thread.start()
    try:
        for _ in range(5):
            answer = asked(ring, "* | count, uniq(n), max(n)")
            count, different, last = answer.table.rows[0]
            assert different == count
            assert last == count - 1
    finally:
        stop.set()
        thread.join(20)
