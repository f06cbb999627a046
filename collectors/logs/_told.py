"""The way to the logs of pods and containers: which there are, and a program for each that tells its log."""

import asyncio
from collections.abc import Sequence

from collectors.clock import Clock
from collectors.errors import SourceError
from collectors.logs._following import FollowOptions, Found, Results, read_here
from collectors.logs._stream import Stream
from collectors.transport.read.source import ByteSource, SourceState
from collectors.transport.read.told import ToldTail
from collectors.transport.servers.asking import following
from collectors.transport.servers.outside import Instance, OutsideWay

MOST = 20
"""Logs that are followed at a time: each is a kubectl or docker of its own, with 40 MB of memory."""

LOOK_EVERY = 5.0
"""Seconds between two looks at which there are."""

_FIRST, _CAP = 1.0, 30.0


class ToldLogs:
    """The logs of all that a way stands for."""

    def __init__(self, way: OutsideWay, options: FollowOptions, clock: Clock) -> None:
        self.failure: SourceError | None = None
        self.note = f"no log is there of {way.target}"
        self.beyond = 0
        self._way = way
        self._options = options
        self._clock = clock
        self._looked: float | None = None
        self._tails: dict[str, ToldTail] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def find(self) -> Found:
        """See which logs there are; one that is gone is left when all of it was read."""
        self.failure = None
        now = self._clock.boottime()
        new: list[ByteSource] = []
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            self._looked = now
            try:
                new = self._took(await self._way.instances())
            except SourceError as error:
                self._looked = None
                self.failure = error
        gone = [key for key, tail in self._tails.items() if self._is_over(key, tail)]
        for key in gone:
            self._tasks.pop(key)
        return Found(new, [self._tails.pop(key).key for key in gone])

    async def read(self, streams: Sequence[Stream]) -> Results:
        """A piece of each, of what the programs told."""
        return read_here(streams, self._clock.boottime(), self._clock.wall())

    async def close(self, sources: Sequence[ByteSource]) -> None:  # noqa: ARG002 - none holds anything
        """End the programs."""
        tasks = tuple(self._tasks.values())
        self._tasks.clear()
        self._tails.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)

    def _took(self, found: Sequence[Instance]) -> list[ByteSource]:
        there = {one.key: one for one in found[-MOST:]}
        self.beyond = len(found) - len(there)
        for key, tail in self._tails.items():
            tail.wanted = key in there
        new = [one for one in there.values() if one.key not in self._tails]
        for one in new:
            tail = ToldTail(
                one.key,
                one.name,
                began=self._clock.wall(),
                back=self._options.back,
                cap=self._options.max_line,
            )
            self._tails[one.key] = tail
            self._tasks[one.key] = asyncio.create_task(self._follow(one, tail), name=f"log of {one.name}")
        return [self._tails[one.key] for one in new]

    def _is_over(self, key: str, tail: ToldTail) -> bool:
        return not tail.wanted and tail.drained and self._tasks[key].done()

    async def _follow(self, one: Instance, tail: ToldTail) -> None:
        """Start the program, again and again while the log is there, from the last line on."""
        pause = _FIRST
        while True:
            before = tail.since
            try:
                await self._tell(one, tail)
            except SourceError as error:
                tail.stop(SourceState.FAILED, error.why, error.hint)
            if not tail.wanted:
                return
            pause = _FIRST if tail.since != before else min(_CAP, pause * 2)
            await asyncio.sleep(pause)

    async def _tell(self, one: Instance, tail: ToldTail) -> None:
        stream = await following(self._way.log_argv(one, tail.since), one.name)
        tail.begin()
        try:
            while piece := await stream.read():
                tail.put(piece)
                while tail.full:
                    tail.room.clear()
                    await tail.room.wait()
            ran = await stream.ended()
        finally:
            await stream.close()
        if ran.code != 0:
            fault, said = self._way.fault_of(tail.said.encode())
            raise self._way.refused(fault, said)
        tail.stop(SourceState.ENDED, "it has ended")
