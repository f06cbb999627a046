"""The six incidents of the lab, each found by the real core on real servers, and gone when they are over."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.engine.core import Core
from console.engine.state import Freshness, SourceState
from console.lab import control
from console.lab.run import Lab
from console.lab.shop.wiring import Wiring
from console.settings import Settings, Source, load
from tests.servers.retrying import retry_dead
from tests.servers.waiting import wait_until_async

CALM = 7.0
USUAL = 15.0
"""Seconds of calm from which a console knows what is usual for a cache."""
FOUND = 45.0
OVER = 60.0


@pytest.fixture(scope="module")
def settings(lab: Lab) -> Settings:
    return load(Source(lab.config_path, "", Path.cwd()), os.environ)


@pytest.fixture
async def core(lab: Lab, settings: Settings) -> AsyncIterator[Core]:
    """A fresh console that has seen a little calm."""
    core = Core(settings, seed=1)
    await core.start()
    yield core
    for name in await control.active(lab.folder):
        await control.stop(name, lab.folder)
    await core.stop()


def told(core: Core) -> set[tuple[str, str]]:
    return {(one.rule, one.service) for one in core.store.snapshot().findings}


# the shop needs some seconds to be calm again after some of them: those come last
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("incident", "service"),
    [
        ("gateway-slow", "payments"),
        ("dead-letters", "orders"),
        ("worker-gone", "orders"),
        ("lying-health", "orders"),
        ("cache-cold", "catalog"),
        ("pool-leak", "catalog"),
    ],
)
async def test_an_incident_is_found_and_named_and_over(
    core: Core, lab: Lab, incident: str, service: str
) -> None:
    await calm_for(core, USUAL if incident == "cache-cold" else CALM)
    await control.start(incident, lab.folder)
    await wait_until_async(lambda: (incident, service) in told(core), FOUND, f"{incident} is found")
    await control.stop(incident, lab.folder)
    if incident == "dead-letters":
        # what is dead stays so until somebody retries it
        wiring = Wiring.load(lab.folder / "wiring.json")
        assert await asyncio.to_thread(retry_dead, wiring.operator["queues"], "mail") > 0
    await wait_until_async(lambda: told(core) == set(), OVER, "nothing is found any more")


async def calm_for(core: Core, seconds: float) -> None:
    """So many seconds in which every source answers and nothing is found."""
    await wait_until_async(
        lambda: all(one.freshness(core.clock.boottime()) is Freshness.LIVE for one in states(core)),
        15,
        "every source answers",
    )
    end = core.clock.boottime() + seconds
    while core.clock.boottime() < end:
        assert told(core) == set()
        await asyncio.sleep(0.1)


def states(core: Core) -> tuple[SourceState, ...]:
    return core.store.snapshot().sources
