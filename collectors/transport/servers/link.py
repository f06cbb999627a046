"""The life of one way: opened when wanted, kept, opened again when it breaks; one breaker for all."""

import asyncio
import contextlib
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from collectors.clock import Clock
from collectors.errors import QuarterdeckError
from collectors.text import one_line, shown
from collectors.transport.servers.state import STOPS, Fault, Phase, ServerError, ServerState
from collectors.transport.servers.way import Way

MOST_SESSIONS = 8
"""Programs at a time on one server: sshd allows ten sessions of a connection (MaxSessions)."""

MOST_STREAMS = 6
"""Of these, programs that run on: the rest is for those that answer and end."""

CAP = 30.0
FIRST = 0.5
_PROVEN = 10.0
_PATIENCE = 1.0
_FIRST_PATIENCE = 10.0
_LATENCY_EVERY = 15.0


class Link:
    """One server's way, state and breaker; belongs to the pool's event loop.

    ``changed`` is called after each change of ``state``, which any thread may read.
    """

    def __init__(
        self,
        way: Way,
        state: ServerState,
        clock: Clock,
        changed: Callable[[], None],
        rng: random.Random | None = None,
    ) -> None:
        self.way = way
        self.state = state
        self._clock = clock
        self._changed = changed
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._keeper: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._wake = asyncio.Event()
        self._error: ServerError | None = None
        self._failures = 0
        self._stood = 0
        self._used = 0.0
        self._lock = threading.Lock()
        self._sessions = asyncio.Semaphore(MOST_SESSIONS)
        self._streams = asyncio.Semaphore(MOST_STREAMS)
        self._checking = asyncio.Lock()

    async def ready(self) -> Way:
        """The way, open; waits for a first attempt, and raises ServerError at once while there is none."""
        self._used = self._clock.boottime()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        if self.state.phase in (Phase.IDLE, Phase.CONNECTING):
            # a further attempt after a failure may take long, and its news is known
            patience = _FIRST_PATIENCE if self._error is None else _PATIENCE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), patience)
        if not self._up:
            raise self._refusal()
        return self.way

    @asynccontextmanager
    async def session(self, *, lasting: bool) -> AsyncIterator[Way]:
        """The way and a place among the sessions; ``lasting`` for a stream."""
        await self.ready()
        async with contextlib.AsyncExitStack() as stack:
            if lasting:
                await stack.enter_async_context(self._streams)
            await stack.enter_async_context(self._sessions)
            async with self._checking:
                # which may hold the only session that the server allows
                pass
            # it may have broken while we waited
            yield await self.ready()

    def retry(self) -> None:
        """Try again now, whatever stopped it."""
        self._failures = 0
        self._wake.set()

    async def adopt(self) -> None:
        """Use what a login has opened; raises ServerError where there is nothing."""
        await self.way.adopt()
        self._used = self._clock.boottime()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        if not self._up:
            self._settled.clear()
            self.retry()
            await self._settled.wait()
        await self.ready()

    def use(self, collector: str) -> None:
        """Note who runs through it."""
        self._put(use=collector)

    async def close(self) -> None:
        """End the way; never raises."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        await self.way.close()
        self._put(phase=Phase.IDLE, retry_at=None)

    async def _keep(self) -> None:
        """Open it, again and again, as long as we live."""
        while True:
            self._settled.clear()
            self._wake.clear()
            self._put(phase=Phase.CONNECTING, retry_at=None)
            error = await self._attempt()
            if error is None:
                error = await self._stands()
            await self._fail(error)

    async def _attempt(self) -> ServerError | None:
        try:
            await self.way.open()
        except ServerError as error:
            return error
        except (QuarterdeckError, OSError, TimeoutError, ValueError) as error:
            why = one_line(str(error) or type(error).__name__, 200)
            return ServerError(f"{self.state.name}: {Fault.OTHER}", why)
        return None

    async def _stands(self) -> ServerError:
        """Keep an open way until it breaks; what broke it."""
        self._error = None
        self._wake.clear()
        self._stood += 1
        up = self._clock.boottime()
        self._put(reconnects=self._stood - 1)
        self._put(phase=Phase.UP, fault=Fault.NONE, why=shown(""), hint=shown(""), hop="", latency=None)
        self._settled.set()
        breaking = asyncio.ensure_future(self.way.broken())
        try:
            while not breaking.done():
                if self._clock.boottime() - self._used < _LATENCY_EVERY:
                    async with self._checking:
                        latency = await self.way.check()
                    if latency is not None:
                        self._put(latency=latency)
                await asyncio.wait({breaking}, timeout=_LATENCY_EVERY)
            error = breaking.result()
        finally:
            breaking.cancel()
        if self._clock.boottime() - up > _PROVEN:
            self._failures = 0
        return error

    async def _fail(self, error: ServerError) -> None:
        """Tell it, and wait for the next attempt."""
        self._error = error
        self._failures += 1
        stops = error.fault in STOPS
        delay = self._rng.uniform(0.05, min(CAP, FIRST * 2.0 ** (self._failures - 1)))
        self._put(
            phase=Phase.STOPPED if stops else Phase.LOST,
            fault=error.fault,
            why=error.why,
            hint=error.hint,
            hop=error.hop,
            by_hand=shown(error.by_hand or self.way.by_hand),
            retry_at=None if stops else self._clock.boottime() + delay,
            latency=None,
        )
        self._settled.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), None if stops else delay)

    @property
    def _up(self) -> bool:
        return self.state.phase is Phase.UP

    def _refusal(self) -> ServerError:
        error = self._error
        if error is None:
            return ServerError(f"{self.state.name}: {Phase.CONNECTING}", "its first login is under way")
        return ServerError(error.why, error.hint, fault=error.fault, hop=error.hop, by_hand=error.by_hand)

    def _put(self, *, use: str = "", **changes: object) -> None:
        with self._lock:
            if use and use not in self.state.uses:
                changes["uses"] = (*self.state.uses, use)
            if changes.get("phase", self.state.phase) is not self.state.phase:
                changes["since"] = self._clock.boottime()
            before, self.state = self.state, replace(self.state, **changes)  # type: ignore[arg-type] # names and types are the class's
        if self.state != before:
            self._changed()
