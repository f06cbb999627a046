"""health.host: a machine: load, memory, disks, its clock against ours, open files, since when it is up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Collector, Context
from collectors.errors import AnswerError
from collectors.health.host.skew import skew_of
from collectors.health.host.told import Disk, Told, told_of
from collectors.model.detail import Detail, DetailSpec
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, exact, exact_or_unknown
from collectors.model.reading import Part
from collectors.model.subject import SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.text import Shown, one_line
from collectors.transport.read.exec import PATH, Output, run

_SHARE = 0.9
"""Part of the time-out after which a program that hangs is given up, before the engine does."""

_SHOWN_DISKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHealthOptions:
    """One machine: this one, or the collector's ``server``; a remote one is read by one fixed command.

    ``paths``: whole paths, on the file systems that are looked at; none: all of them. Name them where a
    network mount may hang, as ``df`` waits for it. Thresholds go on its own fields: ``host.load``,
    ``host.load_per_cpu``, ``host.memory``, ``host.swap``, ``host.disk``, ``host.disk_free``,
    ``host.inodes``, ``host.clock_error``, ``host.files``.
    """

    paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no whole path."""
        for path in self.paths:
            if not PATH.fullmatch(path):
                raise ValueError(f"paths: {path!r} is no whole path, such as /var")
        if len(self.paths) > 50:
            raise ValueError("paths: at most 50")


class HostHealth(Collector[HostHealthOptions]):
    """Reads one machine: load, memory, fullest disks, clock, open files, boot; changes nothing on it."""

    practice: ClassVar[Practice] = Practice.HEALTH
    Options: ClassVar[type[HostHealthOptions]] = HostHealthOptions
    default_every: ClassVar[float] = 10.0
    details: ClassVar[tuple[DetailSpec, ...]] = (
        DetailSpec("disks", "file systems", "All that can fill, the fullest first."),
    )

    def __init__(self, options: HostHealthOptions, context: Context) -> None:
        super().__init__(options, context)
        name = context.server or "this machine"
        self._subject = context.subject(Practice.HEALTH, name.encode(), label=name)
        self._boot = ""
        self._reboots = 0
        self._disks: tuple[Disk, ...] = ()

    async def collect(self) -> Sweep:
        """One command; our clock is read before and after it."""
        clock, wall = self.context.clock, self.context.clock.wall()
        began = clock.boottime()
        within = self.context.timeout * _SHARE
        output = await run("host.look", *self.options.paths, host=self.context.host, timeout=within)
        took = max(0.0, clock.boottime() - began)
        told = self._told(output)
        self._note(told)
        skew = skew_of(told, wall, took) if self.context.server else None
        reading = HealthReading(
            subject=self._subject,
            probe=Probe.LIVENESS,
            state=HealthState.UP,
            version=one_line(told.release, 60),
            started=told.booted,
            format="host",
            word=one_line(_word(told), 80),
            note=one_line("; ".join(self._notes(told, output)), 240),
            latency=exact(took, Unit.SECONDS),
            restarts=exact(self._reboots) if told.boot else exact_or_unknown(None),
            uptime=exact_or_unknown(told.uptime, Unit.SECONDS),
            parts=tuple(_parts(told, skew)),
            extra=tuple(_extra(told, skew)),
        )
        return self.sweep([reading], cost=Cost(requests=1, bytes=len(output.out)))

    async def detail(self, subject: SubjectId, name: str) -> Detail:  # noqa: ARG002 - there is one of each
        """The file systems of the last pass."""
        rows = tuple(
            (
                one_line(disk.at, 120),
                exact_or_unknown(disk.share, Unit.RATIO),
                exact_or_unknown(disk.free, Unit.BYTES),
                exact_or_unknown(disk.inodes, Unit.RATIO),
                exact_or_unknown(disk.inodes_free),
            )
            for disk in self._disks
        )
        columns = ("mounted on", "used", "free", "inodes used", "inodes free")
        return Detail(self.details[0], columns, rows)

    def _told(self, output: Output) -> Told:
        try:
            return told_of(output.out)
        except AnswerError as error:
            said = one_line(output.err or output.out, 160)
            raise AnswerError(f"{error.why}: {said}" if said else error.why, error.hint) from None

    def _note(self, told: Told) -> None:
        """Remember the disks, and count a reboot."""
        self._disks = told.disks
        self._reboots += bool(self._boot and told.boot and told.boot != self._boot)
        self._boot = told.boot or self._boot

    def _notes(self, told: Told, output: Output) -> Iterator[str]:
        lacking = {
            "load": told.loads is None,
            "memory": told.available is None or not told.memory,
            "disks": not told.disks,
            "open files": told.files is None,
        }
        if any(lacking.values()):
            yield f"partial view: it does not tell {', '.join(name for name, so in lacking.items() if so)}"
        if self.options.paths:
            # of paths that were named, one that is not there is a mistake; of all that there are, it is not
            yield from (line for line in output.err.splitlines()[:5] if line.startswith("df:"))


def _word(told: Told) -> str:
    if told.loads is None:
        return "answers"
    return f"load {told.loads[0]:g}" + (f" on {told.cpus} CPUs" if told.cpus else "")


def _parts(told: Told, skew: Quantity | None) -> Iterator[Part]:
    for disk in told.disks[:_SHOWN_DISKS]:
        few = disk.inodes is not None and disk.inodes > (disk.share or 0.0)
        word = "inodes" if few else "disk"
        share = disk.inodes if few else disk.share
        yield Part(name=one_line(disk.at, 80), word=Shown(word), value=exact_or_unknown(share, Unit.RATIO))
    if skew is not None and skew.value is not None and abs(skew.value) - (skew.margin or 0.0) > 0:
        way = "ahead of ours" if skew.value > 0 else "behind ours"
        value = Quantity(abs(skew.value), skew.unit, skew.known, skew.margin)
        yield Part(name=Shown("clock"), word=Shown(way), value=value)


def _extra(told: Told, skew: Quantity | None) -> Iterator[tuple[str, Quantity]]:
    loads = told.loads or (None, None, None)
    yield "host.load", exact_or_unknown(loads[0])
    yield "host.load5", exact_or_unknown(loads[1])
    yield "host.load15", exact_or_unknown(loads[2])
    yield "host.cpus", exact_or_unknown(told.cpus)
    each = loads[0] / told.cpus if loads[0] is not None and told.cpus else None
    yield "host.load_per_cpu", exact_or_unknown(each)
    yield "host.memory", exact_or_unknown(_used(told.available, told.memory), Unit.RATIO)
    yield "host.memory_available", exact_or_unknown(told.available, Unit.BYTES)
    yield "host.memory_total", exact_or_unknown(told.memory, Unit.BYTES)
    yield "host.swap", exact_or_unknown(_used(told.swap_free, told.swap), Unit.RATIO)
    fullest = max(told.disks, key=lambda disk: disk.share or 0.0, default=None)
    yield "host.disk", exact_or_unknown(fullest.share if fullest else None, Unit.RATIO)
    yield "host.disk_free", exact_or_unknown(fullest.free if fullest else None, Unit.BYTES)
    inodes = [disk.inodes for disk in told.disks if disk.inodes is not None]
    yield "host.inodes", exact_or_unknown(max(inodes, default=None), Unit.RATIO)
    if skew is not None:
        value = None if skew.value is None else abs(skew.value)
        yield "host.clock_error", Quantity(value, skew.unit, skew.known, skew.margin)
    files = told.files / told.files_max if told.files is not None and told.files_max else None
    yield "host.files", exact_or_unknown(files, Unit.RATIO)
    yield "host.files_open", exact_or_unknown(told.files)


def _used(free: float | None, whole: float | None) -> float | None:
    """The share that is used; where there is none at all, nothing is known."""
    return 1.0 - free / whole if free is not None and whole else None


COLLECTOR = HostHealth
