"""The ways to the servers of a configuration: one pool for all that runs through them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from collectors.clock import Clock
from collectors.errors import QuarterdeckError, TimedOutError, UnreachableError
from collectors.transport.endpoint import Dialer, DirectDialer
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Phase, ServerError, ServerState
from console.engine.store import Store

NOTICED = 0.05
"""Seconds that a pool may need to see that a way broke, after what ran through it has seen it."""

PATIENCE = 15.0
"""Seconds that a single look waits for ways that are being made: jump hosts and handshakes add up."""

BROKEN = (Phase.CONNECTING, Phase.LOST, Phase.STOPPED)


class Pool(Dialer, Protocol):
    """What the engine needs of ``collectors.transport.servers.pool.Servers``."""

    async def start(self) -> None:
        """Make this event loop the one where all happens, also what is asked from other threads."""
        ...

    def states(self) -> tuple[ServerState, ...]:
        """All servers as they are now; any thread may ask."""
        ...

    def uses(self, server: str, collector: str) -> None:
        """Note that a collector runs through a server."""
        ...

    def retry(self, server: str = "") -> None:
        """Try those again that stopped, or one of them."""
        ...

    def login_argv(self, name: str) -> Sequence[str]:
        """What a person runs to log in; empty where a server needs none."""
        ...

    async def adopt(self, name: str) -> None:
        """Use what that has opened; raises ServerError where it opened nothing."""
        ...

    async def close(self) -> None:
        """End all masters and forwards of ours."""
        ...


def open_pool(servers: Mapping[str, Server], clock: Clock, changed: Callable[[], None]) -> Pool:
    """The ways to these servers; nothing is dialled yet."""
    from collectors.transport.servers.pool import Servers  # noqa: PLC0415 - only where a server is configured

    return Servers(servers, clock, changed=changed)


class Way:
    """The way of one source to its server, as it is known when the source has had its say.

    ``tell`` gives the state of the server, None where the source is reached from this machine; ``start``
    makes ready what leads there, on the core's loop.
    """

    def __init__(
        self, tell: Callable[[], ServerState | None], start: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._tell = tell
        self._start = start

    async def ready(self) -> None:
        """Have it ready before a collector is made, which may live in another thread."""
        if self._start is not None:
            await self._start()

    async def check(self) -> None:
        """Raise ServerError where the way is broken: what came of it says nothing of what is behind it."""
        if self._tell() is not None:
            await asyncio.sleep(NOTICED)
            state = self._tell()
            if state is not None and state.phase in BROKEN:
                words = state.why or f"{state.name}: {state.fault or state.phase}"
                raise ServerError(words, state.hint, fault=state.fault, hop=state.hop, by_hand=state.by_hand)

    async def explain(self, error: QuarterdeckError) -> QuarterdeckError:
        """The error, or the server's words where the way is broken and that would be why."""
        if isinstance(error, UnreachableError | TimedOutError):
            try:
                await self.check()
            except ServerError as known:
                return known
        return error


DIRECT = Way(lambda: None)
"""From this machine."""


class Ways:
    """The servers of one core: how sources get to them, and what the store is told of them.

    ``came_up`` gets the name of each server that comes up, on the core's loop, as all here is called but
    ``open``.
    """

    def __init__(self, store: Store, clock: Clock, came_up: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._came_up = came_up
        self._up: frozenset[str] = frozenset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self.pool: Pool | None = None

    def open(self, servers: Mapping[str, Server]) -> None:
        """Make a pool of these servers; nothing is loaded where there are none."""
        self._up = frozenset()
        self.pool = open_pool(servers, self._clock, self._changed) if servers else None
        self._store.put_servers(self.pool.states() if self.pool is not None else ())

    async def start(self) -> None:
        """Let the pool live on this loop, the core's; done before anybody asks it for a way."""
        self._loop = asyncio.get_running_loop()
        if self.pool is not None:
            await self.pool.start()

    async def close(self) -> None:
        """Close the pool; what is known of the servers stays in the store."""
        pool, self.pool = self.pool, None
        if pool is not None:
            self._store.put_servers(pool.states())
            await pool.close()

    async def settled(self, servers: Collection[str]) -> None:
        """Wait, PATIENCE at most, while one of these is being connected to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.pool is not None and any(
                    state.phase is Phase.CONNECTING and state.name in servers for state in self.pool.states()
                ):
                    self._news.clear()
                    await self._news.wait()

    @property
    def dialer(self) -> Dialer:
        """How a collector reaches its source, from any loop."""
        return self.pool or DirectDialer()

    def way(self, server: str, collector: str) -> Way:
        """The way to a server, noting that ``collector`` runs through it; DIRECT for an empty name."""
        pool = self.pool
        if pool is None or not server:
            return DIRECT
        pool.uses(server, collector)
        return Way(lambda: next((state for state in pool.states() if state.name == server), None), self.start)

    def _changed(self) -> None:
        """Something is different; told in any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed: nobody asks any more
                self._loop.call_soon_threadsafe(self._told)

    def _told(self) -> None:
        self._news.set()
        if self.pool is None:
            return
        states = self.pool.states()
        self._store.put_servers(states)
        before, self._up = self._up, frozenset(state.name for state in states if state.phase is Phase.UP)
        for name in self._up - before:
            self._came_up(name)
