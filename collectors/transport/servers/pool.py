"""Every server of the configuration: for each one way, one state and one breaker, shared by all collectors."""

from collections.abc import Callable, Mapping
from pathlib import Path

from collectors.clock import Clock
from collectors.errors import UnsupportedError
from collectors.text import one_line
from collectors.transport.endpoint import Dial, Endpoint, direct
from collectors.transport.host import Host
from collectors.transport.local import LocalHost
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import ServerState


def _nothing() -> None:
    return None


class Servers:
    """A Dialer that reaches the servers of ``specs``, and this machine.

    ``folder``: where sockets are kept, a new private one if None. ``changed`` is called, in any thread,
    after a state has changed. It belongs to the event loop of ``start`` or of its first use; calls from
    other loops are carried there.
    """

    def __init__(
        self,
        specs: Mapping[str, Server],
        clock: Clock,
        *,
        folder: Path | None = None,
        changed: Callable[[], None] = _nothing,
    ) -> None:
        self._specs = dict(specs)
        self._clock = clock
        self._folder = folder
        self._changed = changed
        self._uses: dict[str, tuple[str, ...]] = {}

    async def start(self) -> None:
        """Make the running event loop the one where everything happens; its thread must outlive all else."""

    async def dial(self, endpoint: Endpoint) -> Dial:
        """The way to ``endpoint``; raises ServerError at once while there is none to its server."""
        if not endpoint.server:
            return direct(endpoint.url)
        self._spec(endpoint.server)
        raise UnsupportedError(f"{endpoint.server}: sources behind a server cannot be reached yet")

    def host(self, server: str) -> Host:
        """The machine of a server's name, this one for an empty name; costs nothing, opens nothing."""
        if not server:
            return LocalHost()
        self._spec(server)
        raise UnsupportedError(f"{server}: nothing runs on servers yet")

    def states(self) -> tuple[ServerState, ...]:
        """Every server as it is now, in the order of the configuration; from any thread."""
        return tuple(
            ServerState(name, _kind(spec), one_line(spec.host or name), uses=self._uses.get(name, ()))
            for name, spec in self._specs.items()
        )

    def uses(self, server: str, collector: str) -> None:
        """Note that a collector runs through a server, for ``ServerState.uses``."""
        known = self._uses.get(server, ())
        if collector not in known:
            self._uses[server] = (*known, collector)

    def retry(self, server: str = "") -> None:
        """Try again now, also after key and login failures: one server, or all for an empty name."""

    def login_argv(self, name: str) -> tuple[str, ...]:
        """The command that logs in on a terminal; when it ends with 0, call ``adopt``."""
        self._spec(name)
        raise UnsupportedError(f"{name}: cannot be logged in to yet")

    async def adopt(self, name: str) -> None:
        """Use what ``login_argv`` has opened; raises ServerError where nothing was."""
        self._spec(name)
        raise UnsupportedError(f"{name}: cannot be logged in to yet")

    async def close(self) -> None:
        """End every way and what runs through it, and remove the folder; never raises."""

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
