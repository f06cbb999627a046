"""Logs on servers for one question on the command line: a way to each, as long as the question lasts."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from collectors.clock import SystemClock
from collectors.logs._past_remote import RemotePast
from collectors.transport.servers.spec import Server
from console.engine.host import wind_up
from console.engine.ways import Pool, open_pool
from console.logs.asking.needle import needle_of
from console.logs.far import CAP, FarLines, FarLog
from console.logs.gathering import Chunks, FileLines, merged
from console.logs.language import Question
from console.logs.language.moments import Window
from console.logs.source import State
from console.verbs.logfiles import FarFile


@contextmanager
def far_lines(
    files: Sequence[FarFile],
    servers: Mapping[str, Server],
    question: Question,
    *,
    say: Callable[[str], None],
    cancelled: Callable[[], bool],
    cap: int = CAP,
) -> Iterator[FarLines]:
    """The lines of logs on servers; the ways to these are closed at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="far logs", daemon=True)
    thread.start()
    pool = open_pool(servers, SystemClock(), lambda: None)
    logs = [FarLog(file.stream, file.server, partial(_past, pool, file)) for file in files]
    try:
        asyncio.run_coroutine_threadsafe(_started(pool), loop).result(5.0)
        yield FarLines(logs, loop, needle_of(question.filter), say=say, cancelled=cancelled, cap=cap)
    finally:
        asyncio.run_coroutine_threadsafe(pool.close(), loop).result(5.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5.0)
        wind_up(loop)


def _past(pool: Pool, file: FarFile) -> RemotePast:
    return RemotePast(pool.host(file.server), file.path, sudo=file.sudo)


async def _started(pool: Pool) -> None:
    await pool.start()


class Together:
    """Files here and on servers, by their time."""

    def __init__(self, here: FileLines, far: FarLines) -> None:
        self._parts = (here, far)

    @property
    def total(self) -> int:
        """Bytes to be read here, and elsewhere as far as that is known."""
        return sum(part.total for part in self._parts)

    def states(self) -> Sequence[State]:
        """Of both."""
        return [state for part in self._parts for state in part.states()]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Chunks:
        """Of both."""
        sources = [part.chunks(window, oldest_first=oldest_first) for part in self._parts]
        yield from merged(sources, oldest_first=oldest_first)
