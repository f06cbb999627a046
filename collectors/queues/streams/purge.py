"""queues.purge: a group skips what waits for it by now; the entries stay in the stream."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from collectors.action import (
    MOST_SAMPLES,
    Action,
    ActionSpec,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
)
from collectors.hands import RedisHands
from collectors.model.quantity import Known, Quantity, about, at_least, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues import _notes
from collectors.queues._planning import beyond, server_of, shown_all
from collectors.queues.streams.acts import StreamActs, group_of, label, parted, unfit
from collectors.queues.streams.scripts import BACK, SKIP
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_ids import next_id

_BUDGET = 2 * 1024 * 1024
"""Bytes of entries that are fetched to count or show them."""

_MOST_COUNTED = 1000
_LATER = "ids later than the server's clock: what is newer than the plan cannot be told"


class Purge(Action[StreamActs, RedisHands]):
    """The read position of a group moves on to the last entry of now."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="queues.purge",
        words="Let the group skip all entries that wait for it.",
        risk=Risk.DESTRUCTIVE,
        bulk=True,
        undoable=True,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "XGROUP SETID", "HSET", "EXPIRE")

    def unfit(self, reading: Reading) -> str:
        """Where nothing waits there is nothing to skip."""
        none = isinstance(reading, QueueReading) and reading.ready.value == 0
        return unfit(reading) or ("nothing waits for this group" if none else "")

    async def plan(self, request: Request) -> Plan:
        """Find the last entry before the cut-off, and count those up to it; raises SourceError."""
        stream, group = parted(request.subject.key)
        acts = self.collector
        reader = acts.planner()
        told = await group_of(reader, stream, group)
        [memory, length] = await reader.ask(read("MEMORY USAGE", stream), read("XLEN", stream))
        size = (memory or 0) // length if length else 0
        end = round((request.cut_off + reader.now() - acts.context.clock.wall()) * 1000)
        [last] = await reader.ask(read("XREVRANGE", stream, str(end), "-", "COUNT", 1))
        old = told[b"last-delivered-id"]
        to = last[0][0] if last else old
        count = await _count(reader, stream, told, to, length, size)
        sample = await _sample(reader, stream, old, to, size)
        refusals = [
            "" if count.value else "nothing waits for this group" if last or not length else _LATER,
            _over(count, request.maximum),
        ]
        return Plan(
            spec=self.spec,
            request=request,
            target=label(request.subject.key),
            service=acts.context.service_of(stream.decode("utf-8", "replace")),
            server=server_of(reader),
            count=count,
            sample=sample,
            warnings=shown_all(
                [
                    "the entries stay in the stream; what consumers hold unacknowledged is not touched",
                    "" if count.known is Known.EXACT else "how many it skips is not known exactly",
                ]
            ),
            refusals=shown_all(refusals),
            undo="the group goes back to where it was; what it has read since would come again",
            detail={
                "run": _notes.token(),
                "from": old.decode(),
                "to": to.decode(),
                "read": told.get(b"entries-read"),
                "count": count.value,
            },
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Move the position, if it has not been moved back and is not there already."""
        stream, group = parted(plan.request.subject.key)
        detail = plan.detail
        await control.step()
        await control.keep({"from": detail["from"], "to": detail["to"]})
        said: list[bytes | str | int] = [group, str(detail["from"]), str(detail["to"]), _notes.KEPT]
        word, at, now = await hands.script(SKIP, [stream, _notes.key_of(plan)], said)
        wanted = int(detail["count"])
        if word == b"done":
            since = int(now) - int(detail["read"]) if now and detail["read"] is not None else 0
            skipped = {"read meanwhile": since} if since > 0 else {}
            words = Shown(f"skipped, from {at.decode()} to {detail['to']}")
            return Outcome(result=Result.DONE, count=max(0, wanted - since), words=words, skipped=skipped)
        why = {
            b"read": "the group has read them meanwhile",
            b"back": "somebody moved the group back meanwhile: plan it anew",
            b"gone": "the group is gone",
        }[word]
        return Outcome(result=Result.FAILED, count=0, words=Shown(why), skipped={Shown(why): wanted})

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """Where the group stands now."""
        stream, group = parted(plan.request.subject.key)
        told = await group_of(self.collector.planner(), stream, group)
        line = Shown(f"the group stands at {told[b'last-delivered-id'].decode()}")
        return dataclasses.replace(outcome, lines=(*outcome.lines, line))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - the notes say it all
        """What the notes in the target say of it."""
        reader = self.collector.planner()
        at, to = await _notes.noted(reader, plan, ["from", "to"])
        if at is None or to is None:
            return await _notes.missing(reader, plan)
        words = Shown(f"skipped, from {at.decode()} to {to.decode()}")
        return Outcome(result=Result.DONE, count=int(plan.detail["count"]), words=words)

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - the notes know where it stood at that moment
        hands: RedisHands,
        control: Control,
    ) -> Outcome:
        """Move the position back; asks where the group has read on since."""
        stream, group = parted(plan.request.subject.key)
        reader, to = self.collector.planner(), str(plan.detail["to"]).encode()
        at = (await group_of(reader, stream, group))[b"last-delivered-id"]
        if at != to and not await control.ask(await _question(reader, stream, to, at)):
            raise RefusedError("the group has read on since", "what it has read would come again")
        await control.step()
        word, where, _ = await hands.script(BACK, [stream, _notes.key_of(plan)], [group, at, _notes.KEPT])
        if word == b"done":
            words = Shown(f"the group stands at {where.decode()} again")
            return Outcome(result=Result.DONE, count=int(plan.detail["count"]), words=words)
        why = {
            b"moved": "the group read on in this moment",
            b"again": "it was moved back already",
            b"never": "nothing was skipped, or it is too long ago",
            b"gone": "the group is gone",
        }[word]
        raise RefusedError(why, "look at the queue again")


def _over(count: Quantity, maximum: int | None) -> str:
    """The refusal of a plan that skips more than it may, or so many that nobody counted them."""
    if maximum is not None and count.known is not Known.EXACT:
        return f"how many it skips cannot be counted, and the limit is {maximum}"
    return beyond(int(count.value or 0), maximum, "entries")


async def _question(reader: RedisReader, stream: bytes, to: bytes, at: bytes) -> str:
    [found] = await reader.ask(read("XRANGE", stream, next_id(to), at, "COUNT", 100))
    many = "at least 100" if len(found) == 100 else str(len(found))
    return f"The group has read on since: {many} entries would be given again. Move it back all the same?"


async def _count(
    reader: RedisReader, stream: bytes, told: Mapping[bytes, Any], to: bytes, length: int, size: int
) -> Quantity:
    """Entries after the group's position up to ``to``: from the lag where the server knows it."""
    most = max(1, min(_MOST_COUNTED, _BUDGET // max(1, size)))
    lag = told.get(b"lag")
    if lag is not None:
        [newer] = await reader.ask(read("XRANGE", stream, next_id(to), "+", "COUNT", most))
        waiting = max(0, min(lag, length) - len(newer))
        return exact(waiting) if len(newer) < most else about(waiting, None)
    start = next_id(told[b"last-delivered-id"])
    [found] = await reader.ask(read("XRANGE", stream, start, to, "COUNT", most))
    return exact(len(found)) if len(found) < most else at_least(len(found))


async def _sample(reader: RedisReader, stream: bytes, old: bytes, to: bytes, size: int) -> tuple[Shown, ...]:
    most = max(1, min(MOST_SAMPLES, _BUDGET // max(1, size)))
    [found] = await reader.ask(read("XRANGE", stream, next_id(old), to, "COUNT", most))
    return tuple(
        one_line(f"{one_line(entry, 40)} " + " ".join(str(one_line(part, 40)) for part in fields[:8]), 160)
        for entry, fields in found
    )
