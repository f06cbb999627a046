"""Actions that need no server: hands that count what they are told to write."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from collectors.action import (
    Action,
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
)
from collectors.base import Collector
from collectors.errors import UnreachableError
from collectors.model.practice import Practice
from collectors.model.quantity import exact, unknown
from collectors.model.reading import Reading
from collectors.text import Shown, shown
from console.actions import runner
from tests.console.screens.stage import FILLED, Part

QUEUES = Practice.QUEUES


@dataclass
class Deeds:
    """What was written, and how the actions behave; tests change it while the console runs."""

    writes: list[tuple[str, bytes]] = field(default_factory=list)
    plans: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    server: str = "run 8f2c primary"
    count: int = 3
    lacking: str = ""
    unfit: str = ""
    words: str = "jobs are not declared idempotent"
    undo: str = "until a worker takes them"
    error: Exception | None = None
    holding: bool = False
    hold_after: int = -1
    fails: frozenset[bytes] = frozenset()

    def parts(self, **changed: Any) -> dict[Practice, Part]:
        """Parts of a stage whose queues can be acted on."""
        parts = {practice: Part() for practice in FILLED}
        parts[QUEUES] = Part(actions=actions_of(self), **changed)
        return parts


class FakeHands:
    """``collectors.action.Hands`` that write into a list."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds

    @property
    def server(self) -> str:
        return self.deeds.server

    async def why_not(self, needs: Sequence[str]) -> str:
        return self.deeds.lacking if needs else ""

    async def hold(self, name: str, who: str, seconds: float) -> str | None:
        return ""

    async def let_go(self, name: str, who: str) -> None:
        pass

    async def close(self) -> None:
        pass


def give_hands(monkeypatch: pytest.MonkeyPatch, deeds: Deeds) -> None:
    """Let the runner take these hands."""

    async def opened(_kind: str, _collector: object) -> FakeHands:
        return FakeHands(deeds)

    monkeypatch.setattr(runner, "open_hands", opened)


class Staged(Action[Collector[Any], FakeHands]):
    """Writes ``count`` times; stops, asks and fails as it is told."""

    deeds: ClassVar["Deeds"]
    kind = "redis"
    counted: ClassVar[bool] = True
    owes: ClassVar[tuple[str, str] | None] = None

    def unfit(self, reading: Reading) -> str:
        return self.deeds.unfit

    async def plan(self, request: Request) -> Plan:
        if self.deeds.hold_after == len(self.deeds.writes):
            self.deeds.holding, self.deeds.hold_after = True, -1
        while self.deeds.holding:  # noqa: ASYNC110 - set by another thread's loop
            await asyncio.sleep(0.01)
        if self.deeds.error is not None:
            raise self.deeds.error
        self.deeds.plans.append((self.spec.id, request.subject.key, dict(request.arguments)))
        return Plan(
            spec=self.spec,
            request=request,
            target=shown(request.subject.key, 120),
            service="orders",
            server=self.deeds.server,
            count=exact(self.deeds.count) if self.counted else unknown(),
            sample=tuple(shown(f"job {n} {self.deeds.words}", 200) for n in range(min(self.deeds.count, 3))),
            warnings=(shown(self.deeds.words, 400),),
            undo=self.deeds.undo if self.spec.undoable else "",
            owed=self.owes,
        )

    async def run(self, plan: Plan, hands: FakeHands, control: Control) -> Outcome:
        mode = plan.request.argument("mode")
        if mode == "ask" and not await control.ask(f"go on? {self.deeds.words}"):
            return Outcome(result=Result.FAILED, count=0, words=Shown("nobody said yes"))
        if plan.request.subject.key in self.deeds.fails:
            raise RefusedError("it does not want to")
        for done in range(self.deeds.count):
            await control.step()
            if self.spec.undoable:
                await control.keep({"item": done})
            hands.deeds.writes.append((self.spec.id, plan.request.subject.key))
            control.report(done + 1, f"item {done + 1}")
            if mode == "wait":
                await control.pause(60)
        return Outcome(
            result=Result.DONE, count=self.deeds.count, words=shown(f"{self.deeds.count} {self.deeds.words}")
        )

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: FakeHands, control: Control
    ) -> Outcome:
        hands.deeds.writes.append(("undo", plan.request.subject.key))
        return Outcome(result=Result.DONE, count=len(kept), words=Shown(f"{len(kept)} put back"))


class Retry(Staged):
    spec = ActionSpec(
        "queues.retry",
        "run dead jobs again",
        Risk.DESTRUCTIVE,
        (
            Argument("error", "only jobs that died of this"),
            Argument("mode", "how it goes on", choices=("", "ask", "wait")),
        ),
        bulk=True,
        undoable=True,
        deadline=300.0,
    )
    needs = ("ZADD",)


class Pause(Staged):
    spec = ActionSpec("queues.pause", "take no more jobs", Risk.DISRUPTIVE)
    owes = ("queues.resume", "resume the queue")


class Resume(Staged):
    spec = ActionSpec("queues.resume", "take jobs again", Risk.SAFE)


class Touch(Staged):
    spec = ActionSpec("queues.touch", "touch every job", Risk.DISRUPTIVE, undoable=True)


class Drop(Staged):
    spec = ActionSpec("queues.drop", "throw jobs away", Risk.DESTRUCTIVE)


def actions_of(deeds: Deeds) -> tuple[type[Action[Any, Any]], ...]:
    """Retry (typed, undoable), pause (a yes; owes a resume), resume (safe), touch (a yes), drop (typed)."""
    return tuple(type(one.__name__, (one,), {"deeds": deeds}) for one in (Retry, Pause, Resume, Touch, Drop))


UNREACHABLE = UnreachableError("connection refused", "is it alive?")
