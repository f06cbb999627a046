"""A retry under way: one job, then five, then the rest, each part only after the one before went well."""

import asyncio
from collections import Counter

from collectors.action import Outcome, RefusedError, Result, StoppedError
from collectors.errors import SourceError
from collectors.queues.rq.acting import counted, parts_of, reasons, span, words
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.moves import EnoughError, Moves
from collectors.queues.rq.verdicts import Verdict, Watch
from collectors.text import one_line
from collectors.transport.read.redis import read

CANARIES = (1, 5)
"""Jobs that go first, and whose verdicts the next part waits for."""

_LOOK = 0.25
_LOOK_AT_REST = 1.0
"""Seconds between two looks at the first jobs, and at the rest."""

_BLIND = 60.0
"""Seconds without a look after which the rest is not left to itself."""

_WATCHED = 20.0
"""Jobs a second whose verdicts are read; of faster retries a sample."""

_LATE = 3.0
"""Seconds that a scheduler, which wakes every second, may be late."""


class Run(Moves):
    """One run of a plan of ``queues.retry``."""

    canary = 0.0
    late = 0

    async def go(self) -> Outcome:
        """The whole of it.

        Raises RefusedError where nothing was done, and SourceError where it is not known what was.
        """
        self.canary = self.plan.detail["canary"]
        self.watch = Watch(self.reader, self.keys, self.queue)
        try:
            for size in CANARIES:
                await self._canary(size)
            if self.left:
                await self._rest()
        except EnoughError as enough:
            return await self._ended(str(enough))
        except StoppedError as stop:
            return await self._ended(str(stop.why))
        except RefusedError as refusal:
            if not self.retried:
                raise
            return await self._ended(str(refusal.why))
        return self._told(Result.DONE if self.retried else Result.FAILED, "")

    async def _canary(self, size: int) -> None:
        """Retry ``size`` jobs and wait for their verdicts."""
        ids: list[bytes] = []
        while self.left and len(ids) < size:
            ids += await self.push(size - len(ids))
        if not ids:
            return
        self.watch.add(ids)
        self.control.report(self.retried, f"waiting for the verdict on the first {self.retried}")
        loop = asyncio.get_running_loop()
        end = loop.time() + self.canary
        while True:
            await self.watch.look()
            failures = self.watch.failures
            if failures:
                error = next(iter(failures.values()))
                raise EnoughError(f"{len(failures)} of the first {self.retried} failed again: {error}")
            if not self.watch.open:
                return
            if loop.time() >= end:
                break
            await self.control.pause(_LOOK)
        if self.left:
            await self._ask()

    async def _ask(self) -> None:
        """No verdict in time: only the operator can say what that means."""
        now = self.watch.blind or self._open()
        late = f"no verdict on the first {self.retried} within {span(self.canary)} ({now})"
        if not await self.control.ask(f"{late}: go on?"):
            raise EnoughError(late)

    async def _rest(self) -> None:
        if self.plan.detail["scheduler"]:
            start = self.reader.now() + self.plan.detail["delay"]
            while self.left:
                await self.control.pause(0)
                await self.schedule(start)
                self.control.report(len(self.pushed), f"{len(self.later):,} scheduled")
            await self._until_due()
        else:
            await self._drip()
        await self._settle()

    async def _until_due(self) -> None:
        """Watch while the scheduled jobs become due; whatever speaks against it ends it."""
        every = self._sampling
        waiting = sorted((due, job_id) for job_id, (_job, due) in self.later.items())
        at, total = 0, len(waiting)
        while at < total:
            await self.control.pause(_LOOK_AT_REST)
            before, now = at, self.reader.now()
            while at < total and waiting[at][0] <= now:
                at += 1
            self.watch.add([job_id for _due, job_id in waiting[before:at:every]])
            await self._look_at_rest()
            self.control.report(len(self.pushed) + at, f"{total - at:,} can still be taken back")
        if total:
            await self.control.pause(_LATE)
            self.late = await self.seen(self._overdue())

    @property
    def _sampling(self) -> int:
        """Of how many jobs one is watched."""
        return max(1, round(self.rate / _WATCHED))

    async def _look_at_rest(self) -> None:
        await self.watch.look()
        if self.watch.repeated:
            raise EnoughError(f"the failure repeats: {self.watch.repeated}")
        if self.watch.blind_for > _BLIND:
            raise EnoughError(f"nothing could be seen for {span(_BLIND)}: {self.watch.blind}")
        lock, suspended = self.keys.scheduler_lock(self.queue), self.keys.suspended
        try:
            moving, held = await ask_all(self.reader, (read("EXISTS", lock), read("EXISTS", suspended)))
        except SourceError:
            # the watch counts how long nothing can be seen
            return
        if held:
            raise EnoughError("RQ was suspended meanwhile")
        if self.later and not moving:
            raise EnoughError("no worker runs the scheduler any more")

    async def _overdue(self) -> int:
        """Jobs that the scheduler has not taken although they are due."""
        scheduled = self.keys.registry(b"scheduled", self.queue)
        late = 0
        for part in parts_of(list(self.later), 1000):
            reads = [read("ZCARD", scheduled), *(read("ZSCORE", scheduled, job_id) for job_id in part)]
            late += sum(score is not None for score in (await ask_all(self.reader, reads))[1:])
        return late

    async def _drip(self) -> None:
        """Without a scheduler: into the queue bit by bit, at the rate, for as long as they go well."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        size = max(1, min(50, int(self.rate / 2)))
        while self.left:
            pushed = await self.push(size)
            self.watch.add(pushed[:: self._sampling])
            self.control.report(self.retried, "in the queue")
            if self.plan.request.rate is None:
                await self.control.pause(len(pushed) / self.rate)
            if loop.time() - looked >= _LOOK_AT_REST:
                looked = loop.time()
                await self._look_at_rest()

    async def _settle(self) -> None:
        """Wait a while for the last verdicts; jobs without one are told as what they are."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.canary
        await self.watch.look()
        while self.watch.open and loop.time() < end:
            await self.control.pause(_LOOK)
            await self.watch.look()

    async def _ended(self, why: str) -> Outcome:
        """What is scheduled and not yet due goes back before the run ends early."""
        refused = await self.take_back()
        if refused:
            why += f"; moving back was refused ({refused})"
        return self._told(Result.FAILED, why)

    def _open(self) -> str:
        """The jobs without a verdict, by what they are."""
        return reasons(Counter(str(verdict) for verdict in self.watch.open.values()))

    def _told(self, result: Result, why: str) -> Outcome:
        """The outcome; its numbers add up to the plan's."""
        told = f"{self.retried:,} of {counted(len(self.plan.items), 'job')} retried"
        for count, what in (
            (self.back, "moved back before they were due"),
            (len(self.left), "untouched"),
            (self.skipped.total(), "skipped"),
        ):
            if count:
                told += f", {count:,} {what}"
        lines = []
        ended = reasons({str(verdict): self.watch.counts[verdict] for verdict in Verdict})
        if ended:
            lines.append(f"of those that were watched: {ended}")
        if self.watch.open:
            lines.append(f"without a verdict: {self._open()}")
        if self.late:
            lines.append(f"{self.late:,} are overdue: the scheduler has not taken them")
        errors = dict.fromkeys(self.watch.failures.values())
        lines += [str(one_line(error, 200)) for error in list(errors)[:3]]
        return Outcome(
            result=result,
            count=self.retried,
            words=words(f"{why}; {told}" if why else told),
            skipped=dict(self.skipped),
            lines=tuple(words(line) for line in lines),
        )
