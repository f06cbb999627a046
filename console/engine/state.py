"""What the engine knows, as frozen values that any thread may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from collectors.model.detail import Detail, DetailSpec
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from collectors.transport.servers.state import ServerState


class SourceId(NamedTuple):
    """One collector of one instance (empty where the collector has none)."""

    collector: str
    instance: str = ""

    @property
    def text(self) -> str:
        """For people: ``orders-ready`` or ``orders-ready/web-7``."""
        return f"{self.collector}/{self.instance}" if self.instance else self.collector


class Freshness(StrEnum):
    """How much a value may be believed now."""

    NEVER_RAN = "never ran"
    LIVE = "live"
    STALE = "stale"
    FAILED = "failed"
    GONE = "gone"


class Breaker(StrEnum):
    """Whether our way into a source is open to us: closed lets us through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a source has no fresh values; ``since`` is UTC epoch seconds of the first in a row."""

    source: SourceId
    practice: Practice
    service: str
    why: Shown
    hint: Shown
    since: float
    attempts: int
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class SourceState:
    """One collector as ``:sources`` shows it. Times ending in ``_at`` are boottime seconds."""

    id: SourceId
    type: str
    practice: Practice
    service: str
    every: float
    timeout: float
    server: str = ""
    details: tuple[DetailSpec, ...] = ()
    foreign: str = ""
    sweep: Sweep | None = None
    failure: Failure | None = None
    breaker: Breaker = Breaker.CLOSED
    running_at: float | None = None
    due_at: float | None = None
    took: float | None = None
    passes: int = 0
    failures: int = 0
    slowed: float = 1.0
    blocked: float = 0.0

    @property
    def deadline(self) -> float | None:
        """Boottime when the values become stale: one interval and one time-out after they came."""
        if self.sweep is None:
            return None
        return self.sweep.arrived + self.every * self.slowed + self.timeout

    def freshness(self, now: float) -> Freshness:
        """What the source's values are worth at boottime ``now``."""
        if self.sweep is None:
            return Freshness.FAILED if self.failure else Freshness.NEVER_RAN
        deadline = self.deadline
        late = deadline is not None and now > deadline
        return Freshness.STALE if self.failure or late else Freshness.LIVE


@dataclass(frozen=True, slots=True)
class Row:
    """One subject: its last reading, what it is worth, and what we think of it.

    ``arrived``: boottime seconds of the reading, less its known lag; for a gone subject, of its last.
    """

    source: SourceId
    reading: Reading
    freshness: Freshness
    arrived: float
    taken: float
    verdict: Verdict
    muted: bool = False


@dataclass(frozen=True, slots=True)
class PinnedAnswer:
    """What a pinned question with a threshold answers now, in words, and the level of that.

    ``service`` is the only one that it asks of, or empty. ``limit`` says how ``value`` stands to the limit
    of its ``level``, ``times`` how many times the limit it is. ``whole``: all lines of its time are known.
    """

    name: str
    ask: str
    service: str
    level: Level
    value: Shown
    limit: Shown
    times: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed: a version, a start, a subject gone, a mark by hand. UTC epoch seconds."""

    at: float
    kind: str
    service: str
    text: Shown
    practice: Practice | None = None


@dataclass(frozen=True, slots=True)
class DetailState:
    """A detail that somebody looks at: the last good one, and why there is no fresh one."""

    detail: Detail | None = None
    arrived: float = 0.0
    why: Shown = Shown("")


class DetailKey(NamedTuple):
    """What somebody looks at."""

    subject: SubjectId
    name: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Silence for one subject until ``until`` (UTC epoch seconds), with a reason."""

    subject: SubjectId
    reason: Shown
    until: float


@dataclass(frozen=True, slots=True)
class ArmState:
    """Whether anything may be done: ``until`` is boottime seconds, None where it is not armed."""

    protected: bool = True
    read_only: bool = False
    until: float | None = None
    reason: Shown = Shown("")


@dataclass(frozen=True, slots=True)
class ActState:
    """An action that runs, or that ended in this run of the console.

    ``phase``: running, asking, verifying, then done, failed or unknown. ``done`` of ``total`` items, None
    where there is no total. ``began`` and ``ended`` are UTC epoch seconds, ``until`` is boottime seconds.
    ``question`` waits for an answer. ``undo`` tells whether it can be taken back.
    """

    id: str
    action: str
    subject: SubjectId
    target: Shown
    service: str
    phase: str
    began: float
    until: float
    done: int = 0
    total: int | None = None
    words: Shown = Shown("")
    question: Shown = Shown("")
    ended: float | None = None
    undo: bool = False

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.ended is None


@dataclass(frozen=True, slots=True)
class Owed:
    """What an action on ``subject`` left to be done: a resume, a readiness.

    ``until``: UTC epoch seconds when it ends by itself, None where it does not.
    """

    id: str
    action: str
    subject: SubjectId
    target: str
    service: str
    words: Shown
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """All that is being done, and what may be done."""

    arm: ArmState = ArmState()
    acts: tuple[ActState, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def running(self) -> tuple[ActState, ...]:
        """Actions that have not ended."""
        return tuple(act for act in self.acts if act.running)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a screen or a command may know at one moment. ``now``: boottime; ``wall``: UTC.

    ``servers``: the ways to other machines, in the order of the configuration. ``pinned``: judged
    questions about logs; none where no console keeps them up.
    """

    now: float
    wall: float
    version: int
    sources: tuple[SourceState, ...] = ()
    rows: tuple[Row, ...] = ()
    findings: tuple[Verdict, ...] = ()
    events: tuple[Event, ...] = ()
    details: Mapping[DetailKey, DetailState] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()
    note: Shown = Shown("")
    acting: Acting = Acting()
    servers: tuple[ServerState, ...] = ()
    pinned: tuple[PinnedAnswer, ...] = ()

    def of(self, practice: Practice) -> tuple[Row, ...]:
        """The rows of one practice."""
        return tuple(row for row in self.rows if row.reading.practice is practice)

    def source(self, source: SourceId) -> SourceState | None:
        """The state of one source, or None."""
        return next((state for state in self.sources if state.id == source), None)

    def server(self, name: str) -> ServerState | None:
        """The way to one server, or None."""
        return next((state for state in self.servers if state.name == name), None)
