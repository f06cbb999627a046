"""Questions answered in a thread: memory and files, each line once; stopped, followed, asked anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Context
from collectors.clock import SystemClock
from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.transport.read.files_lines import Line
from console.logs import running
from console.logs.asked import Asked, Profiles
from console.logs.reach import Origin, Reach
from console.logs.ring import Ring
from console.logs.running import Running, Told
from tests.servers.waiting import wait_until

APP = Context(collector="app", service="orders").subject(Practice.LOGS, b"app.jsonl")
BILL = Context(collector="bill", service="billing").subject(Practice.LOGS, b"stdin")


def now() -> float:
    """This moment: the suite imports its modules long before it runs them."""
    return SystemClock().wall()


def line(number: int, ago: float, **fields: Any) -> bytes:
    region = "eu" if number % 2 else "us"
    told = {
        "time": now() - ago,
        "level": "info",
        "message": f"line {number}",
        "n": number,
        "region": region,
        **fields,
    }
    return json.dumps(told).encode()


def keep(ring: Ring, lines: list[bytes], subject: Any = APP) -> None:
    parser = Parser()
    made = parser.parse([Line(one) for one in lines], now(), 0.0) + parser.flush(0.0, force=True)
    ring.append(LogBatch(subject, tuple(made)))


class Heard:
    """Answers as they are told."""

    def __init__(self) -> None:
        self.all: list[Told] = []

    def __call__(self, told: Told) -> None:
        self.all.append(told)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        answer = self.all[-1].answer if self.all else None
        return list(answer.table.rows) if answer is not None and answer.table is not None else []


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def started(heard: Heard) -> Iterator[Any]:
    begun: list[Running] = []

    def start(text: str, ring: Ring, *origins: Origin, service: str = "") -> Running:
        asked = Asked(text, service, now=now())
        profiles = Profiles()
        one = Running(asked, ring, lambda _stopped: Reach(ring, origins, service, profiles), heard)
        begun.append(one)
        one.start()
        return one

    yield start
    for one in begun:
        one.stop()
        assert one.join(20)


def done(heard: Heard) -> bool:
    return bool(heard.all) and heard.all[-1].done


def test_memory_and_its_file_are_met_once(tmp_path: Path, heard: Heard, started: Any) -> None:
    lines = [line(number, 3000.0 - number) for number in range(2000)]
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    ring = Ring(budget=300_000)
    keep(ring, lines)
    assert 0 < ring.dropped < 2000
    started("since:1h | count, min(n), max(n) by region", ring, Origin(APP, str(path)))
    wait_until(lambda: done(heard), 30)
    assert sorted(heard.rows) == [("eu", 1000, 1, 1999), ("us", 1000, 0, 1998)]
    answer = heard.all[-1].answer
    assert answer is not None
    assert answer.coverage.complete
    assert answer.coverage.lines >= 2000


def test_without_a_beginning_memory_alone_is_asked_and_says_what_left_it(heard: Heard, started: Any) -> None:
    ring = Ring(budget=100_000)
    keep(ring, [line(number, 3000.0 - number) for number in range(2000)])
    started("* | count", ring)
    wait_until(lambda: done(heard), 30)
    assert heard.rows == [(len(ring),)]
    answer = heard.all[-1].answer
    assert answer is not None
    assert not answer.coverage.complete
    assert f"{ring.dropped:,} older records have left it" in answer.coverage.streams[0].why


def test_a_stream_without_a_file_is_asked_in_memory_and_said_to_be_incomplete(
    heard: Heard, started: Any
) -> None:
    ring = Ring()
    keep(ring, [line(number, 100.0 - number) for number in range(50)], BILL)
    started("since:1h | count by service", ring, Origin(BILL, why="standard input keeps no past"))
    wait_until(lambda: done(heard), 30)
    assert heard.rows == [("billing", 50)]
    answer = heard.all[-1].answer
    assert answer is not None
    assert [state.why for state in answer.coverage.streams] == ["standard input keeps no past"]


def test_what_comes_is_added_and_one_service_is_asked_alone(heard: Heard, started: Any) -> None:
    ring = Ring()
    keep(ring, [line(number, 10.0) for number in range(10)])
    keep(ring, [line(number, 10.0) for number in range(7)], BILL)
    started("* | count", ring, service="orders")
    wait_until(lambda: heard.rows == [(10,)], 30)
    keep(ring, [line(number, 1.0) for number in range(5)])
    keep(ring, [line(number, 1.0) for number in range(3)], BILL)
    wait_until(lambda: heard.rows == [(15,)], 30)


def test_a_window_that_moves_lets_old_lines_go(
    monkeypatch: pytest.MonkeyPatch, heard: Heard, started: Any
) -> None:
    monkeypatch.setattr(running, "AGAIN", 0.2)
    ring = Ring()
    keep(ring, [line(1, now() - ring.clock.wall() + 1.0), line(2, -1000.0)])
    started("since:4s | count", ring)
    wait_until(lambda: heard.rows == [(2,)], 30)
    wait_until(lambda: heard.rows == [(1,)], 30)


def test_stopping_leaves_what_was_found_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard, started: Any
) -> None:
    monkeypatch.setattr(running, "REST", 0.2)
    monkeypatch.setattr(running, "PERIOD", 0.01)
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"\n".join(line(number, 3000.0, pad="x" * 900) for number in range(20_000)) + b"\n")
    one = started("since:1h | count", Ring(), Origin(APP, str(path)))
    wait_until(lambda: len(heard.all) > 2, 30)
    one.stop()
    assert one.join(20)
    last = heard.all[-1]
    assert last.stopped
    assert last.answer is not None
    assert last.answer.coverage.stopped
    assert 0 < heard.rows[0][0] < 20_000
    assert 0 < last.read < last.total
    assert [told.read for told in heard.all] == sorted(told.read for told in heard.all)


def test_questions_of_two_passes_are_answered_once_or_refused_in_words(heard: Heard, started: Any) -> None:
    ring = Ring()
    keep(ring, [line(number, 100.0 - number) for number in range(50)])
    one = started("since:40s | count | diff", ring)
    wait_until(lambda: done(heard), 30)
    assert one.join(20)
    assert heard.rows
    heard.all.clear()
    started("* | count | diff", ring)
    wait_until(lambda: done(heard), 30)
    assert "diff wants a span of time" in heard.all[-1].fault
