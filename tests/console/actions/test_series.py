"""Several subjects one after another, where time passes that a test does not wait for."""

import asyncio
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.action import ActionSpec, Outcome, Plan, RefusedError, Request, Result, Risk
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.actions.guard import VALID_FOR, Consent
from console.actions.planner import Planned
from console.actions.series import Series, bundle_of, sound

SPEC = ActionSpec("queues.touch", "touch", Risk.DISRUPTIVE)


def planned(name: str, made: float = 0.0, count: int = 10, consent: Consent = Consent.YES) -> Planned:
    subject = SubjectId(Practice.QUEUES, "jobs", "", name.encode())
    request = Request(subject=subject, cut_off=77.0)
    plan = Plan(spec=SPEC, request=request, target=Shown(name), service="", server="s", count=exact(count))
    return Planned(plan, (), consent, f"lab/{name}", made)


@dataclass
class Stub:
    """A runner whose clock a test sets; each run has ended as it is told."""

    now: float = 0.0
    fresh: Planned = field(default_factory=lambda: planned("b"))
    started: list[tuple[str, str | None]] = field(default_factory=list)
    asked: list[tuple[str, float | None]] = field(default_factory=list)

    def runner(self) -> Any:
        clock = SimpleNamespace(boottime=lambda: self.now)
        settings = SimpleNamespace(environment="lab")
        core = SimpleNamespace(clock=clock, settings=settings)
        planner = SimpleNamespace(core=core, plan=self.plan)
        return SimpleNamespace(planner=planner, start=self.start)

    async def plan(self, subject: SubjectId, _action: str, _arguments: Any, *, cut_off: float) -> Planned:
        self.asked.append((subject.key.decode(), cut_off))
        return self.fresh

    async def start(self, one: Planned, typed: str | None) -> Any:
        self.started.append((str(one.plan.target), typed))
        self.now += VALID_FOR + 1
        finished = asyncio.Event()
        finished.set()
        outcome = Outcome(result=Result.DONE, count=1, words=Shown("ok"))
        return SimpleNamespace(plan=one.plan, finished=finished, outcome=outcome, stop=lambda: None)


async def walk(stub: Stub) -> tuple[Shown, Result]:
    """Confirm two and give what is told at the end."""
    told: asyncio.Queue[tuple[Shown, Result]] = asyncio.Queue()
    series = Series(stub.runner())
    series.on_end = lambda words, result: told.put_nowait((words, result))
    await series.start(bundle_of([planned("a"), planned("b")], "lab"), "")
    async with asyncio.timeout(10):
        return await told.get()


async def test_a_plan_that_aged_while_others_ran_is_made_anew_as_of_its_own_cut_off() -> None:
    stub = Stub()
    words, result = await walk(stub)
    assert (words, result) == ("queues.touch: all 2 done", Result.DONE)
    assert stub.asked == [("b", 77.0)]
    assert stub.started == [("a", ""), ("b", "")]


@pytest.mark.parametrize(
    ("fresh", "why"),
    [
        (planned("b", count=20), "it would hit 20 now, not 10"),
        (planned("b", consent=Consent.TYPED), "it wants more than a yes now"),
    ],
)
async def test_what_is_not_what_was_confirmed_ends_the_walk(fresh: Planned, why: str) -> None:
    stub = Stub(fresh=fresh)
    words, result = await walk(stub)
    assert result is Result.FAILED
    assert words == f"queues.touch: b: it is not what was confirmed: {why}. Not touched: b"
    assert stub.started == [("a", "")]


def test_several_want_the_strictest_consent_and_tell_whose_refusal_it_is() -> None:
    refused = replace(planned("b", consent=Consent.TYPED), refusals=(Shown("no"),))
    bundle = bundle_of([planned("a"), refused], "")
    assert bundle.consent is Consent.TYPED
    assert bundle.refusals == ("b: no",)
    assert bundle.phrase == "-/2-marked"


@pytest.mark.parametrize("typed", [None, "", "lab/a"])
async def test_several_are_typed_as_they_are_asked_for(typed: str | None) -> None:
    stub = Stub()
    plans = [planned("a", consent=Consent.TYPED), planned("b", consent=Consent.TYPED)]
    with pytest.raises(RefusedError, match="lab/2-marked"):
        await Series(stub.runner()).start(bundle_of(plans, "lab"), typed)
    assert stub.started == []
    await Series(stub.runner()).start(bundle_of(plans, "lab"), "lab/2-marked")
    assert stub.started == [("a", "lab/a")]


async def test_a_bug_is_a_refusal_that_names_it() -> None:
    async def bug() -> None:
        raise ZeroDivisionError("oops")

    with pytest.raises(RefusedError, match="bug: ZeroDivisionError: oops"):
        await sound(bug())
