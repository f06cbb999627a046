"""A core on a real sshd that is broken while two collectors read through it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.clock import Clock
from collectors.model.sweep import Sweep
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import ServerState
from console.engine import ways
from console.engine.core import Core
from console.engine.state import SourceId
from console.settings import Source, load
from tests.console.verbs.shop import collector, configuration
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async
from tests.servers.web import uvicorn_server

READY, JOBS = SourceId("ready"), SourceId("jobs")


async def _ok(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def _pool_with(config: Path) -> Callable[..., Servers]:
    """Pools that read this configuration of ssh in place of ours."""

    def open_pool(servers: Mapping[str, Server], clock: Clock, changed: Callable[[], None]) -> Servers:
        return Servers(servers, clock, changed=changed, configs=[config])

    return open_pool


class Broken:
    """What the core has said: states of health as they were read, words of failures as they came."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.states: set[str] = set()
        core.on_sweep = self._read

    def _read(self, source: SourceId, sweep: Sweep, _verdicts: object) -> None:
        if source == READY:
            self.states |= {str(getattr(reading, "state", "")) for reading in sweep.readings}

    @property
    def server(self) -> ServerState:
        return self.core.store.snapshot().servers[0]

    def why(self, source: SourceId) -> str:
        """Why a source fails now; empty where it does not."""
        state = self.core.store.snapshot().source(source)
        return str(state.failure.why) if state is not None and state.failure is not None else ""

    async def says(self, words: str, deadline: float) -> None:
        """Wait until both sources say this."""
        await wait_until_async(lambda: self.why(READY) == words and self.why(JOBS) == words, deadline, words)

    async def has_reconnected(self, times: int) -> None:
        """Wait until the way has been made again so often."""
        await wait_until_async(lambda: self.server.reconnects >= times, 40, "a way anew")

    async def is_well(self, deadline: float = 40.0) -> None:
        """Wait until both sources tell of now."""

        def well() -> bool:
            snapshot = self.core.store.snapshot()
            states = [snapshot.source(one) for one in (READY, JOBS)]
            return all(one is not None and one.sweep is not None and one.failure is None for one in states)

        await wait_until_async(well, deadline, "both tell")


@asynccontextmanager
async def broken(folder: Path, sshd: Sshd, valkey: str, port: int) -> AsyncIterator[Broken]:
    """A core whose health check and queue are behind ``sshd``, both up."""
    operator = Operator(folder)
    operator.meet(sshd)
    configuration(
        folder,
        f'[servers.web-1]\nhost = "127.0.0.1"\nport = {sshd.port}\n',
        collector("ready", "health.http", f"http://127.0.0.1:{port}/", server='"web-1"', every='"1s"'),
        collector("jobs", "queues.redis", valkey, keys='["mail"]', server='"web-1"', every='"1s"'),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "open_pool", _pool_with(operator.config))
        core = Core(load(Source(folder=folder), {"HOME": str(folder)}), seed=1)
    run = Broken(core)
    await core.start()
    try:
        await run.is_well()
        yield run
    finally:
        await core.stop()


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server that is always well."""
    with uvicorn_server(_ok) as port:
        yield port
