"""What a program tells of a stream's past, in pieces; and the journal's, by ``journalctl``."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from collectors.logs._following import given_up
from collectors.logs._past import ESCAPE, SLACK, Coverage, Piece, Unforeseen, fitting
from collectors.transport.host import ByteStream, Host
from collectors.transport.read.files_lines import LINE_CAP, Line, LineSplitter
from collectors.transport.read.journal import JournalQuery, last_entry
from collectors.transport.read.program import refusal

PIECE = 1024 * 1024
"""Bytes of one piece, at most."""

GATHERED = 0.25
"""Seconds for which what comes is gathered into one piece: programs write 4 KiB at a time."""

_FOREVER = 2**62
_ARRAYS = (b'":[', b'" : [')
"""How the journal writes what is no clean text, and a field that an entry has several times."""


class JournalPast(Unforeseen):
    """Entries of the journal, newest first, as ``JournalSource`` gives them; raises SourceError.

    ``contains`` is searched for here: an entry that may hold it in another form comes too. ``timeout``:
    seconds for the first answer. ``coverage`` tells of the last reading; it counts no files.
    """

    newest_first = True

    def __init__(
        self, host: Host, query: JournalQuery, *, timeout: float = 5.0, line_cap: int = LINE_CAP
    ) -> None:
        self.coverage = Coverage()
        self._host = host
        self._query = query
        self._timeout = timeout
        self._line_cap = line_cap

    async def pieces(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        contains: bytes | None = None,
        any_case: bool = False,
        cap: int | None = None,
    ) -> AsyncIterator[Piece]:
        """Whole entries of the window and a little around it, until ``cap`` bytes are read.

        The program is ended when nobody wants more.
        """
        coverage = self.coverage = Coverage()
        low, high = around(since, until)
        if low is not None and high is not None and low >= high:
            return
        await last_entry(self._host, self._query, self._timeout)
        stream = await self._host.stream(self._argv(low, high))
        try:
            parts = printed(stream, coverage, line_cap=self._line_cap, cap=cap)
            async with aclosing(parts):
                async for lines, read in parts:
                    # it tells in words where there is none
                    entries = [line.data for line in reversed(lines) if line.data[:1] == b"{"]
                    also = (ESCAPE, *_ARRAYS)
                    yield Piece(fitting(entries, contains, any_case=any_case, also=also), read)
            if coverage.capped:
                return
            ran = await stream.ended()
            if ran.code != 0:
                raise refusal(self._host, "journalctl", ran)
        finally:
            await stream.close()

    def _argv(self, low: float | None, high: float | None) -> list[str]:
        named = (("since", low), ("until", high))
        bounds = [f"--{name}=@{max(0.0, at):.6f}" for name, at in named if at is not None]
        by = ["nice", "-n", "19"] if self._host.name else []
        return [*by, *self._query.argv("--reverse", *bounds)]


async def printed(
    stream: ByteStream, coverage: Coverage, *, line_cap: int, cap: int | None
) -> AsyncGenerator[tuple[list[Line], int], None]:
    """The whole lines that a program prints and the bytes read for them, in pieces; tells ``coverage``.

    Ends with the program, or where ``cap`` bytes are read in all. Raises SourceError where the way broke.
    """
    splitter = LineSplitter(line_cap)
    left = _FOREVER if cap is None else max(0, cap - coverage.bytes)
    parts = _gathered(stream, left)
    async with aclosing(parts):
        async for data in parts:
            coverage.bytes += len(data)
            coverage.capped = cap is not None and coverage.bytes >= cap
            lines = splitter.feed(data)
            coverage.cut_bytes += sum(line.lost for line in lines)
            yield lines, len(data)


async def _gathered(stream: ByteStream, left: int) -> AsyncGenerator[bytes, None]:
    """What comes, gathered for a moment; at most ``left`` bytes are read."""
    loop = asyncio.get_running_loop()
    held, until = bytearray(), 0.0
    reading: asyncio.Task[bytes] | None = None
    try:
        while left > 0:
            if reading is None:
                most = min(left, PIECE - len(held))
                reading = asyncio.create_task(_read(stream, most), name="a log's past")
            # a read is never cancelled while it is wanted: what it had got would be lost
            await asyncio.wait({reading}, timeout=max(0.0, until - loop.time()) if held else None)
            if reading.done():
                done, reading = reading, None
                piece = done.result()
                if not piece:
                    break
                until = until if held else loop.time() + GATHERED
                held += piece
                left -= len(piece)
            if len(held) >= PIECE or (held and loop.time() >= until):
                yield bytes(held)
                held.clear()
        if held:
            yield bytes(held)
    finally:
        await given_up(reading)


async def _read(stream: ByteStream, most: int) -> bytes:
    return await stream.read(most)


def around(since: float | None, until: float | None) -> tuple[float | None, float | None]:
    """A window with the slack by which lines may stand out of order."""
    return None if since is None else max(0.0, since - SLACK), None if until is None else until + SLACK
