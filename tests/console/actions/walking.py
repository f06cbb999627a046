"""Marked subjects are drained one after another by a console without a screen, here or as a process to kill.

``python -m tests.console.actions.walking CONFIG KEY=VALUE …`` drains all that the file watches, in its order.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.action import Result
from collectors.model.subject import SubjectId
from console.actions.making import make_runner
from console.actions.runner import Runner
from console.actions.series import Series
from console.engine.core import Core
from console.settings import load
from console.settings.source import Source


@dataclass
class Walker:
    """A console's core, its runner and its series; ``ends``: what was told at the end of each."""

    core: Core
    runner: Runner
    series: Series
    ends: "asyncio.Queue[tuple[str, Result]]" = field(default_factory=asyncio.Queue)

    @property
    def subjects(self) -> list[SubjectId]:
        """What is watched, in the order of the file."""
        order = [collector.name for collector in self.core.settings.collectors]
        rows = self.core.store.snapshot().rows
        return sorted((row.reading.subject.id for row in rows), key=lambda one: order.index(one.collector))

    @property
    def records(self) -> list[dict[str, Any]]:
        """The journal."""
        return list(self.runner.journal.records())

    async def begin(self, **arguments: str) -> None:
        """Plan them all, and confirm them as an operator does who has marked them."""
        bundle = await self.series.plan("drains.drain", self.subjects, arguments)
        await self.series.start(bundle, bundle.phrase)


@asynccontextmanager
async def walker(config: Path, environ: Mapping[str, str]) -> AsyncIterator[Walker]:
    """A console that has looked once."""
    core = Core(load(Source(config), {}), seed=1)
    runner = make_runner(core, environ)
    made = Walker(core, runner, Series(runner))
    made.series.on_end = lambda words, result: made.ends.put_nowait((str(words), result))
    try:
        await core.once()
        yield made
    finally:
        await made.series.close()
        await runner.close(5.0)
        await core.stop()


async def main(config: str, *arguments: str) -> None:
    """Walk, and tell how it ended."""
    async with walker(Path(config), os.environ) as made:
        await made.begin(**dict(one.split("=", 1) for one in arguments))
        print(*await made.ends.get())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
