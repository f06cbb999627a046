"""Sockets of ours that lead through an ssh master, made again when there is a new one."""

import asyncio
import contextlib
import itertools
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import Awaitable, Callable
from pathlib import Path

from collectors.errors import AnswerError, SourceError, TimedOutError, UnreachableError
from collectors.text import one_line
from collectors.transport.endpoint import TcpDial, UnixDial
from collectors.transport.servers import refusal
from collectors.transport.servers.children import Child, environment
from collectors.transport.servers.mux import mux
from collectors.transport.servers.state import Fault, ServerError
from collectors.transport.spawn import spawn

_WITHIN = 5.0
_PROBE_WITHIN = 2.0
_PORT_OPEN = 15.0
_COMPLAINS_WITHIN = 20


class Forwards:
    """The forwards of one server through its master at ``ctl``; ``base`` begins their sockets' names.

    ``master`` gives the process whose complaints tell why an address was not reached, if it is ours.
    """

    def __init__(self, server: str, base: Path, ctl: Path, master: Callable[[], Child | None]) -> None:
        self._master = master
        self._server = server
        self._base = base
        self._ctl = ctl
        self._paths: dict[str, Path] = {}
        self._numbers = itertools.count()
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def address(self, host: str, port: int, name: str) -> UnixDial:
        """A UNIX socket that leads to an address."""
        path = await self._socket(_place(host, port))
        place = f"{_place(host, port)} through {self._server}"

        async def probe() -> None:
            await self._probe(host, port, place)

        return UnixDial(str(path), name, place, probe)

    async def socket(self, path: str) -> UnixDial:
        """A UNIX socket that leads to one of the server's."""
        return UnixDial(str(await self._socket(path)), "", f"{path} on {self._server}")

    async def port(self, host: str, port: int, name: str) -> TcpDial:
        """A port of this machine, open to all its users until the one connection that it is for stands."""
        ours = _free_port()
        forward = f"127.0.0.1:{ours}:{_place(host, port)}"
        await self._control("forward", "-L", forward)
        closing: asyncio.Task[None] | None = None

        async def closed() -> None:
            with contextlib.suppress(SourceError, TimeoutError):
                await self._control("cancel", "-L", forward)

        async def opened() -> None:
            nonlocal closing
            if closing is None:
                closing = asyncio.create_task(closed())
            await asyncio.shield(closing)

        self._later(_PORT_OPEN, opened)
        return TcpDial("127.0.0.1", ours, name, f"{_place(host, port)} through {self._server}", opened)

    async def again(self) -> None:
        """Make them all on a new master."""
        for wanted, path in tuple(self._paths.items()):
            try:
                await self._control("forward", "-L", f"{path}:{wanted}")
            except (SourceError, TimeoutError):
                # the next dial asks again, and tells
                del self._paths[wanted]

    async def close(self) -> None:
        """Remove the sockets; the master has closed or closes them."""
        for task in tuple(self._tasks):
            task.cancel()
        for path in self._paths.values():
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _socket(self, wanted: str) -> Path:
        async with self._turn:
            path = self._paths.get(wanted)
            if path is None:
                # asyncpg takes a socket by its path only where it is called as PostgreSQL calls its own
                path = Path(f"{self._base}-{next(self._numbers)}.s.PGSQL.1")
                await self._control("forward", "-L", f"{path}:{wanted}")
                self._paths[wanted] = path
            return path

    async def _probe(self, host: str, port: int, place: str) -> None:
        child = self._master()
        before = child.count if child is not None else 0
        try:
            async with asyncio.timeout(_PROBE_WITHIN), mux(self._ctl) as master:
                await master.reach(host, port)
        except TimeoutError:
            raise TimedOutError("no connection", f"{place} does not react") from None
        except UnreachableError:
            raise refusal.of_target(await _complaint(child, before), place) from None
        except (OSError, AnswerError):
            raise ServerError(f"{self._server}: {Fault.LOST}", fault=Fault.LOST) from None

    async def _control(self, what: str, *arguments: str) -> None:
        try:
            await control(self._ctl, what, *arguments)
        except TimeoutError:
            raise ServerError(f"{self._server}: {Fault.TIMED_OUT}", fault=Fault.TIMED_OUT) from None
        except UnreachableError as error:
            raise ServerError(f"{self._server}: no way through it", error.hint) from None

    def _later(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do it then; who asked for a port may have been cancelled."""

        async def waited() -> None:
            await asyncio.sleep(seconds)
            await work()

        task = asyncio.create_task(waited())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def control(ctl: Path, what: str, *arguments: str) -> None:
    """``ssh -O``; raises UnreachableError and TimeoutError.

    Without the user's configuration, whose own forwards it would ask for too.
    """
    argv = ("ssh", "-F", "none", "-S", str(ctl), "-O", what, *arguments, "--", "master")
    process = await spawn(argv, stdout=DEVNULL, env=environment())
    try:
        async with asyncio.timeout(_WITHIN):
            _, err = await process.told()
    finally:
        await process.end()
    if process.returncode != 0:
        raise UnreachableError(f"ssh -O {what} failed", one_line(err, 200))


async def _complaint(child: Child | None, before: int) -> str:
    """What a master says of the channel that it could not open; it comes by another pipe than the answer."""
    if child is None:
        return ""
    for _ in range(_COMPLAINS_WITHIN):
        if "open failed" in child.since(before):
            break
        await asyncio.sleep(0.01)
    return child.since(before)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
