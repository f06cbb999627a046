"""queues.purge: a whole list into quarantine, from where it can come back for a day."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from collectors.action import (
    MOST_SAMPLES,
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
from collectors.hands import RedisHands
from collectors.model.quantity import exact
from collectors.model.reading import Reading
from collectors.queues import _notes
from collectors.queues._planning import beyond, eviction, server_of, shown_all
from collectors.queues.redis.elements import Ends, Mark, Shape, bytes_of, page_of, walk
from collectors.queues.redis.moves import NEEDS_TIME, lost
from collectors.queues.redis.options import ListActs, emptiness
from collectors.queues.redis.scripts import GIVE, TAKE
from collectors.queues.redis.selection import begin
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read

KEPT = 24 * 3600
"""Seconds for which a quarantine is kept."""

_BATCH = 500
_SAMPLE_BYTES = 1024 * 1024


class Purge(Action[ListActs, RedisHands]):
    """All that stands in a list by now; what comes later stays."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="queues.purge",
        words="Put all jobs of the queue, or of its dead list, into quarantine for a day.",
        risk=Risk.DESTRUCTIVE,
        arguments=(Argument("of", "which list", "dead", choices=("dead", "ready")),),
        bulk=True,
        undoable=True,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = (
        "EVAL", "RENAMENX", "RENAME", "LPUSH", "RPUSH", "LPOP", "RPOP", "HSET", "HINCRBY", "EXPIRE",
        "PEXPIRE", "PEXPIREAT", "PERSIST",
    )  # fmt: skip

    def unfit(self, reading: Reading) -> str:
        """An empty queue has nothing that could go."""
        return emptiness(reading, dead=False)

    async def plan(self, request: Request) -> Plan:
        """Count the list as it is now; raises SourceError."""
        key, acts, of = request.subject.key, self.collector, request.argument("of", "dead")
        draft = Plan(
            spec=self.spec,
            request=request,
            target=one_line(key, 80),
            service=acts.context.service_of(key.decode("utf-8", "replace")),
            server="",
            count=exact(0),
        )
        where = acts.lists.of(key, of)
        if where is None:
            return dataclasses.replace(draft, refusals=(acts.lists.none(of),))
        reader = acts.planner()
        found, shape, _ = await begin(reader, *where)
        name = _quarantine(where[0], request.cut_off)
        return dataclasses.replace(
            draft,
            server=server_of(reader),
            count=exact(found.length),
            sample=await _sample(reader, *where, shape),
            warnings=shown_all([*_warnings(of, found.mark, name), await eviction(reader)]),
            refusals=shown_all(
                [
                    "" if found.length else "the list is empty",
                    beyond(found.length, request.maximum, "jobs"),
                ]
            ),
            undo="moved back in order to the end that is consumed, for 24 h",
            detail=found.detail() | {"of": of, "quarantine": name.decode("latin-1"), "count": found.length},
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Rename it, or take out exactly what was counted; raises what hands and control raise."""
        source, ends = self._list(plan)
        told = plan.detail["mark"]
        mark = b""
        if told is not None:
            place = Mark(str(told["digest"]), int(told["behind"]))
            found = await bytes_of(self.collector.planner(), source, ends, place)
            if found is None:
                return lost(plan)
            mark = found
        behind = 0 if told is None else int(told["behind"])
        await control.keep({"quarantine": plan.detail["quarantine"]})
        keys = [source, _notes.key_of(plan), _key(plan)]
        wanted, took = int(plan.detail["length"]), 0
        batch = max(1, min(_BATCH, int(plan.request.rate or _BATCH)))
        while True:
            await control.step(min(batch, wanted - took))
            said: list[bytes | str | int] = [ends.flag, KEPT, _notes.KEPT, mark, behind]
            said += [wanted - took, batch]
            word, more, _ = await hands.script(TAKE, keys, said)
            took += more
            control.report(took)
            if word != b"part":
                return _outcome(word, took, wanted)

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """How many stand in quarantine now."""
        source, _ = self._list(plan)
        held, left = await self.collector.planner().ask(read("LLEN", _key(plan)), read("LLEN", source))
        line = one_line(f"{held} in {_key(plan).decode('utf-8', 'replace')}; {left} in the list now", 300)
        return dataclasses.replace(outcome, lines=(*outcome.lines, line))

    async def reconcile(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - the notes say it all
    ) -> Outcome:
        """What the notes in the target say of it."""
        reader, wanted = self.collector.planner(), int(plan.detail["length"])
        took, state = await _notes.noted(reader, plan, ["took", "state"])
        if took is None or state is None:
            return await _notes.missing(reader, plan)
        if state == b"part":
            words = f"it was interrupted after {int(took)} of {wanted}; undo moves them back"
            return Outcome(result=Result.FAILED, count=int(took), words=Shown(words))
        return _outcome(state, int(took), wanted)

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - the plan says it all
        hands: RedisHands,
        control: Control,
    ) -> Outcome:
        """Everything that is in quarantine comes back before what came since."""
        source, ends = self._list(plan)
        [exists] = await self.collector.planner().ask(read("EXISTS", _key(plan)))
        if not exists:
            raise RefusedError(
                "the quarantine is gone", "its 24 hours are over, or it was moved back already"
            )
        expires = plan.detail.get("expires")
        ahead = expires is not None and expires / 1000 > self.collector.planner().now() + NEEDS_TIME
        back, left = 0, 1
        while left:
            await control.step(_BATCH)
            more, left = await hands.script(
                GIVE, [_key(plan), source], [ends.flag, _BATCH, str(expires) if ahead else ""]
            )
            back += more
            control.report(back)
        return Outcome(result=Result.DONE, count=back, words=Shown(f"{back} moved back, in their order"))

    def _list(self, plan: Plan) -> tuple[bytes, Ends]:
        where = self.collector.lists.of(plan.request.subject.key, str(plan.detail["of"]))
        assert where is not None  # noqa: S101 - the plan would have been refused
        return where


def _quarantine(key: bytes, at: float) -> bytes:
    """The key that holds what was purged at ``at``, UTC epoch seconds."""
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return _notes.PREFIX + b"quarantine:" + key + b":" + stamp.encode()


def _key(plan: Plan) -> bytes:
    return str(plan.detail["quarantine"]).encode("latin-1")


async def _sample(reader: RedisReader, key: bytes, ends: Ends, shape: Shape) -> tuple[Shown, ...]:
    count = min(shape.length, page_of(shape.size, MOST_SAMPLES, _SAMPLE_BYTES))
    near = Shape(count, shape.size)
    return tuple([one_line(element, 160) async for element in walk(reader, key, ends, near)])


def _warnings(of: str, mark: Mark | None, name: bytes) -> list[str]:
    held = "what workers hold already is not touched" if of == "ready" else ""
    alike = "the newest jobs repeat others byte for byte: their number alone keeps newer ones out"
    return [
        held,
        f"kept for 24 h in {name.decode('utf-8', 'replace')}, and in memory until then",
        "" if mark is not None else alike,
    ]


def _outcome(word: bytes, took: int, wanted: int) -> Outcome:
    if word == b"lost":
        why = "newer jobs can no more be told apart" if took else "the newest job of the plan is gone"
        return Outcome(result=Result.FAILED, count=took, words=Shown(f"{why}: plan it anew"))
    gone = {"taken by workers meanwhile": wanted - took} if took < wanted else {}
    return Outcome(result=Result.DONE, count=took, words=Shown(f"{took} put into quarantine"), skipped=gone)
