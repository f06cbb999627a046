"""The journal's past against a real journald: the follower's records in windows, and nothing left running."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from collectors.base import Context
from collectors.errors import AccessError, AnswerError, UnsupportedError
from collectors.logs import _past, _past_program
from collectors.logs._formats.parser import Parser
from collectors.logs._past import Piece
from collectors.logs._past_program import JournalPast
from collectors.logs._pasts import AsksPast, past_of
from collectors.logs.journald import JournaldLogs, JournaldOptions
from collectors.model.logs import LogRecord
from collectors.transport.host import ByteStream, Host, Ran
from collectors.transport.local import LocalHost
from collectors.transport.read.files_lines import Line
from tests.collectors.logs.following import Through, following
from tests.collectors.logs.test_remote_file import as_root
from tests.collectors.machines import AsNobody
from tests.servers.journald import Journald, need

COUNT = 3000


@pytest.fixture(scope="module", autouse=True)
def needed() -> None:
    need()


@pytest.fixture(scope="module")
def journal() -> Iterator[Journald]:
    """A journal with numbered entries, the first 10 of another unit of work, and odd ones at the end."""
    with Journald() as journald:
        journald.identifier = "other"
        journald.lines(range(10))
        journald.identifier = "orders"
        journald.lines(range(COUNT))
        journald.write({"MESSAGE": b"no \xff text\nat all", "PRIORITY": 3, "N": COUNT})
        journald.write({"MESSAGE": "long " + "y" * 100_000, "PRIORITY": 4, "N": COUNT + 1})
        journald.write({"MESSAGE": "\x1b[31mred\x1b[0m needle", "PRIORITY": 4, "N": COUNT + 2})
        yield journald


class Server(LocalHost):
    """This machine as a server, what was started there, and what is still running."""

    name = "web-1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.streams: list[ByteStream] = []

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        self.asked.append(list(argv))
        self.streams.append(await super().stream(argv))
        return self.streams[-1]

    def gone(self) -> bool:
        return all(not _runs(one._process.pid) for one in self.streams)  # type: ignore[attr-defined] # of this machine


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def past(journal: Journald, host: Host | None = None, **options: Any) -> AsksPast:
    given = {"identifiers": ("orders",), "namespace": journal.namespace} | options
    context = Context(collector="log", server="web-1" if host else "", dialer=Through(host or LocalHost()))
    found = past_of("logs.journald", JournaldOptions(**given), context, b"its one key")
    assert isinstance(found, JournalPast)
    return found


async def told(asked: AsyncIterator[Piece]) -> list[LogRecord]:
    """The records of pieces that come newest first, oldest first."""
    pieces = [piece async for piece in asked]
    return parsed([line for piece in reversed(pieces) for line in piece.lines])


def parsed(lines: Sequence[bytes]) -> list[LogRecord]:
    parser = Parser("json")
    return parser.parse(map(Line, lines), 0.0, 0.0) + parser.flush(0.0, force=True)


def numbers(records: Sequence[LogRecord]) -> list[int]:
    return [int(value) for record in records for name, value in record.fields if name == "N"]


def facts(records: Sequence[LogRecord]) -> list[tuple[object, ...]]:
    """What a record tells; the journal writes its fields in any order."""
    return [
        (one.time if one.timed else None, one.severity, one.parsed, one.hostile, *_told(one))
        for one in records
    ]


def _told(one: LogRecord) -> tuple[object, ...]:
    # the rest of a line that was cut is a text, whose fields stand in an order of its own
    return (one.message, sorted(one.fields)) if one.timed else (len(one.raw),)


async def test_the_past_gives_what_the_follower_gave(
    journal: Journald, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 40_000)
    async with following(
        kind=JournaldLogs, identifiers=("orders",), namespace=journal.namespace, max_line=4096
    ) as stream:
        await stream.until(lambda: len(stream.records) >= COUNT + 3)
        followed = stream.records
    asked = past(journal, max_line=4096)
    assert await asked.estimate() is None
    pieces = [piece async for piece in asked.pieces()]
    records = parsed([line for piece in reversed(pieces) for line in piece.lines])
    assert numbers(parsed(pieces[0].lines))[-1] == COUNT + 2
    assert len(pieces) > 10
    assert numbers(records) == [*range(COUNT + 1), COUNT + 2]
    assert facts(records) == facts(followed)
    assert asked.newest_first
    assert (asked.coverage.capped, asked.coverage.unread) == (False, [])
    assert asked.coverage.cut_bytes > 90_000
    assert asked.coverage.bytes == sum(piece.read for piece in pieces)


async def test_a_window_is_cut_by_the_journal(journal: Journald, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_past_program, "SLACK", 0.0)
    everything = await told(past(journal).pieces())
    first, last = everything[1000], everything[1999]
    host = Server()
    # the journal counts from when it took an entry, which is a moment after the entry's own time
    some = numbers(await told(past(journal, host).pieces(first.time, last.time + 0.005)))
    assert set(range(1000, 2000)) <= set(some)
    assert len(some) < 2500
    assert host.asked[0][:3] == ["nice", "-n", "19"]
    assert not any("grep" in word for word in host.asked[0])
    assert await told(past(journal).pieces(last.time, first.time)) == []
    assert await told(past(journal).pieces(None, first.time - 3600)) == []
    assert numbers(await told(past(journal).pieces(-5.0))) == numbers(everything)
    warnings = await told(past(journal, priority="warning").pieces())
    assert numbers(warnings) == [COUNT, COUNT + 1, COUNT + 2]


async def test_slack_is_added_at_both_ends(journal: Journald) -> None:
    now = time.time()
    assert len(await told(past(journal).pieces(now + 30, now + 90))) == COUNT + 3
    assert await told(past(journal).pieces(now - 600, now - 300)) == []
    assert _past.SLACK == 60


async def test_a_text_is_searched_for_here(journal: Journald) -> None:
    async def found(contains: bytes, *, any_case: bool = False) -> list[int]:
        return numbers(await told(past(journal).pieces(contains=contains, any_case=any_case)))

    # what is written as numbers may hold it
    assert await found(b"line 1234") == [1234, COUNT, COUNT + 2]
    assert await found(b"LINE 1234") == [COUNT, COUNT + 2]
    assert 1234 in await found(b"line 1234", any_case=True)


async def test_a_limit_is_kept_and_told(journal: Journald, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 20_000)
    host = Server()
    asked = past(journal, host)
    got = numbers(await told(asked.pieces(cap=400_000)))
    assert got == list(range(got[0], COUNT + 3))
    assert 10 < got[0] < COUNT
    assert asked.coverage.capped
    assert asked.coverage.bytes == 400_000
    assert host.gone()


@pytest.mark.parametrize("how", ["left", "cancelled"])
async def test_who_wants_no_more_leaves_nothing_running(
    journal: Journald, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(_past_program, "PIECE", 4096)
    host = Server()
    asked = past(journal, host)
    pieces = asked.pieces()
    if how == "left":
        async with aclosing(pieces):  # type: ignore[type-var] # a generator
            await anext(pieces)
            assert not host.gone()
        assert host.gone()
        return
    started = asyncio.Event()

    async def ask() -> None:
        async for _ in pieces:
            started.set()
            await asyncio.sleep(3600)

    asking = asyncio.create_task(ask())
    await asyncio.wait_for(started.wait(), 20)
    asking.cancel()
    await asyncio.wait({asking}, timeout=20)
    await pieces.aclose()  # type: ignore[attr-defined] # a generator
    assert host.gone()


class Silent(Server):
    """journalctl finds nothing for long."""

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        return await super().stream(["sleep", "300"])


async def test_while_nothing_is_found_it_can_be_given_up(journal: Journald) -> None:
    host = Silent()
    asking = asyncio.create_task(told(past(journal, host).pieces()))
    async with asyncio.timeout(20):
        while not host.streams:  # noqa: ASYNC110 - it is no event of ours
            await asyncio.sleep(0.01)
    began = time.monotonic()
    asking.cancel()
    await asyncio.wait({asking}, timeout=20)
    assert asking.cancelled()
    assert host.gone()
    assert time.monotonic() - began < 10


@as_root
async def test_a_journal_that_may_not_be_read_is_told(journal: Journald) -> None:
    with pytest.raises(AccessError, match="web-1: the journal may not be read") as caught:
        await told(past(journal, AsNobody()).pieces())
    assert "systemd-journal" in caught.value.hint


class Breaking(Server):
    """journalctl tells a little and fails."""

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        return await super().stream(["sh", "-c", "echo '{}'; echo 'Bad message' >&2; exit 1"])


async def test_what_it_ends_with_is_told(journal: Journald, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnswerError, match="web-1: journalctl ended with 1: Bad message"):
        await told(past(journal, Breaking()).pieces())
    with pytest.raises(AnswerError, match="Failed to open /nope"):
        await told(past(journal, namespace="", directory="/nope").pieces())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnsupportedError, match="journalctl"):
        await told(past(journal).pieces())


async def test_what_fits_nothing_is_nothing(journal: Journald) -> None:
    assert await told(past(journal, identifiers=("nobody",)).pieces()) == []


class Dripping:
    """A program that writes little pieces, then nothing more for long."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    async def read(self, most: int = 0) -> bytes:
        if not self.pieces:
            await asyncio.sleep(3600)
        return self.pieces.pop(0)

    async def ended(self) -> Ran:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


async def test_little_pieces_are_gathered_and_do_not_wait_for_more() -> None:
    coverage = _past.Coverage()
    parts = _past_program.printed(Dripping(b"a\nb", b"c\n", b"d\n", b"e"), coverage, line_cap=100, cap=None)
    async with aclosing(parts), asyncio.timeout(20):
        lines, read = await anext(parts)
    assert [line.data for line in lines] == [b"a", b"bc", b"d"]
    assert read == coverage.bytes == 8
