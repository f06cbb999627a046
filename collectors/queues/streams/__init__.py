"""Redis Streams: every consumer group is a queue. Nothing is read for a group, claimed or acknowledged."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from redis.exceptions import ResponseError

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.errors import UnsupportedError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Sweep
from collectors.queues.streams.acts import StreamOptions
from collectors.queues.streams.group import (
    SAMPLE,
    Consumer,
    Group,
    Mark,
    Pending,
    mark_of,
    reading_of,
)
from collectors.queues.streams.purge import Purge
from collectors.queues.streams.retry import Retry
from collectors.text import one_line, shown
from collectors.transport.read.redis import Read, RedisReader, read
from collectors.transport.read.redis_ids import next_id
from collectors.transport.read.redis_info import pairs
from collectors.transport.read.redis_scan import is_glob, scan

_RESCAN = 30.0
_MOST_STREAMS = 200
_MOST_FETCHED = 512 * 1024
"""Bytes of entries that are fetched to count those of one group."""

_PENDING = DetailSpec(
    "pending", "Unacknowledged entries", "The oldest entries given out and not acknowledged."
)


class StreamCollector(Collector[StreamOptions]):
    """One reading for each consumer group, and one for each named stream that no group reads."""

    practice = Practice.QUEUES
    Options = StreamOptions
    default_timeout = 2.0
    details: ClassVar[tuple[DetailSpec, ...]] = (_PENDING,)
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Retry, Purge)

    def __init__(self, options: StreamOptions, context: Context) -> None:
        super().__init__(options, context)
        self._reader: RedisReader | None = None
        self._others: dict[str, RedisReader] = {}
        self._streams: list[bytes] = []
        self._named = {key.encode() for key in options.keys if not is_glob(key)}
        self._whole = True
        self._scanned = float("-inf")
        self._marks: dict[bytes, Mark] = {}
        self._run_id = ""

    async def open(self) -> None:
        """Join the connection; nothing is dialled yet."""
        self._reader = RedisReader(self.context, self.options)

    async def close(self) -> None:
        """Leave the connections."""
        readers = [*self._others.values(), *([self._reader] if self._reader is not None else [])]
        self._reader, self._others = None, {}
        for reader in readers:
            await reader.close()

    async def collect(self) -> Sweep:
        """Look once at every group."""
        reader = self._opened()
        await self._find(reader)
        told = await self._told(reader, self._streams)
        groups = await self._groups(reader, told)
        if reader.server.run_id != self._run_id:
            self._run_id = reader.server.run_id
            self._marks.clear()
        at, now = self.context.clock.boottime(), reader.now()
        readings: list[Reading] = []
        marks = {}
        for stream, group in groups:
            subject = self._subject(stream, group.name)
            marks[subject.id.key] = mark_of(group, at)
            then = self._marks.get(subject.id.key)
            readings.append(reading_of(subject, group, then, at, now, self.options.alive_within))
        readings += [
            self._unread(stream, length)
            for stream, (length, found, _) in told.items()
            if not found and stream in self._named
        ]
        self._marks = marks
        return self.sweep(readings, complete=self._whole, cost=reader.take_cost())

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """The oldest unacknowledged entries: id, consumer, since when it has them, how often given."""
        if name != _PENDING.name:
            raise UnsupportedError(f"no such detail: {name}")
        stream, _, group = subject.key.partition(b"\0")
        [entries] = await self._other("detail").ask(read("XPENDING", stream, group, "-", "+", SAMPLE))
        rows = tuple(
            (one_line(entry, 40), one_line(consumer, 80), exact(idle / 1000, Unit.SECONDS), exact(deliveries))
            for entry, consumer, idle, deliveries in entries
        )
        return Detail(_PENDING, ("entry", "consumer", "given", "times"), rows)

    def planner(self) -> RedisReader:
        """The reader of plans, which waits for nobody else's reads."""
        return self._other("plan")

    def _other(self, role: str) -> RedisReader:
        if role not in self._others:
            self._others[role] = RedisReader(self.context, self.options, role=role)
        return self._others[role]

    def _opened(self) -> RedisReader:
        if self._reader is None:
            self._reader = RedisReader(self.context, self.options)
        return self._reader

    def _subject(self, stream: bytes, group: bytes) -> Subject:
        name = stream.decode("utf-8", "replace")
        label = f"{one_line(stream, 80)} · {one_line(group, 40)}" if group else one_line(stream, 80)
        key = stream + b"\0" + group if group else stream
        return self.context.subject(Practice.QUEUES, key, label, owner=name)

    def _unread(self, stream: bytes, length: int) -> QueueReading:
        return QueueReading(
            subject=self._subject(stream, b""),
            note=shown("no group reads this stream"),
            ready=exact(length),
            workers=exact(0),
        )

    async def _find(self, reader: RedisReader) -> None:
        now = self.context.clock.boottime()
        if now - self._scanned > _RESCAN:
            self._streams, self._whole = await scan(
                reader, self.options.keys, "stream", most_keys=_MOST_STREAMS
            )
            self._scanned = now

    async def _told(
        self, reader: RedisReader, streams: Sequence[bytes]
    ) -> Mapping[bytes, tuple[int, list[dict[bytes, Any]], int]]:
        """By stream: its length, its groups, and the bytes of an average entry."""
        groups = [
            [read("XLEN", key), read("XINFO GROUPS", key), read("MEMORY USAGE", key)] for key in streams
        ]
        told = {}
        for key, (length, found, memory) in zip(streams, await reader.ask_groups(groups), strict=True):
            if isinstance(found, ResponseError) and not _vanished(found):
                raise reader.explained(found)
            if isinstance(found, list) and isinstance(length, int):
                size = memory // length if isinstance(memory, int) and length else 0
                told[key] = (length, [pairs(one) for one in found], size)
        return told

    async def _groups(
        self, reader: RedisReader, told: Mapping[bytes, tuple[int, list[dict[bytes, Any]], int]]
    ) -> list[tuple[bytes, Group]]:
        asked: list[tuple[bytes, dict[bytes, Any], int, int]] = []
        reads: list[list[Read]] = []
        for key, (length, found, size) in told.items():
            for one in found:
                # where the server knows the lag, one entry tells the age
                count = 1 if one.get(b"lag") is not None else _affordable(size)
                asked.append((key, one, length, count))
                reads.append(_reads(key, one, count))
        groups = []
        for (key, one, length, count), replies in zip(asked, await reader.ask_groups(reads), strict=True):
            refused = next((reply for reply in replies if isinstance(reply, ResponseError)), None)
            if refused is None:
                groups.append((key, _group(one, length, count, replies)))
            elif not _vanished(refused):
                raise reader.explained(refused)
        return groups


def _affordable(size: int) -> int:
    """How many entries of this average size are fetched."""
    return max(1, min(SAMPLE, _MOST_FETCHED // max(1, size)))


def _reads(key: bytes, group: Mapping[bytes, Any], count: int) -> list[Read]:
    name = group[b"name"]
    return [
        read("XRANGE", key, next_id(group[b"last-delivered-id"]), "+", "COUNT", count),
        read("XINFO CONSUMERS", key, name),
        read("XPENDING", key, name),
        read("XPENDING", key, name, "-", "+", SAMPLE),
    ]


def _group(told: Mapping[bytes, Any], length: int, asked: int, replies: Sequence[Any]) -> Group:
    waiting, consumers, summary, entries = replies
    counted = told.get(b"entries-read")
    if counted is None and told.get(b"lag") is not None and told[b"last-delivered-id"] == b"0-0":
        # the server begins to count with the first read; until then the lag is all that ever came
        counted = 0
    return Group(
        name=told[b"name"],
        length=length,
        pending=summary[0],
        lag=told.get(b"lag"),
        read=counted,
        waiting=[entry[0] for entry in waiting],
        asked=asked,
        consumers=[
            Consumer(one[b"name"], one[b"pending"], one[b"idle"] / 1000) for one in map(pairs, consumers)
        ],
        entries=[Pending(entry, idle / 1000, times) for entry, _, idle, times in entries],
        first_pending=summary[1],
    )


def _vanished(refusal: ResponseError) -> bool:
    """Whether a stream or group went between two commands."""
    return str(refusal).startswith(("no such key", "ERR no such key", "NOGROUP", "WRONGTYPE"))


COLLECTOR = StreamCollector
