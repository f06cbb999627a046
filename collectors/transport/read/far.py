"""Processes of another machine: what one remote command printed of them, as a ``Machine``."""

import errno
import re
from collections.abc import Iterable
from functools import partial

from collectors.errors import AnswerError, UnsupportedError
from collectors.text import one_line
from collectors.transport.host import Host
from collectors.transport.read.exec import Output, run
from collectors.transport.read.far_sockets import Table
from collectors.transport.read.files_open import NotRegularError, Seen
from collectors.transport.read.processes import (
    SYS_PTRACE,
    TICKS,
    Identity,
    Process,
    Sockets,
    boot_of,
    number_in,
    process_of,
)

LIMIT = 2**20
"""Bytes of an answer: about 20,000 ports of connections that the processes themselves opened."""

_SEPARATOR = "\x1f"
"""What stands between arguments."""

_KINDS = {
    "clock": r"\d+\.\d+ \d+",
    "boot": r"[0-9a-f-]*",
    "reader": r"\d* [0-9a-f]*",
    "file": r"none|odd|denied|\d+ \d+ \d+ \d+",
    "named": r".*",
    "port": r"somebody|nobody",
    "listener": r"\d*",
    "unit": r"\d+",
    "process": r"\d+ \d+ \(.*",
    "argv": r"\d+ .*",
    "tree": r"[\d ]+",
    "listens": r"\d+ [0-9A-F]{1,4} [0-9A-F]{1,8}",
    "open": r"\d+ [0-9A-F]{1,4} \d{1,6}",
    "sockets": r"\d+",
    "hidden": r"\d+",
}
"""Lines of the script and the shape of their rest; a line of another shape is not ours."""


class Snapshot:
    """``Machine``: one answer of the script; ``unit`` is systemd's part of it, None where it was not asked.

    ``uptime``: seconds of the server since its boot, which its process starts are counted from. ``table``:
    its sockets, where they were asked for apart; ``first``: the process that was found in it to listen.
    """

    def __init__(self, output: Output, server: str) -> None:
        self._server = server or "this machine"
        self.table: Table | None = None
        self.first = 0
        self._found: dict[str, list[str]] = {}
        self.unit: Output | None = None
        self._read(output)
        uptime, wall = self._last("clock").split()
        self.uptime = float(uptime)
        self._wall = float(wall)
        self._boot = boot_of(self._found.get("boot", [""])[-1])
        self._lacks_awk = "awk: not found" in output.err or "awk: command not found" in output.err

    def process(self, pid: int) -> Process | None:
        """Of those that were asked for."""
        for line in self._found.get("process", ()):
            owner, _, text = line.partition(" ")
            one = process_of(text, partial(self._may_trace, owner), self._boot)
            if one is not None and one.identity.pid == pid:
                return one
        return None

    def pid_in(self, path: str) -> tuple[int, Seen]:
        """The number in the pid file that was asked for; raises as reading it here would."""
        told = self._last("file")
        if told == "none":
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        if told == "denied":
            raise PermissionError(errno.EACCES, "may not be read", path)
        if told == "odd":
            raise NotRegularError(errno.EINVAL, "not a regular file", path)
        device, inode, size, modified = map(int, told.split())
        return number_in(self._last("named").encode().split()), Seen((device, inode), size, modified * 10**9)

    def tree(self, pid: int) -> tuple[int, ...]:
        """The process and its descendants."""
        for line in self._found.get("tree", ()):
            numbers = tuple(int(number) for number in line.split())
            if numbers and numbers[0] == pid:
                return numbers
        return (pid,)

    def sockets(self, pids: Iterable[int]) -> Sockets:
        """What the tree of the first of them has open."""
        if self.table is not None:
            return self.table.of(pids)
        first = str(next(iter(pids)))
        if first not in self._found.get("sockets", ()):
            if self._lacks_awk:
                raise UnsupportedError(
                    f"{self._server} has no awk", "install it there: sockets are counted by it"
                )
            raise PermissionError(errno.EACCES, "its sockets may not be seen")
        listening: set[int] = set()
        connected: list[int] = []
        waiting = 0
        for line in self._found.get("listens", ()):
            owner, port, queue = line.split()
            if owner == first:
                listening.add(int(port, 16))
                waiting += int(queue, 16)
        for line in self._found.get("open", ()):
            owner, port, count = line.split()
            if owner == first:
                connected += [int(port, 16)] * int(count)
        return Sockets(frozenset(listening), tuple(connected), waiting)

    def listener(self, port: int) -> Process | None:
        """Who listens on the port that was asked for."""
        if self.table is not None:
            return self.process(self.first)
        told = self._last("listener")
        found = self.process(int(told)) if told else None
        if found is None and self._last("port") == "somebody":
            raise PermissionError(f"the process that listens on port {port} cannot be seen by this user")
        return found

    def arguments(self, pid: int) -> tuple[str, ...]:
        """With what it was started; a line feed in it came as a blank."""
        for line in self._found.get("argv", ()):
            number, _, rest = line.partition(" ")
            if number == str(pid) and rest:
                return tuple(rest.rstrip(_SEPARATOR).split(_SEPARATOR))
        return ()

    def age(self, one: Process) -> float:
        """Seconds since its start."""
        return max(0.0, self.uptime - one.identity.start / TICKS)

    def began(self, one: Process) -> float:
        """When it started, by the server's clock."""
        return self._wall - self.age(one)

    def _read(self, output: Output) -> None:
        lines = output.out.split("\n")
        told: list[str] = []
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "" and rest:
                told.append(rest)
            elif kind in _KINDS and re.fullmatch(_KINDS[kind], rest):
                self._found.setdefault(kind, []).append(rest)
        if "clock" not in self._found or "end" not in lines:
            said = one_line(output.err or output.out, 160)
            why = "it did not print what it was asked for" + (f": {said}" if said else "")
            raise AnswerError(why, "does its login run what ssh is told?")
        if "unit" in self._found:
            code, text = int(self._last("unit")), "\n".join(told)
            if code == 127:
                raise UnsupportedError(
                    f"{self._server} has no systemctl", "name the process by `pid_file` or `port`"
                )
            self.unit = Output(code, text, "")

    def _last(self, kind: str) -> str:
        found = self._found.get(kind)
        if not found:
            raise AnswerError(f"{self._server} did not tell its {kind}")
        return found[-1]

    def _may_trace(self, owner: str) -> bool:
        """Whether an exit status is real: to others it reads as 0."""
        user, rights = self._last("reader").split(" ")
        return user == owner or bool(rights and int(rights, 16) & SYS_PTRACE)


async def look(host: Host, how: str, name: str, known: Identity | None, *, seconds: float) -> Snapshot:
    """Ask once, by one command; raises SourceError where no answer came, or none of the script's."""
    before = known or Identity(0, 0)
    known_by = (str(before.pid), str(before.start), before.boot)
    output = await run("process.look", how, name, *known_by, host=host, timeout=seconds, limit=LIMIT)
    return Snapshot(output, host.name)
