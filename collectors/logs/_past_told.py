"""What kubectl and docker tell of the past of logs: what is kept of them, and where that begins."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

from collectors.errors import SourceError
from collectors.logs._past import SLACK, Coverage, Piece, Unforeseen, fitting
from collectors.logs._past_program import around, printed
from collectors.logs._told import MOST
from collectors.transport.read.files_lines import LINE_CAP, LineSplitter
from collectors.transport.read.told import moment, told_line, words_of
from collectors.transport.servers.asking import following
from collectors.transport.servers.outside import Instance, OutsideWay
from collectors.transport.servers.state import Fault

QUIET = 60.0
"""Seconds after its start in which a program has written its first line, mostly."""

_SECOND = 10**9
_FOREVER = 2**62


class ToldPast(Unforeseen):
    """What is kept of the logs of pods or of a container, as ``ToldTail`` gives it; raises SourceError.

    ``key``: of the one log that is wanted; without it all that are there come, one after the other. Each
    comes oldest first: kubectl and docker tell it so. ``contains`` is searched for here. In ``coverage`` is
    told which one failed among others, and which logs begin after the window does: kubectl tells of the
    last file alone, of 10 MiB mostly, and docker of as many as its driver keeps.
    """

    newest_first = False

    def __init__(self, way: OutsideWay, key: bytes | None = None, *, line_cap: int = LINE_CAP) -> None:
        self.coverage = Coverage()
        self._way = way
        self._key = key
        self._line_cap = line_cap
        self._first: int | None = None

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
            self._runs_lost(one, low)
            argvs = self._way.past_argvs(one, moment(low), moment(high))
            for number, argv in enumerate(argvs):
                parts = self._told(one, argv, _FOREVER if high is None else high, cap)
                try:
                    async with aclosing(parts):
                        async for piece in parts:
                            lines = fitting(piece.lines, contains, any_case=any_case)
                            yield Piece(lines, piece.read)
                    if number == len(argvs) - 1 and not coverage.capped:
                        await self._lines_lost(one, _instant(since), high)
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

    def _runs_lost(self, one: Instance, low: int | None) -> None:
        """Tell of runs whose logs are gone, if the window begins before what is left."""
        began = _epoch(one.began)
        if one.lost and (low is None or began is None or low < began):
            runs = "one run" if one.lost == 1 else f"{one.lost} runs"
            self.coverage.unread.append((one.name, f"the logs of {runs} before a restart are kept no longer"))

    async def _lines_lost(self, one: Instance, since: int | None, high: int | None) -> None:
        """Tell that the log of this run begins late, if the window begins before it."""
        first, started = self._first, _epoch(one.started)
        if started is None or (high is not None and high < started):
            return
        if since is not None and first is not None and first <= since + SLACK * _SECOND:
            return
        if since is not None:
            first = await self._first_kept(one)
        if first is None or (since is not None and first <= since):
            return
        if first - started > QUIET * _SECOND:
            begins = f"{moment(first)[:19]}Z"
            why = f"its log is kept from {begins} on: what it told before that is gone, if it told anything"
            self.coverage.unread.append((one.name, why))

    async def _first_kept(self, one: Instance) -> int | None:
        """The time of the first line that is kept of this run; None where there is none."""
        stream = await following(self._way.past_argvs(one, "", "")[-1], one.name)
        splitter = LineSplitter(self._line_cap)
        try:
            while data := await stream.read():
                for line in splitter.feed(data):
                    if (found := told_line(line)) is not None:
                        return found[0]
        finally:
            await stream.close()
        return None

    async def _told(
        self, one: Instance, argv: Sequence[str], high: int, cap: int | None
    ) -> AsyncGenerator[Piece, None]:
        """What one program tells, up to the first line behind the window."""
        stream = await following(argv, one.name)
        said, self._first = "", None
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
                            continue
                        if self._first is None:
                            self._first = found[0]
                        if found[0] <= high:
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


def _instant(at: float | None) -> int | None:
    """Nanoseconds of the epoch."""
    return None if at is None else int(at * _SECOND)


def _epoch(text: str) -> int | None:
    """The same of RFC 3339; None for what is none."""
    try:
        return _instant(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None
