"""What a collector is: options, open, collect, close, and capabilities as small protocols."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from collectors.action import Action
from collectors.clock import Clock, SystemClock
from collectors.model.detail import Detail, DetailSpec
from collectors.model.logs import LogBatch
from collectors.model.practice import Practice
from collectors.model.reading import Reading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.positions import NoPositions, Positions
from collectors.secret import SecretUrl
from collectors.text import Shown, one_line
from collectors.transport.endpoint import Dialer, DirectDialer, Endpoint
from collectors.transport.host import Host
from collectors.transport.lease import Leases

API = 1
"""Version of this interface; a plug-in states the one that it was written for."""

MOST_SUBJECTS = 500
"""Subjects kept of one collector, worst first; the rest is counted."""

O = TypeVar("O")  # noqa: E741 - the option dataclass of an adapter


def _discard(_batch: LogBatch) -> None:
    """Records go nowhere where nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the console gives to a collector.

    ``collector`` and ``instance`` name it; ``service`` is the default owner of its subjects;
    ``attribute`` are (pattern, service) pairs in the file's order; ``every`` and ``timeout`` are
    seconds; ``emit`` takes log records, from the collector's own loop; ``positions`` keep where streams
    were read to.
    """

    collector: str
    instance: str = ""
    service: str = ""
    attribute: tuple[tuple[str, str], ...] = ()
    server: str = ""
    every: float = 5.0
    timeout: float = 5.0
    clock: Clock = field(default_factory=SystemClock)
    leases: Leases = field(default_factory=Leases)
    dialer: Dialer = field(default_factory=DirectDialer)
    emit: Callable[[LogBatch], None] = _discard
    positions: Positions = field(default_factory=NoPositions)

    def endpoint(self, url: SecretUrl) -> Endpoint:
        """The endpoint of ``url`` on this collector's server."""
        return Endpoint(url, self.server)

    @property
    def host(self) -> Host:
        """The machine on which this collector's programs run and its files lie."""
        return self.dialer.host(self.server)

    def service_of(self, name: str) -> str:
        """The service that owns a queue, application or key of this name: first match wins."""
        for pattern, service in self.attribute:
            if fnmatchcase(name, pattern):
                return service
        return self.service

    def subject(
        self, practice: Practice, key: bytes, label: object = None, *, owner: str | None = None
    ) -> Subject:
        """A subject of this collector; ``owner`` is the name by which it is attributed (default: the key)."""
        name = key.decode("utf-8", "replace") if owner is None else owner
        text = one_line(key if label is None else label, 120)
        return Subject(
            SubjectId(practice, self.collector, self.instance, key),
            self.service_of(name),
            text,
        )


class Collector(ABC, Generic[O]):
    """Reads one source.

    Subclasses set ``practice`` and ``Options`` (a frozen dataclass with typed, documented fields).
    ``open`` may dial; ``collect`` looks once, without side effects on the source, and raises
    SourceError where it cannot; ``close`` gives everything back. All three run on one event loop
    and never block it. ``backs_off`` is False where a refusal is itself a reading. ``actions`` are
    what it offers to do; it never does anything itself.
    """

    api: ClassVar[int] = API
    practice: ClassVar[Practice]
    Options: ClassVar[type[Any]]
    default_every: ClassVar[float] = 5.0
    default_timeout: ClassVar[float] = 5.0
    backs_off: ClassVar[bool] = True
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = ()

    def __init__(self, options: O, context: Context) -> None:
        self.options = options
        self.context = context

    async def open(self) -> None:
        """Prepare; raises SourceError where the source cannot be prepared for."""

    @abstractmethod
    async def collect(self) -> Sweep:
        """One pass over the source."""

    async def close(self) -> None:
        """Give connections and files back; never raises."""

    def sweep(
        self,
        readings: Iterable[Reading],
        *,
        complete: bool = True,
        beyond: int = 0,
        cost: Cost = Cost(),
        note: Shown = Shown(""),
    ) -> Sweep:
        """The Sweep of this pass, stamped now; readings over the limit are counted, not kept."""
        kept = tuple(readings)
        if len(kept) > MOST_SUBJECTS:
            beyond += len(kept) - MOST_SUBJECTS
            kept = kept[:MOST_SUBJECTS]
        clock = self.context.clock
        return Sweep(kept, clock.wall(), clock.boottime(), complete, beyond, cost, note)


@runtime_checkable
class HasDetails(Protocol):
    """A collector that can tell more of a subject while somebody looks at it."""

    details: ClassVar[tuple[DetailSpec, ...]]

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """One detail of ``details``; raises SourceError where it cannot be had."""
        ...


@runtime_checkable
class HasRecords(Protocol):
    """A collector that emits log records."""

    records: ClassVar[bool]
