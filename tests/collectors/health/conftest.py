"""Health collectors on loopback."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import pytest

from collectors.base import Context
from collectors.health.http import HttpHealth, HttpHealthOptions
from collectors.model.health import HealthReading
from collectors.secret import SecretUrl


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def boottime(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now


class MakeHealth(Protocol):
    """Make a health.http collector that is closed with the test."""

    def __call__(self, url: str, *, within: float = ..., **options: Any) -> HttpHealth: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def make_health(clock: FakeClock) -> AsyncIterator[MakeHealth]:
    made: list[HttpHealth] = []

    def make(url: str, *, within: float = 10.0, **options: Any) -> HttpHealth:
        context = Context(collector="ready", service="orders", timeout=within, clock=clock)
        made.append(HttpHealth(HttpHealthOptions(url=SecretUrl(url), **options), context))
        return made[-1]

    yield make
    for collector in made:
        await collector.close()


@pytest.fixture
def probe() -> Callable[[HttpHealth], Any]:
    """One probe's reading."""

    async def once(collector: HttpHealth) -> HealthReading:
        (reading,) = (await collector.collect()).readings
        assert isinstance(reading, HealthReading)
        return reading

    return once
