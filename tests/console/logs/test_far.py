"""Pasts that lie elsewhere, asked from the screen: each line once, a limit, how much beforehand, given up."""

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Context
from collectors.errors import UnreachableError
from collectors.logs import _past_remote
from collectors.logs._formats.parser import Parser
from collectors.logs._past import Coverage, Piece
from collectors.logs._past_remote import RemotePast
from collectors.logs._pasts import AsksPast
from collectors.logs.command import CommandOptions
from collectors.logs.file import FileOptions
from collectors.logs.journald import JournaldOptions
from collectors.logs.kube import KubeLogOptions
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.transport.local import LocalHost
from collectors.transport.read.files_lines import Line
from console.engine.host import wind_up
from console.logs.asked import Asked, Profiles
from console.logs.asking.ask import ask
from console.logs.asking.needle import needle_of
from console.logs.far import FarLines, FarLog
from console.logs.gathering import FileLines
from console.logs.origins import origins
from console.logs.reach import Origin, Reach
from console.logs.ring import Ring
from console.logs.running import Running
from console.logs.source import Stream
from console.settings.values import CollectorSettings
from tests.console.engine.ways import ScriptedPool
from tests.console.logs.test_running import Heard, done, line, now
from tests.servers.waiting import wait_until

APP = Context(collector="app", service="orders").subject(Practice.LOGS, b"app.jsonl")
OTHER = Context(collector="other", service="orders").subject(Practice.LOGS, b"other.jsonl")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of another thread, as the core's is."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(5)
    wind_up(made)


def keep(ring: Ring, lines: Sequence[bytes]) -> None:
    parser = Parser()
    parser.belongs(APP)
    ring.append(LogBatch(APP, tuple(parser.parse(map(Line, lines), now(), 0.0))))


def written(path: Path, count: int = 2000) -> list[bytes]:
    lines = [line(number, 3000.0 - number) for number in range(count)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return lines


def there(path: Path) -> AsksPast:
    return RemotePast(LocalHost(), str(path))


def reach_of(ring: Ring, asked: Asked, loop: asyncio.AbstractEventLoop, *known: Origin, **more: Any) -> Reach:
    def far(logs: Sequence[FarLog]) -> FarLines:
        return FarLines(logs, loop, needle_of(asked.question.filter), **more)

    return Reach(ring, known, "", Profiles(), far)


def test_memory_and_a_past_elsewhere_are_met_once(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    path, ring = tmp_path / "app.jsonl", Ring(budget=200_000)
    keep(ring, written(path))
    assert 0 < ring.dropped < 2000
    asked = Asked("since:1h | count, min(n), max(n) by region", now=now())
    reach = reach_of(ring, asked, loop, Origin(APP, far=partial(there, path), where="on web-1"))
    answer = ask(asked.question, reach, asked.moment)
    assert answer.table is not None
    assert sorted(answer.table.rows) == [("eu", 1000, 1, 1999), ("us", 1000, 0, 1998)]
    assert answer.coverage.complete
    assert reach.total > ring.bytes


def test_memory_alone_is_enough_where_it_holds_all(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    path, ring = tmp_path / "app.jsonl", Ring()
    keep(ring, written(path))
    asked = Asked("since:30m | count", now=now())
    reach = reach_of(ring, asked, loop, Origin(APP, far=partial(there, path), where="on web-1"))
    answer = ask(asked.question, reach, asked.moment)
    assert answer.table is not None
    assert answer.coverage.complete
    assert not reach.goes_far


def test_how_much_is_told_before_it_is_read(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    path = tmp_path / "app.jsonl"
    written(path, 20_000)
    asked = Asked("since:1d | count", now=now())
    reach = reach_of(Ring(), asked, loop, Origin(APP, far=partial(there, path), where="on web-1"))
    chunks = reach.chunks(asked.window)
    first = next(chunk for chunk in chunks)
    assert first.size == 0
    (state,) = reach.states()
    assert (state.complete, state.why) == (
        False,
        f"at most {path.stat().st_size / 2**20:.1f} MiB are read on web-1",
    )
    assert reach.total >= path.stat().st_size
    read = sum(chunk.count() for chunk in chunks)
    assert read == 20_000
    assert [state.complete for state in reach.states()] == [True]


@pytest.mark.parametrize("lost_first", [True, False])
def test_logs_of_one_name_on_two_servers_are_told_apart(
    lost_first: bool, tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    def nowhere() -> AsksPast:
        raise UnreachableError("web-2: its host key has changed")

    path = tmp_path / "app.jsonl"
    written(path)
    twin = Context(collector="app", instance="web-2", service="orders").subject(Practice.LOGS, b"app.jsonl")
    known = [
        Origin(APP, far=partial(there, path), where="on web-1"),
        Origin(twin, far=nowhere, where="on web-2"),
    ]
    asked = Asked("since:1d | count", now=now())
    reach = reach_of(Ring(), asked, loop, *(reversed(known) if lost_first else known))
    answer = ask(asked.question, reach, asked.moment)
    assert answer.table is not None
    assert answer.table.rows == ((2000,),)
    assert not answer.coverage.complete
    whys = [state.why for state in answer.coverage.streams if not state.complete]
    assert whys == ["web-2: its host key has changed"]


def test_a_limit_and_a_lost_way_are_told_and_the_rest_is_answered(
    tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    def nowhere() -> AsksPast:
        raise UnreachableError("web-2: its host key has changed")

    path = tmp_path / "app.jsonl"
    written(path)
    asked = Asked("since:1d | count", now=now())
    known = (
        Origin(APP, far=partial(there, path), where="on web-1"),
        Origin(OTHER, far=nowhere, where="on web-2"),
    )
    answer = ask(asked.question, reach_of(Ring(), asked, loop, *known, cap=1000), asked.moment)
    assert answer.table is not None
    assert answer.table.rows != ((0,),)
    states = {state.stream: state for state in answer.coverage.streams}
    assert "limit" in states["app.jsonl"].why
    assert states["other.jsonl"].why == "web-2: its host key has changed"
    assert not answer.coverage.complete


TRACE = [b"Traceback (most recent call last):", b'  File "shop.py", line 7', b"ValueError: no cup"]


def traces(count: int) -> list[bytes]:
    """Lines of Python's logging, every third record with a trace that ends with its error."""
    lines = []
    for number in range(count):
        at = datetime.fromtimestamp(now() - 3000 + number, UTC).strftime("%Y-%m-%d %H:%M:%S,000+0000")
        fails = number % 3 == 0
        told = (
            f"{at} ERROR shop: request {number} failed" if fails else f"{at} INFO shop: request {number} done"
        )
        lines += [told.encode(), *(TRACE if fails else ())]
    return lines


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "question",
    ['"no cup" level:error since:1d | count', "since:1d | count by level", '"request 90 " since:1d'],
)
def test_records_of_several_lines_are_whole_there_too(
    question: str,
    packed: bool,
    tmp_path: Path,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_past_remote, "PIECE", 4001)
    path, old = tmp_path / "shop.log", tmp_path / ("shop.log.1.gz" if packed else "shop.log.1")
    lines = traces(1500)
    half = next(at for at in range(2000, 3000) if lines[at].endswith(b"failed"))
    # a trace that goes on in the next file is joined where both are plain
    half += 4 if packed else 1
    early, late = (b"".join(line + b"\n" for line in part) for part in (lines[:half], lines[half:]))
    old.write_bytes(gzip.compress(early) if packed else early)
    path.write_bytes(late)
    asked = Asked(question, now=now())
    far = ask(
        asked.question,
        reach_of(Ring(), asked, loop, Origin(APP, far=partial(there, path), where="on web-1")),
        asked.moment,
    )
    here = ask(asked.question, FileLines([(str(path), Stream("shop.log"))]), asked.moment)
    if here.table is not None:
        assert far.table is not None
        assert sorted(far.table.rows, key=str) == sorted(here.table.rows, key=str)
        assert sum(int(str(row[-1])) for row in here.table.rows) in (500, 1500)
    else:
        assert [record.message for record in far.records] == [record.message for record in here.records]
        assert len(here.records) == 1
    assert far.coverage.complete


class Endless:
    """A past that goes on until it is closed."""

    newest_first = True

    def __init__(self) -> None:
        self.coverage = Coverage()
        self.closed = threading.Event()

    async def estimate(self, since: float | None = None, until: float | None = None) -> int | None:
        return None

    async def head(self) -> list[bytes]:
        return []

    async def pieces(self, *_span: float | None, **_more: Any) -> AsyncIterator[Piece]:
        try:
            while True:
                await asyncio.sleep(0.01)
                yield Piece([line(1, 60.0)], 100)
        finally:
            self.closed.set()


def test_what_is_given_up_is_closed_there(loop: asyncio.AbstractEventLoop) -> None:
    past, heard, ring = Endless(), Heard(), Ring()
    asked = Asked("since:1d | count", now=now())
    origin = Origin(APP, far=lambda: past, where="the journal")
    running = Running(
        asked, ring, lambda stopped: reach_of(ring, asked, loop, origin, cancelled=stopped), heard
    )
    running.start()
    wait_until(lambda: heard.rows and heard.rows[0][0] > 3, 30)
    running.stop()
    assert running.join(20)
    wait_until(lambda: done(heard), 20)
    assert heard.all[-1].stopped
    assert past.closed.wait(10)


def test_a_loop_that_ends_meanwhile_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console is left while a server is asked: no thread dies of it."""
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    past, heard, ring = Endless(), Heard(), Ring()
    asked = Asked("since:1d | count", now=now())
    origin = Origin(APP, far=lambda: past, where="on web-1")
    running = Running(asked, ring, lambda _stopped: reach_of(ring, asked, made, origin), heard)
    running.start()
    wait_until(lambda: heard.rows and heard.rows[0][0] > 3, 30)
    made.call_soon_threadsafe(made.stop)
    thread.join(5)
    wind_up(made)
    wait_until(lambda: done(heard), 20)
    running.stop()
    assert running.join(20)
    assert heard.all[-1].answer is not None
    assert not heard.all[-1].answer.coverage.complete
    late = reach_of(ring, asked, made, origin)
    assert sum(chunk.count() for chunk in late.chunks(asked.window)) == 0
    assert died == []


def settings_of(name: str, kind: str, options: object, server: str = "") -> CollectorSettings:
    return CollectorSettings(name=name, type=kind, practice=Practice.LOGS, options=options, server=server)


def test_origins_are_told_by_the_configuration() -> None:
    configured = [
        settings_of("here", "logs.file", FileOptions(path="/var/log/app.log")),
        settings_of("far", "logs.file", FileOptions(path="/var/log/*.log"), "web-1"),
        settings_of("root", "logs.file", FileOptions(path="/var/log/app.log", sudo=True)),
        settings_of("journal", "logs.journald", JournaldOptions(units=("app.service",))),
        settings_of("pods", "logs.kube", KubeLogOptions(target="deploy/orders")),
        settings_of("pipe", "logs.command", CommandOptions(argv=("cat",))),
    ]
    subjects = [Context(collector=one.name).subject(Practice.LOGS, b"/var/log/app.log") for one in configured]
    known = origins(subjects, configured, lambda: ScriptedPool({}, lambda: None))
    assert [(one.path, one.where) for one in known] == [
        ("/var/log/app.log", ""),
        ("", "on web-1"),
        ("", "on this machine"),
        ("", "on this machine"),
        ("", "by kubectl"),
        ("", ""),
    ]
    assert "memory" in known[-1].why
    kinds = [type(one.far()).__name__ for one in known if one.far is not None]
    assert kinds == ["RemotePast", "RemotePast", "JournalPast", "ToldPast"]


class OldestFirst(Endless):
    """A past that is told from its beginning, as kubectl does it."""

    newest_first = False

    async def pieces(
        self, *_span: float | None, cap: int | None = None, **_more: Any
    ) -> AsyncIterator[Piece]:
        for first in range(0, 30, 10):
            if cap is not None and first * 100 >= cap:
                self.coverage.capped = True
                return
            yield Piece([line(number, 3000.0 - number) for number in range(first, first + 10)], 1000)


def test_what_is_told_oldest_first_is_turned(loop: asyncio.AbstractEventLoop) -> None:
    asked = Asked("since:1d | count", now=now())
    reach = reach_of(Ring(), asked, loop, Origin(APP, far=OldestFirst, where="by kubectl"))
    chunks = [chunk for chunk in reach.chunks(asked.window) if chunk.size]
    numbers = [[json.loads(one)["n"] for one in chunk.lines()] for chunk in chunks]
    assert numbers == [list(range(20, 30)), list(range(10, 20)), list(range(10))]
    short = reach_of(Ring(), asked, loop, Origin(APP, far=OldestFirst, where="by kubectl"), cap=2000)
    answer = ask(asked.question, short, asked.moment)
    assert answer.table is not None
    assert answer.table.rows == ((20,),)
    (state,) = answer.coverage.streams
    assert "what is newer was not read" in state.why
