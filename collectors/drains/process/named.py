"""The process that options name, found anew for an action: by pid file, systemd unit or port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from collectors.base import Context
from collectors.clock import Clock
from collectors.drains.process.exits import UNKNOWN, Exit, of_status
from collectors.drains.process.finding import ByNumber, ByPidFile, ByPort, Finder, still
from collectors.drains.process.systemd import Unit, unit_of
from collectors.drains.process.watch import Looked, Seen, Watch, look
from collectors.errors import SourceError, UnreachableError, UnsupportedError
from collectors.transport.read.exec import run
from collectors.transport.read.files_thread import FileThread
from collectors.transport.read.processes import Identity, Process

_SHARE = 0.9
"""Part of the time-out after which a program that hangs is given up."""


class Naming(Protocol):
    """Options that name a process of this machine, at most by one of the three; ``grace`` in seconds."""

    @property
    def pid_file(self) -> str: ...  # noqa: D102 - named above
    @property
    def unit(self) -> str: ...  # noqa: D102 - the same
    @property
    def port(self) -> int: ...  # noqa: D102 - the same
    @property
    def grace(self) -> float | None: ...  # noqa: D102 - the same


def names_a_process(options: Naming) -> bool:
    """Whether there is a process at all."""
    return bool(options.pid_file or options.unit or options.port)


def check_naming(options: Naming, *, least: int) -> None:
    """Refuse fewer than ``least`` ways to name the process, and several; raises ValueError."""
    ways = sum((options.pid_file != "", options.unit != "", options.port != 0))
    if ways > 1 or ways < least:
        raise ValueError(f"name {'exactly' if least else 'at most'} one of pid_file, unit and port")
    if not 0 <= options.port < 65536:
        raise ValueError("port: must be a number from 1 to 65535")
    if "\0" in options.pid_file:
        raise ValueError("pid_file: must name a file")


@dataclass(frozen=True, slots=True)
class Running:
    """The process as it was found; ``grace``: seconds from TERM to SIGKILL, None where not known."""

    process: Process
    seen: Seen
    grace: float | None

    @property
    def identity(self) -> Identity:
        """Its number and its start."""
        return self.process.identity

    @property
    def label(self) -> str:
        """``process 4711 (python)``."""
        return f"process {self.identity.pid} ({self.process.name})"


class Named:
    """Follows the process that was there at the first look, and no other."""

    def __init__(self, options: Naming, context: Context) -> None:
        self._options = options
        self._context = context
        self._watch = Watch()
        self._thread = FileThread(f"{context.collector} acts")
        self.grace = options.grace

    async def found(self) -> Running:
        """The process as it is now; raises SourceError where there is none that lives."""
        if self._context.server:
            raise UnsupportedError(f"{self._context.server}: processes of other machines cannot be reached")
        finder = await self._finder()
        one = await self._thread.run(partial(finder.find, None))
        if one is None or one.ended:
            raise UnreachableError("not running", "there is no process to tell to stop")
        seen = await self.look(one.identity)
        return Running(one, seen, self.grace)

    async def alive(self, identity: Identity) -> Process | None:
        """That very process, a zombie included; None once it is gone."""
        return await self._thread.run(partial(still, identity))

    async def look(self, identity: Identity) -> Seen:
        """That very process with its sockets: ports that it listened on once are remembered."""
        looked: Looked = await self._thread.run(partial(_looked, identity))
        return self._watch.see(looked, self._context.clock.boottime(), self.grace)

    async def exit_of(self, ended: Process | None, *, at_deadline: bool) -> Exit:
        """How it ended: by its status while it waits to be reaped, else as systemd tells."""
        if ended is not None:
            return of_status(ended.status, at_deadline=at_deadline)
        if self._options.unit:
            try:
                unit = await self._unit()
            except SourceError:
                return UNKNOWN
            if not unit.main_pid and unit.exit is not None:
                return unit.exit
        return UNKNOWN

    def stop(self) -> None:
        """Let the thread end."""
        self._thread.stop()

    async def _finder(self) -> Finder:
        options = self._options
        if options.pid_file:
            return by_pid_file(options.pid_file, self._context.clock)
        if options.port:
            return ByPort(options.port)
        unit = await self._unit()
        if options.grace is None:
            self.grace = unit.grace
        main = ByNumber()
        main.pid = unit.main_pid
        return main

    async def _unit(self) -> Unit:
        output = await run("systemd.show", self._options.unit, timeout=self._context.timeout * _SHARE)
        return unit_of(output, self._options.unit)


def by_pid_file(path: str, clock: Clock) -> ByPidFile:
    """The finder of a pid file as people write its path."""
    return ByPidFile(str(Path(path).expanduser()), clock)


def _looked(identity: Identity) -> Looked:
    known = ByNumber()
    return look(known, identity)


@asynccontextmanager
async def named(options: Naming, context: Context) -> AsyncIterator[Named]:
    """A ``Named`` whose thread ends with the block."""
    one = Named(options, context)
    try:
        yield one
    finally:
        one.stop()
