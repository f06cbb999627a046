"""queues.purge: the dead or the ready jobs of a queue out of the way, for a day in quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import (
    MOST_SAMPLES,
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
    StoppedError,
)
from collectors.errors import SourceError
from collectors.hands import RedisHands
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues.rq import quarantine
from collectors.queues.rq.acting import RqAction, counted, latin, parts_of, reasons, server_of, span, words
from collectors.queues.rq.chosen import MOST
from collectors.queues.rq.keys import epoch
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.purgeable import Purgeable, purgeable
from collectors.transport.read.redis import RedisReader, read


class Purge(RqAction):
    """Move jobs into a quarantine that ends after a day; until then they can be moved back."""

    spec = ActionSpec(
        "queues.purge",
        "Move the dead or the ready jobs of this queue out of the way; after a day they are gone.",
        Risk.DESTRUCTIVE,
        arguments=(Argument("of", "which jobs", default="dead", choices=("dead", "ready")),),
        bulk=True,
        undoable=True,
    )
    needs = ("EVAL", "TIME", "ZREM", "ZADD", "LREM", "RPUSH", "LPUSH", "HSET", "HDEL", "PEXPIREAT", "PERSIST")

    def unfit(self, reading: Reading) -> str:
        """An empty queue has nothing to purge."""
        if not isinstance(reading, QueueReading):
            return ""
        nothing = reading.dead.value == 0 and reading.ready.value == 0
        return "no job of this queue is dead or ready" if nothing else ""

    async def plan(self, request: Request) -> Plan:
        """The jobs as of the cut-off; newer ones stay, and so do those on which others depend."""
        of = request.argument("of", "dead")
        queue = request.subject.key
        refusals = [] if of in ("dead", "ready") else [f"of = {of!r}: must be dead or ready"]
        async with self.reading() as reader:
            found = await purgeable(reader, self.keys, queue, of, request.cut_off)
            server = server_of(reader)
        count = len(found.ids)
        if not count:
            refusals.append(f"no {of} job may be moved" if found.left else f"no job is {of}")
        if request.maximum is not None and count > request.maximum:
            refusals.append(
                f"{counted(count, 'job')} are more than the limit of {request.maximum:,}: raise the limit"
            )
        return self.planned(
            request,
            server=server,
            count=exact(count),
            sample=found.lines[:MOST_SAMPLES],
            warnings=_warnings(found, of),
            refusals=refusals,
            undo=f"moved back from quarantine, for {span(quarantine.LASTS)}",
            items=tuple(found.ids),
            detail={
                "of": of,
                "count": count,
                "key": latin(quarantine.key_of(self.keys, queue, request.cut_off)),
            },
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Batch by batch; each job is checked where it is moved."""
        answers: Counter[str] = Counter()
        why = ""
        async with self.reading() as reader:
            ends = None
            for part in parts_of(plan.items, quarantine.BATCH):
                try:
                    await control.step(len(part))
                    rows = await self._rows(reader, plan, part)
                    ends = reader.now() + quarantine.LASTS if ends is None else ends
                    answers["not there any more"] += len(part) - len(rows)
                    if not rows:
                        continue
                    ids = [latin(row[0]) for row in rows]
                    await control.keep({"kind": "quarantine", "ids": ids})
                except (StoppedError, RefusedError, SourceError) as stop:
                    why = str(stop.why)
                    break
                answers.update(await quarantine.away(hands, self.keys, plan, rows, ends))
                control.report(answers["done"], "in quarantine")
        return _told(plan, answers, why)

    async def _rows(self, reader: RedisReader, plan: Plan, ids: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        """What proves that each job is the one that was planned; those that are newer are left out."""
        dead = plan.detail["of"] == "dead"
        field = "ended_at" if dead else "enqueued_at"
        failed = self.keys.registry(b"failed", plan.request.subject.key)
        reads = [read("ZCARD", failed)]
        for job_id in ids:
            reads += [read("HMGET", self.keys.job(job_id), field), read("ZSCORE", failed, job_id)]
        _total, *replies = await ask_all(reader, reads)
        rows: list[tuple[bytes, ...]] = []
        for index, job_id in enumerate(ids):
            time, score = (replies[2 * index] or (None,))[0], replies[2 * index + 1]
            at = epoch(time)
            if (at is not None and at > plan.request.cut_off) or (dead and score is None):
                continue
            mark = b"-" if time is None else b"+" + time
            rows.append((job_id, score, mark) if dead else (job_id, mark))
        return rows

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """The outcome, and how many lie in quarantine now."""
        async with self.reading() as reader:
            became = await quarantine.became(reader, self.keys, plan, ())
        line = words(f"in quarantine now: {became.count:,}")
        return Outcome(
            result=outcome.result,
            count=outcome.count,
            words=outcome.words,
            skipped=outcome.skipped,
            lines=(*outcome.lines, line),
        )

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """How many lie in quarantine, and whether the last batch was moved."""
        async with self.reading() as reader:
            return await quarantine.became(reader, self.keys, plan, kept)

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],  # noqa: ARG002 - the quarantine itself tells what is in it
        hands: RedisHands,
        control: Control,
    ) -> Outcome:
        """Move back what is in quarantine; jobs that were made anew meanwhile are left as they are."""
        async with self.reading() as reader:
            return await quarantine.back(reader, hands, self.keys, plan, control)


def _warnings(found: Purgeable, of: str) -> list[str]:
    lines = [
        f"after {span(quarantine.LASTS)} they are gone with their data and results, and cannot be had again"
    ]
    if of == "ready":
        lines.append("these jobs have not run: nobody else will run them")
    if found.short:
        lines.append(
            f"the data of {counted(found.short, 'job')} ends before that: they cannot be moved back then"
        )
    if found.left:
        lines.append(f"left where they are: {reasons(found.left)}")
    if found.looked < found.total and found.looked >= MOST:
        which = "newest" if of == "dead" else "oldest"
        lines.append(f"only the {which} {found.looked:,} of {found.total:,} were looked at; the others stay")
    return lines


def _told(plan: Plan, answers: Counter[str], why: str) -> Outcome:
    """The outcome; its numbers add up to the plan's."""
    done = answers.pop("done", 0)
    total = len(plan.items)
    skipped = {reason: count for reason, count in answers.items() if count}
    left = total - done - sum(skipped.values())
    told = f"{done:,} of {counted(total, 'job')} moved into quarantine for {span(quarantine.LASTS)}"
    if left:
        told += f", {left:,} untouched"
    if skipped:
        told += f", {sum(skipped.values()):,} skipped"
    result = Result.DONE if done and not why else Result.FAILED
    return Outcome(result=result, count=done, words=words(f"{why}; {told}" if why else told), skipped=skipped)
