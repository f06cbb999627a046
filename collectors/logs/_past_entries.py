"""What a Redis stream still holds of a window of time: its entries by their ids, newest first."""

from collections.abc import AsyncIterator
from typing import Any

from collectors.logs._entries import FETCHED, FIRST_COUNT, MOST_COUNT, is_time, lines_of
from collectors.logs._past import Coverage, Piece, Unforeseen, fitting
from collectors.logs._past_program import around
from collectors.transport.read.files_lines import LINE_CAP
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_ids import order, previous_id
from collectors.transport.read.redis_info import pairs


class EntriesPast(Unforeseen):
    """Entries of one stream, as ``EntrySource`` gives them; raises SourceError.

    Where ids are no times, all are read. ``coverage`` tells of the last reading: it counts no files, and
    the bytes of lines; what was trimmed is nowhere told.
    """

    newest_first = True

    def __init__(self, reader: RedisReader, stream: bytes, *, field: str, line_cap: int = LINE_CAP) -> None:
        self.coverage = Coverage()
        self._reader = reader
        self._stream = stream
        self._field = field
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
        """Lines of the window and a little around it, until ``cap`` bytes are read."""
        coverage = self.coverage = Coverage()
        reader = self._reader
        try:
            low, high = await self._ids(since, until)
            count = FIRST_COUNT
            while True:
                entries = (await reader.ask(read("XREVRANGE", self._stream, high, low, "COUNT", count)))[0]
                if not entries:
                    return
                lines, size = self._lines(entries)
                coverage.bytes += size
                yield Piece(fitting(lines, contains, any_case=any_case), size)
                if cap is not None and coverage.bytes >= cap:
                    coverage.capped = True
                    return
                if len(entries) < count:
                    return
                high = previous_id(bytes(entries[-1][0]))
                count = max(10, min(MOST_COUNT, FETCHED * len(entries) // max(1, size)))
        finally:
            await reader.close()

    async def _ids(self, since: float | None, until: float | None) -> tuple[bytes, bytes]:
        """Between which ids the window lies."""
        (told,) = await self._reader.ask(read("XINFO STREAM", self._stream))
        newest = order(bytes(pairs(told).get(b"last-generated-id") or b""))
        if newest != (0, 0) and not is_time(newest):
            self.coverage.untimed += 1
            return b"-", b"+"
        low, high = around(since, until)
        begin = b"-" if low is None else b"%d" % int(low * 1000)
        return begin, b"+" if high is None else b"%d" % int(high * 1000)

    def _lines(self, entries: list[Any]) -> tuple[list[bytes], int]:
        """The lines of entries that came newest first, oldest first, and their bytes."""
        lines: list[bytes] = []
        size = 0
        for one in reversed(entries):
            made = lines_of(bytes(one[0]), list(one[1] or ()), self._field, self._line_cap)
            size += sum(len(line.data) + line.lost + 1 for line in made)
            self.coverage.cut_bytes += sum(line.lost for line in made)
            lines += [line.data for line in made]
        return lines, size
