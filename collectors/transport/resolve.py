"""Names → addresses, in threads of our own: a silent name server holds up nothing else."""

import asyncio
import contextlib
import ipaddress
import queue
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from collectors.errors import TimedOutError, UnreachableError

MOST_THREADS = 16
"""Look-ups under way at once; a look-up through a dead name server takes its thread for up to 30 s."""

PATIENCE = 1.0
"""Seconds to wait for a name server where an earlier address is known."""

_GONE = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class NameServerError(UnreachableError):
    """No name server gave an answer: that says nothing about the source."""


class Resolved(NamedTuple):
    """Addresses in the order to try them; ``remembered`` where the name server did not answer this time."""

    addresses: tuple[str, ...]
    remembered: bool = False


class DaemonThreads:
    """A few daemon threads, made when needed: unlike an executor's, a stuck one cannot hold up the exit."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._made = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run ``job`` in one of the threads; it must not raise."""
        with self._lock:
            self._waiting += 1
            if self._made < min(self._waiting, self._most):
                self._made += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._made}", daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            with self._lock:
                self._waiting -= 1


_threads = DaemonThreads(MOST_THREADS, "names")


def _look_up(host: str) -> tuple[str, ...]:
    """Addresses of ``host`` as the system orders them, at most eight; raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))[:8]


class Resolver:
    """Looks names up anew each time and remembers the last answer; belongs to one event loop."""

    def __init__(
        self,
        look_up: Callable[[str], tuple[str, ...]] = _look_up,
        threads: DaemonThreads = _threads,
        patience: float = PATIENCE,
    ) -> None:
        self._look_up = look_up
        self._threads = threads
        self._patience = patience
        self._known: dict[str, tuple[str, ...]] = {}
        self._under_way: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def addresses(self, host: str, within: float) -> Resolved:
        """Addresses of ``host``, waiting ``within`` seconds at most.

        Where an earlier answer is known, the wait is ``patience`` at most, and the answer says that it
        is remembered. Raises UnreachableError for a name that does not exist (even if it once did),
        NameServerError and TimedOutError where that is not known.
        """
        if _is_literal(host):
            return Resolved((host,))
        known = self._known.get(host)
        look_up = self._under_way.get(host) or self._start(host)
        await asyncio.wait({look_up}, timeout=min(within, self._patience) if known else within)
        if not look_up.done():
            if known:
                return Resolved(known, remembered=True)
            raise TimedOutError("the name server does not answer", f"looking up {host} takes too long")
        try:
            self._known[host] = look_up.result()
        except socket.gaierror as error:
            if error.errno in _GONE:
                self._known.pop(host, None)
                raise UnreachableError("no such name", f"{host} has no address") from None
            if known:
                return Resolved(known, remembered=True)
            raise NameServerError(
                f"name look-up failed: {error.strerror}", f"can this machine look up {host}?"
            ) from None
        except (OSError, UnicodeError) as error:
            raise UnreachableError("no such name", f"{host}: {error}") from None
        return Resolved(self._known[host])

    def _start(self, host: str) -> asyncio.Future[tuple[str, ...]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[str, ...]] = loop.create_future()
        future.add_done_callback(partial(self._ended, host))
        self._under_way[host] = future
        self._threads.submit(partial(self._run, host, loop, future))
        return future

    def _run(
        self, host: str, loop: asyncio.AbstractEventLoop, future: asyncio.Future[tuple[str, ...]]
    ) -> None:
        try:
            addresses = self._look_up(host)
        except (OSError, UnicodeError) as error:
            settle = partial(_settle, future, None, error)
        else:
            settle = partial(_settle, future, addresses, None)
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(settle)

    def _ended(self, host: str, future: asyncio.Future[tuple[str, ...]]) -> None:
        self._under_way.pop(host, None)
        if not future.cancelled():
            future.exception()


def _settle(
    future: asyncio.Future[tuple[str, ...]], addresses: tuple[str, ...] | None, error: Exception | None
) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(addresses or ())


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
