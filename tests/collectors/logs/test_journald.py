"""logs.journald against a real journald: cursors, restarts, filters, bytes, rights."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from collectors import registry
from collectors.errors import AccessError, SourceError, UnsupportedError
from collectors.logs.journald import JournaldLogs, JournaldOptions
from collectors.model.logs import Severity
from collectors.transport.host import ByteStream, Ran
from collectors.transport.local import LocalHost
from collectors.transport.read.journal import JournalQuery, JournalSource
from tests.collectors.logs.following import Following, Kept, following
from tests.collectors.logs.test_remote_file import as_root
from tests.collectors.machines import AsNobody
from tests.servers.journald import Journald, need


@pytest.fixture(scope="module", autouse=True)
def needed() -> None:
    need()


@pytest.fixture(scope="module")
def running() -> Iterator[Journald]:
    with Journald() as journald:
        yield journald


@pytest.fixture
def journal(running: Journald, request: pytest.FixtureRequest) -> Journald:
    running.identifier = f"{request.node.name[:40]}-{time.monotonic_ns()}"
    return running


@asynccontextmanager
async def reading(journal: Journald, **options: Any) -> AsyncIterator[Following]:
    given: dict[str, Any] = {"identifiers": (journal.identifier,), "namespace": journal.namespace} | options
    async with following(kind=JournaldLogs, **given) as stream:
        yield stream


def has(stream: Following, count: int) -> Callable[[], bool]:
    return lambda: len(stream.records) >= count


def messages(stream: Following, *, replayed: bool) -> list[str]:
    return [
        str(record.message)
        for batch in stream.batches
        if batch.replayed is replayed
        for record in batch.records
    ]


async def test_entries_come_with_their_levels_and_fields(journal: Journald) -> None:
    assert registry.load("logs.journald") is JournaldLogs
    journal.lines(range(2))
    async with reading(journal) as stream:
        await stream.until(has(stream, 2))
        journal.write({"MESSAGE": b"no \xff text\nat all", "PRIORITY": 3, "ORDER": "7"})
        journal.write({"MESSAGE": "long " + "y" * 100_000, "PRIORITY": 4})
        await stream.until(has(stream, 4))
        first, _, odd, long = stream.records
        assert (first.message, first.severity, first.timed) == ("line 0", Severity.INFO, True)
        assert abs(first.time - time.time()) < 60
        assert odd.severity is Severity.ERROR
        assert odd.message.startswith("no ")
        assert ("ORDER", "7") in odd.fields
        assert long.severity is Severity.WARNING
        assert len(long.raw) > 100_000
        reading_ = stream.reading
        assert reading_.word == "following"
        assert reading_.subject.label == journal.identifier
        assert dict(reading_.extra)["journald.starts"].value == 1
        assert reading_.lost.value == 0


async def test_across_runs_each_entry_is_new_once(journal: Journald) -> None:
    kept = Kept()
    journal.lines(range(10))
    async with reading(journal, positions=kept) as stream:
        await stream.until(has(stream, 10))
        assert messages(stream, replayed=True) == []
    journal.lines(range(10, 20))
    async with reading(journal, positions=kept) as stream:
        await stream.until(has(stream, 20))
        assert messages(stream, replayed=True) == [f"line {number}" for number in range(10)]
        assert messages(stream, replayed=False) == [f"line {number}" for number in range(10, 20)]
        journal.lines(range(20, 25))
        await stream.until(has(stream, 25))
    async with reading(journal, positions=kept, back=0) as stream:
        journal.lines(range(25, 27))
        await stream.until(has(stream, 2))
        await stream.collect()
        assert messages(stream, replayed=False) == ["line 25", "line 26"]
        assert messages(stream, replayed=True) == []


class Breaking(LocalHost):
    """This machine; the programs that stream end when they are told to."""

    name = "web-1"

    def __init__(self) -> None:
        self.streams: list[ByteStream] = []

    async def stream(self, argv: "list[str] | tuple[str, ...]") -> ByteStream:  # type: ignore[override] # for a test
        self.streams.append(await super().stream(argv))
        return self.streams[-1]


async def test_a_program_that_was_killed_goes_on_at_the_cursor(journal: Journald) -> None:
    host = Breaking()
    async with reading(journal, host=host) as stream:
        words: list[str] = []

        async def until(count: int) -> None:
            async with asyncio.timeout(20):
                while len(stream.records) < count:
                    try:
                        await stream.collect()
                    except SourceError as error:
                        words.append(str(error.why))
                    await asyncio.sleep(0.02)

        for turn in range(3):
            journal.lines(range(100 * turn, 100 * turn + 50))
            await until(100 * turn + 20)
            os.kill(host.streams[-1]._process.pid, 9)  # type: ignore[attr-defined] # of this machine
            journal.lines(range(100 * turn + 50, 100 * turn + 100))
            await until(100 * turn + 100)
        assert [str(record.message) for record in stream.records] == [f"line {n}" for n in range(300)]
        assert words
        assert all(told.startswith("web-1: journalctl was killed by signal 9") for told in words)
        assert dict(stream.reading.extra)["journald.starts"].value == len(host.streams)


async def test_an_entry_that_did_not_come_whole_comes_again() -> None:
    source = JournalSource(JournalQuery(), label="x", back=0, catch_up=0)
    source.started()
    whole = b'{"__CURSOR":"s=%d","__REALTIME_TIMESTAMP":"%d","MESSAGE":"m"}\n'
    source.put(whole % (1, 1) + whole % (2, 2) + b'{"__CURSOR":"s=3","__REAL')

    class Answering(LocalHost):
        async def run(self, argv: Sequence[str], **given: Any) -> Ran:
            return Ran(0, b"", b"")

    argv = await source.prepare(Answering(), 1.0, 0.0)
    assert "--after-cursor=s=2" in argv
    source.put(whole % (3, 3))
    got = source.read(10**6, 0.0, 0.0)
    assert [line.data + b"\n" for line in got.lines] == [whole % (n, n) for n in (1, 2, 3)]


async def test_what_is_older_than_is_to_be_caught_up_is_a_gap(journal: Journald) -> None:
    kept = Kept()
    journal.lines(range(3))
    async with reading(journal, positions=kept) as stream:
        await stream.until(has(stream, 3))
    await asyncio.sleep(1.1)
    async with reading(journal, positions=kept, back=0, catch_up=1) as stream:
        await stream.collect()
        journal.lines(range(3, 5))
        await stream.until(has(stream, 2))
        assert "nobody knows" in stream.reading.note


async def test_priorities_and_units_restrict(journal: Journald) -> None:
    journal.lines(range(3))
    journal.write({"MESSAGE": "bad", "PRIORITY": 3})
    async with reading(journal, priority="warning") as stream:
        await stream.until(has(stream, 1))
        assert stream.messages == ["bad"]
    async with reading(journal, units=("none.service",)) as stream:
        await stream.collect()
        assert stream.records == []
        assert stream.reading.word == "following"


@as_root
async def test_a_journal_that_may_not_be_read_is_told(journal: Journald) -> None:
    async with reading(journal, host=AsNobody()) as stream:
        with pytest.raises(AccessError) as caught:
            await stream.collect()
    assert "web-1: the journal may not be read" in caught.value.why
    assert "systemd-journal" in caught.value.hint


async def test_a_machine_without_systemd_is_told(journal: Journald, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    async with reading(journal) as stream:
        with pytest.raises(UnsupportedError, match="journalctl"):
            await stream.collect()


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": ["a b"]},
        {"priority": "bad"},
        {"directory": "here"},
        {"identifiers": [""]},
        {"namespace": "a b"},
    ],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(JournaldOptions).validate_python(wrong)
