"""queues.retry: entries that a consumer was given and never acknowledged come before a consumer again."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
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
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues import _canary, _notes
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
from collectors.queues.streams.acts import StreamActs, groups_of, label, parted, unfit
from collectors.queues.streams.batches import REASONS, Batches, stuck_of
from collectors.queues.streams.pending import MOST_READ, Readers, readers_of, stuck_since
from collectors.queues.streams.scripts import UNCOPY
from collectors.text import Shown, one_line

_NOUN = "entries"
_NO_UNDO = "a claimed entry is not given back: retry it with another `consumer`"


class Retry(Action[StreamActs, RedisHands]):
    """Each stuck entry is added anew and the old one acknowledged, or it is claimed for another consumer."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="queues.retry",
        words="Bring entries that are given out and not acknowledged before a consumer again.",
        risk=Risk.DISRUPTIVE,
        arguments=(
            Argument("how", "add a copy and acknowledge, or claim", "copy", choices=("copy", "claim")),
            Argument("consumer", "who gets claimed entries; by default the living one with the least"),
            Argument("idle", "only entries that were given longer ago", "60s"),
            Argument("count", "at most so many, the oldest first"),
            Argument("canary", "how long the first 1 and 5 are watched", "30s"),
        ),
        bulk=True,
        undoable=True,
        deadline=DEADLINE,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "XADD", "XACK", "XCLAIM", "XDEL", "HSET", "EXPIRE")

    def unfit(self, reading: Reading) -> str:
        """Without unacknowledged entries there is nothing to retry."""
        none = isinstance(reading, QueueReading) and reading.running.value == 0
        return unfit(reading) or ("every entry is acknowledged" if none else "")

    async def plan(self, request: Request) -> Plan:
        """Count what has been stuck by the cut-off; raises SourceError."""
        stream, group = parted(request.subject.key)
        how, wrong, count = request.argument("how", "copy"), *_said(request)
        acts, within = self.collector, self.collector.options.alive_within
        reader = acts.planner()
        groups = await groups_of(reader, stream)
        who = await readers_of(reader, stream, group)
        # the cut-off is the console's clock, idle times are the server's
        shift = reader.now() - acts.context.clock.wall()
        limit = request.cut_off + shift - (seconds(request.argument("idle", "60s")) or 0.0)
        found, whole = await stuck_since(reader, stream, group, limit, count)
        target = _target(request, who, within) if how == "claim" else b""
        others = [name for name in groups if name != group] if how == "copy" else []
        canary = seconds(request.argument("canary", "30s")) or 0.0
        paced, slow = pace(len(found), request.rate, canary)
        refusals = [
            *wrong,
            "" if found else "no entry has been stuck for so long",
            beyond(len(found), request.maximum, _NOUN),
            "" if whole else f"one plan reads {MOST_READ} unacknowledged entries: say a `count`",
            who.refusal(within),
            target if isinstance(target, str) else "",
            slow,
        ]
        return Plan(
            spec=self.spec,
            request=request,
            target=label(request.subject.key),
            service=acts.context.service_of(stream.decode("utf-8", "replace")),
            server=server_of(reader),
            count=exact(len(found)),
            sample=tuple(one.line for one in found[:MOST_SAMPLES]),
            warnings=shown_all([*self._warnings(how, target, others), who.warning(within), paced]),
            refusals=shown_all(refusals),
            undo="" if how == "claim" else "copies that no group has read yet are taken back",
            items=tuple(one.entry for one in found),
            detail={
                "run": _notes.token(),
                "how": how,
                "consumer": target.decode("latin-1") if isinstance(target, bytes) else "",
                "limit": limit,
                "count": len(found),
                "canary": canary,
            },
            risk=Risk.DESTRUCTIVE if others else None,
        )

    def _warnings(self, how: str, target: bytes | str, others: Sequence[bytes]) -> list[str]:
        again = "not declared idempotent: what half ran runs again"
        words = ["" if self.collector.options.idempotent else again]
        if how == "claim":
            name = one_line(target, 60)
            words += [f"{name} must read its own entries (XREADGROUP … 0), else nothing happens", _NO_UNDO]
        else:
            words.append("a copy has a new id and goes behind what waits")
        if others:
            names = ", ".join(one_line(name, 40) for name in others[:5])
            words.append(f"other groups of this stream get every copy too: {names}")
        return words

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Act in stages; raises what hands and control raise."""
        run = Batches(plan, self.collector.planner(), hands, control)
        entries, lines = list(plan.items), list[str]()
        for size in _canary.stages(len(entries))[: len(_canary.SIZES)]:
            entries = await _stage(run, entries, size)
            why = await _judged(run, len(entries), lines)
            if why:
                return _outcome(run, why, lines)
        return _outcome(run, await _rest(run, entries), lines)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """What the notes in the target say of it, entry by entry."""
        reader = self.collector.planner()
        written = [record for record in kept if record["entries"]]
        notes = await _notes.noted(reader, plan, _notes.batches(written))
        told = {
            record["batch"]: note.decode().split(",")
            for record, note in zip(written, notes, strict=True)
            if note is not None
        }
        states = [state for batch in told.values() for state in batch]
        if None in notes[:-1] or (not told and (written or not kept)):
            return await _notes.missing(reader, plan, sum(state not in REASONS for state in states))
        left = Counter(state for state in states if state in REASONS)
        count, asked = len(states) - left.total(), len(states)
        for record in kept:
            left.update(record["passed"])
            asked += sum(record["passed"].values())
        wanted = int(plan.detail["count"])
        end = "it went to its end" if asked >= wanted else f"interrupted; {wanted - asked} were not touched"
        return Outcome(
            result=Result.DONE if asked >= wanted else Result.FAILED,
            count=count,
            words=Shown(f"{count} of {wanted}: {end}"),
            skipped={REASONS[word]: times for word, times in left.items()},
        )

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        """Take copies back that nobody has read, and put the old entries back to their consumers."""
        if plan.detail["how"] == "claim":
            raise RefusedError("a claim cannot be undone", _NO_UNDO)
        stream, group = parted(plan.request.subject.key)
        back = late = 0
        for record in kept:
            entries = stuck_of(record)
            if not entries:
                continue
            await control.step(len(entries))
            said: list[bytes | str | int] = [group, int(record["batch"]), _notes.KEPT]
            for one in entries:
                said += [one.entry, one.consumer, one.times]
            told = await hands.script(UNCOPY, [stream, _notes.key_of(plan)], said)
            back += told.count(b"1")
            late += told.count(b"0")
            control.report(back)
        skipped = {"read already, or the old one is gone": late} if late else {}
        result = Result.DONE if back or not late else Result.FAILED
        words = Shown(f"{back} copies taken back, the old entries are with their consumers again")
        return Outcome(result=result, count=back, words=words, skipped=skipped)


def _said(request: Request) -> tuple[list[str], int | None]:
    """What of the arguments cannot be read, and the number of entries at most."""
    wrong = [
        f"{name} = {request.argument(name)!r} is no time: write it as {default}"
        for name, default in (("idle", "60s"), ("canary", "30s"))
        if not seconds(request.argument(name, default))
    ]
    count = number(request.argument("count")) if request.argument("count") else None
    if request.argument("count") and count is None:
        wrong.append(f"count = {request.argument('count')!r} is no number of entries")
    if request.argument("how", "copy") not in ("copy", "claim"):
        wrong.append(f"how = {request.argument('how')!r}: there are copy and claim")
    return wrong, count


def _target(request: Request, who: Readers, within: float) -> bytes | str:
    """The consumer that gets claimed entries, or in words why there is none."""
    alive = who.alive(within)
    if not request.argument("consumer"):
        return alive[0] if alive else "no consumer lives that could claim them"
    name = request.argument("consumer").encode("utf-8", "surrogateescape")
    if name not in who.idle:
        return f"the group has no consumer {one_line(name, 60)}"
    return name if name in alive else f"{one_line(name, 60)} has not read for {who.idle[name]:.0f} s"


async def _stage(run: Batches, entries: list[bytes], size: int) -> list[bytes]:
    """Act on ``size`` entries, passing over those that changed; gives what is left."""
    run.watched = len(run.moved)
    wanted = run.watched + size
    while entries and len(run.moved) < wanted:
        entries = await run.take(entries, wanted - len(run.moved))
    return entries


async def _judged(run: Batches, left: int, lines: list[str]) -> str:
    """Why the canary ends it; empty where it may go on. What it showed is added to ``lines``."""
    if run.watched == len(run.moved):
        return ""
    time = float(run.plan.detail["canary"])
    verdict, fates = await _canary.watched(run.look, run.control, time)
    told = _canary.told(fates, _NOUN)
    lines.append(f"canary: {told}")
    run.control.report(len(run.moved), told)
    rest = f"; {left} were not touched" if left else ""
    if verdict is Verdict.STOP:
        return f"stopped by its canary: {told}{rest}"
    if (
        verdict is Verdict.ASK
        and left
        and not await run.control.ask(_canary.question(fates, time, left, _NOUN))
    ):
        return f"stopped without a verdict: {told}{rest}"
    return ""


async def _rest(run: Batches, entries: list[bytes]) -> str:
    """Act on what is left, at a pace; why it stopped, empty where it went to its end."""
    rate = run.plan.request.rate
    run.watched = len(run.moved)
    while entries:
        before = len(run.moved)
        entries = await run.take(entries, batch_size(rate))
        fates = await run.look()
        if _canary.repeats(fates.failed, fates.tried):
            return f"stopped: {_canary.told(fates, _NOUN)}; {len(entries)} were not touched"
        if entries and rate is None:
            pause = (len(run.moved) - before) / RATE
            await run.control.pause(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    return ""


def _outcome(run: Batches, why: str, lines: Sequence[str]) -> Outcome:
    count, claimed = len(run.moved), run.plan.detail["how"] == "claim"
    target = one_line(str(run.plan.detail["consumer"]).encode("latin-1"), 60)
    if not count and not why:
        why = "none of them was stuck any more"
    done = f"{count} claimed for {target}" if claimed else f"{count} added anew"
    return Outcome(
        result=Result.FAILED if why else Result.DONE,
        count=count,
        words=one_line(why or done, 400),
        skipped=run.skipped,
        lines=shown_all(lines),
    )
