"""Many sample sources in one core: how late their passes start, and what that costs."""

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise

from collectors import registry
from collectors.base import Collector
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep
from collectors.registry import TypeInfo
from console.engine.core import Core
from console.settings import CollectorSettings, Service, Settings

KIND = "queues.many"
STARTS: dict[str, list[float]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None."""


class Many(Collector[Options]):
    """Five subjects that change at every pass."""

    practice = Practice.QUEUES
    Options = Options

    async def collect(self) -> Sweep:
        starts = STARTS.setdefault(self.context.collector, [])
        starts.append(time.perf_counter())
        value = float(len(starts))
        return self.sweep(
            QueueReading(
                subject=self.context.subject(Practice.QUEUES, b"queue-%d" % number),
                ready=exact(value + number),
                workers=exact(1),
            )
            for number in range(5)
        )


async def run_many(count: int, seconds: float) -> tuple[list[float], float]:
    """Delays of the starts against the interval of 1 s, and percent of a core."""
    registry.types = lambda: {KIND: TypeInfo(KIND)}  # type: ignore[assignment]  # one type, made here
    registry.load = lambda _name: Many  # type: ignore[assignment]  # the same
    names = [f"source-{number}" for number in range(count)]
    collectors = tuple(
        CollectorSettings(
            name=name,
            type=KIND,
            practice=Practice.QUEUES,
            options=Options(),
            service=name,
            every=1.0,
            timeout=1.0,
        )
        for name in names
    )
    core = Core(
        Settings(name="many", services={name: Service(name) for name in names}, collectors=collectors)
    )
    await core.start()
    await asyncio.sleep(2.0)
    STARTS.clear()
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    share = 100 * (time.process_time() - cpu) / (time.perf_counter() - began)
    await core.stop()
    late = [
        max(0.0, after - before - 1.0) for starts in STARTS.values() for before, after in pairwise(starts)
    ]
    return late, share
