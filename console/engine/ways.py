"""The ways to the servers of a configuration: one pool for all that runs through them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from collectors.clock import Clock
from collectors.errors import QuarterdeckError, TimedOutError, UnreachableError
from collectors.transport.endpoint import Dial, Dialer, DirectDialer, Endpoint
from collectors.transport.host import OUTPUT_LIMIT, ByteStream, Host, Ran
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Phase, ServerError, ServerState
from console.engine.store import Store

T = TypeVar("T")

NOTICED = 0.05
"""Seconds that a pool may need to see that a way broke, after what ran through it has seen it."""

BROKEN = (Phase.CONNECTING, Phase.LOST, Phase.STOPPED)


class Pool(Dialer, Protocol):
    """What the engine needs of ``collectors.transport.servers.pool.Servers``."""

    def states(self) -> tuple[ServerState, ...]:
        """All servers as they are now; any thread may ask."""
        ...

    def uses(self, server: str, collector: str) -> None:
        """Note that a collector runs through a server."""
        ...

    def retry(self, server: str = "") -> None:
        """Try those again that stopped, or one of them."""
        ...

    def login_argv(self, name: str) -> list[str]:
        """What a person runs to log in."""
        ...

    async def adopt(self, name: str) -> bool:
        """Take a master that a person opened."""
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

    ``tell`` gives the state of the server, None where the source is reached from this machine.
    """

    def __init__(self, tell: Callable[[], ServerState | None]) -> None:
        self._tell = tell

    async def check(self) -> None:
        """Raise ServerError where the way is broken: what came of it says nothing of what is behind it."""
        if self._tell() is not None:
            await asyncio.sleep(NOTICED)
            state = self._tell()
            if state is not None and state.phase in BROKEN:
                raise ServerError(
                    f"{state.name}: {state.fault or state.phase}", state.hint, fault=state.fault
                )

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

    ``came_up`` gets the name of each server that comes up. For the core's loop, but for ``open``.
    """

    def __init__(self, store: Store, clock: Clock, came_up: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._came_up = came_up
        self._up: frozenset[str] = frozenset()
        self.pool: Pool | None = None

    def open(self, servers: Mapping[str, Server]) -> None:
        """Make a pool of these servers; nothing is loaded where there are none."""
        self._up = frozenset()
        self.pool = open_pool(servers, self._clock, self._changed) if servers else None
        self._store.put_servers(self.pool.states() if self.pool is not None else ())

    async def close(self) -> None:
        """Close the pool; what is known of the servers stays in the store."""
        pool, self.pool = self.pool, None
        if pool is not None:
            await pool.close()

    def dialer(self, home: Callable[[], asyncio.AbstractEventLoop] | None) -> Dialer:
        """How a collector reaches its source; ``home`` gives our loop where the collector has another."""
        if self.pool is None:
            return DirectDialer()
        return self.pool if home is None else Bridge(self.pool, home)

    def way(self, server: str, collector: str) -> Way:
        """The way to a server, noting that ``collector`` runs through it; DIRECT for an empty name."""
        pool = self.pool
        if pool is None or not server:
            return DIRECT
        pool.uses(server, collector)
        return Way(lambda: next((state for state in pool.states() if state.name == server), None))

    def _changed(self) -> None:
        if self.pool is None:
            return
        states = self.pool.states()
        self._store.put_servers(states)
        before, self._up = self._up, frozenset(state.name for state in states if state.phase is Phase.UP)
        for name in self._up - before:
            self._came_up(name)


class Bridge:
    """A pool as it is seen from the thread of a plug-in: all that is asked is done on the core's loop.

    ``home`` gives that loop.
    """

    def __init__(self, dialer: Dialer, home: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._dialer = dialer
        self._home = home

    async def dial(self, endpoint: Endpoint) -> Dial:
        """As the pool does."""
        return await _there(self._home(), lambda: self._dialer.dial(endpoint))

    def host(self, server: str) -> Host:
        """As the pool does."""
        return _BridgedHost(self._dialer.host(server), self._home)


class _BridgedHost:
    def __init__(self, host: Host, home: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._host = host
        self._home = home

    @property
    def name(self) -> str:
        return self._host.name

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ASYNC109 - the words of a time-out need it
        limit: int = OUTPUT_LIMIT,
        given: bytes = b"",
    ) -> Ran:
        return await _there(
            self._home(), lambda: self._host.run(argv, timeout=timeout, limit=limit, given=given)
        )

    async def stream(self, argv: Sequence[str]) -> ByteStream:
        return _BridgedStream(await _there(self._home(), lambda: self._host.stream(argv)), self._home)


class _BridgedStream:
    def __init__(self, stream: ByteStream, home: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._stream = stream
        self._home = home

    async def read(self, most: int = OUTPUT_LIMIT) -> bytes:
        return await _there(self._home(), lambda: self._stream.read(most))

    async def ended(self) -> Ran:
        return await _there(self._home(), self._stream.ended)

    async def close(self) -> None:
        await _there(self._home(), self._stream.close)


async def _there(home: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[T]]) -> T:
    """Run ``call`` on another loop; cancelling here cancels there."""

    async def called() -> T:
        return await call()

    if home.is_closed():
        raise UnreachableError("the console is closing")
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(called(), home))
