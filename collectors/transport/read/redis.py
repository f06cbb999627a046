"""The reader of Redis and Valkey: a short list of commands, one shared connection, every probe counted."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    RedisError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)

from collectors.base import Context
from collectors.errors import QuarterdeckError, SourceError, TimedOutError
from collectors.model.sweep import Cost
from collectors.transport.endpoint import Dial
from collectors.transport.lease import Lease, LeaseKey, Leases
from collectors.transport.read.redis_batch import Batch, Grouped
from collectors.transport.read.redis_errors import explain
from collectors.transport.read.redis_link import Link, Server
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_probes import Probes
from collectors.transport.read.redis_way import Way

READS = frozenset({
    "CLIENT LIST", "DBSIZE", "DUMP", "EXISTS", "HMGET", "HSTRLEN", "INFO", "LINDEX", "LLEN", "LPOS", "LRANGE",
    "MEMORY USAGE", "PTTL", "PUBSUB NUMSUB", "RANDOMKEY", "SCAN", "SLOWLOG GET", "SMEMBERS", "TYPE",
    "XINFO CONSUMERS", "XINFO GROUPS", "XINFO STREAM", "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "ZCARD",
    "ZCOUNT", "ZRANGE", "ZREVRANGE", "ZSCORE",
})  # fmt: skip
"""Every command that a collector sends, and none else; none of them writes."""

_ASK_AGAIN = 30.0
"""Seconds after which the Sentinels are asked again who the primary is."""

_INTRODUCE_AGAIN = 300.0
"""Seconds after which a server's clock is read again."""

_SHARE = 0.9
"""Part of the collector's time-out after which we give up ourselves, with words, before the engine does."""


class Read(NamedTuple):
    """One command: a name of ``READS`` and its arguments."""

    name: str
    arguments: tuple[bytes | str | int, ...] = ()


def read(name: str, *arguments: bytes | str | int) -> Read:
    """A command to send; raises ValueError for one that is not on the list."""
    if name not in READS:
        raise ValueError(f"{name} is not on the list of commands that only look")
    return Read(name, arguments)


class _Slot:
    """The place of a shared connection; dialled by whoever needs it first."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.primary: Dial | None = None
        self.ask_again = 0.0
        self.quickest = float("inf")

    async def drop(self) -> None:
        """Close the connection, if there is one."""
        link, self.link = self.link, None
        if link is not None:
            await link.close()


async def _slot() -> _Slot:
    return _Slot()


class _Registry:
    """What outlives single connections: by lease the last failure, by server process our own probes."""

    def __init__(self) -> None:
        self.failures: dict[LeaseKey, tuple[float, SourceError]] = {}
        self.probes: dict[str, Probes] = {}


_registries: "WeakKeyDictionary[Leases, _Registry]" = WeakKeyDictionary()


class RedisReader:
    """Looks at one Redis for one collector, over a connection shared with others on the same URL.

    ``server`` is what the server said of itself at login. Raises OptionsError for a URL that cannot
    be used; ``cluster`` lets an adapter read a node of a cluster by itself; readers of another ``role``
    ("detail") share another connection, so that one does not wait for the other.
    """

    def __init__(
        self, context: Context, options: RedisOptions, *, cluster: bool = False, role: str = "read"
    ) -> None:
        self._context = context
        self._way = Way(context, options, cluster=cluster)
        self._key = LeaseKey("redis", _identity(options), context.server, role)
        self._registry = _registries.setdefault(context.leases, _Registry())
        self._lease: Lease[_Slot] | None = None
        self._probes = Probes()
        self._cost = Cost()
        self._no_multi = False
        self.server = Server()

    @property
    def probes(self) -> Probes:
        """What our look-ups, other collectors' included, added to this server process's counters."""
        return self._probes

    def now(self) -> float:
        """The server's wall clock, UTC epoch seconds; ours where that is not known."""
        clock, epoch = self._context.clock, self.server.epoch
        return clock.wall() if epoch is None else clock.boottime() + epoch

    def take_cost(self) -> Cost:
        """What was asked since the last call; its seconds are waiting above the quickest round trip."""
        cost, self._cost = self._cost, Cost()
        return cost

    def explained(self, refusal: Exception) -> SourceError:
        """A refused command's reply in words."""
        return explain(refusal, self._way.where)

    async def ask(self, *reads: Read) -> list[Any]:
        """Send one batch and give its replies; raises SourceError, also for the first refused command."""
        replies = await self.ask_each(*reads)
        for reply in replies:
            if isinstance(reply, Exception):
                raise self.explained(reply)
        return replies

    async def ask_each(self, *reads: Read) -> list[Any]:
        """The same, but a refused command's reply is its exception."""
        return await self._sent(Batch(reads)) if reads else []

    async def ask_groups(self, groups: Sequence[Sequence[Read]]) -> list[list[Any]]:
        """Like ``ask_each``, but nothing of other clients happens between the commands of a group.

        Where the user may not do that (MULTI) or a command is not known there, they are sent plainly.
        """
        reads = [one for group in groups for one in group]
        if not reads:
            return [[] for _ in groups]
        replies = await self._sent(
            Batch(reads) if self._no_multi else Grouped(reads, [len(g) for g in groups])
        )
        if replies is None:
            self._no_multi = True
            replies = await self._sent(Batch(reads))
        rest = iter(replies)
        return [[next(rest) for _ in group] for group in groups]

    async def _sent(self, batch: Batch) -> Any:  # noqa: ANN401 - replies are untyped
        """The replies of a batch.

        Waiting for another collector's turn does not count; who waited through another's failure
        gets that failure.
        """
        loop = asyncio.get_running_loop()
        waiting = loop.time()
        async with self._joined().hold() as slot:
            failed, failure = self._registry.failures.get(self._key, (waiting, None))
            if failure is not None and failed > waiting:
                raise type(failure)(failure.why, failure.hint)
            try:
                async with asyncio.timeout(self._context.timeout * _SHARE):
                    return await self._through(slot, batch)
            except (RedisError, OSError, ValueError, RecursionError, QuarterdeckError) as error:
                failure = self.explained(error)
                if slot.link is None and self._way.address.tls and isinstance(failure, TimedOutError):
                    failure = TimedOutError(failure.why, f"{failure.hint}, or it does not speak TLS")
                self._registry.failures[self._key] = (loop.time(), failure)
                raise failure from None

    async def close(self) -> None:
        """Leave the shared connection; the last user closes it."""
        if self._lease is not None:
            self._lease = None
            await self._context.leases.release(self._key)

    def _joined(self) -> Lease[_Slot]:
        if self._lease is None:
            self._lease = self._context.leases.get(self._key, _slot, _Slot.drop)
        return self._lease

    async def _through(self, slot: _Slot, batch: Batch) -> list[Any] | None:
        link = await self._linked(slot)
        used = not link.fresh
        try:
            return await self._counted(slot, link, batch)
        except RedisConnectionError as error:
            # an idle connection that the server closed is no fault of the source, and a new login tells
            # how far a server is that loads its data
            if isinstance(error, AuthenticationError) or not (used or isinstance(error, BusyLoadingError)):
                raise
            await slot.drop()
            return await self._counted(slot, await self._linked(slot), batch)

    async def _counted(self, slot: _Slot, link: Link, batch: Batch) -> list[Any] | None:
        probes, commands = self._probes, batch.commands()
        before, started = link.received, time.monotonic()
        begun, found = probes.begin(batch.reads), None
        try:
            found = batch.replies(await link.exchange(commands))
        finally:
            if found is None:
                probes.lose(batch.reads)
            else:
                probes.count(batch.reads, found, begun)
        took = max(0.0, link.heard - started)
        slot.quickest = min(slot.quickest, took)
        self._cost = Cost(
            self._cost.requests + len(commands),
            self._cost.bytes + link.received - before,
            self._cost.seconds + took - slot.quickest,
        )
        return found

    async def _linked(self, slot: _Slot) -> Link:
        """The open connection, made where there is none."""
        loop, clock = asyncio.get_running_loop(), self._context.clock
        if slot.link is not None and self._way.address.sentinels and loop.time() > slot.ask_again:
            slot.ask_again = loop.time() + _ASK_AGAIN
            if await self._way.primary() != slot.primary:
                await slot.drop()
        if slot.link is None:
            started = loop.time()
            slot.primary = await self._way.primary()
            slot.ask_again = loop.time() + _ASK_AGAIN
            slot.link = await self._way.open(slot.primary)
            slot.quickest = min(slot.quickest, loop.time() - started)
        elif clock.boottime() - slot.link.introduced > _INTRODUCE_AGAIN:
            await slot.link.introduce(clock)
        self.server = slot.link.server
        self._probes = self._registry.probes.setdefault(self.server.run_id or repr(slot.primary), Probes())
        return slot.link


def _identity(options: RedisOptions) -> str:
    """What makes two collectors' connections the same, certificates included."""
    return f"{options.url.reveal()}\n{options.ca_file}\n{options.client_cert}\n{options.client_key}"
