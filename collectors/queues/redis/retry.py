"""queues.retry: elements of the dead list go back to the queue, a few first, then the rest."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from collectors.action import Action, ActionSpec, Argument, Control, Outcome, Plan, Request, Result, Risk
from collectors.hands import RedisHands
from collectors.model.quantity import exact
from collectors.model.reading import Reading
from collectors.queues import _canary
from collectors.queues._canary import Verdict
from collectors.queues._planning import (
    DEADLINE,
    RATE,
    batch_size,
    beyond,
    number,
    pace,
    seconds,
    server_of,
    shown_all,
)
from collectors.queues.redis.consumers import consumers
from collectors.queues.redis.moves import (
    NEEDS,
    Item,
    Moves,
    Road,
    items_of,
    lost,
    reconciled,
    restored,
)
from collectors.queues.redis.options import ListActs, emptiness
from collectors.queues.redis.selection import Found, Wanted, select
from collectors.queues.redis.watch import Watch
from collectors.text import Shown, one_line
from collectors.transport.read.redis import read
from collectors.transport.read.redis_address import parse_address

_NO_DEAD = "this collector has no option `dead`: it does not know where failed jobs are kept"
_NOUN = "jobs"


class Retry(Action[ListActs, RedisHands]):
    """From the dead list back to the end of the queue where producers push."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="queues.retry",
        words="Put dead jobs back into their queue: 1, then 5, then the rest, paced and watched.",
        risk=Risk.DISRUPTIVE,
        arguments=(
            Argument("match", "only jobs that hold this text"),
            Argument("error", "only jobs that failed of this error, as the detail `dead` writes it"),
            Argument("count", "at most so many, the oldest first"),
            Argument("canary", "how long the first 1 and 5 are watched", "10s"),
        ),
        bulk=True,
        undoable=True,
        deadline=DEADLINE,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = NEEDS

    def unfit(self, reading: Reading) -> str:
        """Without dead jobs there is nothing to retry."""
        return emptiness(reading, dead=True) if self.collector.options.dead else _NO_DEAD

    async def plan(self, request: Request) -> Plan:
        """Count what the dead list holds of it now; raises SourceError."""
        key, acts = request.subject.key, self.collector
        dead = acts.lists.of(key, "dead")
        draft = Plan(
            spec=self.spec,
            request=request,
            target=one_line(key, 80),
            service=acts.context.service_of(key.decode("utf-8", "replace")),
            server="",
            count=exact(0),
        )
        if dead is None:
            return dataclasses.replace(draft, refusals=(Shown(_NO_DEAD),))
        said, wrong = _said(request, acts.options.error_field)
        reader = acts.planner()
        found = await select(reader, *dead, said)
        [ready] = await reader.ask(read("LLEN", key))
        who = await consumers(reader, parse_address(acts.options.url).db)
        canary = seconds(request.argument("canary", "10s")) or 0.0
        paced, slow = pace(len(found.items), request.rate, canary)
        refusals = [*wrong, found.refusal, who.refusal(), *_refusals(found, request), slow]
        return dataclasses.replace(
            draft,
            server=server_of(reader),
            count=exact(len(found.items)),
            sample=found.sample,
            warnings=shown_all([*self._warnings(ready), who.warning(), paced]),
            refusals=shown_all(refusals),
            undo="moved back to their places in the dead list, while no worker has taken them",
            items=tuple(element for _, element in found.items),
            detail=found.detail() | {"canary": canary},
        )

    def _warnings(self, ready: int) -> list[str]:
        again = (
            "" if self.collector.options.idempotent else "not declared idempotent: what half ran runs again"
        )
        behind = f"they go behind the {ready} that wait" if ready else ""
        blind = "a plain list tells only whether a job was taken and came back dead, not whether it went well"
        return [again, behind, blind]

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Move in stages; raises what hands and control raise."""
        road, items = self._road(plan), items_of(plan)
        reader = self.collector.planner()
        moves = Moves(plan, road, hands, control)
        if not await moves.begin(reader):
            return lost(plan)
        watch = Watch(reader, road, self.collector.options.error_field, float(plan.detail["canary"]))
        lines: list[str] = []
        for size in _canary.stages(len(items))[: len(_canary.SIZES)]:
            items = await _stage(moves, watch, items, size)
            why = await _judged(moves, watch, len(items), lines)
            if why:
                return _outcome(moves, why, lines)
        return _outcome(moves, await _rest(moves, watch, items, plan.request.rate), lines)

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """How long both lists are now."""
        road = self._road(plan)
        ready, dead = await self.collector.planner().ask(
            read("LLEN", road.target or b""), read("LLEN", road.source)
        )
        line = Shown(f"now {ready} wait in the queue and {dead} stand in the dead list")
        return dataclasses.replace(outcome, lines=(*outcome.lines, line))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """What the notes in the target say of it."""
        return await reconciled(self.collector.planner(), plan, kept)

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        """Back to the dead list with those that still wait."""
        now = self.collector.planner().now()
        return await restored(plan, self._road(plan), kept, hands, control, now)

    def _road(self, plan: Plan) -> Road:
        lists, key = self.collector.lists, plan.request.subject.key
        return Road(lists.dead_of(key) or b"", lists.dead, key, lists.ready)


def _said(request: Request, error_field: str) -> tuple[Wanted, list[str]]:
    """What the operator wants, and what of it cannot be read."""
    wrong = []
    count = number(request.argument("count")) if request.argument("count") else None
    if request.argument("count") and count is None:
        wrong.append(f"count = {request.argument('count')!r} is no number of jobs")
    if not seconds(request.argument("canary", "10s")):
        wrong.append(f"canary = {request.argument('canary')!r} is no time: write it as 10s")
    match = request.argument("match").encode("utf-8", "surrogateescape")
    return Wanted(match, request.argument("error"), error_field, count), wrong


def _refusals(found: Found, request: Request) -> list[str]:
    return [
        "" if found.items else "no dead job is meant: the dead list holds none of it",
        beyond(len(found.items), request.maximum, _NOUN),
    ]


async def _stage(moves: Moves, watch: Watch, items: list[Item], size: int) -> list[Item]:
    """Move ``size`` elements, passing over those that are gone; gives what is left."""
    watch.begin()
    wanted = len(moves.moved) + size
    while items and len(moves.moved) < wanted:
        before = len(moves.moved)
        items = await moves.take(items, wanted - before)
        watch.moved(moves.moved[before:], moves.length)
    return items


async def _judged(moves: Moves, watch: Watch, left: int, lines: list[str]) -> str:
    """Why the canary ends it; empty where it may go on. What it showed is added to ``lines``."""
    if not watch.canary:
        return ""
    verdict, fates = await _canary.watched(
        watch.look, moves.control, watch.seconds, settle=watch.seconds, step=watch.step
    )
    told = _canary.told(fates, _NOUN)
    lines.append(f"canary: {told}")
    moves.control.report(len(moves.moved), told)
    rest = f"; {left} were not touched" if left else ""
    if verdict is Verdict.STOP:
        return f"stopped by its canary: {told}{rest}"
    if verdict is Verdict.ASK and left:
        question = _canary.question(fates, watch.seconds, left, _NOUN)
        if not await moves.control.ask(question):
            return f"stopped without a verdict: {told}{rest}"
    return ""


async def _rest(moves: Moves, watch: Watch, items: list[Item], rate: float | None) -> str:
    """Move what is left, at a pace; why it stopped, empty where it went to its end."""
    watch.begin()
    begun = len(moves.moved)
    while items:
        before = len(moves.moved)
        items = await moves.take(items, batch_size(rate))
        failed, _ = await watch.arrived(moves.length)
        if _canary.repeats(failed, before - begun):
            return f"stopped: {failed} of {before} {_NOUN} failed again; {len(items)} were not touched"
        watch.moved(moves.moved[before:], moves.length)
        if items and rate is None:
            pause = (len(moves.moved) - before) / RATE
            await moves.control.pause(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    return ""


def _outcome(moves: Moves, why: str, lines: Sequence[str]) -> Outcome:
    count = len(moves.moved)
    if moves.untold and not why:
        why = f"stopped after {count}: newer ones cannot be told apart any more, plan it anew"
    if not count and not why:
        why = "none of them was there any more"
    return Outcome(
        result=Result.FAILED if why else Result.DONE,
        count=count,
        words=one_line(why or f"{count} put back into the queue", 400),
        skipped=moves.skipped,
        lines=shown_all(lines),
    )
