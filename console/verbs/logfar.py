"""Logs that lie elsewhere, for one question on the command line: a way to each as long as that lasts."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from collectors.clock import SystemClock
from collectors.errors import QuarterdeckError, UnreachableError
from collectors.logs._pasts import AsksPast
from collectors.transport.endpoint import Dialer, DirectDialer
from collectors.transport.read.files_glob import is_pattern
from collectors.transport.read.files_past import in_order
from collectors.transport.read.remote_look import RemoteLook
from collectors.transport.servers.spec import Server
from console.engine.host import wind_up
from console.engine.ways import open_pool
from console.logs.asking.needle import needle_of
from console.logs.far import CAP, FarLines, FarLog
from console.logs.gathering import Chunks, FileLines, merged
from console.logs.language import Question
from console.logs.language.moments import Window
from console.logs.origins import asks, where_of
from console.logs.source import State
from console.settings.values import CollectorSettings
from console.verbs.logfiles import Far

OPENED = 5.0
"""Seconds for opening and for closing what leads to servers; nothing is dialled by either."""

LISTED = 60.0
"""Seconds for the lists of files of all patterns."""


@contextmanager
def far_lines(
    far: Sequence[Far],
    servers: Mapping[str, Server],
    question: Question,
    *,
    say: Callable[[str], None],
    cancelled: Callable[[], bool],
    cap: int = CAP,
) -> Iterator[FarLines]:
    """The lines of logs that lie elsewhere; the ways to these are closed at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="far logs", daemon=True)
    thread.start()
    ways = _ways(servers)
    try:
        dialer = asyncio.run_coroutine_threadsafe(ways.__aenter__(), loop).result(OPENED)
        logs = asyncio.run_coroutine_threadsafe(_logs(far, dialer), loop).result(LISTED)
        yield FarLines(logs, loop, needle_of(question.filter), say=say, cancelled=cancelled, cap=cap)
    finally:
        asyncio.run_coroutine_threadsafe(ways.__aexit__(None, None, None), loop).result(OPENED)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(OPENED)
        wind_up(loop)


@asynccontextmanager
async def _ways(servers: Mapping[str, Server]) -> AsyncIterator[Dialer]:
    if not servers:
        yield DirectDialer()
        return
    pool = open_pool(servers, SystemClock(), lambda: None)
    try:
        await pool.start()
        yield pool
    finally:
        await pool.close()


async def _logs(far: Sequence[Far], dialer: Dialer) -> list[FarLog]:
    """A log for each stream: a pattern of files is as many as there are on its server."""
    parts = await asyncio.gather(*(_of_one(one, dialer) for one in far))
    return [log for logs in parts for log in logs]


async def _of_one(one: Far, dialer: Dialer) -> list[FarLog]:
    settings, where = one.settings, where_of(one.settings)
    if settings.type != "logs.file" or not is_pattern(settings.options.path):
        return [FarLog(one.stream, where, partial(asks, settings, lambda: dialer))]
    try:
        paths = await _matching(settings, dialer)
    except QuarterdeckError as error:
        return [FarLog(one.stream, where, partial(_fail, error))]
    return [
        FarLog(
            replace(one.stream, name=f"{one.stream.name}/{PurePath(path).name}"),
            where,
            partial(asks, settings, lambda: dialer, path.encode("utf-8", "surrogateescape")),
        )
        for path in paths
    ]


async def _matching(settings: CollectorSettings, dialer: Dialer) -> list[str]:
    """The files of a pattern, less those that are the past of another one."""
    pattern, host = settings.options.path, dialer.host(settings.server)
    look = RemoteLook(host, sudo=settings.options.sudo, timeout=settings.timeout)
    found = {listed.path: listed for listed in await look.many(pattern)}
    if not found:
        raise UnreachableError(f"no file fits {pattern}", "look at its name on the server")
    past: set[str] = set()
    for path in found:
        folder = [one for one in found.values() if PurePath(one.path).parent == PurePath(path).parent]
        told = [(PurePath(one.path).name, one.size, one.mtime) for one in folder]
        past.update(one.path for one in in_order(path, told) if one.path != path)
    return [path for path in found if path not in past]


def _fail(error: QuarterdeckError) -> AsksPast:
    raise error


class Together:
    """Files here and logs elsewhere, by their time."""

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
