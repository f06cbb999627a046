"""What a log's files on a server hold of a window of time: cut and searched there, at low priority."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from collectors.errors import UnreachableError
from collectors.logs._past import SLACK, Coverage, Piece, When, fitting, in_window, told_time
from collectors.transport.host import Host
from collectors.transport.read.files_lines import LINE_CAP
from collectors.transport.read.files_past import PastFile, in_order
from collectors.transport.read.remote_look import MARK, MOST_GREETING, Peek, RemoteLook, text

PIECE = 4 * 1024 * 1024
"""Bytes read at a time on the server."""

BRACKET = 1024 * 1024
"""Bytes around an end of the window that are not worth another round trip."""

HEAD = 64 * 1024
"""Bytes by which the format of a log is recognised."""

PROBES = 16
PROBE = 8192
MOST = 2**62
"""Bytes: as many as there are."""

PATIENCE = 60.0
"""Seconds for one part: the server reads it when it has nothing better to do."""


class RemotePast:
    """The files of one log on a server, as ``Past`` is of one here; raises SourceError where there is no way.

    ``contains`` is searched for there, as fixed text (``any_case``: of ASCII letters in lower case, which
    fit upper ones too); lines with an escaped letter come too. Pieces come
    newest first; those of a packed file oldest first, since it can be unpacked from its beginning only.
    ``coverage`` tells of the last reading.
    """

    newest_first = True

    def __init__(
        self,
        host: Host,
        path: str,
        *,
        when: When | None = None,
        sudo: bool = False,
        timeout: float = 5.0,
        line_cap: int = LINE_CAP,
    ) -> None:
        self.path = path
        self.coverage = Coverage()
        self._host = host
        self._case = ""
        self._sudo = "sudo" if sudo else ""
        self._look = RemoteLook(host, sudo=sudo, timeout=timeout)
        self._when = when or told_time()
        self._line_cap = line_cap

    async def files(self) -> list[PastFile]:
        """All files of the log, oldest first, the one that is written to last."""
        _, path, _ = await self._look.one(self.path)
        near = {listed.path: listed for listed in await self._look.near(path)}
        # a second is told whole
        found = [(one.path.rpartition("/")[2], one.size, one.mtime + 1) for one in near.values()]
        return in_order(path, found)

    async def within(self, since: float | None, until: float | None) -> list[PastFile]:
        """Those that may hold lines of the window, by the times of their last change."""
        return in_window(await self.files(), since, until)

    async def estimate(self, since: float | None = None, until: float | None = None) -> int:
        """Bytes that lie in the files of a window: at most so much is read there.

        Raises UnreachableError where there is no file at all.
        """
        files = await self.files()
        if not files:
            raise UnreachableError(f"there is no file {self.path}", "look at its name on the server")
        return sum(one.size for one in in_window(files, since, until))

    async def head(self) -> list[bytes]:
        """The first lines of the newest file that holds a whole one; none where none does."""
        for one in reversed(await self.files()):
            if one.size and not one.compressed:
                (data,) = await self._look.peek([Peek(one.path, 0, min(HEAD, one.size))])
                lines = data.split(b"\n")[:-1]
                if lines:
                    return lines
        return []

    async def pieces(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        contains: bytes | None = None,
        any_case: bool = False,
        cap: int | None = None,
    ) -> AsyncIterator[Piece]:
        """Whole lines of the window and a little around it, newest files first, until ``cap`` bytes are read.

        A file that cannot be read is told in ``coverage``.
        """
        coverage = self.coverage = Coverage()
        wanted = contains if contains and not set(contains) & {0, 10} else b""
        self._case = "any" if wanted and any_case else ""
        for one in reversed(await self.within(since, until)):
            if one.compressed and not one.path.endswith(".gz"):
                coverage.unread.append((one.path, "only .gz can be unpacked here"))
                continue
            coverage.files += 1
            if one.compressed:
                parts = self._packed(one, wanted, MOST if cap is None else cap - coverage.bytes)
            else:
                parts = self._plain(one, since, until, wanted)
            async with aclosing(parts):
                async for piece in parts:
                    coverage.bytes += piece.read
                    kept = self._kept(piece.lines, contains, any_case=any_case)
                    yield piece._replace(lines=kept, forward=one.compressed)
                    if cap is not None and coverage.bytes >= cap:
                        coverage.capped = True
                        return

    async def _plain(
        self, one: PastFile, since: float | None, until: float | None, wanted: bytes
    ) -> AsyncGenerator[Piece, None]:
        low = 0 if since is None else await self._bound(one, since - SLACK, early=True)
        high = one.size if until is None else await self._bound(one, until + SLACK, early=False)
        if high <= low:
            return
        ends = await self._line_starts(one, list(range(low + PIECE, high, PIECE)))
        ends = sorted({low, *ends, high})
        for start, end in zip(ends[-2::-1], ends[:0:-1], strict=True):
            told = await self._part("plain", one, start, end - start, wanted)
            yield Piece(_lines(told), end - start)

    async def _packed(self, one: PastFile, wanted: bytes, left: int) -> AsyncGenerator[Piece, None]:
        """A packed file as it is unpacked; what is read is counted as it lies there, at least."""
        stream = await self._host.stream(self._argv("gz", one, 0, left, wanted))
        greeted, held, counted = False, b"", 0
        try:
            while data := await stream.read():
                held += data
                if not greeted:
                    _, mark, rest = held.partition(MARK)
                    if not mark:
                        continue
                    greeted, held = True, rest
                whole, newline, held = held.rpartition(b"\n")
                # the head of a line without an end is enough
                held = held if len(held) < PIECE else held[: self._line_cap + 1]
                counted += len(whole) + len(newline)
                if newline:
                    yield Piece(whole.split(b"\n"), len(whole) + 1)
            ran = await stream.ended()
        finally:
            await stream.close()
        self._complained(one, ran.err)
        yield Piece([held] if held and greeted else [], max(0, one.size - counted))

    async def _part(self, kind: str, one: PastFile, offset: int, count: int, wanted: bytes) -> bytes:
        limit = count + MOST_GREETING
        ran = await self._host.run(
            self._argv(kind, one, offset, count, wanted), timeout=PATIENCE, limit=limit
        )
        before, mark, told = ran.out.partition(MARK)
        if not mark or told.startswith(b"U "):
            raise self._look.refused(told[2:] if mark else ran.err or before)
        self._complained(one, ran.err)
        return told

    def _argv(self, kind: str, one: PastFile, offset: int, count: int, wanted: bytes) -> list[str]:
        fixed = ["nice", "-n", "19", "sh", "-c", text("past"), "sh", self._sudo]
        search = wanted.decode("utf-8", "surrogateescape")
        return [*fixed, kind, one.path, str(offset), str(count), search, self._case]

    def _complained(self, one: PastFile, complaint: bytes) -> None:
        why = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        if why and (one.path, why) not in self.coverage.unread:
            self.coverage.unread.append((one.path, why))

    async def _bound(self, one: PastFile, time: float, *, early: bool) -> int:
        """The start of a line at or before the first of ``time`` or later (``early``), or at or after it."""
        low, high = 0, one.size
        while high - low > BRACKET:
            places = [low + (high - low) * index // PROBES for index in range(PROBES)]
            told = await self._probe(one, places)
            if all(when is None for _, when in told):
                self.coverage.untimed += 1
                return 0 if early else one.size
            before = [start for start, when in told if when is not None and when < time]
            after = [start for start, when in told if when is not None and when >= time]
            narrowed = (max(before, default=low), min(after, default=high))
            if narrowed[1] - narrowed[0] >= high - low or narrowed[0] > narrowed[1]:
                break
            low, high = narrowed
        return low if early else high

    async def _probe(self, one: PastFile, places: list[int]) -> list[tuple[int, float | None]]:
        """For each place the first line start after it, and the first time that is told from there."""
        peeks = [Peek(one.path, max(0, at - 1), min(PROBE, one.size - max(0, at - 1))) for at in places]
        found: list[tuple[int, float | None]] = []
        for peek, data in zip(peeks, await self._look.peek(peeks), strict=True):
            begin = data.find(b"\n") + 1 if peek.offset else 0
            lines = data[begin:].split(b"\n")[:-1] if begin or not peek.offset else []
            time = next((told for line in lines if (told := self._when(line)) is not None), None)
            found.append((peek.offset + begin, time))
        return found

    async def _line_starts(self, one: PastFile, places: list[int]) -> list[int]:
        """The line starts at or after places; where a line is longer than a probe, that end is left out."""
        found: list[int] = []
        for first in range(0, len(places), 64):
            peeks = [
                Peek(one.path, at - 1, min(PROBE, one.size - at + 1)) for at in places[first : first + 64]
            ]
            told = zip(peeks, await self._look.peek(peeks), strict=True)
            found += [peek.offset + data.find(b"\n") + 1 for peek, data in told if b"\n" in data]
        return found

    def _kept(self, lines: list[bytes], contains: bytes | None, *, any_case: bool) -> list[bytes]:
        cap = self._line_cap
        self.coverage.cut_bytes += sum(len(line) - cap for line in lines if len(line) > cap)
        return [line[:cap] for line in fitting(lines, contains, any_case=any_case)]


def _lines(told: bytes) -> list[bytes]:
    lines = told.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
