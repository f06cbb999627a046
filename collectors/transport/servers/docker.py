"""The docker way: exec into a container and its own address, by the user's own docker and its contexts."""

import asyncio
import contextlib
import json
import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.errors import UnsupportedError
from collectors.text import one_line
from collectors.transport.endpoint import Dial, TcpDial
from collectors.transport.host import Ran
from collectors.transport.servers import complaints
from collectors.transport.servers.outside import LOOPBACK, Instance, OutsideWay
from collectors.transport.servers.spec import Container
from collectors.transport.servers.state import Fault, ServerError

_CONNECT_WITHIN = 2.0
_LOCAL = ("unix://", "npipe://")
_OWN_CODES = (1, 125, 126, 127)
_OWN = (
    b"Error response from daemon:",
    b"Cannot connect to the Docker daemon",
    b"permission denied while trying to connect",
    b"error during connect:",
    b"Failed to initialize:",
    b"OCI runtime exec failed:",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A container as it was when we looked; ``addresses`` and ``published`` lead to it from its machine.

    ``published``: ports of that machine by (address, port), for a port of the container. ``created`` is
    RFC 3339.
    """

    id: str
    name: str
    state: str
    runs: bool
    addresses: tuple[str, ...]
    on_host: bool
    published: Mapping[int, tuple[tuple[str, int], ...]]
    created: str = ""


class DockerWay(OutsideWay):
    """The way to one container, by its id: one that was made anew under its name is another instance.

    TCP goes to the container's address where this machine runs the daemon: nothing is opened for others.
    """

    kind = "docker"
    remedies = complaints.DOCKER_REMEDIES

    def __init__(self, name: str, container: Container) -> None:
        super().__init__(name)
        self._wanted = container
        self._seen: Seen | None = None
        self._daemon: str | None = None
        self.target = container.name
        self.by_hand = by_hand(container)

    @property
    def program(self) -> tuple[str, ...]:
        """Docker, with its context where one is configured."""
        return _program(self._wanted)

    async def open(self) -> None:
        """Look the container up; raises ServerError where it does not run."""
        self.begin()
        self._daemon = None
        seen = await self._look(self._wanted.name)
        if not seen.runs:
            raise self.refused(
                Fault.NOT_RUNNING, f"container {seen.name} is {seen.state}", self.remedies[Fault.NOT_RUNNING]
            )
        self._seen = seen

    async def check(self) -> float | None:
        """Seconds that docker takes to tell of the container, its own start included."""
        if self._seen is None:
            return None
        began = time.perf_counter()
        try:
            now = await self._look(self._seen.id)
        except ServerError as error:
            if error.fault is Fault.GONE:
                self.lost(error.fault, error.hint)
            return None
        if not now.runs:
            self.lost(Fault.NOT_RUNNING, f"container {now.name} is {now.state}")
        return time.perf_counter() - began

    async def dial_tcp(self, host: str, port: int, name: str, *, as_port: bool = False) -> Dial:  # noqa: ARG002 - it is one always
        """The first address that takes a connection: the container's own, or a published port of it.

        Raises UnsupportedError where none does, and where the daemon is on another machine.
        """
        seen = self._chosen()
        if host not in (*LOOPBACK, seen.name, self._wanted.name, *seen.addresses):
            raise self.elsewhere(host, "the container")
        daemon = await self._whose_daemon()
        if not daemon.startswith(_LOCAL):
            raise UnsupportedError(
                f"{self.name}: its docker daemon is elsewhere ({one_line(daemon, 80)})",
                "declare that machine as a server with `host`, and write the published port into the url",
            )
        place = f"port {port} of container {seen.name}"
        for address, at in _ways_in(seen, port):
            if await _answers(address, at):
                return TcpDial(address, at, name, place)
        raise UnsupportedError(
            f"{self.name}: {place} cannot be reached from here",
            "does it listen on more than the container's own localhost? if so, publish it (-p)",
        )

    async def dial_unix(self, path: str) -> Dial:
        """Raise UnsupportedError: docker forwards to nothing."""
        raise UnsupportedError(
            f"{self.name}: docker leads to no UNIX socket, and {path} is one",
            "mount its folder from this machine, write that path and drop `server`",
        )

    async def close(self) -> None:
        """Nothing stands."""

    async def instances(self) -> tuple[Instance, ...]:
        """The container, also where it has ended."""
        seen = await self._look(self._wanted.name)
        return (Instance(seen.id, seen.name, started=seen.created),)

    def log_argv(self, instance: Instance, since: str) -> tuple[str, ...]:
        """``docker logs -f``."""
        return (*self.program, "logs", "-f", "--timestamps", "--since", since, instance.key)

    def past_argvs(self, instance: Instance, since: str, until: str) -> tuple[tuple[str, ...], ...]:
        """One ``docker logs``, which tells of all runs of the container."""
        named = (("--since", since), ("--until", until))
        bounds = (word for option, moment in named if moment for word in (option, moment))
        return ((*self.program, "logs", "--timestamps", *bounds, instance.key),)

    def fault_of(self, complaint: bytes) -> tuple[Fault, str]:
        """What docker complains of."""
        return complaints.fault_of(complaint, complaints.DOCKER)

    async def _look(self, name: str) -> Seen:
        return _seen(await self._json("inspect", "--type=container", name))

    async def _whose_daemon(self) -> str:
        if self._daemon is None:
            context = (self._wanted.context,) if self._wanted.context else ()
            told = await self._json("context", "inspect", *context)
            self._daemon = str(told.get("Endpoints", {}).get("docker", {}).get("Host", ""))
        return self._daemon

    async def _json(self, *words: str) -> dict[str, Any]:
        try:
            found = json.loads(await self.asked(*words))
            if isinstance(found[0], dict):
                return found[0]
        except (ValueError, LookupError, TypeError):
            pass
        raise self.refused(Fault.OTHER, f"the answer of docker {words[0]} cannot be read")

    def _chosen(self) -> Seen:
        if self._seen is None:
            raise self.refused(Fault.LOST, "the container was not looked up yet")
        return self._seen

    def _exec(self) -> tuple[str, ...]:
        return (*self.program, "exec", "-i", self._chosen().id)

    def _told_apart(self, ran: Ran) -> tuple[tuple[Fault, str] | None, Ran]:
        """Docker hands the command's exit code on and has codes of its own, which its words tell from it."""
        if ran.code < 0:
            return (Fault.LOST, f"docker was ended by signal {-ran.code}"), ran
        lines = [line.strip() for line in ran.err.splitlines() if line.strip()]
        if ran.code in _OWN_CODES and lines and lines[-1].startswith(_OWN):
            return self.fault_of(lines[-1]), ran
        return None, ran


def by_hand(container: Container) -> str:
    """The command that a person would type to see for himself."""
    return shlex.join([*_program(container), "exec", "-it", container.name, "sh"])


def _program(container: Container) -> tuple[str, ...]:
    return ("docker", *((f"--context={container.context}",) if container.context else ()))


def _seen(told: Mapping[str, Any]) -> Seen:
    state, network = told.get("State") or {}, told.get("NetworkSettings") or {}
    networks = (network.get("Networks") or {}).values()
    status = str(state.get("Status", "unknown"))
    code = state.get("ExitCode")
    return Seen(
        id=str(told.get("Id", "")),
        name=str(told.get("Name", "")).lstrip("/"),
        state=f"{status} with {code}" if status == "exited" and code is not None else status,
        runs=bool(state.get("Running")) and not state.get("Paused") and not state.get("Restarting"),
        addresses=tuple(str(one["IPAddress"]) for one in networks if one.get("IPAddress")),
        on_host=(told.get("HostConfig") or {}).get("NetworkMode") == "host",
        published=dict(_published(network.get("Ports") or {})),
        created=str(told.get("Created") or ""),
    )


def _published(ports: Mapping[str, Any]) -> Iterator[tuple[int, tuple[tuple[str, int], ...]]]:
    for port, places in ports.items():
        number, _, protocol = port.partition("/")
        if protocol == "tcp" and places:
            yield int(number), tuple((_here(one["HostIp"]), int(one["HostPort"])) for one in places)


def _here(address: str) -> str:
    """Where to connect to for an address to listen on."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - read, never bound


def _ways_in(seen: Seen, port: int) -> Iterator[tuple[str, int]]:
    for address in seen.addresses:
        yield address, port
    yield from seen.published.get(port, ())
    if seen.on_host:
        yield "127.0.0.1", port


async def _answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CONNECT_WITHIN):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True
    return False
