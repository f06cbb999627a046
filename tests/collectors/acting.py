"""An action's road without the console: plan, hands, run, with a control that keeps what it is told."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.action import Action, Outcome, Plan, Request, StoppedError
from collectors.base import Collector
from collectors.model.subject import SubjectId
from collectors.transport.write import open_hands


@dataclass
class KeepingControl:
    """Paces nothing; ``stop_after`` items it stops; ``answers`` are given to questions in turn."""

    stop_after: int | None = None
    answers: list[bool] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    reports: list[tuple[int, str]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    taken: int = 0
    deadline: float = field(default_factory=lambda: time.monotonic() + 60)

    async def step(self, items: int = 1) -> None:
        if self.stop_after is not None and self.taken + items > self.stop_after:
            raise StoppedError("stopped by the test")
        self.taken += items
        await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def report(self, done: int, words: str = "") -> None:
        self.reports.append((done, words))

    async def keep(self, record: Mapping[str, Any]) -> None:
        self.kept.append(dict(record))

    async def ask(self, question: str) -> bool:
        self.questions.append(question)
        return self.answers.pop(0) if self.answers else False


def find(collector: Collector[Any], action: str) -> Action[Any, Any]:
    """The collector's action of that id."""
    return next(one(collector) for one in collector.actions if one.spec.id == action)


async def plan(
    collector: Collector[Any],
    action: str,
    key: bytes,
    /,
    *,
    maximum: int | None = None,
    rate: float | None = None,
    cut_off: float | None = None,
    **arguments: str,
) -> Plan:
    """What the action would do to the subject of that key."""
    context = collector.context
    subject = SubjectId(collector.practice, context.collector, context.instance, key)
    request = Request(
        subject=subject,
        cut_off=context.clock.wall() if cut_off is None else cut_off,
        arguments=arguments,
        maximum=maximum,
        rate=rate,
    )
    return await find(collector, action).plan(request)


async def run(collector: Collector[Any], made: Plan, control: KeepingControl | None = None) -> Outcome:
    """Run a plan with hands of the collector's own, then verify it."""
    action = find(collector, made.spec.id)
    hands = await open_hands(action.kind, collector)
    try:
        outcome = await action.run(made, hands, control or KeepingControl())
    finally:
        await hands.close()
    return await action.verify(made, outcome)


async def undo(
    collector: Collector[Any],
    made: Plan,
    kept: list[dict[str, Any]],
    control: KeepingControl | None = None,
) -> Outcome:
    """Take a run back by what it kept."""
    action = find(collector, made.spec.id)
    hands = await open_hands(action.kind, collector)
    try:
        return await action.undo(made, kept, hands, control or KeepingControl())
    finally:
        await hands.close()
