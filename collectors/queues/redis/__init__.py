"""Plain Redis lists as queues: depth, and ages and rates from a watermark where payloads tell no time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from redis.exceptions import ResponseError

from collectors.base import Collector, Context
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, exact, needs_samples, unknown
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep
from collectors.queues._ledger import Flow, Ledger
from collectors.queues._rates import time_to_empty
from collectors.queues.redis.payload import time_of
from collectors.text import Shown, shown
from collectors.transport.read.redis import Read, RedisReader, read
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_scan import is_glob, scan

_RESCAN = 30.0
"""Seconds between two searches for keys that match a glob."""

_FORGET = 600.0
"""Seconds after which an empty list that a glob found is no more a queue: an empty list is no key."""

_MOST_QUEUES = 500
_SEARCH = 20_000
_LARGE = 64 * 1024

_Span = tuple[float, float]
"""When a look began and ended, CLOCK_BOOTTIME."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(RedisOptions):
    """Lists on a Redis, besides what every Redis adapter takes.

    ``keys``: names or globs. ``direction``: how producers push and consumers pop. ``time_field``:
    dotted path of the time (epoch seconds, milliseconds or ISO 8601) in JSON payloads, if they have one.
    """

    keys: tuple[str, ...]
    direction: Literal["lpush-brpop", "rpush-blpop"] = "lpush-brpop"
    time_field: str = ""


@dataclass(slots=True)
class _List:
    """What is remembered of one list between looks."""

    ledger: Ledger = field(default_factory=Ledger)
    newest: bytes | None = None
    filled: float = 0.0
    large: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """One list at one look; ``places`` are where the watermark stands, None where it was not searched."""

    length: int
    newest: bytes | None
    oldest: bytes | None
    places: Sequence[int] | None


class ListCollector(Collector[ListOptions]):
    """One reading for each list."""

    practice = Practice.QUEUES
    Options = ListOptions
    default_timeout = 2.0

    def __init__(self, options: ListOptions, context: Context) -> None:
        super().__init__(options, context)
        self._reader: RedisReader | None = None
        self._lists: dict[bytes, _List] = {}
        self._named = {key.encode() for key in options.keys if not is_glob(key)}
        self._rank = 1 if options.direction == "lpush-brpop" else -1
        self._whole = True
        self._scanned = float("-inf")
        self._run_id = ""

    async def open(self) -> None:
        """Join the connection; nothing is dialled yet."""
        self._reader = RedisReader(self.context, self.options)

    async def close(self) -> None:
        """Leave the connection."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None

    async def collect(self) -> Sweep:
        """Look once at every list."""
        if self._reader is None:
            await self.open()
        assert self._reader is not None  # noqa: S101 - for the type checker
        reader = self._reader
        await self._find(reader)
        keys = sorted(self._lists)
        await self._measure(reader, keys)
        began = self.context.clock.boottime()
        seen = await self._elements(reader, keys)
        if reader.server.run_id != self._run_id:
            self._run_id = reader.server.run_id
            for known in self._lists.values():
                known.ledger = Ledger()
        at = self.context.clock.boottime()
        readings = [self._reading(key, seen.get(key), (began, at), reader.now()) for key in keys]
        return self.sweep(readings, complete=self._whole, cost=reader.take_cost())

    async def _find(self, reader: RedisReader) -> None:
        """Search for keys at times, and forget lists that have been empty for long."""
        now = self.context.clock.boottime()
        if now - self._scanned > _RESCAN:
            found, self._whole = await scan(reader, self.options.keys, "list", most_keys=_MOST_QUEUES)
            for key in (*found, *self._named):
                self._lists.setdefault(key, _List(filled=now))
            self._scanned = now
        for key, known in list(self._lists.items()):
            if key not in self._named and now - known.filled > _FORGET:
                del self._lists[key]

    async def _measure(self, reader: RedisReader, keys: Sequence[bytes]) -> None:
        """Mark lists whose elements are so large that reading one would cost too much."""
        replies = await reader.ask_each(
            *(one for key in keys for one in (read("LLEN", key), read("MEMORY USAGE", key)))
        )
        for index, key in enumerate(keys):
            length, memory = replies[2 * index], replies[2 * index + 1]
            if isinstance(length, int) and isinstance(memory, int) and length:
                known = self._lists[key]
                known.large = (known.large or memory / length > _LARGE) and memory > _LARGE

    async def _elements(self, reader: RedisReader, keys: Sequence[bytes]) -> dict[bytes, _Seen]:
        """Length and ends of every list, and where the element stands that was newest at the last look."""
        groups = [self._reads(key, self._lists[key]) for key in keys]
        seen = {}
        for key, replies in zip(keys, await reader.ask_groups(groups), strict=True):
            length, newest, oldest, places = (*(_plain(reply) for reply in replies), None, None, None)[:4]
            if isinstance(replies[0], ResponseError) and not str(replies[0]).startswith("WRONGTYPE"):
                raise reader.explained(replies[0])
            if length is None:
                continue
            if places is not None and self._rank < 0:
                places = [length - 1 - place for place in places]
            seen[key] = _Seen(length, newest, oldest, places)
        return seen

    def _reads(self, key: bytes, known: _List) -> list[Read]:
        """Length, newest, oldest, and the place of the watermark, as seen from the newest."""
        if known.large:
            return [read("LLEN", key)]
        newest, oldest = (0, -1) if self._rank > 0 else (-1, 0)
        reads = [read("LLEN", key), read("LINDEX", key, newest), read("LINDEX", key, oldest)]
        if known.newest is not None:
            mark = known.newest
            reads.append(read("LPOS", key, mark, "RANK", self._rank, "COUNT", 2, "MAXLEN", _SEARCH))
        return reads

    def _reading(
        self, key: bytes, seen: _Seen | None, span: tuple[float, float], wall: float
    ) -> QueueReading:
        subject = self.context.subject(Practice.QUEUES, key, key, owner=key.decode("utf-8", "replace"))
        known = self._lists[key]
        if seen is None:
            known.newest, known.ledger = None, Ledger()
            return QueueReading(subject=subject, note=shown("partial view: this key holds no list"))
        if seen.length:
            known.filled = span[1]
        flow = self._written(known, seen, span)
        add, drain = needs_samples(), needs_samples()
        if flow is not None:
            add, drain = flow.came.rate(flow.seconds), flow.left.rate(flow.seconds)
        ready = exact(seen.length)
        large = known.large and bool(seen.length)
        return QueueReading(
            subject=subject,
            note=shown("elements of more than 64 KiB are not read: no age") if large else Shown(""),
            ready=ready,
            oldest_age=unknown(Unit.SECONDS) if large else self._age(known, seen, span[1], wall),
            add_rate=add,
            drain_rate=drain,
            time_to_empty=time_to_empty(ready, add, drain),
        )

    def _written(self, known: _List, seen: _Seen, span: _Span) -> Flow | None:
        """Write the look into the ledger and set the new watermark."""
        came = drained = None
        if known.newest is not None and seen.places is not None:
            drained = not seen.places and seen.length <= _SEARCH
            if len(seen.places) == 1:
                came = seen.places[0]
        elif known.newest is not None and not seen.length:
            drained = True
        flow = known.ledger.look(*span, seen.length, came, drained=bool(drained))
        known.newest = seen.newest
        if seen.newest is not None and len(seen.newest) > _LARGE:
            known.newest, known.large = None, True
        return flow

    def _age(self, known: _List, seen: _Seen, at: float, wall: float) -> Quantity:
        if self.options.time_field and seen.oldest is not None:
            time = time_of(seen.oldest, self.options.time_field)
            if time is not None:
                return exact(max(0.0, wall - time), Unit.SECONDS)
        return known.ledger.age(at)


def _plain(reply: Any) -> Any:  # noqa: ANN401 - replies are untyped
    """A reply, None for a refusal: LPOS is not known before 6.0.6, a key may change its type."""
    return None if isinstance(reply, Exception) else reply


COLLECTOR = ListCollector
