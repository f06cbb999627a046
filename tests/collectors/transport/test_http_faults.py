"""The HTTP reader against what breaks readers: each ends in time, in bounded memory, and in words."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from collectors.errors import AnswerError, SourceError, TimedOutError, UnreachableError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import direct
from collectors.transport.read.http import CHUNK_LIMIT, HttpReader, Response, Target
from tests.servers.waiting import wait_until_async
from tests.servers.web import black_hole, raw_server, reset

HEAD = b"HTTP/1.1 200 OK\r\n"
DEADLINE = 0.5
SLACK = 3 * DEADLINE


@pytest.fixture
async def reader() -> AsyncIterator[HttpReader]:
    made = HttpReader()
    yield made
    await made.close()


async def _read(reader: HttpReader, url: str, within: float = DEADLINE) -> Response:
    secret = SecretUrl(url)
    return await reader.read(Target.of(secret), direct(secret), timeout=within)


async def _drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)


async def _drip_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"content-length: 1000000\r\n\r\n")
    await _drip(writer, b"x")


async def _drip_headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    await _drip(writer, b"x-a: 1\r\n")


async def _drip_continue(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _drip(writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_drip_body, "answer not finished in 0.5 s"),
        (_drip_headers, "no answer in 0.5 s"),
        (_drip_continue, "no answer in 0.5 s"),
        (_silent, "no answer in 0.5 s"),
    ],
)
async def test_the_deadline_is_total(
    reader: HttpReader,
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Future[None]],
    words: str,
) -> None:
    async with raw_server(answer) as server:
        began = time.monotonic()
        with pytest.raises(TimedOutError) as caught:
            await _read(reader, server.url())
        assert time.monotonic() - began < SLACK
    assert caught.value.why == words
    assert "127.0.0.1" in caught.value.hint


async def test_a_black_hole_is_no_connection(reader: HttpReader) -> None:
    with black_hole() as port, pytest.raises(TimedOutError) as caught:
        await _read(reader, f"http://127.0.0.1:{port}/")
    assert caught.value.why == "no connection in 0.5 s"


async def test_refused(reader: HttpReader, free_port: Callable[[], int]) -> None:
    port = free_port()
    with pytest.raises(UnreachableError) as caught:
        await _read(reader, f"http://127.0.0.1:{port}/")
    assert (caught.value.why, caught.value.hint) == ("refused", f"nothing listens on 127.0.0.1:{port}")


MIB = 1 << 20


def _peak() -> int:
    """Most resident bytes since `_new_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _new_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


async def _infinite(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def test_an_infinite_body_is_cut_at_one_mebibyte(reader: HttpReader) -> None:
    async with raw_server(_infinite) as server:
        before = _new_peak()
        for _ in range(5):
            answer = await _read(reader, server.url(), 10)
            assert (answer.status, len(answer.body), answer.truncated) == (200, 1 << 20, True)
            assert next(iter(reader._transports.values()))._pool.connections == []
        assert _peak() - before < 20 * MIB


@pytest.mark.parametrize(("size", "cut"), [((1 << 20) - 1, False), (1 << 20, False), ((1 << 20) + 1, True)])
async def test_the_limit_is_exact(reader: HttpReader, size: int, cut: bool) -> None:
    body = b"x" * size
    async with raw_server(HEAD + b"content-length: %d\r\n\r\n" % size + body) as server:
        answer = await _read(reader, server.url(), 10)
    assert (len(answer.body), answer.truncated) == (min(size, 1 << 20), cut)


async def test_a_body_in_single_bytes_is_cut_and_the_loop_stays_awake(reader: HttpReader) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    async with raw_server(HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000) as server:
        ticking = asyncio.ensure_future(tick())
        answer = await _read(reader, server.url(), 30)
        ticking.cancel()
    assert (len(answer.body), answer.truncated) == (CHUNK_LIMIT, True)
    assert ticks > 50


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br", "x-unknown"])
async def test_encoded_bodies_are_refused_unread(reader: HttpReader, encoding: str) -> None:
    bomb = gzip.compress(bytes(100 << 20))
    head = HEAD + f"content-encoding: {encoding}\r\ncontent-length: {len(bomb)}\r\n\r\n".encode()
    async with raw_server(head + bomb) as server:
        before = _new_peak()
        with pytest.raises(AnswerError) as caught:
            await _read(reader, server.url())
        assert _peak() - before < 20 * MIB
    assert caught.value.why == f"{encoding}-encoded answer refused"


async def _rst_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def _rst_in_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"content-length: 100\r\n\r\nhalf")
    await writer.drain()
    await asyncio.sleep(0.05)
    reset(writer)


@pytest.mark.parametrize("answer", [_rst_at_once, _rst_in_body])
async def test_resets_have_a_word(
    reader: HttpReader, answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Future[None]]
) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(UnreachableError) as caught:
            await _read(reader, server.url())
    assert caught.value.why == "reset"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed without an answer"),
        (HEAD + b"content-length: 100\r\n\r\nhalf", "cut off in the middle of the answer"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nab", "cut off in the middle of the answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP: "),
        (b"\x00\x01\x02\xff\x1b[31m\r\n\r\n", "not HTTP: "),
        (HEAD + b"x: " + b"y" * 300_000 + b"\r\n\r\n", "not HTTP: "),
        (HEAD + b"content-length: nonsense\r\n\r\n", "not HTTP: "),
        (HEAD + b"transfer-encoding: chunked\r\n\r\nzzz\r\n", "not HTTP: "),
        (b"HTTP/1.1 999999 X\r\n\r\n", "not HTTP: "),
    ],
)
async def test_broken_answers_have_words(reader: HttpReader, answer: bytes, words: str) -> None:
    async with raw_server(answer) as server:
        with pytest.raises(SourceError) as caught:
            await _read(reader, server.url())
    assert caught.value.why.startswith(words)
    assert len(caught.value.why) < 200
    assert "\x1b" not in caught.value.why


async def test_cancelled_reads_leave_nothing_behind(reader: HttpReader) -> None:
    async with raw_server(_silent) as server:
        tasks = [asyncio.ensure_future(_read(reader, server.url(), 30)) for _ in range(20)]
        await wait_until_async(lambda: len(server.heads) == 20, what="all have asked")
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError)
            for end in await asyncio.gather(*tasks, return_exceptions=True)
        )
        transport = next(iter(reader._transports.values()))
        assert transport._pool.connections == []
    async with raw_server(HEAD + b"content-length: 2\r\n\r\nok") as server:
        assert (await _read(reader, server.url())).body == b"ok"


async def test_a_hundred_hung_reads_do_not_hold_up_another(reader: HttpReader) -> None:
    async with raw_server(_silent) as hung, raw_server(HEAD + b"content-length: 2\r\n\r\nok") as alive:
        tasks = [asyncio.ensure_future(_read(reader, hung.url(), 30)) for _ in range(100)]
        await wait_until_async(lambda: hung.connections == 100)
        answer = await _read(reader, alive.url(), 10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert answer.body == b"ok"
