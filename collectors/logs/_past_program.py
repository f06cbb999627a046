"""What programs tell of a stream's past: the journal by ``journalctl``, logs by kubectl and docker."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

from collectors.errors import SourceError
from collectors.logs._following import given_up
from collectors.logs._past import ESCAPE, SLACK, Coverage, Piece, fitting
from collectors.logs._told import MOST
from collectors.transport.host import ByteStream, Host
from collectors.transport.read.files_lines import LINE_CAP, Line, LineSplitter
from collectors.transport.read.journal import JournalQuery, last_entry
from collectors.transport.read.program import refusal
from collectors.transport.read.told import moment, told_line, words_of
from collectors.transport.servers.asking import following
from collectors.transport.servers.outside import Instance, OutsideWay
from collectors.transport.servers.state import Fault

PIECE = 1024 * 1024
"""Bytes of one piece, at most."""

GATHERED = 0.25
"""Seconds for which what comes is gathered into one piece: programs write 4 KiB at a time."""

_SECOND = 10**9
_FOREVER = 2**62
_ARRAYS = (b'":[', b'" : [')
"""How the journal writes what is no clean text, and a field that an entry has several times."""


class JournalPast:
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

    async def estimate(self, since: float | None = None, until: float | None = None) -> int | None:  # noqa: ARG002 - as every past
        """None: nobody knows how much a program will tell."""
        return None

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


class ToldPast:
    """What is kept of the logs of pods or of a container, as ``ToldTail`` gives it; raises SourceError.

    ``key``: of the one log that is wanted; without it all that are there come, one after the other. Each
    comes oldest first: kubectl and docker tell it so. One that fails among others is told in ``coverage``,
    as are runs of a container whose logs are gone. ``contains`` is searched for here.
    """

    newest_first = False

    def __init__(self, way: OutsideWay, key: bytes | None = None, *, line_cap: int = LINE_CAP) -> None:
        self.coverage = Coverage()
        self._way = way
        self._key = key
        self._line_cap = line_cap

    async def estimate(self, since: float | None = None, until: float | None = None) -> int | None:  # noqa: ARG002 - as every past
        """None: nobody knows how much a program will tell."""
        return None

    async def pieces(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        contains: bytes | None = None,
        any_case: bool = False,
        cap: int | None = None,
    ) -> AsyncIterator[Piece]:
        """Whole lines of the window and a little around it, until ``cap`` bytes are read.

        The program is ended when nobody wants more.
        """
        coverage = self.coverage = Coverage()
        low, high = (_instant(at) for at in around(since, until))
        if low is not None and high is not None and low >= high:
            return
        found = self._wanted(await self._way.instances())
        for one in found:
            self._missing(one, low)
            bounds = (moment(low) if low is not None else "", moment(high) if high is not None else "")
            argvs = self._way.past_argvs(one, *bounds)
            for number, argv in enumerate(argvs):
                parts = self._told(one, argv, _FOREVER if high is None else high, cap)
                try:
                    async with aclosing(parts):
                        async for piece in parts:
                            lines = fitting(piece.lines, contains, any_case=any_case)
                            yield Piece(lines, piece.read)
                except SourceError as error:
                    if len(found) == 1 and number == len(argvs) - 1:
                        raise
                    coverage.unread.append((one.name, f"{error.why}: {error.hint}"))
                if coverage.capped:
                    return

    def _wanted(self, found: Sequence[Instance]) -> Sequence[Instance]:
        if self._key is None:
            if len(found) > MOST:
                beyond = f"{len(found) - MOST} more"
                self.coverage.unread.append((beyond, f"at most {MOST} logs are read"))
            return found[-MOST:]
        one = next((one for one in found if one.key.encode() == self._key), None)
        if one is None:
            raise self._way.refused(Fault.GONE, "its log went with it: only what is in memory can be asked")
        return [one]

    def _missing(self, one: Instance, low: int | None) -> None:
        """Tell of runs whose logs are gone, if the window begins before what is left."""
        began = _instant(datetime.fromisoformat(one.began).timestamp()) if one.began else None
        if one.lost and (low is None or began is None or low < began):
            runs = "one run" if one.lost == 1 else f"{one.lost} runs"
            self.coverage.unread.append((one.name, f"the logs of {runs} before a restart are kept no longer"))

    async def _told(
        self, one: Instance, argv: Sequence[str], high: int, cap: int | None
    ) -> AsyncGenerator[Piece, None]:
        """What one program tells, up to the first line behind the window."""
        stream = await following(argv, one.name)
        said = ""
        try:
            parts = printed(stream, self.coverage, line_cap=self._line_cap, cap=cap)
            async with aclosing(parts):
                async for lines, read in parts:
                    kept: list[bytes] = []
                    over = False
                    for line in lines:
                        found = told_line(line)
                        if found is None:
                            said = words_of(line)
                        elif found[0] <= high:
                            kept.append(found[1].data)
                        else:
                            over = True
                    yield Piece(kept, read)
                    if over:
                        return
            if self.coverage.capped:
                return
            ran = await stream.ended()
        finally:
            await stream.close()
        if ran.code != 0:
            fault, words = self._way.fault_of(said.encode())
            raise self._way.refused(fault, words, self._way.remedies.get(fault, ""))


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


def _instant(at: float | None) -> int | None:
    """Nanoseconds of the epoch."""
    return None if at is None else int(at * _SECOND)
