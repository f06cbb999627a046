"""Redis streams as log transport: read by range, for no group; nothing is claimed or acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from redis.exceptions import ResponseError

from collectors.base import Context
from collectors.errors import SourceError
from collectors.logs._entries import EntrySource
from collectors.logs._following import ROUND, FollowedLogs, Found, Results, Way, read_here
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._past_entries import EntriesPast
from collectors.logs._stream import Stream
from collectors.options import Duration, Size
from collectors.text import shown
from collectors.transport.read.files_lines import LINE_CAP
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_ids import next_id
from collectors.transport.read.redis_info import pairs
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.source import ByteSource


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisLogOptions(RedisOptions):
    """Options of ``logs.redis``.

    ``streams``: their keys. ``field``: of an entry, which is the line; if empty that is ``line``, or
    ``message`` where there is no other, or else the whole entry as JSON. ``back``: how far to read back at
    the start, by the times in the ids. ``max_line``: bytes kept of one line. ``format``: of the lines,
    where recognising it fails.
    """

    streams: tuple[str, ...]
    field: str = ""
    back: Duration = 900.0
    max_line: Size = LINE_CAP
    format: Format = "auto"

    def __post_init__(self) -> None:
        """Refuse what names no stream and what leaves nothing of a line."""
        if not self.streams or not all(self.streams) or len(set(self.streams)) < len(self.streams):
            raise ValueError('streams: must be different keys, such as ["logs:orders"]')
        if self.max_line < 1024:
            raise ValueError("max_line: must be 1 KiB or more")


class StreamWay:
    """Fetches what came to each stream, a batch for all of them in its turn."""

    beyond = 0
    note = ""

    def __init__(self, context: Context, options: RedisLogOptions) -> None:
        self.failure: SourceError | None = None
        self._context = context
        self._options = options
        self._reader = RedisReader(context, options)
        self._sources: list[EntrySource] = []

    async def find(self) -> Found:
        """The streams of the configuration, whether they are there or not."""
        if self._sources:
            self.failure = None
            return Found()
        # the server's own clock tells where to begin: it is known after a first word
        await self._reader.ask(*(read("EXISTS", key.encode()) for key in self._options.streams))
        for key in self._options.streams:
            source = EntrySource(key.encode(), field=self._options.field, cap=self._options.max_line)
            position = self._context.positions.get(source.key)
            source.begin(position, self._options.back, self._reader.now())
            self._sources.append(source)
        return Found(self._sources)

    async def read(self, streams: Sequence[Stream]) -> Results:
        """Fetch once for each stream that has nothing waiting, and give what came."""
        sources = [stream.source for stream in streams if isinstance(stream.source, EntrySource)]
        wanted = [source for source in sources if not source.waiting][: max(1, ROUND // (256 * 1024))]
        try:
            more = await self._fetch(wanted)
        except SourceError as error:
            self.failure, more = error, False
        clock = self._context.clock
        got = read_here(streams, clock.boottime(), clock.wall())
        for stream, _ in got:
            stream.unread = isinstance(stream.source, EntrySource) and (
                stream.source.waiting > 0 or (more and stream.source in wanted)
            )
        return got

    async def close(self, sources: Sequence[ByteSource]) -> None:  # noqa: ARG002 - none holds anything
        """Leave the connection."""
        await self._reader.close()

    async def _fetch(self, sources: Sequence[EntrySource]) -> bool:
        """Whether there is more of any; what was told of a stream and its entries are of one moment."""
        more = False
        groups = [
            [
                read("XINFO STREAM", source.key),
                read("XRANGE", source.key, next_id(source.last), "+", "COUNT", source.count),
            ]
            for source in sources
        ]
        for source, (info, entries) in zip(sources, await self._reader.ask_groups(groups), strict=True):
            refused = next((one for one in (info, entries) if isinstance(one, Exception)), None)
            if refused is not None and not isinstance(refused, ResponseError):
                raise self._reader.explained(refused)
            told: Any = shown(str(refused), 200) if refused is not None else pairs(info)
            more |= source.put(told, () if refused is not None else entries)
        return more


class RedisLogs(FollowedLogs[RedisLogOptions]):
    """Follows streams of log entries; each is a stream of its own, its place is the entry's id."""

    Options: ClassVar[type[RedisLogOptions]] = RedisLogOptions
    kind: ClassVar[str] = "redis"
    default_timeout: ClassVar[float] = 2.0

    def way(self) -> Way:
        """A reader on the shared connection."""
        return StreamWay(self.context, self.options)

    def parser(self) -> Parser:
        """A parser for the format that was named."""
        return Parser(self.options.format)

    @classmethod
    def past(cls, options: RedisLogOptions, context: Context, key: bytes | None) -> EntriesPast | None:
        """What is left of the stream with that key."""
        if key is None and len(options.streams) > 1:
            return None
        stream = options.streams[0].encode() if key is None else key
        reader = RedisReader(context, options)
        return EntriesPast(reader, stream, field=options.field, line_cap=options.max_line)


COLLECTOR = RedisLogs
