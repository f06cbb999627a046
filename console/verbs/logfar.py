"""Log files on servers for one question: cut by time and searched there, within a limit told beforehand."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, TypeVar

from collectors.clock import SystemClock
from collectors.errors import QuarterdeckError
from collectors.lines.facts import Profile, detect
from collectors.logs._past import Piece
from collectors.logs._past_remote import RemotePast
from collectors.transport.servers.spec import Server
from console.engine.host import wind_up
from console.engine.ways import Pool, open_pool
from console.logs.asking.needle import needle_of
from console.logs.gathering import Chunks, FileLines, merged, sampled
from console.logs.language import Question
from console.logs.language.moments import Window
from console.logs.source import Chunk, State
from console.verbs.logfiles import FarFile

CAP = 256 * 1024 * 1024
"""Bytes that are read of one log on its server, at most."""

LOOK = 0.2
"""Seconds between two looks at whether the question was given up."""

T = TypeVar("T")


class GivenUpError(Exception):
    """The question was given up while a server was at work."""


class FarLines:
    """Lines of logs on servers within a span of time, newest first; records are not joined over pieces.

    ``say`` gets a sentence on what is to be read, before it is.
    """

    total = 0

    def __init__(
        self,
        files: Sequence[FarFile],
        servers: Mapping[str, Server],
        question: Question,
        *,
        say: Callable[[str], None],
        cancelled: Callable[[], bool],
        cap: int = CAP,
    ) -> None:
        self._files = files
        self._servers = servers
        self._needle = needle_of(question.filter)
        self._say = say
        self._cancelled = cancelled
        self._cap = cap
        self._states = {file.stream.name: State(file.stream.name) for file in files}

    def states(self) -> Sequence[State]:
        """What could not be read, and where a limit came first."""
        return list(self._states.values())

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Chunks:
        """Pieces of all logs by their time."""
        found = self._chunks(window)
        yield from reversed(list(found)) if oldest_first else found

    def _chunks(self, window: Window) -> Chunks:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="far logs", daemon=True)
        thread.start()
        pool = open_pool(self._servers, SystemClock(), lambda: None)
        try:
            self._wait(_started(pool), loop)
            yield from merged([self._of_one(file, pool, window, loop) for file in self._files])
        except GivenUpError:
            return
        finally:
            asyncio.run_coroutine_threadsafe(pool.close(), loop).result(5.0)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5.0)
            wind_up(loop)

    def _of_one(self, file: FarFile, pool: Pool, window: Window, loop: asyncio.AbstractEventLoop) -> Chunks:
        name = file.stream.name
        past = RemotePast(pool.host(file.server), file.path, sudo=file.sudo)
        profile: Profile | None = None
        needle = self._needle
        pieces = past.pieces(
            window.since,
            window.until,
            contains=needle.bytes if needle is not None else None,
            any_case=needle is not None and needle.folds,
            cap=self._cap,
        )
        try:
            if not self._wait(past.files(), loop):
                self._states[name] = State(name, complete=False, why=f"{file.server} has no such file")
                return
            much = self._wait(past.estimate(window.since, window.until), loop)
            self._say(f"{name}: at most {_mib(min(much, self._cap))} are read on {file.server}")
            while (piece := self._wait(_next(pieces), loop)) is not None:
                if piece.lines and profile is None:
                    profile = detect(sampled(piece.lines))
                if profile is not None:
                    yield Chunk(file.stream, profile, records=piece.lines)
        except QuarterdeckError as error:
            self._states[name] = State(name, complete=False, why=str(error.why))
        finally:
            self._finish(pieces, loop)
        why = "; ".join(f"{path}: {why}" for path, why in past.coverage.unread[:3])
        if past.coverage.capped:
            why = f"its limit of {_mib(self._cap)} came first: what is older was not read"
        if why:
            self._states[name] = State(name, complete=False, why=why)

    def _wait(self, call: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
        """The answer of a call on the other loop; raises GivenUpError when nobody wants it any more."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(call, loop)
        while True:
            try:
                return future.result(LOOK)
            except TimeoutError:
                if future.done():
                    raise
                if self._cancelled():
                    future.cancel()
                    raise GivenUpError from None

    @staticmethod
    def _finish(pieces: AsyncIterator[Piece], loop: asyncio.AbstractEventLoop) -> None:
        async def finish() -> None:
            async with aclosing(pieces):  # type: ignore[type-var]  # a generator, by its own type an iterator
                pass

        with contextlib.suppress(TimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(finish(), loop).result(5.0)


class Together:
    """Files here and on servers, by their time."""

    def __init__(self, here: FileLines, far: FarLines) -> None:
        self._parts = (here, far)

    @property
    def total(self) -> int:
        """Bytes to be read here; what lies elsewhere is not known."""
        return sum(part.total for part in self._parts)

    def states(self) -> Sequence[State]:
        """Of both."""
        return [state for part in self._parts for state in part.states()]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Chunks:
        """Of both."""
        sources = [part.chunks(window, oldest_first=oldest_first) for part in self._parts]
        yield from merged(sources, oldest_first=oldest_first)


async def _started(pool: Pool) -> None:
    await pool.start()


async def _next(pieces: AsyncIterator[Piece]) -> Piece | None:
    return await anext(pieces, None)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
