"""queues.pause: all workers of an RQ take nothing for a while; it ends by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import ActionSpec, Argument, Control, Outcome, Plan, Request, Result, Risk
from collectors.errors import SourceError
from collectors.hands import RedisHands
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues.rq.acting import RqAction, counted, seconds_of, server_of, span, words
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import Look, ask_all, look_at, names
from collectors.text import one_line
from collectors.transport.read.redis import RedisReader, read

RESUME = "queues.resume"

_DAY = 24 * 3600.0
_LOOKED_AT = 20_000
"""Ready jobs whose time to live is read, from the heads of all queues."""

_SLACK = 5.0
"""Seconds by which the end of a pause may differ from ours and still be ours."""


class Pause(RqAction):
    """Suspend an RQ for a time. Its lists are left as they are: only RQ's own switch is set."""

    spec = ActionSpec(
        "queues.pause",
        "Let all workers of this RQ take nothing for a while, of any queue; it ends by itself.",
        Risk.DISRUPTIVE,
        arguments=(
            Argument("for", "for how long, at most 24h", default="15m"),
            Argument(
                "lose",
                "whether ready jobs may be lost whose time to live ends meanwhile",
                default="no",
                choices=("no", "yes"),
            ),
        ),
        deadline=60.0,
    )
    needs = ("SET",)

    def unfit(self, reading: Reading) -> str:
        """An RQ that is suspended already is left as it is: it may be meant to last longer."""
        paused = isinstance(reading, QueueReading) and reading.paused
        return "this RQ is suspended already" if paused else ""

    async def plan(self, request: Request) -> Plan:
        """Every queue that stops, and the jobs that would not survive it."""
        refusals: list[str] = []
        lasts = seconds_of(request, "for", "15m", (1, _DAY), refusals.append)
        async with self.reading() as reader:
            queues, workers, suspended = await names(reader, self.keys)
            look = await look_at(reader, self.keys, queues, workers, {}, suspended=suspended)
            dying = await _dying(reader, self.keys, queues, lasts)
            server = server_of(reader)
        if suspended:
            refusals.append("this RQ is suspended already: resume it first if that is not meant")
        if dying and request.argument("lose", "no") != "yes":
            refusals.append(f"{dying}: pause for less, or say lose = yes")
        named = [str(one_line(name, 60)) for name in queues]
        here = one_line(request.subject.key, 60)
        return self.planned(
            request,
            server=server,
            count=exact(len(queues), Unit.COUNT),
            sample=_packed(named),
            warnings=[
                f"every queue of this RQ stops, not {here} alone: {', '.join(named)}",
                *_meanwhile(look),
                *([dying] if dying else []),
            ],
            refusals=refusals,
            undo=f"by itself after {span(lasts)}, or at once by {RESUME}",
            detail={"seconds": lasts, "queues": len(queues), "until": self._now() + lasts},
            owed=(RESUME, f"all queues of this RQ are paused; it ends by itself after {span(lasts)}"),
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Set the switch and its end in one command, unless somebody has set it."""
        await control.step()
        milliseconds = round(plan.detail["seconds"] * 1000)
        await control.keep({"kind": "paused", "ends": self._now() + plan.detail["seconds"]})
        [reply] = await hands.send(("SET", self.keys.suspended, "1", "NX", "PX", milliseconds))
        if reply is None:
            told = "somebody suspended this RQ meanwhile: left as it is"
            skipped = {"suspended already": 1}
            return Outcome(result=Result.FAILED, count=0, words=words(told), skipped=skipped)
        count = int(plan.detail["queues"])
        told = f"{counted(count, 'queue')} paused for {span(plan.detail['seconds'])}"
        return Outcome(result=Result.DONE, count=count, words=words(told))

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:  # noqa: ARG002 - asked of the server anew
        """Done only where the switch is set and has an end."""
        if outcome.result is not Result.DONE:
            return outcome
        left = await self._left()
        if left is not None and left > 0:
            return outcome
        told = "the switch is not set any more: somebody has resumed this RQ"
        return Outcome(result=Result.FAILED, count=0, words=words(told))

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """The switch with the end that we were about to set is ours."""
        async with self.reading() as reader:
            [left] = await ask_all(reader, (read("PTTL", self.keys.suspended),))
        ends = self._now() + left / 1000
        count = int(plan.detail["queues"])
        if left > 0 and any(abs(ends - record["ends"]) <= _SLACK for record in kept):
            told = f"{counted(count, 'queue')} paused, for {span(left / 1000)} more"
            return Outcome(result=Result.DONE, count=count, words=words(told))
        told = "this RQ is not suspended: it never was, or it was resumed, or the pause is over"
        if left != -2:
            told = "this RQ is suspended with another end: by somebody else"
        return Outcome(result=Result.FAILED, count=0, words=words(told))

    def _now(self) -> float:
        return self.collector.context.clock.wall()

    async def _left(self) -> float | None:
        """Seconds that the suspension lasts: negative where there is none or no end, None where unseen."""
        try:
            async with self.reading() as reader:
                [left] = await ask_all(reader, (read("PTTL", self.keys.suspended),))
        except SourceError:
            return None
        return float(left) / 1000


def _meanwhile(look: Look) -> list[str]:
    """What goes on during a pause."""
    alive = [worker for worker in look.workers.values() if worker.alive]
    busy = sum(worker.busy for worker in alive)
    lines = [
        f"{counted(sum(queue.ready or 0 for queue in look.queues), 'ready job')} held back meanwhile",
        f"running jobs go on ({counted(busy, 'busy worker')}), and scheduled ones go into their queues",
    ]
    if len(alive) > busy:
        # a worker looks at the switch only before it begins to wait
        idle = counted(len(alive) - busy, "idle worker")
        lines.append(f"{idle}: RQ lets each take one more job before it stops; burst workers end")
    return lines


async def _dying(reader: RedisReader, keys: Keys, queues: Sequence[bytes], lasts: float) -> str:
    """The ready jobs whose data expires within the pause, in words; empty for none."""
    each = max(1, _LOOKED_AT // max(1, len(queues)))
    reads = []
    for name in queues:
        reads += [read("LRANGE", keys.queue(name), 0, each - 1), read("LLEN", keys.queue(name))]
    lists = await ask_all(reader, reads)
    ids = [job_id for found in lists[::2] for job_id in found or ()]
    left = await ask_all(reader, [read("PTTL", keys.job(job_id)) for job_id in ids])
    dying = sum(0 <= milliseconds <= lasts * 1000 for milliseconds in left)
    whole = len(ids) >= sum(length or 0 for length in lists[1::2])
    bound = "" if whole else f" of the first {len(ids):,}"
    if not dying:
        return ""
    return f"{counted(dying, 'ready job')}{bound} would be lost: their time to live ends within the pause"


def _packed(named: Sequence[str]) -> list[str]:
    """Names of queues in at most five lines."""
    size = max(1, -(-len(named) // 5))
    return [", ".join(named[start : start + size]) for start in range(0, len(named), size)]
