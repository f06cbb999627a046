"""queues.resume: the workers of a suspended RQ take jobs again."""

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import ActionSpec, Control, Outcome, Plan, Request, Result, Risk
from collectors.hands import RedisHands
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues.rq.acting import RqAction, counted, server_of, span, words
from collectors.queues.rq.look import ask_all, look_at, names
from collectors.queues.rq.pause import RESUME
from collectors.transport.read.redis import read


class Resume(RqAction):
    """Take back RQ's switch that suspends all workers."""

    spec = ActionSpec(
        RESUME, "Let all workers of this RQ take jobs again, of every queue.", Risk.SAFE, deadline=60.0
    )
    needs = ("DEL",)

    def unfit(self, reading: Reading) -> str:
        """An RQ that is not suspended has nothing to resume."""
        running = isinstance(reading, QueueReading) and reading.paused is False
        return "this RQ is not suspended" if running else ""

    async def plan(self, request: Request) -> Plan:
        """How many jobs start on how many workers."""
        async with self.reading() as reader:
            queues, workers, suspended = await names(reader, self.keys)
            look = await look_at(reader, self.keys, queues, workers, {}, suspended=suspended)
            [left] = await ask_all(reader, (read("PTTL", self.keys.suspended),))
            server = server_of(reader)
        ready = sum(queue.ready or 0 for queue in look.queues)
        alive = sum(worker.alive for worker in look.workers.values())
        ends = f"it would end by itself after {span(left / 1000)}" if left > 0 else "it has no end of its own"
        return self.planned(
            request,
            server=server,
            count=exact(len(queues), Unit.COUNT),
            warnings=[
                f"{counted(ready, 'ready job')} start at once on {counted(alive, 'live worker')}",
                ends,
            ],
            refusals=[] if suspended else ["this RQ is not suspended"],
            detail={"queues": len(queues)},
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Delete the switch."""
        await control.step()
        [gone] = await hands.send(("DEL", self.keys.suspended))
        count = int(plan.detail["queues"])
        if not gone:
            told = words("this RQ was not suspended any more")
            return Outcome(result=Result.DONE, count=0, words=told, skipped={"not suspended any more": 1})
        return Outcome(result=Result.DONE, count=count, words=words(f"{counted(count, 'queue')} resumed"))

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:  # noqa: ARG002 - asked of the server
        """Failed where the switch is set again."""
        if await self._suspended():
            told = words("somebody has suspended this RQ again")
            return Outcome(result=Result.FAILED, count=0, words=told)
        return outcome

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - the switch tells it all
        """Whether the switch is still set."""
        if await self._suspended():
            return Outcome(result=Result.FAILED, count=0, words=words("this RQ is still suspended"))
        told = words("this RQ is not suspended")
        return Outcome(result=Result.DONE, count=int(plan.detail["queues"]), words=told)

    async def _suspended(self) -> bool:
        async with self.reading() as reader:
            [found] = await ask_all(reader, (read("EXISTS", self.keys.suspended),))
        return bool(found)
