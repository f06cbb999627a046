"""The process that options name, found anew for an action: by pid file, systemd unit or port."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from collectors.base import Context
from collectors.drains.process.exits import UNKNOWN, Exit, of_status
from collectors.drains.process.finding import ByNumber, ByPidFile, ByPort, Finder
from collectors.drains.process.place import place_of
from collectors.drains.process.serving import Serving, recognised
from collectors.drains.process.watch import Looked, Seen, Watch
from collectors.errors import SourceError, UnreachableError
from collectors.transport.read.processes import Identity, Process


class Naming(Protocol):
    """Options that name a process, by one of three at most; ``grace`` in seconds, ``sudo`` for sockets."""

    @property
    def pid_file(self) -> str: ...  # noqa: D102 - named above
    @property
    def unit(self) -> str: ...  # noqa: D102 - the same
    @property
    def port(self) -> int: ...  # noqa: D102 - the same
    @property
    def grace(self) -> float | None: ...  # noqa: D102 - the same
    @property
    def sudo(self) -> bool: ...  # noqa: D102 - the same


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
    """The process as it was found; ``grace``: seconds from TERM to SIGKILL, None where not known.

    ``serving``: which server it is, None where it is none that we know.
    """

    process: Process
    seen: Seen
    grace: float | None
    serving: Serving | None = None

    @property
    def identity(self) -> Identity:
        """Its number and its start."""
        return self.process.identity

    @property
    def label(self) -> str:
        """``process 4711 (python)``."""
        return f"process {self.identity.pid} ({self.process.name})"

    @property
    def cut(self) -> float | None:
        """Seconds after TERM until it cuts off what is not finished itself; None for never, or not known."""
        return self.serving.limit if self.serving else None


def cut_warnings(running: Running) -> Iterator[str]:
    """What the operator must know of a server that is slower to be killed than to cut its requests."""
    serving, cut = running.serving, running.cut
    if serving is None:
        return
    if cut is None and running.grace is None:
        yield f"one request that never ends keeps {serving.name} for ever"
    if cut is not None and (running.grace is None or cut < running.grace):
        yield f"a request that takes more than {cut:g} s is lost: {serving.name} {serving.then} it"


class Named:
    """Follows the process that was there at the first look, and no other. ``pace``: see ``Place``.

    ``grace`` and ``cut``: seconds after TERM until its supervisor kills it, and until it cuts off what is not
    finished itself; None where not known.
    """

    def __init__(self, options: Naming, context: Context) -> None:
        self._options = options
        self._context = context
        self._watch = Watch()
        self._place = place_of(context, f"{context.collector} acts", sudo=options.sudo)
        self.pace = self._place.pace
        self.grace = options.grace
        self.cut: float | None = None

    async def found(self) -> Running:
        """The process as it is now; raises SourceError where there is none that lives."""
        looked = await self._looked()
        one = looked.process
        if one is None or one.ended:
            raise UnreachableError("not running", "there is no process to tell to stop")
        seen = self._see(looked)
        return Running(one, seen, self.grace, recognised(looked.arguments))

    async def alive(self, identity: Identity) -> Process | None:
        """That very process, a zombie included; None once it is gone."""
        return await self._place.alive(identity)

    async def look(self, identity: Identity) -> Seen:
        """That very process with its sockets: ports that it listened on once are remembered."""
        return self._see(await self._place.again(identity))

    async def exit_of(self, ended: Process | None, *, at_deadline: bool) -> Exit:
        """How it ended: by its status while it waits to be reaped, else as systemd tells."""
        if ended is not None:
            return of_status(ended.status, at_deadline=at_deadline)
        if self._options.unit:
            try:
                unit = await self._place.unit(self._options.unit)
            except SourceError:
                return UNKNOWN
            if not unit.main_pid and unit.exit is not None:
                return unit.exit
        return UNKNOWN

    def stop(self) -> None:
        """End what looks."""
        self._place.stop()

    async def _looked(self) -> Looked:
        options = self._options
        if not options.unit:
            return await self._place.of(finder_of(options, self._context), None)
        unit, looked = await self._place.of_unit(options.unit, ByNumber(), None)
        if options.grace is None:
            self.grace = unit.grace
        return looked

    def _see(self, looked: Looked) -> Seen:
        return self._watch.see(looked, self._context.clock.boottime(), self.grace)


def finder_of(options: Naming, context: Context) -> Finder:
    """By the pid file, as people write its path, or by the port."""
    if not options.pid_file:
        return ByPort(options.port)
    path = options.pid_file if context.server else str(Path(options.pid_file).expanduser())
    return ByPidFile(path)


@asynccontextmanager
async def named(options: Naming, context: Context) -> AsyncIterator[Named]:
    """A ``Named`` that ends with the block."""
    one = Named(options, context)
    try:
        yield one
    finally:
        one.stop()
