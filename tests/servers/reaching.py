"""Servers that a test reaches through its sshds, and lines that go silent."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collectors.base import Context
from collectors.clock import SystemClock
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Phase, ServerState
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async

QUICK = (("ConnectTimeout", "2"), ("ServerAliveInterval", "1"), ("ServerAliveCountMax", "1"))
"""Options with which faults are found sooner than by the usual ones."""


def at(sshd: Sshd, name: str = "web-1", **options: object) -> Server:
    """A server behind an sshd of the test."""
    return Server(name, "127.0.0.1", port=sshd.port, **options)  # type: ignore[arg-type] # as Server takes them


@asynccontextmanager
async def reaching(operator: Operator, *specs: Server) -> AsyncIterator[Servers]:
    """A pool with the operator's configuration; closed at the end, and no key was added meanwhile."""
    servers = Servers({spec.name: spec for spec in specs}, SystemClock(), configs=[operator.config])
    await servers.start()
    try:
        yield servers
    finally:
        await servers.close()
    assert operator.known_hosts.read_bytes() == operator.known


def state(servers: Servers, name: str = "web-1") -> ServerState:
    """How one server is now."""
    return next(state for state in servers.states() if state.name == name)


async def until(servers: Servers, phase: Phase, name: str = "web-1", deadline: float = 20.0) -> ServerState:
    """Wait until a server is in a phase."""
    await wait_until_async(lambda: state(servers, name).phase is phase, deadline, f"{name} is {phase}")
    return state(servers, name)


def through(servers: Servers, collector: str = "one", server: str = "web-1", **given: object) -> Context:
    """The context of a collector that runs through a server."""
    return Context(collector=collector, server=server, dialer=servers, **given)  # type: ignore[arg-type] # as Context takes them


class Line:
    """A TCP line in between that can go silent; `port` leads to the port behind."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._open = asyncio.Event()
        self._open.set()
        self.port = 0

    def silence(self) -> None:
        """Hand no byte on, in either direction, and accept none."""
        self._open.clear()

    def mend(self) -> None:
        """Go on with all that was held."""
        self._open.set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Line"]:
        """The line, as long as the block lasts."""
        tasks: set[asyncio.Task[None]] = set()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, out = await asyncio.open_connection("127.0.0.1", self._behind)
            with contextlib.suppress(OSError):
                await asyncio.gather(self._pass(reader, out), self._pass(there, writer))
            out.close()
            writer.close()

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(carry(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                await self._open.wait()
                writer.write(piece)
        finally:
            writer.close()


async def bring_up(operator: Operator, sshd: Sshd, count: int) -> float:
    """Reach one sshd by that many names at once, with its usual limits; the seconds that took.

    MaxStartups 10:30:100 sheds three of ten connections when ten are in their handshakes.
    """
    operator.meet(sshd)
    names = [f"web-{number}" for number in range(count)]
    async with reaching(operator, *(at(sshd, name) for name in names)) as servers:
        began = time.monotonic()
        ran = await asyncio.gather(*(servers.host(name).run(["echo", name], timeout=120) for name in names))
        took = time.monotonic() - began
        assert [one.out.decode() for one in ran] == [f"{name}\n" for name in names]
        assert all(one.phase is Phase.UP and one.reconnects == 0 for one in servers.states())
        assert "MaxStartups" not in sshd.log()
        assert "drop connection" not in sshd.log()
    return took
