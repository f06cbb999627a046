"""The way to log files of this machine: read in a thread, patterns looked at anew now and then."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from collectors.clock import Clock
from collectors.errors import SourceError
from collectors.logs._following import PIECE, ROUND, Found, Results
from collectors.logs._stream import Stream
from collectors.positions import Positions
from collectors.transport.read.files import Tail, TailOptions
from collectors.transport.read.files_back import When
from collectors.transport.read.files_glob import base_of, expand, is_pattern
from collectors.transport.read.files_open import Seen
from collectors.transport.read.files_thread import FileThread
from collectors.transport.read.source import ByteSource

MOST_FILES = 200
"""Files of a pattern that are followed, the latest written first."""

EXPAND_EVERY = 2.0
"""Seconds between two looks for new files, at the least; a slow look is repeated seldom."""

T = TypeVar("T")


class LocalFiles:
    """One file, or those of a pattern."""

    def __init__(
        self, path: str, when: When, options: TailOptions, clock: Clock, positions: Positions, *, name: str
    ) -> None:
        self._beyond = 0
        self.failure: SourceError | None = None
        self._pattern = str(Path(path).expanduser())
        self.note = f"no file fits {self._pattern}"
        self._many = is_pattern(self._pattern)
        self._when = when
        self._options = options
        self._clock = clock
        self._positions = positions
        self._tails: dict[str, Tail] = {}
        self._thread = FileThread(name)
        self._reading: asyncio.Future[Results] | None = None
        self._expanding: asyncio.Future[tuple[list[tuple[str, Seen]], int]] | None = None
        self._expand_at = 0.0
        self._started = False

    @property
    def beyond(self) -> int:
        """Files of the pattern that are left out."""
        return self._beyond

    async def find(self) -> Found:
        """See which files there are to follow."""
        await _finish(self._reading)
        now = self._clock.boottime()
        if not self._many:
            return Found() if self._tails else Found([self._follow(self._pattern)])
        if now < self._expand_at:
            return Found()
        if self._expanding is None:
            self._expanding = self._thread.run(partial(expand, self._pattern, MOST_FILES))
        expanding = self._expanding
        await asyncio.wait({expanding})
        self._expanding = None
        found = expanding.result()
        took = self._clock.boottime() - now
        self._expand_at = now + max(EXPAND_EVERY, 20 * took)
        return self._taken(*found)

    async def read(self, streams: Sequence[Stream]) -> Results:
        """A piece of each file, until a round's bytes are read; the streams have taken it on return."""
        for stream in streams:
            stream.unread = True
        reading = self._reading = self._thread.run(partial(_read, streams, self._clock))
        reading.add_done_callback(self._accept)
        return await _finish(reading) or []

    async def close(self, sources: Sequence[ByteSource]) -> None:
        """Let the thread give the files back; a hung one is left to itself."""
        self._tails.clear()
        closing = self._thread.run(partial(_close, sources))
        self._thread.stop()
        await asyncio.wait({closing}, timeout=0.3)

    def _taken(self, paths: list[tuple[str, Seen]], beyond: int) -> Found:
        """New files of a pattern; a file that was renamed is followed under its old name to its end."""
        self._beyond = beyond
        tails = list(self._tails.values())
        new: list[Tail] = []
        for path, seen in paths:
            known = any(seen.id in tail.ids or seen in tail.left for tail in tails)
            # in the moment of a rotation the file itself is missing
            known |= base_of(path) in self._tails
            if path not in self._tails and not known and len(self._tails) < MOST_FILES:
                new.append(self._follow(path))
        here = {path for path, _ in paths}
        gone = [path for path, tail in self._tails.items() if path not in here and tail.gone]
        self._started = True
        return Found(new, [self._tails.pop(path).key for path in gone])

    def _follow(self, path: str) -> Tail:
        tail = Tail(path, self._when, self._options, fresh=self._started)
        if not self._started:
            tail.resume(self._positions.get(tail.key))
        self._tails[path] = tail
        return tail

    def _accept(self, reading: "asyncio.Future[Results]") -> None:
        """Take what was read, even if the pass that asked for it was cancelled meanwhile."""
        self._reading = None
        if not reading.cancelled() and reading.exception() is None:
            wall = self._clock.wall()
            for stream, got in reading.result():
                stream.accept(got, wall)


async def _finish(call: "asyncio.Future[T] | None") -> T | None:
    """Wait for a call of the thread without cancelling it: one that hangs is waited for again."""
    if call is None:
        return None
    await asyncio.wait({call})
    return call.result()


def _read(streams: Sequence[Stream], clock: Clock) -> Results:
    """In the thread: a piece of each file, until a round's bytes are read."""
    got: Results = []
    total = 0
    for stream in streams:
        if total >= ROUND:
            break
        one = stream.source.read(PIECE, clock.boottime(), clock.wall())
        got.append((stream, one))
        total += one.bytes
    return got


def _close(sources: Sequence[ByteSource]) -> None:
    """In the thread: give the files back."""
    for source in sources:
        source.close()
