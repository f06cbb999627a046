"""Log files through a real sshd: every line once through lost connections, words where there is no way."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.base import Context
from collectors.errors import SourceError
from collectors.logs import _past_program
from collectors.logs._pasts import past_of
from collectors.logs.command import CommandLogs
from collectors.logs.journald import JournaldOptions
from collectors.transport.read import remote_follow
from tests.collectors.logs.following import following
from tests.collectors.logs.lost import through_losses
from tests.collectors.logs.test_resume import put
from tests.servers import journald
from tests.servers.reaching import QUICK, at, reaching
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, sshd: Sshd) -> Operator:
    folder = tmp_path / "operator"
    folder.mkdir()
    operator = Operator(folder)
    operator.meet(sshd)
    return operator


async def test_every_line_once_through_lost_connections(
    tmp_path: Path, sshd: Sshd, operator: Operator
) -> None:
    async with reaching(operator, at(sshd, options=QUICK)) as servers:
        told = await through_losses(tmp_path / "app.log", sshd, servers, lines=3000, losses=1)
    assert told.numbers == list(range(3000))
    assert told.losses == 1
    assert told.words
    assert all(words.startswith("web-1: ") for words in told.words)


async def test_a_flood_costs_few_reads_and_waits_for_us(
    tmp_path: Path, sshd: Sshd, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_follow, "BUFFERED", 1024 * 1024)
    path = tmp_path / "app.log"
    line = b'{"n":%d,"event":"' + b"x" * 230 + b'"}\n'
    put(path, range(0))
    size = 12_000 * (len(line) + 2)
    async with reaching(operator, at(sshd)) as servers, following(path, dialer=servers) as stream:
        await stream.collect()
        await asyncio.to_thread(path.write_bytes, b"".join(line % number for number in range(12_000)))
        follower = stream.collector._way._follower  # type: ignore[union-attr] # of the way to servers
        held = 0
        async with asyncio.timeout(60):
            while len(stream.records) < 12_000:
                await stream.collect()
                held = max(held, follower.tails[0].waiting)
                await asyncio.sleep(0.05)
        assert stream.numbers(replayed=False) == list(range(12_000))
        # a pipe gives 64 KiB at most; ssh may give less
        assert follower.reads <= size / 16_384 + 30
        assert held <= 1024 * 1024 + 2 * remote_follow.PIECE


async def test_a_command_runs_on_the_server_and_no_shell_reads_it(
    tmp_path: Path, sshd: Sshd, operator: Operator
) -> None:
    argv = ("printf", "%s\\n", 'it\'s $HOME; `id` "q" *', "two")
    async with reaching(operator, at(sshd)) as servers:
        async with following(kind=CommandLogs, dialer=servers, argv=argv) as stream:
            await stream.until(lambda: len(stream.records) >= 2, 30)
            assert stream.messages[:2] == ['it\'s $HOME; `id` "q" *', "two"]
        async with following(kind=CommandLogs, dialer=servers, argv=("no-such-program",)) as stream:
            with pytest.raises(SourceError, match="web-1"):
                await stream.until(lambda: False, 30)


async def test_the_past_of_a_journal_there_is_ended_there(
    sshd: Sshd, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    journald.need()
    monkeypatch.setattr(_past_program, "PIECE", 256 * 1024)
    with journald.Journald() as journal:
        # more than ssh and its pipes hold, so that journalctl waits for us
        await asyncio.to_thread(journal.lines, range(6_000))
        options = JournaldOptions(identifiers=(journal.identifier,), namespace=journal.namespace)

        def running() -> bool:
            name = f"--namespace={journal.namespace}".encode()
            return any(name in words and words[0] == b"journalctl" for words in _commands())

        async with reaching(operator, at(sshd)) as servers:
            past = past_of("logs.journald", options, Context(collector="log", server="web-1", dialer=servers))
            assert past is not None
            entries = [entry async for piece in past.pieces() for entry in piece.lines]
            assert len(entries) == 6_000
            pieces = past.pieces()
            assert b"line 5999" in (await anext(pieces)).lines[-1]
            assert running()
            await pieces.aclose()  # type: ignore[attr-defined] # a generator
            await wait_until_async(lambda: not running(), deadline=10, what="journalctl is gone there")


def _commands() -> Iterator[list[bytes]]:
    """The command lines of all programs here."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                yield (entry / "cmdline").read_bytes().split(b"\0")


async def test_a_server_that_is_away_is_told_and_mends_by_itself(tmp_path: Path) -> None:
    path, folder = tmp_path / "app.log", tmp_path / "operator"
    folder.mkdir()
    put(path, range(3))
    with Sshd() as sshd:
        operator = Operator(folder)
        operator.meet(sshd)
        way = at(sshd, options=QUICK)
        async with reaching(operator, way) as servers, following(path, dialer=servers) as stream:
            await stream.collect()
            sshd.stop()
            put(path, range(3, 6))
            words: list[str] = []

            async def collected() -> bool:
                try:
                    await stream.collect()
                except SourceError as error:
                    words.append(str(error.why))
                return len(stream.records) >= 6

            await wait_until_async(lambda: words or collected(), 30)
            assert words[0].startswith("web-1: ")
            sshd.start()
            servers.retry("web-1")
            await wait_until_async(collected, 60)
            assert stream.numbers(replayed=False) == list(range(6))
