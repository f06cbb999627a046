"""What all log collectors do: find sources, read them in turns, parse within a share of the time."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from collectors.base import Collector, Context
from collectors.errors import SourceError
from collectors.logs._formats.parser import Parser
from collectors.logs._stream import Stream
from collectors.model.practice import Practice
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, Size
from collectors.text import shown
from collectors.transport.read.files_lines import LINE_CAP
from collectors.transport.read.source import ByteSource, Got

PIECE = 256 * 1024
"""Bytes read of one source in its turn."""

ROUND = 4 * 1024 * 1024
"""Bytes read before anything is parsed."""

O = TypeVar("O", bound="Follows")  # noqa: E741 - the option dataclass of an adapter
Results = list[tuple[Stream, Got]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOptions:
    """Options of every log collector.

    ``back``: how far to read back at the start. ``max_line``: bytes kept of one line.
    """

    back: Duration = 900.0
    max_line: Size = LINE_CAP

    def __post_init__(self) -> None:
        """Refuse what leaves nothing of a line."""
        if self.max_line < 1024:
            raise ValueError("max_line: must be 1 KiB or more")


class Follows(Protocol):
    """What the options of every log collector tell: ``back`` in seconds, ``max_line`` in bytes."""

    @property
    def back(self) -> float: ...

    @property
    def max_line(self) -> int: ...


class Found(NamedTuple):
    """Sources that came since the last look, and the keys of those that went."""

    new: Sequence[ByteSource] = ()
    gone: Sequence[bytes] = ()


class Way(Protocol):
    """How a collector comes by its sources.

    ``note`` tells why there is none. ``failure``: why nothing can
    be read just now; the next look tries again.
    """

    note: str
    failure: SourceError | None

    @property
    def beyond(self) -> int:
        """Sources left out."""
        ...

    async def find(self) -> Found:
        """Look for sources; may be cancelled."""
        ...

    async def read(self, streams: Sequence[Stream]) -> Results:
        """A piece of each, until a round's bytes are read; the streams have accepted it on return."""
        ...

    async def close(self, sources: Sequence[ByteSource]) -> None:
        """Give all back; never raises and never waits long."""
        ...


class FollowedLogs(Collector[O]):
    """Follows sources of lines; each is a stream of its own.

    ``early``: the sources begin before the wanted time, so what is older is dropped here.
    """

    practice: ClassVar[Practice] = Practice.LOGS
    default_every: ClassVar[float] = 1.0
    records: ClassVar[bool] = True
    kind: ClassVar[str]
    early: ClassVar[bool] = False

    def __init__(self, options: O, context: Context) -> None:
        super().__init__(options, context)
        self._streams: dict[bytes, Stream] = {}
        self._way: Way | None = None

    @abstractmethod
    def way(self) -> Way:
        """The way to the sources; made at the first look."""

    def parser(self) -> Parser:
        """A parser for one stream."""
        return Parser()

    async def collect(self) -> Sweep:
        """Read what is new, within a share of the interval and of the deadline, and parse it.

        Raises the way's failure after what had come before it was emitted.
        """
        clock, emit = self.context.clock, self.context.emit
        way = self._way = self._way or self.way()
        found = await way.find()
        for key in found.gone:
            self._streams.pop(key, None)
        for source in found.new:
            self._follow(source)
        until = clock.boottime() + min(0.6 * self.context.every, 0.4 * self.context.timeout)
        reads = total = 0
        active = list(self._streams.values())
        while await self._work(until) and active:
            got = await way.read(active)
            reads += len(got)
            total += sum(one.bytes for _, one in got)
            # those that had no turn come first
            asked = {id(stream) for stream, _ in got}
            active = sorted((one for one in active if one.unread), key=lambda one: id(one) in asked)
        now, wall = clock.boottime(), clock.wall()
        for stream in self._streams.values():
            stream.settle(now, wall, emit)
        if way.failure is not None:
            raise way.failure
        readings = [stream.reading(now, wall) for stream in self._streams.values()]
        note = shown("" if readings else way.note)
        return self.sweep(readings, beyond=way.beyond, cost=Cost(reads, total), note=note)

    async def close(self) -> None:
        """Give the way back; positions were told with the last records."""
        sources = [stream.source for stream in self._streams.values()]
        self._streams.clear()
        way, self._way = self._way, None
        if way is not None:
            await way.close(sources)

    async def _work(self, until: float) -> bool:
        """Parse what was read, in slices between which the loop runs; whether there is time for more."""
        clock = self.context.clock
        for stream in self._streams.values():
            while stream.waiting:
                stream.work(clock.boottime(), clock.wall(), self.context.emit)
                await asyncio.sleep(0)
                if clock.boottime() >= until:
                    return False
        return clock.boottime() < until

    def _follow(self, source: ByteSource) -> None:
        clock, back = self.context.clock, self.options.back
        self._streams[source.key] = Stream(
            self.context.subject(Practice.LOGS, source.key, source.label, owner=source.label),
            source,
            self.parser(),
            clock.boottime(),
            back=back,
            cutoff=clock.wall() - back if self.early else 0.0,
            keep=partial(self.context.positions.put, source.key),
            kind=self.kind,
        )


def read_here(streams: Sequence[Stream], now: float, wall: float) -> Results:
    """A piece of each source that does not block, until a round's bytes are read."""
    got: Results = []
    total = 0
    for stream in streams:
        stream.unread = True
        if total < ROUND:
            one = stream.source.read(PIECE, now, wall)
            stream.accept(one, wall)
            got.append((stream, one))
            total += one.bytes
    return got


async def given_up(running: "asyncio.Task[Any] | None") -> None:
    """End a task and wait a moment for it; what it fails with is of no interest any more."""
    if running is None:
        return
    running.cancel()
    await asyncio.wait({running}, timeout=2.0)
    if running.done() and not running.cancelled():
        running.exception()
