"""Collectors, clocks and settings for tests of the engine."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors import registry
from collectors.base import Collector
from collectors.errors import UnreachableError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.registry import TypeInfo
from collectors.text import Shown
from console.settings import CollectorSettings, Service, Settings


@dataclass
class HandClock:
    """A clock that goes on only by hand."""

    now: float = 1000.0

    def boottime(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of the samples: none."""


@dataclass
class Script:
    """What a sample does at each pass; tests change it while it runs."""

    ready: dict[bytes, float] = field(default_factory=lambda: {b"mail": 3.0})
    workers: float = 1.0
    fail: Exception | None = None
    hang: bool = False
    block: float = 0.0
    complete: bool = True
    cost: float = 0.0
    passes: int = 0
    open_fails: Exception | None = None
    closed: int = 0
    hint: Callable[[], None] = lambda: None


SPEC = DetailSpec("why", "why", "Why it is so.")


def queue_collector(script: Script) -> type[Collector[Any]]:
    """A collector class that follows ``script``."""

    class Sample(Collector[Options]):
        """A sample."""

        practice = Practice.QUEUES
        details = (SPEC,)

        async def open(self) -> None:
            if script.open_fails is not None:
                raise script.open_fails

        async def collect(self) -> Sweep:
            script.passes += 1
            if script.block:
                time.sleep(script.block)  # noqa: ASYNC251 - that it blocks is the point
            if script.hang:
                await asyncio.sleep(3600)
            if script.fail is not None:
                raise script.fail
            readings = [
                QueueReading(
                    subject=self.context.subject(Practice.QUEUES, key),
                    ready=exact(value),
                    workers=exact(script.workers),
                    oldest_age=Quantity(value, Unit.SECONDS),
                )
                for key, value in script.ready.items()
            ]
            return self.sweep(readings, complete=script.complete, cost=Cost(1, 10, script.cost))

        async def detail(self, subject: SubjectId, name: str) -> Detail:
            if script.fail is not None:
                raise script.fail
            return Detail(SPEC, ("key",), ((Shown(subject.key),), (Shown(name),)))

        async def close(self) -> None:
            script.closed += 1

    Sample.Options = Options
    return Sample


def install(
    monkeypatch: pytest.MonkeyPatch, classes: dict[str, type[Collector[Any]]], foreign: str = ""
) -> None:
    """Let the registry know these types; ``foreign`` makes them another distribution's."""
    infos = {name: TypeInfo(name, foreign) for name in classes}
    monkeypatch.setattr(registry, "types", lambda: infos)
    monkeypatch.setattr(registry, "load", lambda name: classes[name])


def collector_settings(name: str, kind: str = "queues.sample", **changed: Any) -> CollectorSettings:
    values: dict[str, Any] = {
        "name": name, "type": kind, "practice": Practice.QUEUES, "options": Options(), "service": "orders",
        "every": 1.0, "timeout": 0.5,
    }  # fmt: skip
    return CollectorSettings(**(values | changed))


def settings_of(*collectors: CollectorSettings, services: dict[str, Service] | None = None) -> Settings:
    return Settings(
        name="test",
        environment="lab",
        protected=False,
        services=services or {"orders": Service("orders")},
        collectors=tuple(collectors),
    )


UNREACHABLE = UnreachableError("refused", "nothing listens there")
