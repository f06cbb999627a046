"""The real console on sources made here: many of them, on time or hung, and what became of them.

python -m tests.bench.many OUT [--sources N] [--services N] [--every S] [--hang-after S]

Opens the screen; when it is left, OUT holds the account as JSON: for each pass how much later it
began than planned, the boottime of each source's last good pass, and what the store holds.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from collectors import registry
from collectors.base import Collector
from collectors.clock import SystemClock
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.sweep import Cost, Sweep
from collectors.registry import TypeInfo
from console.actions.making import make_runner
from console.engine.core import Core
from console.logs.ring import Ring
from console.settings import CollectorSettings, Service, Settings
from console.terminal.check import apply_environment

TYPE = "queues.many"
TIMEOUT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The number of the source, the services that it tells of, and when it falls silent."""

    number: int
    services: tuple[str, ...]
    hang_after: float | None


@dataclass
class Account:
    """What the sources saw: delays of starts in seconds, and their last good passes."""

    delays: list[float] = field(default_factory=list)
    arrived: dict[str, float] = field(default_factory=dict)
    passes: int = 0


ACCOUNT = Account()


class ManyCollector(Collector[Options]):
    """Answers after a few milliseconds; all its values change each time."""

    practice = Practice.QUEUES
    Options = Options
    _began: float | None = None
    _planned: float | None = None

    async def collect(self) -> Sweep:
        now = SystemClock().boottime()
        if self._planned is not None:
            ACCOUNT.delays.append(now - self._planned)
        self._began = self._began or now
        self._planned = now + self.context.every
        if self.options.hang_after is not None and now - self._began >= self.options.hang_after:
            await asyncio.sleep(3600)
        await asyncio.sleep(0.002 + 0.018 * (self.options.number * 7919 % 100) / 100)
        ACCOUNT.passes += 1
        ACCOUNT.arrived[self.context.collector] = SystemClock().boottime()
        return self.sweep(
            [self._reading(service) for service in self.options.services], cost=Cost(1, 100, 0.0)
        )

    def _reading(self, service: str) -> QueueReading:
        depth = float((self.options.number * 31 + ACCOUNT.passes) % 997)
        subject = self.context.subject(Practice.QUEUES, service.encode(), owner=service)
        return QueueReading(
            subject=subject,
            ready=exact(depth),
            workers=exact(3.0),
            oldest_age=exact(depth / 10, Unit.SECONDS),
        )


@contextmanager
def installed() -> Iterator[None]:
    """The registry knows the type of our sources, and no other."""
    types = {TYPE: TypeInfo(TYPE)}
    with (
        patch.object(registry, "types", lambda: types),
        patch.object(registry, "load", lambda _name: ManyCollector),
    ):
        yield


def settings(sources: int, services: int, every: float, hang_after: float | None) -> Settings:
    """So many sources that tell of so many services, each source of its share."""
    names = [f"service-{number:03}" for number in range(services)]
    shares = [tuple(names[number::sources]) or (names[number % services],) for number in range(sources)]
    return Settings(
        name="many",
        environment="lab",
        protected=False,
        services={name: Service(name) for name in names},
        collectors=tuple(
            CollectorSettings(
                name=f"source-{number:03}",
                type=TYPE,
                practice=Practice.QUEUES,
                options=Options(number=number, services=share, hang_after=hang_after),
                attribute=tuple((name, name) for name in share),
                every=every,
                timeout=TIMEOUT,
            )
            for number, share in enumerate(shares)
        ),
    )


def account(core: Core) -> dict[str, Any]:
    """What became of the run, for JSON."""
    snapshot = core.store.snapshot()
    return {
        "delays": ACCOUNT.delays,
        "passes": ACCOUNT.passes,
        "arrived": ACCOUNT.arrived,
        "every": core.settings.collectors[0].every,
        "timeout": TIMEOUT,
        "rows": len(snapshot.rows),
        "services": len({row.reading.subject.service for row in snapshot.rows}),
        "history": core.history.size(),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--services", type=int, default=300)
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--hang-after", type=float)
    given = parser.parse_args()
    apply_environment(low_bandwidth=False)
    from console.screens.app import Quarterdeck

    ring = Ring()
    with installed():
        core = Core(settings(given.sources, given.services, given.every, given.hang_after), emit=ring.append)
        code = Quarterdeck(core, ring, runner=make_runner(core, os.environ)).run_screen()
    given.out.write_text(json.dumps(account(core)))
    return code


if __name__ == "__main__":
    sys.exit(main())
