"""The ssh way: one master of the system's own ssh, UNIX sockets through it, and sessions on it."""

import asyncio
import contextlib
import errno
import os
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.errors import AnswerError, SourceError, UnsupportedError
from collectors.text import one_line
from collectors.transport.endpoint import Dial
from collectors.transport.host import Ran
from collectors.transport.servers import refusal, ssh_config, words
from collectors.transport.servers.children import Child, Guard
from collectors.transport.servers.forwards import Forwards, control
from collectors.transport.servers.gates import Gates
from collectors.transport.servers.mux import mux
from collectors.transport.servers.remote import MARK, remote_command
from collectors.transport.servers.route import Node, route
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, ServerError

OPEN_WITHIN = 20.0
"""Seconds for a login over all hops, not counting the wait for a place at the gate."""

_ASK_WITHIN = 5.0
_PROBE_WITHIN = 2.0
_PORT_OPEN = 15.0
_FORWARDING = ("StreamLocalBindUnlink=yes", "StreamLocalBindMask=0177", "ExitOnForwardFailure=yes")
_MISSING = (b"not found", b"No such file", b"no such file")


@dataclass(slots=True)
class Shared:
    """What the ways of one pool have in common: the private folder, the user's configs, guard and gates."""

    folder: Path
    configs: Sequence[Path] = ssh_config.USER_CONFIGS
    guard: Guard = field(default_factory=Guard)
    gates: Gates = field(default_factory=Gates)
    making: threading.Lock = field(default_factory=threading.Lock)

    def make_folder(self) -> None:
        """Make the folder, for us alone, if it is not there yet; not for the event loop. Raises OSError."""
        with self.making:
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
            found = self.folder.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o077 or not stat.S_ISDIR(found.st_mode):
            raise PermissionError(errno.EPERM, f"{self.folder} is not ours alone")


class SshWay:
    """The way to one server by ssh; ``number`` makes its files' names short."""

    kind = "ssh"

    def __init__(self, server: Server, servers: Mapping[str, Server], shared: Shared, number: int) -> None:
        self._server = server
        self._hops = ssh_config.chain(server, servers)
        self._shared = shared
        self._base = shared.folder / str(number)
        self._called = ssh_config.alias(server, [*self._hops, server])
        self._ctl = self._base.with_suffix(".ctl")
        self._child: Child | None = None
        self._nodes: tuple[Node, ...] = ()
        self._forwards = Forwards(server.name, self._base, self._ctl, lambda: self._child)
        self.target = server.host
        self._configs = ssh_config.configs_of(server, shared.configs)
        self.by_hand = ssh_config.by_hand(server, self._hops, self._configs)

    async def open(self) -> None:
        """Start a master and wait until it stands; takes one that a login has left."""
        await self._end()
        if await self._alive() is None:
            await asyncio.to_thread(self._write)
            await asyncio.to_thread(self._ctl.unlink, missing_ok=True)
            if not self._nodes:
                self._nodes = await route(["ssh", "-F", self._file("conf")], self._called, self._server.name)
            async with self._shared.gates.passing([node.address for node in self._nodes]):
                await self._log_in()
        await self._forwards.again()

    async def broken(self) -> ServerError:
        """Wait until the master ends; what ended it."""
        with contextlib.suppress(OSError, AnswerError):
            async with mux(self._ctl) as master:
                await master.end()
        said = ""
        if self._child is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._child.ended(), 2.0)
            said = self._child.said
        fault, line = words.lost(said)
        return ServerError(f"{self._server.name}: {fault}", line, fault=fault, by_hand=self.by_hand)

    async def check(self) -> float | None:
        """Seconds of one round trip: a session is opened there that runs ``true``."""
        try:
            async with asyncio.timeout(_ASK_WITHIN), mux(self._ctl) as master:
                return await master.round_trip()
        except (OSError, SourceError, TimeoutError):
            # whether the master still stands is for ``broken`` to say
            return None

    async def dial_tcp(self, host: str, port: int, name: str, *, as_port: bool = False) -> Dial:
        """A UNIX socket of ours that leads to an address as seen from the server, or a port for once."""
        if as_port:
            return await self._forwards.port(host, port, name)
        return await self._forwards.address(host, port, name)

    async def dial_unix(self, path: str) -> Dial:
        """A UNIX socket of ours that leads to one of the server's."""
        return await self._forwards.socket(path)

    def argv(self, command: Sequence[str], *, given: bool = False) -> tuple[str, ...]:
        """A session on the master; without one it fails, and never dials by itself."""
        options = ("ControlMaster=no", "ProxyCommand=false", "ClearAllForwardings=yes", "LogLevel=ERROR")
        flags = [word for option in options for word in ("-o", option)]
        return (
            *("ssh", "-F", self._file("conf"), "-S", str(self._ctl), "-T", *flags, "--", self._called),
            remote_command(command, given=given),
        )

    def judged(self, ran: Ran, command: Sequence[str]) -> Ran:
        """Tell the program's own 255 from ssh's, and a missing program from one that failed."""
        name = self._server.name
        if ran.code == 255:
            text, mark, _ = ran.err.rpartition(MARK.encode())
            if mark:
                return Ran(255, ran.out, text)
            if b"open refused" in ran.err:
                raise SourceError(f"{name}: no further session", "sshd refuses it: see MaxSessions there")
            raise ServerError(f"{name}: {Fault.LOST}", one_line(ran.err, 200), fault=Fault.LOST)
        if ran.code == 127 and any(words in ran.err for words in _MISSING):
            raise UnsupportedError(f"there is no {command[0]} on {name}")
        if ran.code == 126:
            raise UnsupportedError(f"{command[0]} cannot be started on {name}", one_line(ran.err, 200))
        return ran

    def login_argv(self) -> tuple[str, ...]:
        """Our master, with prompts, in the background when it is logged in."""
        self._write()
        return (*self._master("login"), "-f", "--", self._called)

    async def adopt(self) -> None:
        """Take what the login has left, and see that it ends with us."""
        pid = await self._alive()
        if pid is None:
            raise ServerError(
                f"{self._server.name}: the login has left no connection", "log in again", fault=Fault.AUTH
            )
        await self._shared.guard.watch(pid)

    async def close(self) -> None:
        """Say goodbye, end the master, and remove its sockets; never raises."""
        await self._forwards.close()
        await self._end()
        if await self._alive() is not None:
            # one that a login has left is no child of ours
            with contextlib.suppress(SourceError, TimeoutError):
                await control(self._ctl, "exit")
        await asyncio.to_thread(self._ctl.unlink, missing_ok=True)

    async def _log_in(self) -> None:
        self._child = child = await Child.start(
            [*self._master("conf"), "--", self._called], self._shared.guard
        )
        try:
            async with asyncio.timeout(OPEN_WITHIN):
                while child.running:
                    if await self._alive() is not None:
                        child.forget()
                        return
                    await asyncio.sleep(0.02)
                await child.ended()
        except TimeoutError:
            said = f"{child.said}\ntimed out"
        else:
            said = child.said
        # the way may be mended in a file that we have read
        nodes, self._nodes = self._nodes, ()
        raise await refusal.told(self._server, self._hops, nodes, said, self._configs)

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _alive(self) -> int | None:
        try:
            async with asyncio.timeout(_ASK_WITHIN), mux(self._ctl) as master:
                return await master.pid()
        except (OSError, AnswerError, TimeoutError):
            return None

    def _master(self, config: str) -> tuple[str, ...]:
        flags = [word for option in (*_FORWARDING, "ClearAllForwardings=yes") for word in ("-o", option)]
        return ("ssh", "-F", self._file(config), "-M", "-S", str(self._ctl), "-N", *flags)

    def _file(self, suffix: str) -> str:
        return f"{self._base}.{suffix}"

    def _write(self) -> None:
        self._shared.make_folder()
        for suffix, interactive in (("conf", False), ("login", True)):
            text = ssh_config.wrapper(self._server, self._hops, self._configs, interactive=interactive)
            descriptor = os.open(self._file(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
