"""The steps by which a retry moves dead jobs, and the books that it keeps on them."""

import random
from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from collectors.action import Control, Plan, RefusedError
from collectors.errors import QuarterdeckError, SourceError
from collectors.hands import RedisHands
from collectors.queues.rq import scripts
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.originals import Original, originals
from collectors.transport.read.redis import RedisReader

BATCH = 100
"""Jobs that one script moves: about a millisecond of the server's time."""

T = TypeVar("T")


class EnoughError(Exception):
    """What has been seen speaks against going on."""


class Moves:
    """Where the jobs of a plan are; each is in one place at any time.

    ``left``: untouched. ``pushed``: went into the queue at once. ``later``: scheduled, with their due
    times; ``back`` of those were moved back. ``skipped``: by the reason that the server gave.
    """

    def __init__(
        self, keys: Keys, plan: Plan, hands: RedisHands, control: Control, reader: RedisReader
    ) -> None:
        self.keys, self.plan, self.hands, self.control, self.reader = keys, plan, hands, control, reader
        self.queue = plan.request.subject.key
        self.rate: float = plan.detail["rate"]
        self.left = list(plan.items)
        self.pushed: list[bytes] = []
        self.later: dict[bytes, tuple[Original, float]] = {}
        self.skipped: Counter[str] = Counter()
        self.back = 0

    @property
    def retried(self) -> int:
        """Jobs that run again, have run, or can no longer be held."""
        return len(self.pushed) + len(self.later) - self.back

    async def seen(self, looking: Awaitable[T]) -> T:
        """A read without which nothing more is done: its failure leaves no doubt on what was written."""
        try:
            return await looking
        except SourceError as error:
            raise EnoughError(f"the queue could not be read: {error.why}") from None

    async def take(self, most: int) -> list[Original]:
        """The next jobs that are still dead as they were planned; the others are counted as skipped."""
        taken: list[Original] = []
        while self.left and len(taken) < most:
            part = self.left[:BATCH]
            found = await self.seen(originals(self.reader, self.keys, self.queue, part))
            used = 0
            for job_id in part:
                if len(taken) == most:
                    break
                used += 1
                job = found.get(job_id)
                if job is None:
                    self.skipped["not dead any more"] += 1
                elif job.ended is not None and job.ended > self.plan.request.cut_off:
                    self.skipped["failed again meanwhile"] += 1
                else:
                    taken.append(job)
            del self.left[:used]
        return taken

    async def push(self, most: int) -> list[bytes]:
        """Move the next jobs into the queue at once, and give their ids."""
        jobs = await self.take(most)
        if not jobs:
            return []
        try:
            await self.control.step(len(jobs))
            await self.control.keep({"kind": "queued", "jobs": [job.record for job in jobs]})
        except QuarterdeckError:
            self.left[:0] = [job.id for job in jobs]
            raise
        keys = self.keys
        head = [keys.registry(b"failed", self.queue), keys.queue(self.queue), keys.queues, keys.suspended]
        of_jobs = [
            key
            for job in jobs
            for key in (keys.job(job.id), keys.dependents(job.id), keys.dependencies(job.id))
        ]
        stamp = datetime.fromtimestamp(self.reader.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        rows = [part for job in jobs for part in job.row]
        answers = await self._script(
            scripts.NOW, jobs, [*head, *of_jobs], [self.queue, stamp.encode(), *rows]
        )
        done = [job.id for job, answer in zip(jobs, answers, strict=True) if answer == "done"]
        self.pushed += done
        return done

    async def schedule(self, start: float) -> None:
        """Hand the next batch to RQ's scheduler: due after ``start`` (epoch seconds), spread by the rate."""
        jobs = await self.take(BATCH)
        if not jobs:
            return
        dated = [
            # what was spread out is not to come in step with anything
            (job, start + (len(self.later) + place + random.random()) / self.rate)  # noqa: S311 - no secret
            for place, job in enumerate(jobs)
        ]
        try:
            rows = [[*job.record, repr(due)] for job, due in dated]
            await self.control.keep({"kind": "scheduled", "jobs": rows})
        except QuarterdeckError:
            self.left[:0] = [job.id for job in jobs]
            raise
        keys = self.keys
        head = [*_registries(keys, self.queue), keys.suspended]
        answers = await self._script(
            scripts.LATER, jobs, [*head, *(keys.job(job.id) for job in jobs)], [self.queue, *_rows(dated)]
        )
        for (job, due), answer in zip(dated, answers, strict=True):
            if answer == "done":
                self.later[job.id] = (job, due)

    async def _script(
        self, lua: str, jobs: Sequence[Original], keys: Sequence[bytes], arguments: Sequence[bytes]
    ) -> list[str]:
        """Run a script over jobs; the skipped are counted, and those of a refused script are left again."""
        try:
            answers = await scripts.moved(self.hands, lua, keys, arguments)
        except RefusedError:
            self.left[:0] = [job.id for job in jobs]
            raise
        self.skipped.update(answer for answer in answers if answer != "done")
        return answers

    async def take_back(self) -> str:
        """Move what is scheduled and not yet due back; why that was refused, empty where it was not."""
        jobs = list(self.later.values())
        try:
            for start in range(0, len(jobs), BATCH):
                answers = await take_back(self.hands, self.keys, self.queue, jobs[start : start + BATCH])
                self.back += answers.count("done")
        except RefusedError as refusal:
            return str(refusal.why)
        return ""


async def take_back(
    hands: RedisHands, keys: Keys, queue: bytes, jobs: Sequence[tuple[Original, float]]
) -> list[str]:
    """Move scheduled jobs back among the dead; the answer for each is ``done`` or why it was not."""
    of_jobs = [keys.job(job.id) for job, _due in jobs]
    return await scripts.moved(hands, scripts.BACK, [*_registries(keys, queue), *of_jobs], _rows(jobs))


def _registries(keys: Keys, queue: bytes) -> list[bytes]:
    return [keys.registry(b"failed", queue), keys.registry(b"scheduled", queue), keys.scheduler_lock(queue)]


def _rows(jobs: Sequence[tuple[Original, float]]) -> list[bytes]:
    return [part for job, due in jobs for part in (*job.row, repr(due).encode())]
