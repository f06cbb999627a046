"""drains.process: one process, here or on a server, by pid file, systemd unit or port, as /proc tells it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.drains.process.drain import Drain
from collectors.drains.process.finding import ByNumber
from collectors.drains.process.named import check_naming, finder_of
from collectors.drains.process.place import check_path, place_of
from collectors.drains.process.serving import recognised
from collectors.drains.process.systemd import Unit
from collectors.drains.process.watch import Looked, Seen, Watch
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, about, exact, exact_or_unknown
from collectors.model.quantity import Unit as Of
from collectors.model.reading import Part
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration
from collectors.text import Shown, one_line
from collectors.transport.read.processes import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDrainOptions:
    """One process: name exactly one of ``pid_file``, ``unit`` and ``port``.

    With ``server`` all of that is looked up there, by one command for each look. ``pid_file``: the file that
    holds its number (on a server its whole path). ``unit``: its systemd unit ("orders.service"), of which
    the main process is meant. ``port``: the TCP port that it listens on; needs the rights to see its open
    files. ``grace``: how long after SIGTERM whoever supervises it sends SIGKILL; systemd tells it itself.
    ``sudo``: its sockets are listed by ``sudo -n ss -H -t -a -n -p``, for a login that may not see them.
    """

    pid_file: str = ""
    unit: str = ""
    port: int = 0
    grace: Duration | None = None
    sudo: bool = False

    def __post_init__(self) -> None:
        """Refuse none or several ways to name the process."""
        check_naming(self, least=1)


class ProcessDrain(Collector[ProcessDrainOptions]):
    """Reads one process: whether it listens, who is connected, since when it stops, how it ended."""

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[ProcessDrainOptions]] = ProcessDrainOptions
    default_every: ClassVar[float] = 2.0
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Drain,)

    def __init__(self, options: ProcessDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        check_path(options.pid_file, context)
        self._main = ByNumber()
        self._finder = self._main if options.unit else finder_of(options, context)
        self._watch = Watch()
        self._place = place_of(context, context.collector, sudo=options.sudo)
        key, label = self._named()
        self._subject = context.subject(Practice.DRAINS, key, label)

    @property
    def identity(self) -> Identity | None:
        """The process that the last look saw, None before the first."""
        return self._watch.identity

    async def collect(self) -> Sweep:
        """One look at the unit, if it is one, and at the process."""
        options, known = self.options, self._watch.identity
        if not options.unit:
            looked = await self._place.of(self._finder, known)
            reading = self._reading(looked, self._see(looked, options.grace))
            return self.sweep([reading], cost=Cost(requests=1))
        unit, looked = await self._place.of_unit(options.unit, self._main, known)
        grace = unit.grace if options.grace is None else options.grace
        seen = self._see(looked, grace)
        if not unit.main_pid:
            self._watch.told(unit.exit)
        reading = self._of_unit(unit, grace, looked, seen)
        return self.sweep([reading], cost=Cost(requests=self._place.cost))

    async def close(self) -> None:
        """End what looks; a hung thread is left to itself."""
        self._place.stop()

    def _named(self) -> tuple[bytes, str]:
        options = self.options
        if options.pid_file:
            return options.pid_file.encode("utf-8", "surrogateescape"), Path(options.pid_file).name
        if options.unit:
            return options.unit.encode(), options.unit
        return b"port:%d" % options.port, f"port {options.port}"

    def _see(self, looked: Looked, grace: float | None) -> Seen:
        return self._watch.see(looked, self.context.clock.boottime(), grace)

    def _reading(self, looked: Looked, seen: Seen) -> DrainReading:
        one, ended = looked.process, self._watch.exit
        notes = []
        if one is not None and one.state == "T":
            notes.append("it is stopped by a signal and finishes nothing until SIGCONT")
        if one is not None and not one.ended and looked.sockets is None:
            notes.append("this user may not see its connections: run as its user or as root")
        return DrainReading(
            subject=self._subject,
            word=Shown("running" if seen.phase is Phase.SERVING and not seen.ready else seen.phase),
            note=one_line("; ".join(notes), 240),
            parts=tuple(_parts(looked)),
            phase=seen.phase,
            ready=seen.ready,
            exit=one_line(ended.words if ended else "", 80),
            killed=ended is not None and ended.killed,
            sessions=exact_or_unknown(seen.sessions),
            queued=exact_or_unknown(seen.waiting),
            grace=_grace(self.options.grace, looked),
            elapsed=seen.elapsed,
            uptime=exact_or_unknown(looked.age, Of.SECONDS),
        )

    def _of_unit(self, unit: Unit, grace: float | None, looked: Looked, seen: Seen) -> DrainReading:
        """The process's reading, with what systemd knows better: its state and since when, grace, exit."""
        reading = self._reading(looked, seen)
        notes = [str(reading.note)] if reading.note else []
        if unit.phase is Phase.SERVING and seen.phase is Phase.STOPPING:
            # somebody else told it to stop: systemd waits for nothing and will send no SIGKILL
            notes.append("it stops listening, and systemd did not ask it to")
            return replace(reading, word=one_line(unit.word, 60), note=one_line("; ".join(notes), 240))
        if grace is None:
            notes.append("systemd never sends it SIGKILL")
        if unit.restarts:
            notes.append(f"systemd has started it again {unit.restarts} times")
        return replace(
            reading,
            word=one_line(unit.word, 60),
            note=one_line("; ".join(notes), 240),
            phase=unit.phase,
            ready=seen.ready if unit.phase is Phase.SERVING else False,
            grace=_grace(grace, looked),
            elapsed=self._age(unit.ended if unit.phase is Phase.EXITED else unit.since, unit.phase),
        )

    def _age(self, at: float | None, phase: Phase) -> Quantity:
        """Seconds since a moment of CLOCK_MONOTONIC, which is what systemd stamps with."""
        if at is None or phase in (Phase.SERVING, Phase.UNKNOWN):
            return exact_or_unknown(None, Of.SECONDS)
        return exact_or_unknown(max(0.0, self._place.monotonic() - at), Of.SECONDS)


def _grace(supervisor: float | None, looked: Looked) -> Quantity:
    """Seconds after TERM until something ends it: its supervisor, or before that its own limit."""
    serving = recognised(looked.arguments)
    if serving is None or serving.limit is None or (supervisor is not None and supervisor <= serving.limit):
        return exact_or_unknown(supervisor, Of.SECONDS)
    return exact(serving.limit, Of.SECONDS) if serving.sure else about(serving.limit, None, Of.SECONDS)


def _parts(looked: Looked) -> Iterator[Part]:
    one = looked.process
    if one is None:
        return
    yield Part(name=Shown("process"), word=one_line(f"{one.identity.pid} {one.name}", 80))
    serving = recognised(looked.arguments)
    if serving is not None:
        yield Part(name=Shown("serves by"), word=one_line(serving.brief, 80))
    if looked.processes > 1:
        yield Part(name=Shown("with"), word=Shown(f"{looked.processes - 1} below it"))
    if looked.sockets is not None and looked.sockets.listening:
        ports = ", ".join(str(port) for port in sorted(looked.sockets.listening)[:10])
        yield Part(name=Shown("listens on"), word=Shown(ports))


COLLECTOR = ProcessDrain
