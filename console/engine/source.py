"""One source's life: open, collect on schedule, back off, tell details, close."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from collectors.base import Collector, HasDetails
from collectors.clock import Clock
from collectors.errors import AccessError, QuarterdeckError, SourceError, TimedOutError
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.transport.servers.state import ServerError
from console.engine.assess import Judge
from console.engine.backoff import Backoff
from console.engine.history import History
from console.engine.host import Host
from console.engine.state import DetailKey, DetailState, Failure, SourceId, SourceState
from console.engine.store import Store
from console.engine.ways import DIRECT, Way
from console.settings import CollectorSettings

T = TypeVar("T")

BUDGET = 0.02
"""Seconds of the source's time that we may take each second."""

LOOKED_AT = 2.0
"""Default interval of what somebody looks at."""

CLOSE_WITHIN = 0.5

RENEW_EVERY = 10.0
"""Seconds between two times that files and commands are asked for secrets again."""

GRACE = 0.25
"""Seconds beyond its time-out that a collector has to say itself what happened."""


def _ignore(_source: SourceId, _sweep: Sweep, _verdicts: tuple[Verdict, ...]) -> None:
    """Take a pass that nobody keeps."""


class BugError(SourceError):
    """A collector raised what it should not have."""


class Source:
    """Runs one collector. All methods but ``settings`` are for the core's loop.

    ``unreached``: at the last pass there was no way to its server.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        make: Callable[[Any], Collector[Any]],
        host: Host,
        store: Store,
        history: History,
        clock: Clock,
        rng: random.Random,
        way: Way = DIRECT,
    ) -> None:
        self.settings = settings
        self.id = SourceId(settings.name, settings.instance)
        self.on_sweep: Callable[[SourceId, Sweep, tuple[Verdict, ...]], None] = _ignore
        self._make = make
        self._options = settings.options
        self._renewed_at = float("-inf")
        self._host = host
        self._store = store
        self._history = history
        self._clock = clock
        self._rng = rng
        self._way = way
        self._judge = Judge(settings.thresholds)
        self._backoff = Backoff()
        self._collector: Collector[Any] | None = None
        self._opened = False
        self._kick = asyncio.Event()
        self._kicked_at = 0.0
        self._looked_at = False
        self._pace = 1.0
        self._slowed = 1.0
        self.unreached = False
        self.first = asyncio.Event()

    def state(self, foreign: str) -> SourceState:
        """How the source is declared in the store."""
        settings = self.settings
        return SourceState(
            id=self.id,
            type=settings.type,
            practice=settings.practice,
            service=settings.service,
            every=settings.every,
            timeout=settings.timeout,
            server=settings.server,
            foreign=foreign,
        )

    async def run(self, delay: float) -> None:
        """Collect for ever, the first time after ``delay`` seconds."""
        await self._wait(delay)
        while True:
            started = self._clock.boottime()
            await self.once()
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # a collector, or a library below it, may have swallowed that we are to end
                raise asyncio.CancelledError
            now = self._clock.boottime()
            wait = self._backoff.delay(self.every, self._rng) - (now - started)
            self._store.update(self.id, quiet=True, due_at=now + max(0.0, wait))
            await self._wait(max(0.0, wait))

    async def once(self) -> None:
        """One pass, with its deadline; every outcome ends in the store."""
        started = self._clock.boottime()
        self.unreached = False
        self._backoff = self._backoff.trying()
        self._store.update(self.id, quiet=True, running_at=started, breaker=self._backoff.breaker)
        try:
            sweep = await self._attempt()
            if self._collector is not None and not self._collector.backs_off:
                await self._way.check()
            verdicts = self._judged(sweep)
        except QuarterdeckError as error:
            self._failed(await self._way.explain(error), started)
            if isinstance(error, AccessError):
                await self._renew()
        else:
            self._succeeded(sweep, verdicts, started)
        self.first.set()

    @property
    def every(self) -> float:
        """Seconds between passes: configured, quicker while looked at, slower over budget."""
        every = self.settings.every
        if self._looked_at and self._collector is not None and every == self._collector.default_every:
            every = min(every, LOOKED_AT)
        return max(1.0, every * self._pace) * self._slowed

    def look(self, looked_at: bool) -> None:  # noqa: FBT001 - a plain fact
        """Somebody looks at this source, or no longer."""
        self._looked_at = looked_at
        self._show_pace()

    def set_pace(self, factor: float) -> None:
        """Stretch or shorten the interval by ``factor``."""
        self._pace = factor
        self._show_pace()

    def kick(self, *, at_once: bool = False) -> None:
        """Collect now, past back-off and breaker, at most once a second; ``at_once``: also within it."""
        now = self._clock.boottime()
        if at_once or now - self._kicked_at >= 1.0:
            self._kicked_at = now
            self._kick.set()

    async def detail(self, key: DetailKey) -> None:
        """Fetch one detail into the store; the last good one stays where it cannot be had."""
        collector = self._collector
        if not self._opened or not isinstance(collector, HasDetails):
            return
        before = self._store.detail(key)
        try:
            detail = await self._ask(
                lambda: self._host.run(lambda: collector.detail(key.subject, key.name)),
                self.settings.timeout + GRACE,
            )
        except QuarterdeckError as error:
            state = DetailState(before.detail, before.arrived, error.why)
        else:
            state = DetailState(detail, self._clock.boottime())
        self._store.put_detail(key, state)

    @property
    def collector(self) -> Collector[Any] | None:
        """The collector, once it has been made; ask nothing of it from another thread."""
        return self._collector

    async def act(self, call: Callable[[Collector[Any]], Awaitable[T]]) -> T:
        """Run ``call`` with the collector, where it lives; raises what it raises."""
        collector = await self._prepared()
        return await self._host.run(lambda: call(collector))

    async def close(self) -> None:
        """Close the collector within its deadline; never raises."""
        collector, self._collector = self._collector, None
        if collector is not None:
            with contextlib.suppress(QuarterdeckError):
                await self._ask(lambda: self._host.run(collector.close), CLOSE_WITHIN)
        self._host.stop()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._kick.wait()
        except TimeoutError:
            pass
        self._kick.clear()

    async def _attempt(self) -> Sweep:
        blocked = self._host.blocked()
        if blocked > self.settings.timeout:
            self._store.update(self.id, quiet=True, blocked=blocked)
            raise TimedOutError(
                f"the collector has blocked its own thread for {blocked:.0f} s",
                "report it to the author of the collector",
            )
        return await self._ask(self._pass, self.settings.timeout + GRACE)

    async def _pass(self) -> Sweep:
        collector = await self._prepared()
        return await self._host.run(collector.collect)

    async def _prepared(self) -> Collector[Any]:
        """The collector, made and opened where that has not been done."""
        if self._collector is None:
            await self._way.ready()
            self._collector = await self._host.run(self._made)
            if isinstance(self._collector, HasDetails):
                self._store.update(self.id, details=self._collector.details)
        collector = self._collector
        if not self._opened:
            await self._host.run(collector.open)
            self._opened = True
        return collector

    async def _ask(self, call: Callable[[], Awaitable[T]], seconds: float) -> T:
        """Ask the collector within a deadline; whatever it raises comes out as a QuarterdeckError."""
        try:
            async with asyncio.timeout(seconds):
                return await call()
        except TimeoutError:
            raise TimedOutError(
                f"no whole answer in {seconds - GRACE:g} s", "is the source alive, and the way to it?"
            ) from None
        except QuarterdeckError:
            raise
        except Exception as error:
            raise _bug(error) from error

    async def _made(self) -> Collector[Any]:
        return self._make(self._options)

    async def _renew(self) -> None:
        """After a refused login: ask files and commands for their secrets again, and begin anew with them."""
        renew, now = self.settings.renew, self._clock.boottime()
        if renew is None or now - self._renewed_at < RENEW_EVERY:
            return
        self._renewed_at = now
        try:
            options = await asyncio.to_thread(renew)
        except QuarterdeckError:
            return
        if options is not None and options != self._options:
            collector, self._collector, self._opened = self._collector, None, False
            self._options = options
            if collector is not None:
                with contextlib.suppress(QuarterdeckError):
                    await self._ask(lambda: self._host.run(collector.close), CLOSE_WITHIN)
            self._kick.set()

    def _judged(self, sweep: Sweep) -> tuple[Verdict, ...]:
        """The verdicts of a pass whose samples are kept; what cannot be judged is the collector's bug."""
        try:
            verdicts = self._judge.judge(sweep)
            for reading in sweep.readings:
                self._history.add(reading.subject.id, sweep.taken, reading.quantities())
            self._keep_budget(sweep.cost.seconds)
        except Exception as error:
            raise _bug(error) from error
        return verdicts

    def _succeeded(self, sweep: Sweep, verdicts: tuple[Verdict, ...], started: float) -> None:
        took = self._clock.boottime() - started
        self._backoff = self._backoff.succeeded()
        self._store.put_sweep(self.id, sweep, verdicts, took)
        self._store.update(self.id, quiet=True, breaker=self._backoff.breaker, blocked=0.0)
        self.on_sweep(self.id, sweep, verdicts)

    def _failed(self, error: QuarterdeckError, started: float) -> None:
        took = self._clock.boottime() - started
        # A server has a breaker of its own, which all that runs through it shares.
        self.unreached = isinstance(error, ServerError)
        if not self.unreached and (self._collector is None or self._collector.backs_off):
            self._backoff = self._backoff.failed()
        failure = Failure(
            self.id,
            self.settings.practice,
            self.settings.service,
            error.why,
            error.hint,
            self._clock.wall(),
            1,
            isinstance(error, SourceError) and error.retryable,
        )
        self._store.put_failure(self.id, failure, took)
        self._store.update(self.id, quiet=True, breaker=self._backoff.breaker, blocked=self._host.blocked())

    def _keep_budget(self, seconds: float) -> None:
        """Slow down in proportion where a pass costs the source more than its budget."""
        share = seconds / (max(1.0, self.settings.every * self._pace) * BUDGET)
        slowed = min(10.0, max(1.0, share))
        if abs(slowed - self._slowed) > 0.25 * self._slowed:
            self._slowed = slowed
            self._show_pace()

    def _show_pace(self) -> None:
        self._store.update(self.id, quiet=True, every=self.every / self._slowed, slowed=self._slowed)


def _bug(error: Exception) -> BugError:
    return BugError(f"bug: {type(error).__name__}: {error}", "report it to the author of the collector")
