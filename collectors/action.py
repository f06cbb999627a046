"""What a collector offers to do, as values: actions, plans, outcomes. Nothing here writes.

An adapter lists its actions in ``Collector.actions``. The console's runner plans them by reads,
asks the operator, hands the writer to ``run``, verifies, and keeps the journal; an adapter that
has no hands cannot write.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from collectors.errors import QuarterdeckError
from collectors.model.quantity import Quantity, Unit, exact
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.text import Shown

MOST_SAMPLES = 5
"""Items of a plan that are shown one by one."""


class Risk(StrEnum):
    """What a mistake would cost: safe runs, disruptive asks, destructive wants the target typed."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"


class Result(StrEnum):
    """How an action ended; a write whose answer did not come is unknown and never tried again."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RefusedError(QuarterdeckError):
    """The action was not begun, or its next step was not taken: why, and what would help."""


class StoppedError(QuarterdeckError):
    """The operator, a limit or the deadline ended the action between two steps."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Something that the operator may say besides the target; ``choices`` are all, if there are any."""

    name: str
    words: str
    default: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action as it is listed: its id ``PRACTICE.VERB``, one sentence, its risk.

    ``bulk``: it may hit many items, so that the command line wants ``--max``. ``undoable``: what it
    did can be taken back while the undo store has it. ``deadline``: seconds for one run.
    """

    id: str
    words: str
    risk: Risk
    arguments: tuple[Argument, ...] = ()
    bulk: bool = False
    undoable: bool = False
    deadline: float = 600.0

    @property
    def verb(self) -> str:
        """The part of the id after the practice: ``retry``."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator wants: which subject, with what said besides, within which limits.

    ``maximum``: items at most; ``rate``: items a second at most; both None for the action's own.
    ``cut_off``: UTC epoch seconds; what came later is never included.
    """

    subject: SubjectId
    cut_off: float
    arguments: Mapping[str, str] = field(default_factory=dict)
    maximum: int | None = None
    rate: float | None = None

    def argument(self, name: str, default: str = "") -> str:
        """What was said for ``name``, or ``default``."""
        return self.arguments.get(name) or default


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done, made by reads on the server.

    ``count``: items it hits, with how well that is known. ``items``: what the source calls them, where
    they are named one by one. ``server``: identity of the server that was asked (run id, system
    identifier, role): a plan holds for that one alone. ``undo``: how it can be taken back, empty where
    it cannot. ``warnings``: what the operator must know, such as what cannot be undone. ``refusals``:
    why it may not run; none: it may. ``detail``: what ``run`` and ``reconcile`` need besides, as JSON.
    ``owed``: what must be done afterwards (a resume, a readiness), as ``(action, words)``.
    """

    spec: ActionSpec
    request: Request
    target: Shown
    service: str
    server: str
    count: Quantity = field(default_factory=lambda: exact(1, Unit.COUNT))
    sample: tuple[Shown, ...] = ()
    warnings: tuple[Shown, ...] = ()
    refusals: tuple[Shown, ...] = ()
    undo: str = ""
    items: tuple[bytes, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    owed: tuple[str, str] | None = None
    risk: Risk | None = None

    @property
    def level(self) -> Risk:
        """The risk of this plan; an action may rate one plan higher or lower than its spec."""
        return self.risk or self.spec.risk

    @property
    def hash(self) -> str:
        """Identity of what was confirmed: 64 hexadecimal digits over all that decides what is hit."""
        items = hashlib.sha256(b"\0".join(self.items)).hexdigest()
        subject = self.request.subject
        told = {
            "action": self.spec.id,
            "subject": [str(subject.practice), subject.collector, subject.instance, subject.key.hex()],
            "arguments": dict(sorted(self.request.arguments.items())),
            "cut_off": self.request.cut_off,
            "server": self.server,
            "count": self.count.value,
            "items": items,
            "detail": self.detail,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended: items that were acted on, one sentence, and lines that tell more.

    ``skipped``: items that had changed meanwhile, by the reason that the server gave. ``owes``: whether what
    the plan owes is owed after this, and can still be taken back; None: as far as it was done, or may be.
    """

    result: Result
    count: int
    words: Shown
    skipped: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Shown, ...] = ()
    owes: bool | None = None


class Control(Protocol):
    """The runner's side of a run: pace, stop, progress, and what undo needs.

    All methods are for the loop on which the action runs.
    """

    @property
    def deadline(self) -> float:
        """``loop.time()`` at which the run must have ended."""
        ...

    async def step(self, items: int = 1) -> None:
        """Wait until ``items`` more may be touched; raises StoppedError instead where it is over."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait, in vain where it is stopped: raises StoppedError."""
        ...

    def report(self, done: int, words: str = "") -> None:
        """Tell how far it is, in items of the plan and in words."""
        ...

    async def keep(self, record: Mapping[str, Any]) -> None:
        """Write what undo needs to disk, before the write that it undoes; RefusedError if it cannot."""
        ...

    async def ask(self, question: str) -> bool:
        """Ask the operator whether to go on; False where nobody answers."""
        ...


class Hands(Protocol):
    """What every writer has; the kinds in ``collectors.hands`` add their own verbs."""

    @property
    def server(self) -> str:
        """Identity of the server that it writes to, in the words of ``Plan.server``."""
        ...

    async def why_not(self, needs: Sequence[str]) -> str:
        """Why this user may not do what ``needs`` names; empty where it may, or where that is not known."""
        ...

    async def hold(self, name: str, who: str, seconds: float) -> str | None:
        """Take the lease ``name`` in the target for ``who``.

        Empty: it is ours now; a name: that operator has it; None: this target keeps no leases.
        """
        ...

    async def let_go(self, name: str, who: str) -> None:
        """Give the lease back, if it is still ours."""
        ...

    async def close(self) -> None:
        """Give the connection back; never raises."""
        ...


C = TypeVar("C")
H = TypeVar("H")


class Action(ABC, Generic[C, H]):
    """One thing that can be done to a subject of a collector ``C`` by hands ``H``.

    ``kind`` names the hands. ``needs`` are the rights that it needs, as the hands name them.
    """

    spec: ClassVar[ActionSpec]
    kind: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, collector: C) -> None:
        self.collector = collector

    def unfit(self, reading: Reading) -> str:  # noqa: ARG002 - most actions fit every subject
        """Why this subject cannot be acted on as it is read now; empty where it can."""
        return ""

    @abstractmethod
    async def plan(self, request: Request) -> Plan:
        """What would be done, by reads alone; raises SourceError where it cannot be told."""

    @abstractmethod
    async def run(self, plan: Plan, hands: H, control: Control) -> Outcome:
        """Do it in steps, each of which checks its item's state again where it writes.

        Raises RefusedError where the server refused, and SourceError where an answer did not come:
        what was done is then unknown.
        """

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:  # noqa: ARG002 - not every action can be
        """The outcome after a fresh look at the source."""
        return outcome

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - for those that can be found out
        """What became of a run that nobody saw end, by reads alone; ``plan`` has no items then."""
        words = Shown("what happened cannot be found out from here: look at the source")
        return Outcome(result=Result.UNKNOWN, count=0, words=words)

    async def undo(
        self,
        plan: Plan,  # noqa: ARG002 - for those that can
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - the same
        hands: H,  # noqa: ARG002 - the same
        control: Control,  # noqa: ARG002 - the same
    ) -> Outcome:
        """Take back what ``kept`` says; only where the spec is ``undoable``."""
        raise RefusedError("this cannot be undone")
