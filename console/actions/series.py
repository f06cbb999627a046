"""One action on one or several subjects: planned together, confirmed once, run one after another."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from collectors.action import RefusedError, Result
from collectors.errors import QuarterdeckError
from collectors.model.subject import SubjectId
from collectors.text import Shown, one_line
from console.actions import guard
from console.actions.guard import Consent
from console.actions.planner import Planned
from console.actions.run import Run
from console.actions.runner import Runner
from console.actions.targets import subject_text

T = TypeVar("T")

_STRICTER = (Consent.NONE, Consent.YES, Consent.TYPED)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Plans that are confirmed together: what stands against one of them stands against all."""

    plans: tuple[Planned, ...]
    refusals: tuple[Shown, ...]
    consent: Consent
    phrase: str


def bundle_of(plans: Sequence[Planned], environment: str) -> Bundle:
    """What the plans want together; several are typed as ``ENV/COUNT-marked``."""
    if len(plans) == 1:
        [only] = plans
        return Bundle((only,), only.refusals, only.consent, only.phrase)
    refusals = (one_line(f"{one.plan.target}: {why}", 400) for one in plans for why in one.refusals)
    consent = max((one.consent for one in plans), key=_STRICTER.index)
    return Bundle(tuple(plans), tuple(refusals), consent, f"{environment or '-'}/{len(plans)}-marked")


class Series:
    """For the core's loop, but for ``left``, ``beginning`` and ``stop``, which any thread may use.

    ``beginning``: how many are looked at for the last time before their first step.
    ``on_end`` is told, on that loop, how several ended together.
    """

    def __init__(self, runner: Runner) -> None:
        self.on_end: Callable[[Shown, Result], None] = lambda _words, _result: None
        self._runner = runner
        self.beginning = 0
        self._stops = 0
        self._left: dict[asyncio.Task[None], int] = {}

    @property
    def left(self) -> int:
        """Subjects that wait for their turn."""
        return sum(list(self._left.values()))

    async def plan(self, action: str, subjects: Sequence[SubjectId], arguments: Mapping[str, str]) -> Bundle:
        """What it would do to each; raises RefusedError or SourceError where that cannot be told."""
        plans = []
        for subject in subjects:
            try:
                plans.append(await sound(self._runner.planner.plan(subject, action, arguments)))
            except QuarterdeckError as error:
                if len(subjects) == 1:
                    raise
                raise type(error)(f"{subject_text(subject.key)}: {error.why}", error.hint) from error
        return bundle_of(plans, self._runner.planner.core.settings.environment)

    async def start(self, bundle: Bundle, typed: str | None) -> Run:
        """Begin with the first, the others follow; raises RefusedError, and then nothing was touched.

        ``typed``: None for nothing, empty for a yes, else what the operator typed.
        """
        if bundle.refusals:
            raise RefusedError("; ".join(bundle.refusals))
        if bundle.consent is Consent.YES and typed is None:
            raise RefusedError("it wants a yes")
        if bundle.consent is Consent.TYPED and typed != bundle.phrase:
            raise RefusedError(f"it wants {bundle.phrase!r} typed")
        first, *others = bundle.plans
        self.beginning += 1
        try:
            run = await self._start(first, self._stops)
        finally:
            self.beginning -= 1
        if others:
            task = asyncio.get_running_loop().create_task(self._go_on(run, others), name="one after another")
            self._left[task] = len(others)
            task.add_done_callback(lambda ended: self._left.pop(ended, None))
        return run

    def stop(self) -> None:
        """Begin with no other subject."""
        self._stops += 1

    async def close(self) -> None:
        """Begin with no other subject, for good; never raises."""
        self.stop()
        tasks = list(self._left)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self, run: Run, others: Sequence[Planned]) -> None:
        stops, action, total = self._stops, run.plan.spec.id, len(others) + 1
        task = asyncio.current_task()
        for place, planned in enumerate(others, 1):
            await run.finished.wait()
            why = _ended_badly(run) or ("stopped by the operator" if self._stops != stops else "")
            if not why:
                try:
                    run = await self._next(planned, stops)
                except QuarterdeckError as error:
                    why = f"{planned.plan.target}: {error.why}"
            if why:
                names = ", ".join(one.plan.target for one in others[place - 1 :])
                self.on_end(one_line(f"{action}: {why}. Not touched: {names}", 400), Result.FAILED)
                return
            if task is not None:
                self._left[task] = total - place - 1
        await run.finished.wait()
        why = _ended_badly(run)
        result = Result.FAILED if why else Result.DONE
        self.on_end(one_line(f"{action}: {why or f'all {total} done'}", 400), result)

    async def _next(self, planned: Planned, stops: int) -> Run:
        """Begin with one whose turn has come; a plan that has aged too much is made anew and compared."""
        planner = self._runner.planner
        if planner.core.clock.boottime() - planned.made > guard.VALID_FOR:
            request = planned.plan.request
            fresh = await sound(
                planner.plan(
                    request.subject,
                    planned.plan.spec.id,
                    request.arguments,
                    cut_off=request.cut_off,
                )
            )
            drift = guard.drifted(planned.plan, fresh.plan)
            if drift or _STRICTER.index(fresh.consent) > _STRICTER.index(planned.consent):
                raise RefusedError(f"it is not what was confirmed: {drift or 'it wants more than a yes now'}")
            planned = fresh
        if self._stops != stops:
            raise RefusedError("stopped by the operator")
        return await self._start(planned, stops)

    async def _start(self, planned: Planned, stops: int) -> Run:
        run = await sound(self._runner.start(planned, _said(planned)))
        if self._stops != stops:
            run.stop()  # before its first step: it runs only once this coroutine waits
        return run


def _said(planned: Planned) -> str | None:
    """What confirms one plan of those that the operator has confirmed together."""
    return {Consent.NONE: None, Consent.YES: "", Consent.TYPED: planned.phrase}[planned.consent]


def _ended_badly(run: Run) -> str:
    outcome = run.outcome
    if outcome is not None and outcome.result is Result.DONE:
        return ""
    return f"{run.plan.target}: {outcome.result}: {outcome.words}" if outcome else f"{run.plan.target}: open"


async def sound(call: Awaitable[T]) -> T:
    """The value of ``call``; whatever else an action raises comes out as a RefusedError."""
    try:
        return await call
    except QuarterdeckError:
        raise
    except Exception as error:
        why = one_line(f"bug: {type(error).__name__}: {error}")
        raise RefusedError(why, "report it to the author of the collector") from error
