"""Plain Redis lists as queues: depth, and ages and rates from a watermark where payloads tell no time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from redis.exceptions import ResponseError

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.errors import UnsupportedError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, exact, needs_samples, unknown
from collectors.model.queues import QueueReading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.queues._ledger import Flow, Ledger
from collectors.queues._rates import time_to_empty
from collectors.queues.redis import dead, items
from collectors.queues.redis.delete import Delete
from collectors.queues.redis.options import ListOptions, Lists
from collectors.queues.redis.payload import time_of
from collectors.queues.redis.purge import Purge
from collectors.queues.redis.retry import Retry
from collectors.text import Shown, shown
from collectors.transport.read.redis import Read, RedisReader, read
from collectors.transport.read.redis_scan import scan

_RESCAN = 30.0
"""Seconds between two searches for keys that match a glob."""

_FORGET = 600.0
"""Seconds after which an empty list that a glob found is no more a queue: an empty list is no key."""

_MOST_QUEUES = 500
_SEARCH = 20_000
_LARGE = 64 * 1024

_Span = tuple[float, float]
"""When a look began and ended, CLOCK_BOOTTIME."""


@dataclass(slots=True)
class _List:
    """What is remembered of one list between looks."""

    ledger: Ledger = field(default_factory=Ledger)
    newest: bytes | None = None
    filled: float = 0.0
    large: bool = False
    dead: int | None = None


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
    details: ClassVar[tuple[DetailSpec, ...]] = (dead.SPEC, items.SPEC)
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Retry, Purge, Delete)

    def __init__(self, options: ListOptions, context: Context) -> None:
        super().__init__(options, context)
        self.lists = Lists(options)
        self._reader: RedisReader | None = None
        self._others: dict[str, RedisReader] = {}
        self._lists: dict[bytes, _List] = {}
        self._rank = self.lists.ready.newest_rank
        self._whole = True
        self._scanned = float("-inf")
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

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """Dead elements by error, or the oldest elements one by one."""
        reader, key = self._other("detail"), subject.key
        if name == dead.SPEC.name:
            kept, options = self.lists.dead_of(key), self.options
            return await dead.detail(reader, kept, self.lists.dead, options.error_field, options.time_field)
        if name == items.SPEC.name:
            found = {one: self.lists.of(key, one) for one in ("ready", "dead")}
            return await items.detail(reader, {one: told for one, told in found.items() if told is not None})
        raise UnsupportedError(f"no such detail: {name}")

    def planner(self) -> RedisReader:
        """The reader of plans, which waits for nobody else's reads."""
        return self._other("plan")

    def _other(self, role: str) -> RedisReader:
        if role not in self._others:
            self._others[role] = RedisReader(self.context, self.options, role=role)
        return self._others[role]

    async def _find(self, reader: RedisReader) -> None:
        """Search for keys at times, and forget lists that have been empty for long."""
        now, named = self.context.clock.boottime(), self.lists.named
        if now - self._scanned > _RESCAN:
            found, self._whole = await scan(reader, self.lists.patterns(), "list", most_keys=_MOST_QUEUES)
            queues = {key if key in named else self.lists.queue_of(key) for key in found}
            for key in (*queues, *named):
                if key is not None:
                    self._lists.setdefault(key, _List(filled=now))
            self._scanned = now
        for key, known in list(self._lists.items()):
            if key not in named and now - known.filled > _FORGET:
                del self._lists[key]

    async def _measure(self, reader: RedisReader, keys: Sequence[bytes]) -> None:
        """Mark lists whose elements are so large that reading one would cost too much; count the dead."""
        groups = [[read("LLEN", key), read("MEMORY USAGE", key)] for key in keys]
        for key, group in zip(keys, groups, strict=True):
            kept = self.lists.dead_of(key)
            if kept is not None:
                group.append(read("LLEN", kept))
        replies = iter(await reader.ask_each(*(one for group in groups for one in group)))
        for key, group in zip(keys, groups, strict=True):
            length, memory, *buried = [next(replies) for _ in group]
            known = self._lists[key]
            known.dead = buried[0] if buried and isinstance(buried[0], int) else None
            if isinstance(length, int) and isinstance(memory, int) and length:
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
        if seen.length or known.dead:
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
            dead=unknown() if known.dead is None else exact(known.dead),
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
