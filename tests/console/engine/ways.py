"""A pool of servers that does as it is told: ways that break when a test says so."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from collectors.clock import Clock
from collectors.text import Shown
from collectors.transport.endpoint import Dial, Endpoint, TcpDial, direct
from collectors.transport.host import Host
from collectors.transport.local import LocalHost
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase, ServerError, ServerState
from console.engine import ways


class ScriptedPool:
    """Ways that are up at the first dial, straight to where they lead."""

    def __init__(self, servers: Mapping[str, Server], changed: Callable[[], None]) -> None:
        self._changed = changed
        self._states = {
            name: ServerState(name, "ssh", Shown(one.host), by_hand=Shown(f"ssh {one.host}"))
            for name, one in servers.items()
        }
        self.dialled: list[Endpoint] = []
        self.retried: list[str] = []
        self.adopted: list[str] = []
        self.argv = ["true"]
        self.login_works = True
        self.closed = False
        self.loops: set[int] = set()

    async def dial(self, endpoint: Endpoint) -> Dial:
        self.dialled.append(endpoint)
        self.through(endpoint.server)
        return direct(endpoint.url) if endpoint.url.scheme != "http" else TcpDial("127.0.0.1", 9, "x")

    def through(self, server: str) -> None:
        """Raise ServerError where the way to a server is broken; one that was not used comes up."""
        state = self._states[server]
        if state.phase in (Phase.LOST, Phase.STOPPED, Phase.CONNECTING):
            raise ServerError(f"{server}: {state.fault or state.phase}", state.hint, fault=state.fault)
        if state.phase is Phase.IDLE:
            self.put(server, Phase.UP)

    async def start(self) -> None:
        self.loops.add(id(asyncio.get_running_loop()))

    def host(self, server: str) -> Host:
        return LocalHost()

    def states(self) -> tuple[ServerState, ...]:
        return tuple(self._states.values())

    def uses(self, server: str, collector: str) -> None:
        state = self._states[server]
        self._states[server] = replace(state, uses=(*state.uses, collector))

    def retry(self, server: str = "") -> None:
        self.retried.append(server)
        for state in self.states():
            if state.phase is Phase.STOPPED:
                self.put(state.name, Phase.UP)

    def login_argv(self, name: str) -> list[str]:
        return self.argv

    async def adopt(self, name: str) -> None:
        self.adopted.append(name)
        if not self.login_works:
            raise ServerError(f"{name}: nothing was opened")
        self.put(name, Phase.UP)

    async def close(self) -> None:
        self.closed = True

    def put(self, server: str, phase: Phase, fault: Fault = Fault.NONE, **more: object) -> None:
        """Change a server, and say that it has changed; on the loop of its core."""
        self._states[server] = replace(self._states[server], phase=phase, fault=fault, **more)  # type: ignore[arg-type]  # any field
        self._changed()


def scripted(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedPool]:
    """Cores get scripted pools from here on; the list holds those that were made."""
    made: list[ScriptedPool] = []

    def open_pool(servers: Mapping[str, Server], _clock: Clock, changed: Callable[[], None]) -> ScriptedPool:
        made.append(ScriptedPool(servers, changed))
        return made[-1]

    monkeypatch.setattr(ways, "open_pool", open_pool)
    return made
