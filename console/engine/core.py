"""The core: all sources on one event loop, in a thread of its own, driven by commands."""

import asyncio
import gc
import random
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from collectors import registry
from collectors.base import Collector, Context
from collectors.clock import Clock, SystemClock
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.positions import Positions
from collectors.text import shown
from collectors.transport.endpoint import Dialer
from collectors.transport.lease import Leases
from collectors.transport.servers.state import Phase
from console.engine.history import History
from console.engine.host import CoreHost, ForeignHost, Host, wind_up
from console.engine.positions import no_positions
from console.engine.source import Source
from console.engine.state import DetailKey, Event, Freshness, SourceId
from console.engine.store import Store
from console.engine.ways import Ways
from console.findings import find_all
from console.settings import CollectorSettings, Settings

T = TypeVar("T")

LOOK_EVERY = 2.0
"""Seconds between two fetches of a detail that somebody looks at."""

THINK_EVERY = 1.0
"""Seconds between two passes of the findings, at the least."""

SPREAD = 0.004
"""Seconds between the first starts of two sources."""


def _ignore(_batch: LogBatch) -> None:
    """Take a batch that nobody wants."""


class Core:
    """Loop-bound part: make it, ``start`` it, command it, ``stop`` it, all on one loop."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        emit: Callable[[LogBatch], None] = _ignore,
        only: Practice | None = None,
        seed: int | None = None,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.store = Store(self.clock)
        self.history = History(retention=settings.console.retention)
        self.on_sweep: Callable[[SourceId, Sweep, tuple[Verdict, ...]], None] = (
            lambda _source, _sweep, _verdicts: None
        )
        self.on_findings: Callable[[float, tuple[Verdict, ...]], None] = lambda _at, _findings: None
        self.on_event: Callable[[Event], None] = lambda _event: None
        self.positions: Callable[[str, str], Positions] = no_positions
        self.store.on_event = self._happened
        self.lag = 0.0
        self._emit = emit
        self.emits = emit is not _ignore
        self._rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._leases = Leases()
        self._sources: dict[SourceId, Source] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._runs: dict[SourceId, asyncio.Task[None]] = {}
        self._only = only
        self._interest: frozenset[DetailKey] = frozenset()
        self._looked_at: frozenset[SourceId] = frozenset()
        self._fetching: set[DetailKey] = set()
        self.ways = Ways(self.store, self.clock, lambda server: _look_behind(server, self._sources.values()))
        self.ways.open(settings.servers)
        for collector in self._wanted(settings):
            self._add(collector)

    async def start(self) -> None:
        """Begin the schedule."""
        _resume_garbage_collection()
        for index, source in enumerate(self._sources.values()):
            self._run(source, index * SPREAD)
        self.spawn(self._look(), "details")
        self.spawn(self._think(), "findings")
        self.spawn(self._transitions(), "deadlines")

    async def once(self, only: Iterable[SourceId] = ()) -> None:
        """Collect every source one time, or these, all together, and judge.

        What has turned stale while the slowest answered is collected once more, and what was too early
        for its server.
        """
        asked = set(only) or set(self._sources)
        await asyncio.gather(*(self._sources[source].once() for source in asked))
        await self.ways.settled(
            {source.settings.server for source in self._sources.values() if source.unreached}
        )
        snapshot, now = self.store.snapshot(), self.clock.boottime()
        up = {server.name for server in snapshot.servers if server.phase is Phase.UP}
        late = [
            state.id
            for state in snapshot.sources
            if state.id in asked
            and (
                (state.failure is None and state.freshness(now) is Freshness.STALE)
                or (self._sources[state.id].unreached and state.server in up)
            )
        ]
        await asyncio.gather(*(self._sources[source].once() for source in late))
        self.judge()

    async def settle(self) -> None:
        """Stop the schedule, collect a second time what was collected only once, and judge."""
        runs, self._runs = list(self._runs.values()), {}
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        states = self.store.snapshot().sources
        once = [state.id for state in states if state.passes + state.failures < 2]
        await asyncio.gather(*(self._sources[source].once() for source in once))
        self.judge()

    def judge(self) -> None:
        """Run the findings over what is known now."""
        findings = find_all(self.store.snapshot(), self.history, self.settings.services)
        if self.store.put_findings(findings):
            self.on_findings(self.clock.wall(), findings)

    async def stop(self) -> None:
        """Cancel all, close all within their deadlines."""
        running = [*self._tasks, *self._runs.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._tasks.clear()
        self._runs.clear()
        await asyncio.gather(*(source.close() for source in self._sources.values()))
        await self.ways.close()

    async def apply(self, settings: Settings) -> None:
        """Go over to other settings: sources that are the same go on undisturbed.

        Where the servers differ, all that runs through one begins anew.
        """
        others = settings.servers != self.settings.servers
        self.settings = settings
        if others:
            for source_id, source in list(self._sources.items()):
                if source.settings.server:
                    await self._remove(source_id)
            await self.ways.close()
            self.ways.open(settings.servers)
        wanted = {SourceId(one.name, one.instance): one for one in self._wanted(settings)}
        for source_id, source in list(self._sources.items()):
            if wanted.get(source_id) != source.settings:
                await self._remove(source_id)
        for source_id, collector in wanted.items():
            if source_id not in self._sources:
                self._add(collector)
                self._run(self._sources[source_id], 0.0)
        self.judge()

    def refresh(self, sources: Iterable[SourceId] = ()) -> None:
        """Collect these sources now, or all, past back-off and breaker."""
        wanted = set(sources) or set(self._sources)
        for source in wanted & set(self._sources):
            self._sources[source].kick()

    def set_pace(self, factor: float) -> None:
        """Stretch or shorten every interval by ``factor``."""
        for source in self._sources.values():
            source.set_pace(factor)

    def set_interest(self, details: frozenset[DetailKey], sources: frozenset[SourceId]) -> None:
        """What somebody looks at: details are fetched, sources collected more often."""
        for gone in self._interest - details:
            self.store.put_detail(gone, None)
        for source in self._looked_at ^ sources:
            if source in self._sources:
                self._sources[source].look(source in sources)
        new = details - self._interest
        self._interest, self._looked_at = details, sources
        for key in new:
            self._fetch(key)

    def source(self, source: SourceId) -> Source | None:
        """One source, None where there is none of that name."""
        return self._sources.get(source)

    def mark(self, text: str, service: str = "") -> None:
        """Add a mark by hand to what changed."""
        self.store.add_event(Event(self.clock.wall(), "mark", service, shown(text)))

    def _add(self, settings: CollectorSettings) -> None:
        info = registry.types().get(settings.type)
        foreign = info.distribution if info else ""
        host: Host = ForeignHost(settings.type, self.clock.boottime) if foreign else CoreHost()
        leases = Leases() if foreign else self._leases
        # asked when a collector is made: who keeps the run hangs on after the sources were added
        make = _maker(
            settings,
            self.clock,
            leases,
            self.ways.dialer,
            self._emit,
            lambda *owner: self.positions(*owner),  # noqa: PLW0108 - as said
        )
        way = self.ways.way(settings.server, settings.name)
        source = Source(settings, make, host, self.store, self.history, self.clock, self._rng, way)
        source.on_sweep = self._swept
        self._sources[source.id] = source
        self.store.put_source(source.state(foreign))

    def _wanted(self, settings: Settings) -> list[CollectorSettings]:
        return [one for one in settings.collectors if one.enabled and self._only in (None, one.practice)]

    def _run(self, source: Source, delay: float) -> None:
        name = f"source {source.id.text}"
        self._runs[source.id] = asyncio.get_running_loop().create_task(source.run(delay), name=name)

    async def _remove(self, source_id: SourceId) -> None:
        task = self._runs.pop(source_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._sources.pop(source_id).close()
        self.store.drop_source(source_id)

    def _swept(self, source: SourceId, sweep: Sweep, verdicts: tuple[Verdict, ...]) -> None:
        self.on_sweep(source, sweep, verdicts)

    def _happened(self, event: Event) -> None:
        self.on_event(event)

    def spawn(self, coroutine: Any, name: str) -> None:  # noqa: ANN401 - a coroutine
        """Run a coroutine until the core stops."""
        self._tasks.append(asyncio.get_running_loop().create_task(coroutine, name=name))

    def _fetch(self, key: DetailKey) -> None:
        source = self._sources.get(SourceId(key.subject.collector, key.subject.instance))
        if source is None or key in self._fetching:
            return
        self._fetching.add(key)
        task = asyncio.get_running_loop().create_task(source.detail(key), name=f"detail {key.name}")
        task.add_done_callback(lambda _task: self._fetched(key))

    def _fetched(self, key: DetailKey) -> None:
        self._fetching.discard(key)
        if key not in self._interest:
            self.store.put_detail(key, None)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for key in self._interest:
                self._fetch(key)

    async def _think(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            planned = loop.time() + THINK_EVERY
            await asyncio.sleep(THINK_EVERY)
            self.lag = loop.time() - planned
            self.judge()

    async def _transitions(self) -> None:
        """Wake the reader when a value turns stale although nothing was written."""
        while True:
            moment = self.store.next_transition()
            now = self.clock.boottime()
            wait = 0.5 if moment is None else min(0.5, max(0.01, moment - now))
            await asyncio.sleep(wait)
            if moment is not None and self.clock.boottime() >= moment:
                self.store.wake()


def _resume_garbage_collection() -> None:
    """What the start has loaded lives until the end: it is never looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _look_behind(server: str, sources: Iterable[Source]) -> None:
    """Collect at once what waited for this server."""
    for source in sources:
        if source.unreached and source.settings.server == server:
            source.kick(at_once=True)


def _maker(
    settings: CollectorSettings,
    clock: Clock,
    leases: Leases,
    dialer: Dialer,
    emit: Callable[[LogBatch], None],
    positions: Callable[[str, str], Positions],
) -> Callable[[Any], Collector[Any]]:
    def make(options: object) -> Collector[Any]:
        if settings.load_error is not None:
            raise settings.load_error
        context = Context(
            collector=settings.name,
            instance=settings.instance,
            service=settings.service,
            attribute=settings.attribute,
            server=settings.server,
            every=settings.every,
            timeout=settings.timeout,
            clock=clock,
            leases=leases,
            dialer=dialer,
            emit=emit,
            positions=positions(settings.name, settings.instance),
        )
        return registry.load(settings.type)(options, context)

    return make


class CoreThread:
    """Runs a Core in a daemon thread; the UI submits commands and reads snapshots."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="core", daemon=True)

    def start(self) -> None:
        """Start the thread and the schedule."""
        self._begin()
        self.submit(lambda: self.loop.create_task(self.core.start()))

    def before(self, command: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The value of a coroutine that runs on the core's loop before the schedule starts."""
        self._begin()
        return asyncio.run_coroutine_threadsafe(command(), self.loop).result()

    def _begin(self) -> None:
        if not self._thread.is_alive():
            sys.setswitchinterval(0.0005)
            self._thread.start()

    def submit(self, command: Callable[[], object]) -> None:
        """Run ``command`` on the core's loop, soon."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(command)

    async def call(self, command: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the core's loop and wait for it from another one."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(command(), self.loop))

    def finish(self, command: Callable[[], Coroutine[Any, Any, object]], seconds: float) -> bool:
        """Run a coroutine on the core's loop and wait for it in this thread; whether it ended in time."""
        if not self._thread.is_alive():
            return True
        try:
            asyncio.run_coroutine_threadsafe(command(), self.loop).result(seconds)
        except TimeoutError:
            return False
        return True

    def stop(self, deadline: float = 0.8) -> bool:
        """Stop within ``deadline`` seconds; True if all was closed."""
        if not self._thread.is_alive():
            return True
        asyncio.run_coroutine_threadsafe(self._ended(), self.loop)
        self._thread.join(deadline)
        return not self._thread.is_alive()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            wind_up(self.loop)

    async def _ended(self) -> None:
        await self.core.stop()
        self.loop.stop()
