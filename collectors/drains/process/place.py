"""Where a process is looked for: on this machine in a thread, on a server by one command for each look."""

import time
from functools import partial
from typing import Protocol

from collectors.base import Context
from collectors.drains.process.finding import ByNumber, Finder, still
from collectors.drains.process.systemd import Unit, unit_of
from collectors.drains.process.watch import Looked, look
from collectors.errors import AnswerError, OptionsError
from collectors.hands import THIS_MACHINE
from collectors.transport.read import far, far_sockets
from collectors.transport.read.exec import PATH, run
from collectors.transport.read.files_thread import FileThread
from collectors.transport.read.machine import Here
from collectors.transport.read.processes import Identity, Process

_SHARE = 0.9
"""Part of the time-out after which a program that hangs is given up, before the engine does."""


_GENERATIONS = 4
"""Processes that are gone up from one that listens to the one that began to."""


class Place(Protocol):
    """A machine on which one process is followed. ``pace``: seconds between two looks at whether it lives.

    ``cost``: requests that a look at a unit is.
    """

    pace: float
    cost: int

    async def of(self, finder: Finder, known: Identity | None) -> Looked:
        """The process that ``finder`` finds; raises SourceError where there is none."""
        ...

    async def of_unit(self, name: str, main: ByNumber, known: Identity | None) -> tuple[Unit, Looked]:
        """A systemd unit and its main process, of whose number ``main`` is told; raises SourceError."""
        ...

    async def unit(self, name: str) -> Unit:
        """A systemd unit alone; raises SourceError."""
        ...

    async def again(self, identity: Identity) -> Looked:
        """That very process, and what it has open; nothing once it is gone."""
        ...

    async def alive(self, identity: Identity) -> Process | None:
        """That very process, a zombie included; None once it is gone."""
        ...

    def monotonic(self) -> float:
        """What systemd's time stamps are counted by, now, in seconds."""
        ...

    def stop(self) -> None:
        """End what looks; never raises."""
        ...


class Local:
    """``Place``: this machine; /proc is read in a thread of its own."""

    pace = 0.1
    cost = 2

    def __init__(self, context: Context, name: str) -> None:
        self._here = Here(context.clock)
        self._thread = FileThread(name)
        self._timeout = context.timeout * _SHARE

    async def of(self, finder: Finder, known: Identity | None) -> Looked:
        """See ``Place``."""
        return await self._thread.run(partial(look, finder, known, self._here))

    async def of_unit(self, name: str, main: ByNumber, known: Identity | None) -> tuple[Unit, Looked]:
        """See ``Place``."""
        unit = await self.unit(name)
        main.pid = unit.main_pid
        return unit, await self.of(main, known)

    async def unit(self, name: str) -> Unit:
        """See ``Place``."""
        return unit_of(await run("systemd.show", name, timeout=self._timeout), name)

    async def again(self, identity: Identity) -> Looked:
        """See ``Place``."""
        return await self.of(ByNumber(), identity)

    async def alive(self, identity: Identity) -> Process | None:
        """See ``Place``."""
        return await self._thread.run(partial(still, identity, self._here))

    def monotonic(self) -> float:
        """See ``Place``."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def stop(self) -> None:
        """Let the thread end; a hung one is left to itself."""
        self._thread.stop()


class Far:
    """``Place``: a server, asked by one command for each look; with ``sudo`` by one more for its sockets.

    Its uptime stands for systemd's clock, which does not run while a machine sleeps: servers do not.
    """

    pace = 0.5
    cost = 1

    def __init__(self, context: Context, *, sudo: bool = False) -> None:
        self._host = context.host
        self._sudo = sudo
        self._timeout = context.timeout * _SHARE
        self._uptime = 0.0
        self._last: tuple[Identity, Looked, float] | None = None

    async def of(self, finder: Finder, known: Identity | None) -> Looked:
        """See ``Place``."""
        return look(finder, known, await self._asked(*finder.wanted, known))

    async def of_unit(self, name: str, main: ByNumber, known: Identity | None) -> tuple[Unit, Looked]:
        """See ``Place``."""
        found = await self._asked("unit", name, known)
        if found.unit is None:
            raise AnswerError(f"{self._host.name} told nothing of {name}")
        unit = unit_of(found.unit, name)
        main.pid = unit.main_pid
        return unit, look(main, known, found)

    async def unit(self, name: str) -> Unit:
        """See ``Place``."""
        unit, _ = await self.of_unit(name, ByNumber(), None)
        return unit

    async def again(self, identity: Identity) -> Looked:
        """See ``Place``; a look that is newer than the pace is not asked for again."""
        if self._last is not None:
            before, looked, at = self._last
            if before == identity and time.monotonic() - at < self.pace:
                return looked
        return await self._again(identity)

    async def alive(self, identity: Identity) -> Process | None:
        """See ``Place``; what it has open comes with it, for ``again``."""
        return (await self._again(identity)).process

    def monotonic(self) -> float:
        """The server's uptime at the last look."""
        return self._uptime

    def stop(self) -> None:
        """Nothing runs between two looks."""

    async def _again(self, identity: Identity) -> Looked:
        found = await self._asked("pid", str(identity.pid), None)
        looked = look(ByNumber(), identity, found)
        self._last = identity, looked, time.monotonic()
        return looked

    async def _asked(self, how: str, name: str, known: Identity | None) -> far.Snapshot:
        table = await far_sockets.table(self._host, seconds=self._timeout) if self._sudo else None
        if table is not None and how == "port":
            found = await self._first(table.listeners(int(name)), known)
        else:
            found = await far.look(self._host, how, name, known, seconds=self._timeout)
        found.table = table
        self._uptime = found.uptime
        return found

    async def _first(self, pids: frozenset[int], known: Identity | None) -> far.Snapshot:
        """Of those who share a port the one from which the others come; the known one is told of too."""
        pid = min(pids, default=0)
        for _ in range(_GENERATIONS):
            found = await far.look(self._host, "pid", str(pid), known, seconds=self._timeout)
            one = found.process(pid)
            if one is None or one.parent not in pids:
                break
            pid = one.parent
        found.first = pid
        return found


def place_of(context: Context, name: str, *, sudo: bool) -> Place:
    """Where a collector's process is; ``name``: of the thread, where there is one."""
    return Far(context, sudo=sudo) if context.server or sudo else Local(context, name)


def server_of(context: Context) -> str:
    """The machine in the words of ``Plan.server``."""
    return context.server or THIS_MACHINE


def check_path(pid_file: str, context: Context) -> None:
    """Refuse a pid file of a server that is no whole path; raises OptionsError."""
    if context.server and pid_file and not PATH.fullmatch(pid_file):
        raise OptionsError(
            f"pid_file: {pid_file!r} is no whole path", f"write it as it is on {context.server}: /run/app.pid"
        )
