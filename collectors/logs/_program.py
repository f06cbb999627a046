"""The way to what a program prints, here or on a server: a task fills the source, the passes empty it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from collectors.clock import Clock
from collectors.errors import SourceError
from collectors.logs._following import Found, Results, given_up, read_here
from collectors.logs._stream import Stream
from collectors.transport.host import Host
from collectors.transport.read.program import ProgramSource
from collectors.transport.read.source import ByteSource

FIRST_WORDS = 0.5
"""Seconds to wait after the start for what a program prints first."""


class ProgramWay(ABC):
    """One program; ``run`` keeps it running and raises SourceError where that cannot be."""

    beyond = 0
    note = ""

    def __init__(self, host: Host, source: ProgramSource, clock: Clock) -> None:
        self.failure: SourceError | None = None
        self.host = host
        self.source = source
        self.clock = clock
        self._running: asyncio.Task[None] | None = None
        self._told = False

    @abstractmethod
    async def run(self) -> None:
        """Start the program and put what it prints, until cancelled."""

    async def find(self) -> Found:
        """See that the program runs; after a start, wait a little for its first words."""
        if self._running is None:
            self.failure = None
            self.source.began.clear()
            self._running = asyncio.create_task(self.run(), name=self.source.name)
            await self._wait(self.source.began, None)
            await self._wait(self.source.came, FIRST_WORDS)
        if self._running.done():
            running, self._running = self._running, None
            error = running.exception()
            if not isinstance(error, SourceError):
                running.result()
            else:
                self.failure = error
        told, self._told = self._told, True
        return Found() if told else Found([self.source])

    async def _wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Wait for an event, for the end of the program, or so long."""
        waiting = asyncio.ensure_future(event.wait())
        running = {self._running} if self._running is not None else set()
        try:
            await asyncio.wait({waiting, *running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def read(self, streams: Sequence[Stream]) -> Results:
        """What came."""
        return read_here(streams, self.clock.boottime(), self.clock.wall())

    async def close(self, sources: Sequence[ByteSource]) -> None:  # noqa: ARG002 - none holds anything
        """End the program."""
        running, self._running = self._running, None
        await given_up(running)
