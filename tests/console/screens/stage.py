"""The console on collectors that follow a script: no servers, no files, and no terminal."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from collectors import registry
from collectors.action import Action
from collectors.base import Collector, Context
from collectors.model.caches import CacheReading
from collectors.model.detail import Detail, DetailSpec
from collectors.model.health import HealthReading, HealthState
from collectors.model.logs import LogBatch, LogReading, LogRecord, Severity
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.registry import TypeInfo
from collectors.text import Shown, shown
from console.actions.making import make_runner
from console.engine.core import Core
from console.engine.state import Snapshot
from console.logs.ring import Ring
from console.screens.app import Quarterdeck
from console.screens.base import ConsoleScreen
from console.settings import CollectorSettings, Service, Settings
from tests.servers.waiting import wait_until_async

FILLED = (Practice.HEALTH, Practice.QUEUES, Practice.CACHES, Practice.POOLS, Practice.LOGS)
SPEC = DetailSpec("why", "Why it is so", "What the source says about it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None."""


@dataclass
class Part:
    """What one practice's collector does; tests change it while the console runs."""

    keys: list[bytes] = field(default_factory=lambda: [b"mail", b"invoices"])
    values: dict[bytes, float] = field(default_factory=dict)
    word: str = ""
    error: Exception | None = None
    hang: bool = False
    passes: int = 0
    details: list[tuple[SubjectId, str]] = field(default_factory=list)
    detail_text: str = "because"
    detail_error: bool = False
    detail_made: Detail | None = None
    make: Callable[[Subject, float, str], Reading] | None = None
    actions: tuple[type[Action[Any, Any]], ...] = ()

    def value(self, key: bytes) -> float:
        return self.values.get(key, 3.0)


def health(subject: Subject, value: float, word: str) -> Reading:
    state = HealthState.DOWN if value < 0 else HealthState.UP
    flaws = (Shown(word),) if word else ()
    return HealthReading(
        subject=subject,
        word=shown(word),
        state=state,
        flaws=flaws,
        version=shown(word),
        latency=exact(abs(value) / 100, Unit.SECONDS),
    )


def queue(subject: Subject, value: float, word: str) -> Reading:
    return QueueReading(
        subject=subject,
        word=shown(word),
        note=shown(word),
        ready=exact(value),
        workers=exact(1.0 if value < 100 else 0.0),
        oldest_age=exact(value, Unit.SECONDS),
    )


def cache(subject: Subject, value: float, word: str) -> Reading:
    return CacheReading(
        subject=subject,
        word=shown(word),
        role=shown(word),
        policy=shown(word),
        hit_ratio=exact(0.9, Unit.RATIO),
        memory=exact(value * 1024, Unit.BYTES),
        memory_max=exact(1e6, Unit.BYTES),
    )


def pool(subject: Subject, value: float, word: str) -> Reading:
    return PoolReading(
        subject=subject,
        word=shown(word),
        in_use=exact(value),
        capacity=exact(100.0),
        fill=exact(value / 100, Unit.RATIO),
    )


def log(subject: Subject, value: float, word: str) -> Reading:
    return LogReading(subject=subject, word=shown(word), format="json", errors=exact(value))


MAKERS = {
    Practice.HEALTH: health,
    Practice.QUEUES: queue,
    Practice.CACHES: cache,
    Practice.POOLS: pool,
    Practice.LOGS: log,
}


def collector_class(practice: Practice, part: Part) -> type[Collector[Any]]:
    """A collector class of ``practice`` that follows ``part``."""

    class Staged(Collector[Options]):
        details = (SPEC,)
        actions = part.actions

        async def collect(self) -> Sweep:
            part.passes += 1
            if part.hang:
                await asyncio.sleep(3600)
            if part.error is not None:
                raise part.error
            make = part.make or MAKERS[self.practice]
            readings = [
                make(self.context.subject(self.practice, key), part.value(key), part.word)
                for key in part.keys
            ]
            return self.sweep(readings, cost=Cost(1, 100, 0.0))

        async def detail(self, subject: SubjectId, name: str) -> Detail:
            part.details.append((subject, name))
            if part.detail_error:
                raise LookupError("no such detail")
            row = (shown(subject.key), shown(part.detail_text))
            return part.detail_made or Detail(SPEC, ("what", "says"), (row,))

    Staged.practice = practice
    Staged.Options = Options
    return Staged


@dataclass
class Stage:
    """Parts by practice, and the app that shows them."""

    parts: dict[Practice, Part]
    app: Quarterdeck
    pilot: Pilot[int] = field(init=False)

    @property
    def screen(self) -> ConsoleScreen:
        """The console screen on top."""
        screen = self.app.screen
        assert isinstance(screen, ConsoleScreen), screen
        return screen

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self.app.store.snapshot()

    def text(self) -> str:
        """What stands on the terminal, one line a row, as a reader sees it."""
        size = self.app.size
        lines = self.app.screen._compositor.render_strips()
        rows = ["".join(segment.text for segment in strip) for strip in lines]
        return "\n".join(row.rstrip() for row in rows[: size.height])

    async def press(self, *keys: str) -> str:
        """Press keys, let what follows happen, and give the screen."""
        await self.pilot.press(*keys)
        await self.worked_off()
        return self.text()

    async def worked_off(self) -> None:
        """Wait until every key that came has acted, and what it said is heard."""
        await wait_until_async(lambda: self.app._keys.idle or self.app._exit, 30, "the keys have acted")
        await self.pilot.pause()

    async def at_once(self, *keys: str) -> None:
        """Press keys as a bad line delivers them: all in one packet."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            name = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
            driver.send_message(events.Key(name, key if len(key) == 1 else None))
        await asyncio.sleep(0)
        await self.pilot.pause()
        await self.worked_off()

    async def until(self, text: str | Callable[[str], object], deadline: float = 30.0) -> str:
        """Wait until a text stands on the screen, or a predicate holds of it."""
        holds = text if callable(text) else lambda screen: text in screen

        async def seen() -> str:
            await self.pilot.pause()
            screen = self.text()
            return screen if holds(screen) else ""

        try:
            return await wait_until_async(seen, deadline)
        except AssertionError:
            raise AssertionError(f"{text!r} not on the screen:\n{self.text()}") from None

    async def live(self) -> None:
        """Wait until every source has told something and it is on the screen."""
        await wait_until_async(lambda: all(part.passes for part in self.parts.values()), 10)
        await wait_until_async(
            lambda: all(
                one.sweep or one.failure or self.hangs(one.practice) for one in self.snapshot.sources
            ),
            10,
        )
        self.app._painter.now()
        await self.pilot.pause()

    def hangs(self, practice: Practice) -> bool:
        return self.parts[practice].hang


def settings_of(
    practices: Sequence[Practice] = FILLED,
    services: Sequence[str] = ("orders", "catalog", "billing", "search"),
    *,
    every: float = 1.0,
    **changed: Any,
) -> Settings:
    """One collector for each practice, all of the first service."""
    collectors = tuple(
        CollectorSettings(
            name=f"{practice}-source",
            type=f"{practice}.staged",
            practice=practice,
            options=Options(),
            service=services[0],
            every=every,
            timeout=1.0,
        )
        for practice in practices
    )
    values: dict[str, Any] = {
        "name": "test",
        "environment": "lab",
        "protected": False,
        "services": {name: Service(name) for name in services},
        "collectors": collectors,
    }
    return Settings(**(values | changed))


async def _at_once(*_seconds: float) -> None:
    """In place of Textual's wait for an idle processor: the screen's own messages are waited for anyway."""
    await asyncio.sleep(0)


@asynccontextmanager
async def staged(
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: tuple[int, int] = (120, 40),
    parts: dict[Practice, Part] | None = None,
    settings: Settings | None = None,
    wait: bool = True,
    **options: Any,
) -> AsyncIterator[Stage]:
    """The console on scripted collectors, live on the fleet screen."""
    settings = settings or settings_of()
    parts = parts or {one.practice: Part() for one in settings.collectors}
    classes = {f"{practice}.staged": collector_class(practice, part) for practice, part in parts.items()}
    infos = {name: TypeInfo(name, "") for name in classes}
    monkeypatch.setenv("XDG_STATE_HOME", "/nonexistent")  # a test that wants reports says where
    monkeypatch.setattr("textual.app.wait_for_idle", _at_once)
    monkeypatch.setattr("textual.pilot.wait_for_idle", _at_once)
    monkeypatch.setattr(registry, "types", lambda: infos)
    monkeypatch.setattr(registry, "load", lambda name: classes[name])
    ring = Ring()
    core = Core(settings, emit=ring.append, seed=1)
    state = tempfile.TemporaryDirectory()
    runner = make_runner(core, {"XDG_STATE_HOME": state.name})
    app = Quarterdeck(core, ring, runner=runner, **options)
    stage = Stage(parts, app)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            stage.pilot = pilot
            if wait:
                await stage.live()
            yield stage
    finally:
        app.wind_down(3)
        state.cleanup()


def record(seq: int, message: str, severity: Severity = Severity.INFO, **fields: str) -> LogRecord:
    """One record of a stream."""
    pairs = tuple((shown(name), shown(value)) for name, value in fields.items())
    at = 1_700_000_000.0 + seq
    raw = json.dumps({"time": at, "level": severity.word, "message": message, **fields}).encode()
    return LogRecord(seq, at, True, severity, shown(message), raw, pairs)


def batch(*records: LogRecord, service: str = "orders") -> LogBatch:
    """Records of a service's stream."""
    subject = Context(collector="logs-source", service=service).subject(Practice.LOGS, b"/var/log/app.log")
    return LogBatch(subject, records)
