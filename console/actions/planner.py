"""Makes plans by reads, and says what stands against them: nothing here writes."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from collectors.action import Action, Plan, RefusedError, Request
from collectors.base import Collector
from collectors.errors import TimedOutError
from collectors.model.subject import Subject, SubjectId
from collectors.text import Shown, one_line
from console.actions import guard, peers
from console.actions.arming import Arming
from console.actions.custom import custom_actions
from console.actions.guard import Consent
from console.actions.limits import bounds_of, least
from console.engine.core import Core
from console.engine.source import Source
from console.engine.state import Freshness, Row, SourceId

T = TypeVar("T")

PLAN_WITHIN = 30.0
"""Seconds for a plan's reads."""

AGED = 5.0
"""Seconds after which a plan is made again and compared before it runs."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what stands against it and what confirms it; ``made`` is boottime seconds."""

    plan: Plan
    refusals: tuple[Shown, ...]
    consent: Consent
    phrase: str
    made: float


class Planner:
    """Finds actions, plans them, and looks again before they run. For the core's loop."""

    def __init__(self, core: Core, arming: Arming) -> None:
        self.core = core
        self.arming = arming

    async def plan(
        self,
        subject: SubjectId,
        action: str,
        arguments: Mapping[str, str] | None = None,
        *,
        maximum: int | None = None,
        rate: float | None = None,
        cut_off: float | None = None,
    ) -> Planned:
        """What the action would do; RefusedError where there is none, SourceError where it cannot be told.

        ``cut_off`` (UTC epoch seconds): now, where none is given.
        """
        source = self.source(subject)
        row = await self._fresh_row(source, subject)
        service = row.reading.subject.service if row else source.settings.service
        about = row.reading.subject if row else Subject(subject, service, one_line(subject.key, 120))
        made = await source.act(lambda collector: _given(self.action(collector, action, about)))
        bounds = bounds_of(self.core.settings, made.spec, service)
        most = least(maximum, bounds.items)
        request = Request(
            subject=subject,
            cut_off=self.core.clock.wall() if cut_off is None else cut_off,
            arguments=checked(made, arguments or {}),
            maximum=None if most is None else int(most),
            rate=least(rate, bounds.rate),
        )
        call = source.act(lambda _collector: made.plan(request))
        plan = replace(await within(PLAN_WITHIN, call, "the plan's reads"), service=service)
        if plan.spec.id in peers.TAKES_AWAY:
            await self._look_at_peers(plan)
        dark = peers.unseen(plan, self.core.store.snapshot(), self.core.settings.services)
        plan = replace(plan, warnings=(*plan.warnings, *dark))
        unfit = await source.act(lambda _collector: _given(made.unfit(row.reading) if row else ""))
        refusals = (
            *self._standing(plan),
            *((Shown(unfit),) if unfit else ()),
            *(plan.refusals or guard.beyond(plan)),
        )
        return Planned(
            plan,
            tuple(dict.fromkeys(refusals)),
            guard.consent(plan, protected=self.arming.protected),
            guard.phrase(self.core.settings, plan),
            self.core.clock.boottime(),
        )

    async def check(self, planned: Planned, typed: str | None) -> None:
        """Everything that may forbid a plan at the last moment; raises RefusedError.

        ``typed``: None for nothing, empty for a yes, else what the operator typed.
        """
        plan = planned.plan
        if planned.refusals:
            raise RefusedError("; ".join(planned.refusals))
        age = self.core.clock.boottime() - planned.made
        if age > guard.VALID_FOR:
            raise RefusedError("the plan is too old", "make it anew")
        if planned.consent is Consent.YES and typed is None:
            raise RefusedError(f"{plan.spec.id} wants a yes", f"--yes {planned.phrase}")
        if typed != planned.phrase and (typed or planned.consent is Consent.TYPED):
            raise RefusedError(f"{plan.spec.id} wants {planned.phrase!r} typed", f"--yes {planned.phrase}")
        against = list(self._standing(plan))
        if against:
            raise RefusedError("; ".join(against))
        if age > AGED:
            request = plan.request
            again = await self.plan(
                request.subject,
                plan.spec.id,
                request.arguments,
                maximum=request.maximum,
                rate=request.rate,
                cut_off=request.cut_off,
            )
            drift = guard.drifted(plan, again.plan)
            if drift:
                raise RefusedError(f"what it would hit has changed: {drift}", "look at the new plan")

    def actions(self, collector: Collector[Any], subject: Subject) -> Iterator[Action[Any, Any]]:
        """All that can be done with a subject: what its collector offers, then the configuration's own."""
        for kind in collector.actions:
            yield kind(collector)
        for custom in custom_actions(self.core.settings):
            if custom.fits(subject):
                yield custom.on(subject)

    def action(self, collector: Collector[Any], action: str, subject: Subject) -> Action[Any, Any]:
        """The action of an id on a subject; raises RefusedError with what there is."""
        there = list(self.actions(collector, subject))
        for one in there:
            if one.spec.id == action:
                return one
        names = ", ".join(one.spec.id for one in there) or "none"
        raise RefusedError(f"{collector.context.collector} has no action {action!r}", f"there are {names}")

    def action_of(self, collector: Collector[Any], plan: Plan) -> Action[Any, Any]:
        """The action that a plan is one of."""
        about = Subject(plan.request.subject, plan.service, plan.target)
        return self.action(collector, plan.spec.id, about)

    def source(self, subject: SubjectId) -> Source:
        """The source of a subject; raises RefusedError where the configuration has none of that name."""
        source = self.core.source(SourceId(subject.collector, subject.instance))
        if source is None:
            raise RefusedError(f"there is no collector {subject.collector!r} in this configuration")
        return source

    def _standing(self, plan: Plan) -> Iterator[Shown]:
        """What stands against it whatever the plan says."""
        yield from guard.standing(plan.spec, plan.service, self.core.settings, self.arming)
        snapshot = self.core.store.snapshot()
        yield from guard.unsound(self._row(plan.request.subject), snapshot)
        yield from peers.bereft(plan, snapshot, self.core.settings.services)

    async def _look_at_peers(self, plan: Plan) -> None:
        """Look once at what tells of the others of a service, where it is not looked at all the time."""
        live = {row.source for row in self.core.store.snapshot().rows if row.freshness is Freshness.LIVE}
        named = (
            SourceId(one.name, one.instance)
            for one in self.core.settings.collectors
            if one.enabled and one.service == plan.service and one.practice in peers.PRACTICES
        )
        found = (self.core.source(name) for name in named if name not in live)
        await asyncio.gather(*(source.once() for source in found if source is not None))

    def _row(self, subject: SubjectId) -> Row | None:
        rows = self.core.store.snapshot().rows
        return next((row for row in rows if row.reading.subject.id == subject), None)

    async def _fresh_row(self, source: Source, subject: SubjectId) -> Row | None:
        """The subject's row, after a look where it is not live."""
        row = self._row(subject)
        if row is None or row.freshness is not Freshness.LIVE:
            await source.once()
            row = self._row(subject)
        return row


def checked(action: Action[Any, Any], arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments with their defaults; RefusedError for one that is not known, or that is missing."""
    known = {one.name: one for one in action.spec.arguments}
    for name in arguments:
        if name not in known:
            names = ", ".join(known) or "none"
            raise RefusedError(f"{action.spec.id} takes no {name!r}", f"it takes {names}")
    for one in known.values():
        value = arguments.get(one.name, one.default)
        if one.required and not value:
            raise RefusedError(f"{action.spec.id} wants {one.name}: {one.words}")
        if value and one.choices and value not in one.choices:
            raise RefusedError(f"{one.name}={value} is none of {', '.join(one.choices)}")
    given = {name: arguments.get(name, one.default) for name, one in known.items()}
    return {name: value for name, value in given.items() if value}


async def within(seconds: float, call: Awaitable[T], what: str) -> T:
    """The value of ``call``; raises TimedOutError after ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        raise TimedOutError(f"{what} took more than {seconds:g} s") from None


async def _given(value: T) -> T:
    return value
