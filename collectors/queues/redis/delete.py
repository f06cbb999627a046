"""queues.delete: one element out of the queue or out of its dead list."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from collectors.action import Action, ActionSpec, Argument, Control, Outcome, Plan, Request, Result, Risk
from collectors.hands import RedisHands
from collectors.model.quantity import exact
from collectors.model.reading import Reading
from collectors.queues._planning import server_of, shown_all
from collectors.queues.redis.elements import Ends, digest_of
from collectors.queues.redis.moves import NEEDS, Moves, Road, items_of, lost, reconciled, restored
from collectors.queues.redis.options import ListActs, emptiness
from collectors.queues.redis.selection import Found, begin, walk_to
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader

_NAME = re.compile(r"[0-9a-f]{8,64}")


class Delete(Action[ListActs, RedisHands]):
    """One element, named by the first digits of its SHA-256 as the detail ``items`` shows them."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="queues.delete",
        words="Delete one job.",
        risk=Risk.DESTRUCTIVE,
        arguments=(
            Argument("element", "its name, as the detail `items` writes it", required=True),
            Argument("of", "the list it stands in", "dead", choices=("dead", "ready")),
        ),
        undoable=True,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = NEEDS

    def unfit(self, reading: Reading) -> str:
        """An empty queue has nothing that could go."""
        return emptiness(reading, dead=False)

    async def plan(self, request: Request) -> Plan:
        """Search the element; raises SourceError."""
        key, acts, name = request.subject.key, self.collector, request.argument("element").strip().lower()
        of = request.argument("of", "dead")
        draft = Plan(
            spec=self.spec,
            request=request,
            target=one_line(f"{key.decode('utf-8', 'replace')} {name}", 100),
            service=acts.context.service_of(key.decode("utf-8", "replace")),
            server="",
            count=exact(0),
        )
        where = acts.lists.of(key, of)
        if where is None or not _NAME.fullmatch(name):
            refusals = ["" if where else acts.lists.none(of)]
            refusals += [] if _NAME.fullmatch(name) else ["`element` wants at least 8 digits of its name"]
            return dataclasses.replace(draft, refusals=shown_all(refusals))
        reader = acts.planner()
        found, times = await _search(reader, *where, name)
        again = f"it stands there {times} times: the oldest of them goes" if times > 1 else ""
        return dataclasses.replace(
            draft,
            server=server_of(reader),
            count=exact(len(found.items)),
            sample=found.sample,
            warnings=shown_all([again]),
            refusals=shown_all([found.refusal]),
            undo="put back to its place, byte for byte",
            items=tuple(element for _, element in found.items),
            detail=found.detail() | {"of": of},
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Take it out, if it still stands among those that the plan saw."""
        moves = Moves(plan, self._road(plan), hands, control)
        if not await moves.begin(self.collector.planner()):
            return lost(plan)
        await moves.take(items_of(plan), 1)
        if not moves.moved:
            return Outcome(
                result=Result.FAILED, count=0, words=Shown("it was gone already"), skipped=moves.skipped
            )
        return Outcome(result=Result.DONE, count=1, words=Shown("deleted"))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """What the notes in the target say of it."""
        return await reconciled(self.collector.planner(), plan, kept)

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        """Back to its place."""
        now = self.collector.planner().now()
        return await restored(plan, self._road(plan), kept, hands, control, now)

    def _road(self, plan: Plan) -> Road:
        where = self.collector.lists.of(plan.request.subject.key, str(plan.detail["of"]))
        assert where is not None  # noqa: S101 - the plan would have been refused
        return Road(*where, None, where[1])


async def _search(reader: RedisReader, key: bytes, ends: Ends, name: str) -> tuple[Found, int]:
    """The oldest element of that name, and how often it stands there."""
    found, shape, newest = await begin(reader, key, ends)
    times = 0
    async for place, element in walk_to(reader, key, ends, found, shape, newest):
        if not digest_of(element).startswith(name):
            continue
        if not found.items:
            found.items.append((place, element))
        elif element != found.items[0][1]:
            found.refusal = "several elements begin with that name: write more of its digits"
        times += 1
    if not found.items:
        end = f" among the oldest {found.length - found.unread}" if found.unread else ""
        found.refusal = f"no element of that name stands there{end}"
    return found, times
