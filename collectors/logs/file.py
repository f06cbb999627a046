"""Log files on this machine: followed through rotation, parsed whatever their format, counted."""

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from collectors.base import Collector, Context
from collectors.clock import Clock
from collectors.errors import UnsupportedError
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._stream import Stream
from collectors.model.practice import Practice
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, Size
from collectors.text import Shown, shown
from collectors.transport.read.files import Got, Tail, TailOptions, TailState
from collectors.transport.read.files_glob import expand, is_pattern
from collectors.transport.read.files_lines import LINE_CAP, Line
from collectors.transport.read.files_open import Seen
from collectors.transport.read.files_thread import FileThread

MOST_FILES = 200
"""Files of a pattern that are followed, the latest written first."""

EXPAND_EVERY = 2.0
"""Seconds between two looks for new files, at the least; a slow look is repeated seldom."""

PIECE = 256 * 1024
"""Bytes read of one file in its turn."""

ROUND = 4 * 1024 * 1024
"""Bytes read before anything is parsed."""

T = TypeVar("T")
_Results = list[tuple[Stream, Got]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """Options of ``logs.file``.

    ``path``: a file, or a pattern (``*``, ``?``, ``[…]``, ``**``); ``~`` is the home folder.
    ``back``: how far to read back at the start. ``back_bytes``: and how many bytes at most.
    ``max_line``: bytes kept of one line. ``format``: of the lines, where recognising it fails.
    """

    path: str
    back: Duration = 900.0
    back_bytes: Size = 8 * 1024 * 1024
    max_line: Size = LINE_CAP
    format: Format = "auto"

    def __post_init__(self) -> None:
        """Refuse what can name no file and what leaves nothing of a line."""
        if not self.path or "\0" in self.path:
            raise ValueError("path: must name a file")
        if self.max_line < 1024:
            raise ValueError("max_line: must be 1 KiB or more")


class FileLogs(Collector[FileOptions]):
    """Follows one file or a pattern of files; each is a stream of its own."""

    practice: ClassVar[Practice] = Practice.LOGS
    Options: ClassVar[type[FileOptions]] = FileOptions
    default_every: ClassVar[float] = 1.0
    records: ClassVar[bool] = True

    def __init__(self, options: FileOptions, context: Context) -> None:
        super().__init__(options, context)
        self._pattern = str(Path(options.path).expanduser())
        self._many = is_pattern(self._pattern)
        self._streams: dict[str, Stream] = {}
        self._thread = FileThread(context.collector)
        self._reading: asyncio.Future[_Results] | None = None
        self._expanding: asyncio.Future[tuple[list[tuple[str, Seen]], int]] | None = None
        self._expand_at = 0.0
        self._beyond = 0
        self._started = False

    async def open(self) -> None:
        """Refuse a file on a server; the file itself need not be there yet."""
        if self.context.server:
            raise UnsupportedError(
                f"{self.context.server}: log files behind a server cannot be read yet",
                "run the console on that server and drop `server`",
            )

    async def collect(self) -> Sweep:
        """Read what is new, within a share of the interval and of the deadline, and parse it."""
        clock, emit = self.context.clock, self.context.emit
        until = clock.boottime() + min(0.6 * self.context.every, 0.4 * self.context.timeout)
        await self._finish(self._reading)
        await self._find()
        reads = total = 0
        active = list(self._streams.values())
        while await self._work(until) and active:
            got = await self._read(active)
            reads += len(got)
            total += sum(one.bytes for _, one in got)
            # those that had no turn come first
            asked = {id(stream) for stream, _ in got}
            active = sorted((one for one in active if one.unread), key=lambda one: id(one) in asked)
        now, wall = clock.boottime(), clock.wall()
        for stream in self._streams.values():
            stream.settle(now, wall, emit)
        readings = [stream.reading(now, wall) for stream in self._streams.values()]
        return self.sweep(readings, beyond=self._beyond, cost=Cost(reads, total), note=self._note())

    async def close(self) -> None:
        """Let the thread give the files back; a hung one is left to itself."""
        tails = [stream.tail for stream in self._streams.values()]
        self._streams.clear()
        closing = self._thread.run(partial(_close, tails))
        self._thread.stop()
        await asyncio.wait({closing}, timeout=0.3)

    async def _read(self, streams: list[Stream]) -> _Results:
        """A piece of each file, until a round's bytes are read; the streams have taken it on return."""
        for stream in streams:
            stream.unread = True
        reading = self._reading = self._thread.run(partial(_read, streams, self.context.clock))
        reading.add_done_callback(self._accept)
        return await self._finish(reading) or []

    def _accept(self, reading: "asyncio.Future[_Results]") -> None:
        """Take what was read, even if the pass that asked for it was cancelled meanwhile."""
        self._reading = None
        if not reading.cancelled() and reading.exception() is None:
            wall = self.context.clock.wall()
            for stream, got in reading.result():
                stream.accept(got, wall)

    @staticmethod
    async def _finish(call: "asyncio.Future[T] | None") -> T | None:
        """Wait for a call of the thread without cancelling it: one that hangs is waited for again."""
        if call is None:
            return None
        await asyncio.wait({call})
        return call.result()

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

    async def _find(self) -> None:
        """See which files there are to follow."""
        now = self.context.clock.boottime()
        if not self._many:
            if not self._streams:
                self._follow(self._pattern)
            return
        if now < self._expand_at:
            return
        if self._expanding is None:
            self._expanding = self._thread.run(partial(expand, self._pattern, MOST_FILES))
        expanding = self._expanding
        await asyncio.wait({expanding})
        self._expanding = None
        found = expanding.result()
        took = self.context.clock.boottime() - now
        self._expand_at = now + max(EXPAND_EVERY, 20 * took)
        paths, self._beyond = found
        statuses = [stream.status for stream in self._streams.values()]
        for path, seen in paths:
            known = any(seen.id in status.ids or seen in status.left for status in statuses)
            if path not in self._streams and not known and len(self._streams) < MOST_FILES:
                self._follow(path)
        here = {path for path, _ in paths}
        for path, stream in list(self._streams.items()):
            if path not in here and stream.status.state is TailState.MISSING and not stream.status.ids:
                del self._streams[path]
        self._started = True

    def _follow(self, path: str) -> None:
        options, clock = self.options, self.context.clock
        tail_options = TailOptions(back=options.back, back_bytes=options.back_bytes, cap=options.max_line)
        tail = Tail(path, self._when, tail_options, fresh=self._started)
        name = Path(path).name
        subject = self.context.subject(Practice.LOGS, os.fsencode(path), name, owner=name)
        cutoff = clock.wall() - options.back
        parser = Parser(options.format)
        self._streams[path] = Stream(subject, tail, parser, clock.boottime(), options.back, cutoff)

    def _when(self, line: bytes) -> float | None:
        """The time that a line tells."""
        parser = Parser(self.options.format)
        wall = self.context.clock.wall()
        made = parser.parse([Line(line)], wall, 0.0) + parser.flush(0.0, force=True)
        return next((record.time for record in made if record.timed), None)

    def _note(self) -> Shown:
        if not self._streams:
            return shown(f"no file fits {self._pattern}")
        return Shown("")


def _read(streams: list[Stream], clock: Clock) -> _Results:
    """In the thread: a piece of each file, until a round's bytes are read."""
    got: _Results = []
    total = 0
    for stream in streams:
        if total >= ROUND:
            break
        one = stream.tail.read(PIECE, clock.boottime(), clock.wall())
        got.append((stream, one))
        total += one.bytes
    return got


def _close(tails: list[Tail]) -> None:
    """In the thread: give the files back."""
    for tail in tails:
        tail.close()


COLLECTOR = FileLogs
