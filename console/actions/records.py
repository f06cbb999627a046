"""What is written into the journal by this console, and what the journal tells."""

import asyncio
import contextlib
import os
from typing import Any

from collectors.action import RefusedError
from console.actions.journal import Journal
from console.actions.past import Story
from console.actions.who import Who
from console.engine.core import Core
from console.present.words import rfc3339


class Records:
    """The journal with this console's name under each record; ``story`` is what is known of it.

    For the core's loop; the file is written and read in threads.
    """

    def __init__(self, core: Core, journal: Journal, who: Who) -> None:
        self.journal = journal
        self.who = who
        self.story = Story()
        # a journal that cannot be read stops no looking; it refuses every action
        with contextlib.suppress(RefusedError):
            self.story = self._read()
        self._core = core

    async def write(self, phase: str, **told: Any) -> None:  # noqa: ANN401 - JSON
        """Write a record; raises RefusedError where that cannot be done."""
        settings = self._core.settings
        record = {
            **told,
            "phase": phase,
            "when": rfc3339(self._core.clock.wall()),
            "console": settings.name,
            "environment": settings.environment,
            "who": self.who.told(),
            "pid": os.getpid(),
        }
        await asyncio.to_thread(self.journal.append, record)
        self.story.add(record)

    async def read(self) -> Story:
        """What the journal tells now, other consoles' runs included; RefusedError where it cannot be read."""
        self.story = await asyncio.to_thread(self._read)
        return self.story

    def _read(self) -> Story:
        try:
            return Story.of(self.journal.records())
        except OSError as error:
            why = f"the journal cannot be read: {error.strerror}"
            raise RefusedError(why, str(self.journal.path)) from None

    async def is_over(self, holder: str) -> bool:
        """Whether a lease is left from a run of ours whose end is known: a console died over it."""
        past = (await self.read()).runs.get(holder.rpartition(" ")[2])
        return past is not None and past.outcome is not None
