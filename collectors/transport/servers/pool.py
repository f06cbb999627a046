"""The servers of the configuration: for each one way, one state and one breaker, shared by all."""

import asyncio
import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from collectors.clock import Clock
from collectors.errors import OptionsError, UnsupportedError
from collectors.text import one_line, shown
from collectors.transport.endpoint import Dial, Endpoint, TcpDial, UnixDial, direct
from collectors.transport.host import Host
from collectors.transport.local import LocalHost
from collectors.transport.postgres_tls import wants_tls
from collectors.transport.servers import docker, kube, ssh_config
from collectors.transport.servers.children import Guard
from collectors.transport.servers.docker import DockerWay
from collectors.transport.servers.kube import KubeWay
from collectors.transport.servers.link import Link
from collectors.transport.servers.machine import ServerHost
from collectors.transport.servers.spec import Server
from collectors.transport.servers.ssh import Shared, SshWay
from collectors.transport.servers.state import ServerError, ServerState
from collectors.transport.servers.way import Way

T = TypeVar("T")

_LONGEST_PARENT = 50
"""Bytes: a socket's path has 107, ssh adds 17 of its own while it makes one, and we 40."""


def _nothing() -> None:
    return None


class Servers:
    """A Dialer that reaches the servers of ``specs``, and this machine.

    ``folder``: where sockets are kept, a new private one if None. ``changed`` is called, in any thread,
    after a state has changed. ``configs``: the ssh configurations to honour, the user's and the system's
    if not given. It belongs to the event loop of ``start`` or of its first use; calls from other loops
    are carried there.
    """

    def __init__(
        self,
        specs: Mapping[str, Server],
        clock: Clock,
        *,
        folder: Path | None = None,
        changed: Callable[[], None] = _nothing,
        configs: Sequence[Path] = ssh_config.USER_CONFIGS,
    ) -> None:
        self._specs = dict(specs)
        self._clock = clock
        self._changed = changed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ours = folder is None
        self._folder = folder or _folder()
        self._configs = tuple(configs)
        self._guard = Guard()
        self._shared: Shared | None = None
        self._links: dict[str, Link] = {}
        self._idle = {name: _state(spec, self._configs, specs) for name, spec in specs.items()}
        self._closed = False
        self._making = threading.Lock()

    async def start(self) -> None:
        """Make the running event loop the one where everything happens; its thread must outlive all else."""
        self._bind()

    async def dial(self, endpoint: Endpoint) -> Dial:
        """The way to ``endpoint``; raises ServerError at once while there is none to its server."""
        if not endpoint.server:
            return direct(endpoint.url)
        self._spec(endpoint.server)
        wanted = direct(endpoint.url)
        dial = await self._carry(self._dial(endpoint.server, wanted, as_port=wants_tls(endpoint.url)))
        return self._anywhere(dial)

    def host(self, server: str) -> Host:
        """The machine of a server's name, this one for an empty name; costs nothing, opens nothing."""
        if not server:
            return LocalHost()
        self._spec(server)
        return ServerHost(server, lambda: self._link(server), self._carry)

    def states(self) -> tuple[ServerState, ...]:
        """Every server as it is now, in the order of the configuration; from any thread."""
        links = self._links
        return tuple(
            links[name].state if name in links else state for name, state in tuple(self._idle.items())
        )

    def uses(self, server: str, collector: str) -> None:
        """Note that a collector runs through a server, for ``ServerState.uses``; from any thread."""
        self._spec(server)
        link = self._links.get(server)
        if link is not None:
            link.use(collector)
        elif collector not in self._idle[server].uses:
            state = self._idle[server]
            self._idle[server] = replace(state, uses=(*state.uses, collector))

    def retry(self, server: str = "") -> None:
        """Try again now, also after key and login failures: one server, or all; from any thread."""
        if self._loop is None:
            return
        for name, link in tuple(self._links.items()):
            if server in ("", name):
                self._loop.call_soon_threadsafe(link.retry)

    def login_argv(self, name: str) -> tuple[str, ...]:
        """The command that logs in on a terminal; when it ends with 0, call ``adopt``.

        Empty where the way knows no login. Raises OptionsError for a server that ssh cannot be asked for.
        """
        self._spec(name)
        return self._link(name).way.login_argv()

    async def adopt(self, name: str) -> None:
        """Use what ``login_argv`` has opened; raises ServerError where nothing was."""
        self._spec(name)
        await self._carry(self._adopt(name))

    async def close(self) -> None:
        """End every way and what runs through it, and remove the folder; never raises."""
        with contextlib.suppress(ServerError):
            await self._carry(self._close())

    async def _dial(self, server: str, wanted: Dial, *, as_port: bool) -> Dial:
        way = await self._link(server).ready()
        if isinstance(wanted, UnixDial):
            return await way.dial_unix(wanted.path)
        return await way.dial_tcp(wanted.host, wanted.port, wanted.name, as_port=as_port)

    async def _adopt(self, name: str) -> None:
        await self._link(name).adopt()

    async def _close(self) -> None:
        self._closed = True
        links = tuple(self._links.values())
        await asyncio.gather(*(link.close() for link in links))
        await self._guard.close()
        if self._shared is not None and self._ours:
            await asyncio.to_thread(shutil.rmtree, self._shared.folder, ignore_errors=True)

    def _link(self, name: str) -> Link:
        """The link of a server, made at first use; in the pool's loop, or before there is one."""
        with self._making:
            link = self._links.get(name)
            if link is None:
                way = self._way(self._specs[name])
                link = self._links[name] = Link(way, self._idle[name], self._clock, self._changed)
            return link

    def _way(self, spec: Server) -> Way:
        if spec.kube is not None:
            return KubeWay(spec.name, spec.kube, self._guard)
        if spec.docker is not None:
            return DockerWay(spec.name, spec.docker)
        try:
            ssh_config.check_server(spec, self._specs)
        except OptionsError as error:
            raise ServerError(f"{spec.name}: {error.why}", error.hint) from None
        if self._shared is None:
            self._shared = Shared(self._folder, self._configs, self._guard)
        return SshWay(spec, self._specs, self._shared, list(self._specs).index(spec.name))

    def _bind(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    async def _carry(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it in our loop, and wait for it from whichever loop we are asked."""
        loop = self._bind()
        if self._closed or loop.is_closed():
            work.close()
            raise ServerError("the ways to servers are closed", "the console is ending")
        if loop is asyncio.get_running_loop():
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    def _anywhere(self, dial: Dial) -> Dial:
        """The same Dial, whose functions may be called from any loop."""
        if isinstance(dial, TcpDial):
            return replace(dial, opened=self._carried(dial.opened))
        return replace(dial, probe=self._carried(dial.probe))

    def _carried(self, work: Callable[[], Awaitable[None]] | None) -> Callable[[], Awaitable[None]] | None:
        if work is None:
            return None

        async def here() -> None:
            await work()

        async def anywhere() -> None:
            await self._carry(here())

        return anywhere

    def _spec(self, name: str) -> Server:
        spec = self._specs.get(name)
        if spec is None:
            known = ", ".join(self._specs) or "none"
            raise UnsupportedError(f"no server {name!r} is configured", f"[servers] has: {known}")
        return spec


def _kind(spec: Server) -> str:
    if spec.kube is not None:
        return "kubectl"
    return "docker" if spec.docker is not None else "ssh"


def _state(spec: Server, configs: Sequence[Path], specs: Mapping[str, Server]) -> ServerState:
    target, by_hand = spec.host, ""
    if spec.kube is not None:
        target, by_hand = kube.target_of(spec.kube), kube.by_hand(spec.kube)
    elif spec.docker is not None:
        target, by_hand = spec.docker.name, docker.by_hand(spec.docker)
    if spec.host:
        with contextlib.suppress(OptionsError):
            used = ssh_config.configs_of(spec, configs)
            by_hand = ssh_config.by_hand(spec, ssh_config.chain(spec, specs), used)
    return ServerState(spec.name, _kind(spec), one_line(target), by_hand=shown(by_hand))


def _folder() -> Path:
    """A name for a new folder, that nobody can guess, with a short path."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    short = runtime and len(os.fsencode(runtime)) < _LONGEST_PARENT and os.access(runtime, os.W_OK)
    return Path(runtime if short else "/tmp", f"quarterdeck-{secrets.token_hex(6)}")  # noqa: S108 - see above
