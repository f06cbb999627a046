"""drains.celery: the workers of a Celery 5 on a Redis broker, as their heartbeats tell of them."""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.drains._since import Since
from collectors.drains.celery.bus import Names, beat_in
from collectors.drains.celery.drain import Drain
from collectors.drains.celery.look import MISSED, Heard, Look, Node, look_at, lost
from collectors.drains.celery.ready import Ready
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact, exact_or_unknown
from collectors.model.sweep import Sweep
from collectors.options import Duration
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader
from collectors.transport.read.redis_address import parse_address
from collectors.transport.read.redis_heard import Listener
from collectors.transport.read.redis_options import RedisOptions

_MOST = 500
_FIRST = 2.6
"""Seconds that the first look waits for a heartbeat: they come every 2 s."""

_FORGET = 600.0
"""Seconds after which a worker that left, or is silent and left no trace, is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CeleryDrainOptions(RedisOptions):
    """The workers of a Celery on a Redis broker, besides what every Redis adapter takes.

    ``url`` is the broker's, with its database number. ``prefix``: the transport option ``global_keyprefix``.
    ``grace``: how long after SIGTERM whoever supervises the workers sends SIGKILL.
    """

    prefix: str = ""
    grace: Duration | None = None


class CeleryDrain(Collector[CeleryDrainOptions]):
    """One reading for each worker: busy, idle, quiet or silent, its tasks, what its death would lose.

    It reads keys and listens to heartbeats, and asks the workers nothing: that would be a broadcast.
    """

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[CeleryDrainOptions]] = CeleryDrainOptions
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Drain, Ready)

    def __init__(self, options: CeleryDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        self.names = Names(options.prefix.encode(), parse_address(options.url).db)
        self._reader: RedisReader | None = None
        self._listener: Listener | None = None
        self._heard: dict[bytes, Heard] = {}
        self._beat = asyncio.Event()
        self._waited = False
        self._since: dict[bytes, Since] = {}

    async def open(self) -> None:
        """Join the connection, and begin to listen; nothing is waited for."""
        self._joined()

    async def close(self) -> None:
        """Leave the connection and stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.close()
        if self._reader is not None:
            await self._reader.close()
        self._reader = None

    async def collect(self) -> Sweep:
        """One look at all workers."""
        reader, listener = self._joined()
        look, beyond = await self.looked(reader)
        self._forget(look)
        readings = [self._reading(node, look, listener) for node in look.nodes.values()]
        return self.sweep(readings, complete=not beyond, beyond=beyond, cost=reader.take_cost())

    async def looked(self, reader: RedisReader) -> tuple[Look, int]:
        """The workers now; where nothing was heard yet, after a wait for the first heartbeat."""
        _reader, listener = self._joined()
        if not self._waited and not self._heard and listener.failure is None:
            found, _ = await look_at(reader, self.names, {}, 0.0, 1)
            if found.nodes:
                await self._first()
                self._waited = True
        return await look_at(reader, self.names, self._heard, self.context.clock.boottime(), _MOST)

    async def _first(self) -> None:
        try:
            async with asyncio.timeout(min(_FIRST, self.context.timeout * 0.6)):
                await self._beat.wait()
        except TimeoutError:
            return

    def _joined(self) -> tuple[RedisReader, Listener]:
        self._reader = self._reader or RedisReader(self.context, self.options)
        if self._listener is None:
            self._listener = Listener(self.context, self.options, self.names.beats, self._hears)
        self._listener.start()
        return self._reader, self._listener

    def _hears(self, _channel: bytes, payload: bytes) -> None:
        beat = beat_in(payload)
        if beat is not None and (beat.node in self._heard or len(self._heard) < _MOST):
            self._heard[beat.node] = Heard(beat, self.context.clock.boottime())
            self._beat.set()

    def _forget(self, look: Look) -> None:
        for name, node in look.nodes.items():
            if not node.joined and node.age is not None and node.age > _FORGET:
                self._heard.pop(name, None)
        self._since = {name: since for name, since in self._since.items() if name in look.nodes}

    def _reading(self, node: Node, look: Look, listener: Listener) -> DrainReading:
        beat, now = node.beat, self.context.clock.boottime()
        heard_for = 0.0 if listener.since is None else now - listener.since
        phase = phase_of(node, heard_for)
        label = node.name.decode("utf-8", "replace")
        told = beat if node.alive or phase is Phase.STOPPING else None
        return DrainReading(
            subject=self.context.subject(Practice.DRAINS, node.name, label, owner=label),
            word=Shown(_word(node, phase)),
            note=one_line(_note(node, listener, phase), 200),
            lag=(node.age or 0.0) if node.alive else 0.0,
            phase=phase,
            ready=False if node.is_quiet or phase is not Phase.SERVING else None,
            exit=Shown(
                "said good-bye" if phase is Phase.EXITED else "unknown" if phase is Phase.GONE else ""
            ),
            lost=one_line(lost(node, look), 160),
            in_flight=exact_or_unknown(told.active if told else None),
            grace=exact_or_unknown(self.options.grace, Unit.SECONDS),
            elapsed=self._since.setdefault(node.name, Since()).see(phase, now),
            extra=(
                ("celery.unacked", exact(look.unacked)),
                ("celery.processed", exact_or_unknown(beat.processed if beat else None)),
                ("celery.last_beat", exact_or_unknown(node.age, Unit.SECONDS)),
            ),
        )


def phase_of(node: Node, heard_for: float) -> Phase:
    """What is known of it after so many seconds of listening.

    A worker says good-bye when its warm shutdown begins: what it ran then goes on, and its exit is not told.
    """
    beat = node.beat
    if beat is None:
        return Phase.UNKNOWN
    if beat.kind == "offline":
        return Phase.STOPPING if beat.active else Phase.EXITED
    if node.alive:
        return Phase.DRAINING if node.is_quiet else Phase.SERVING
    return Phase.GONE if heard_for > MISSED * beat.freq else Phase.UNKNOWN


def _word(node: Node, phase: Phase) -> str:
    if phase is Phase.DRAINING:
        return "quiet, busy" if node.beat and node.beat.active else "quiet"
    if phase is Phase.SERVING:
        return "busy" if node.beat and node.beat.active else "idle"
    return {Phase.EXITED: "ended", Phase.STOPPING: "stopping", Phase.GONE: "silent"}.get(phase, "")


def _note(node: Node, listener: Listener, phase: Phase) -> str:
    if listener.failure is not None:
        return f"its heartbeats cannot be heard: {listener.failure.why}"
    if node.beat is None:
        return "on the bus, and no heartbeat was heard: without-heartbeat, or it died"
    if phase is Phase.STOPPING:
        return f"it said good-bye with {node.beat.active} tasks running; its exit is not told on Redis"
    if phase is Phase.GONE:
        return "on the bus still, and silent" if node.joined else "silent, and left the bus"
    if node.alive and node.is_quiet and node.quiet is not None:
        return f"a console took it off {', '.join(node.quiet.queues)}"
    return ""


COLLECTOR = CeleryDrain
