"""Lines whose past lies elsewhere, asked there within a limit: how much is read is told before it is read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import aclosing
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

from collectors.errors import QuarterdeckError
from collectors.lines.facts import Profile, detect
from collectors.logs._past import Piece
from collectors.logs._pasts import AsksPast
from console.logs.asking.needle import Needle
from console.logs.gathering import Chunks, before, merged, parted, sampled
from console.logs.language.moments import Window
from console.logs.source import Chunk, State, Stream

CAP = 256 * 1024 * 1024
"""Bytes that are read of one log where it lies, at most."""

CAP_TURNED = 64 * 1024 * 1024
"""The same where it is told oldest first, and so held until its end has come."""

LOOK = 0.2
"""Seconds between two looks at whether the question was given up."""

FINISH = 5.0
"""Seconds that a reading has to end once nobody wants it any more."""

T = TypeVar("T")


class GivenUpError(Exception):
    """The question was given up while somebody else was at work."""


@dataclass(frozen=True, slots=True)
class FarLog:
    """A stream and its past; ``past`` is called on the loop where that is asked.

    ``where``: "on web-1". ``whole``: from then on (UTC epoch seconds) others hold all of it.
    """

    stream: Stream
    where: str
    past: Callable[[], AsksPast]
    whole: float = inf


class FarLines:
    """Lines of several logs within a span of time, newest first.

    ``say`` gets a sentence on what is to be read of each, before it is; until it was read its state says
    the same. ``loop`` runs in another thread. ``needle``: what all lines that are wanted hold.
    """

    def __init__(
        self,
        logs: Sequence[FarLog],
        loop: asyncio.AbstractEventLoop,
        needle: Needle | None = None,
        *,
        say: Callable[[str], None] = lambda _words: None,
        cancelled: Callable[[], bool] = lambda: False,
        cap: int = CAP,
    ) -> None:
        self._logs = logs
        self._loop = loop
        self._needle = needle
        self._say = say
        self._cancelled = cancelled
        self._cap = cap
        # two servers may have logs of one name
        self._states = {id(log): State(log.stream.name) for log in logs}
        self.total = 0

    def states(self) -> Sequence[State]:
        """What is to be read yet, what could not be read, and where a limit came first."""
        return list(self._states.values())

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Chunks:
        """Pieces of all logs by their time, after an empty one when it is known how much is to be read."""
        found = self._chunks(window)
        yield from reversed(list(found)) if oldest_first else found

    def _chunks(self, window: Window) -> Chunks:
        try:
            pasts = self._looked(window)
            for log, _ in pasts[:1]:
                yield Chunk(log.stream, detect(()))
            yield from merged([self._of_one(log, past, window) for log, past in pasts])
        except GivenUpError:
            return

    def _looked(self, window: Window) -> list[tuple[FarLog, AsksPast]]:
        """The pasts that can be asked; how much each holds is said."""

        async def look(log: FarLog) -> tuple[FarLog, AsksPast, int | None]:
            past = log.past()
            span = _span(log, window)
            return log, past, await past.estimate(span.since, span.until)

        async def together() -> list[Any]:
            return await asyncio.gather(*map(look, self._logs), return_exceptions=True)

        pasts, self.total = [], 0
        for log, found in zip(self._logs, self._wait(together()), strict=True):
            if isinstance(found, QuarterdeckError):
                self._tell(log, found.why)
            elif isinstance(found, BaseException):
                raise found
            else:
                _, past, much = found
                cap = self._cap_of(past)
                most = cap if much is None else min(much, cap)
                self.total += most if much is not None else 0
                words = f"at most {_mib(most)} are read {log.where}"
                self._say(f"{log.stream.name}: {words}")
                self._tell(log, words)
                pasts.append((log, past))
        return pasts

    def _of_one(self, log: FarLog, past: AsksPast, window: Window) -> Chunks:
        needle, span = self._needle, _span(log, window)
        pieces: AsyncIterator[Piece] | None = None
        try:
            head = self._wait(past.head())
            profile = detect(sampled(head)) if head else None
            # of a record of several lines that which is looked for may stand in one alone
            searched = needle is not None and profile is not None and profile.direct
            pieces = past.pieces(
                span.since,
                span.until,
                contains=needle.bytes if needle is not None and searched else None,
                any_case=needle is not None and needle.folds,
                cap=self._cap_of(past),
            )
            chunks = self._joined(log, pieces, profile, turned=not past.newest_first)
            for chunk in chunks if past.newest_first else reversed(list(chunks)):
                yield before(chunk, log.whole)
        except QuarterdeckError as error:
            self._tell(log, error.why)
            return
        finally:
            if pieces is not None:
                self._finish(pieces)
        why = "; ".join(f"{path}: {why}" for path, why in past.coverage.unread[:3])
        if past.coverage.capped:
            beyond = "older" if past.newest_first else "newer"
            why = f"its limit of {_mib(self._cap_of(past))} came first: what is {beyond} was not read"
        self._tell(log, why)

    def _cap_of(self, past: AsksPast) -> int:
        return self._cap if past.newest_first else min(self._cap, CAP_TURNED)

    def _joined(
        self, log: FarLog, pieces: AsyncIterator[Piece], profile: Profile | None, *, turned: bool
    ) -> Chunks:
        """Pieces as chunks; lines that begin no record go with the piece in which theirs begins."""
        carried, forward = b"", False
        while (piece := self._wait(_next(pieces))) is not None:
            if piece.lines and profile is None:
                profile = detect(sampled(piece.lines))
            if profile is None:
                continue
            if carried and (piece.forward or turned) is not forward:
                yield Chunk(log.stream, profile, carried)
                carried = b""
            forward = piece.forward or turned
            if profile.direct:
                yield Chunk(log.stream, profile, records=piece.lines)
                continue
            data = b"".join(line + b"\n" for line in piece.lines)
            data = carried + data if forward else data + carried
            data, carried = parted(data, profile, oldest_first=forward) if data else (b"", b"")
            yield Chunk(log.stream, profile, data)
        if carried and profile is not None:
            yield Chunk(log.stream, profile, carried)

    def _tell(self, log: FarLog, why: object) -> None:
        self._states[id(log)] = State(log.stream.name, complete=not why, why=str(why))

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        """The answer of a call on the other loop; raises GivenUpError where nobody waits or answers."""
        if not self._loop.is_running():
            call.close()
            raise GivenUpError
        future: Future[T] = asyncio.run_coroutine_threadsafe(call, self._loop)
        while True:
            try:
                return future.result(LOOK)
            except CancelledError:
                # the loop ends: the console is left
                raise GivenUpError from None
            except TimeoutError:
                if future.done():
                    raise
                if self._cancelled() or not self._loop.is_running():
                    future.cancel()
                    raise GivenUpError from None

    def _finish(self, pieces: AsyncIterator[Piece]) -> None:
        async def finish() -> None:
            async with aclosing(pieces):  # type: ignore[type-var]  # a generator, by its own type an iterator
                pass

        if self._loop.is_running():
            with contextlib.suppress(TimeoutError, CancelledError, RuntimeError):
                asyncio.run_coroutine_threadsafe(finish(), self._loop).result(FINISH)


def _span(log: FarLog, window: Window) -> Window:
    return window if log.whole == inf else window.cut(Window(None, log.whole))


async def _next(pieces: AsyncIterator[Piece]) -> Piece | None:
    return await anext(pieces, None)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
