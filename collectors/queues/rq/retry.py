"""queues.retry: dead jobs of an RQ queue run again, a few first, the rest paced and undoable until due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from collectors.action import (
    MOST_SAMPLES,
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    Request,
    Risk,
)
from collectors.hands import RedisHands
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues.rq import retry_after
from collectors.queues.rq.acting import (
    RqAction,
    Standing,
    counted,
    parts_of,
    reasons,
    seconds_of,
    span,
    standing,
    words,
)
from collectors.queues.rq.chosen import MOST, MOST_IDS, Chosen, DeadJob, Wanted, choose
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.retry_run import CANARIES, Run
from collectors.text import one_line
from collectors.transport.read.redis import RedisReader, read

RATE = 5.0
"""Jobs a second where nothing else is said."""

_DEADLINE = 2 * 3600.0
_MOST_NAMES = 3


class Retry(RqAction):
    """Run dead jobs again: one, those of an error, those that match, or all of the queue."""

    spec = ActionSpec(
        "queues.retry",
        "Run dead jobs again: one, then five, then the rest, paced and watched.",
        Risk.DISRUPTIVE,
        arguments=(
            Argument("ids", "ids of dead jobs, by comma; all of the queue where nothing is said"),
            Argument("error", "an error as the detail 'dead' tells it: the jobs of that group"),
            Argument("match", "text in the job's call or error"),
            Argument("canary", "how long the first jobs may take to tell how they went", default="30s"),
            Argument("delay", "how long the rest can be taken back at least", default="30s"),
        ),
        bulk=True,
        undoable=True,
        deadline=_DEADLINE,
    )
    needs = ("EVAL", "TIME", "ZREM", "ZADD", "HSET", "HDEL", "SADD", "RPUSH", "EXPIRE")

    def unfit(self, reading: Reading) -> str:
        """A queue without dead jobs has nothing to retry."""
        dead = reading.dead.value if isinstance(reading, QueueReading) else None
        return "no job of this queue is dead" if dead == 0 else ""

    async def plan(self, request: Request) -> Plan:
        """The dead jobs as of the cut-off that may be retried, in the order in which they will be."""
        refusals: list[str] = []
        wanted = _wanted(request, refusals)
        canary = seconds_of(request, "canary", "30s", (1, 600), refusals.append)
        delay = seconds_of(request, "delay", "30s", (0, 3600), refusals.append)
        rate = RATE if request.rate is None else request.rate
        queue = request.subject.key
        async with self.reading() as reader:
            stands = await standing(reader, self.keys, queue)
            chosen = await choose(reader, self.keys, queue, wanted, request.cut_off)
        jobs = in_order(chosen.jobs)
        rest = max(0, len(jobs) - sum(CANARIES))
        lasts = len(jobs) / rate + len(CANARIES) * canary + delay if rate > 0 else float("inf")
        refusals += _refusals(request, stands, chosen, lasts)
        return self.planned(
            request,
            server=stands.server,
            count=exact(len(jobs), Unit.COUNT),
            sample=[_line(job) for job in jobs[:MOST_SAMPLES]],
            warnings=self._warnings(stands, chosen, jobs, rest=rest, rate=rate, canary=canary),
            refusals=refusals,
            undo=_undo(rest, delay, rate) if stands.scheduler and rest else "",
            items=tuple(job.id for job in jobs),
            detail={
                "canary": canary,
                "count": len(jobs),
                "delay": delay,
                "rate": rate,
                "scheduler": stands.scheduler,
            },
        )

    def _warnings(
        self,
        stands: Standing,
        chosen: Chosen,
        jobs: Sequence[DeadJob],
        *,
        rest: int,
        rate: float,
        canary: float,
    ) -> list[str]:
        lines = []
        unsafe = Counter(job.function for job in jobs if not self._is_idempotent(job.function))
        if unsafe:
            lines.append(
                f"{counted(unsafe.total(), 'job')} not declared idempotent ({_most_common(unsafe)}): what "
                "they did before they failed may be done twice"
            )
        first = min(len(jobs), sum(CANARIES))
        if rest and stands.scheduler:
            lines.append(f"the first {first} run at once and cannot be taken back")
        elif jobs:
            why = "" if stands.scheduler else "no worker runs RQ's scheduler: "
            lines.append(f"{why}they go into the queue at once and cannot be taken back")
        if rest:
            lines.append(f"the rest is spread over {span(rest / rate)} at {rate:g}/s")
        if stands.ready:
            lines.append(
                f"{counted(stands.ready, 'job')} wait before them: the first may have no verdict within "
                f"{span(canary)}"
            )
        if chosen.left:
            lines.append(f"left out: {reasons(chosen.left)}")
        if chosen.looked < chosen.total and chosen.looked >= MOST:
            older = chosen.total - chosen.looked
            lines.append(
                f"only the newest {chosen.looked:,} dead jobs were looked at; {older:,} older ones stay"
            )
        return lines

    def _is_idempotent(self, function: str) -> bool:
        return any(fnmatchcase(function, glob) for glob in self.collector.options.idempotent)

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """One, then five, then the rest; it ends early where what is seen speaks against going on."""
        async with self.reading() as reader:
            return await Run(self.keys, plan, hands, control, reader).go()

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """The outcome, and how the plan's jobs stand now, in RQ's own words."""
        states: Counter[str] = Counter()
        async with self.reading() as reader:
            for part in parts_of(plan.items, 1000):
                states.update(await _states(reader, self, part))
        line = f"now: {reasons(dict(states.most_common()))}"
        return Outcome(
            result=outcome.result,
            count=outcome.count,
            words=outcome.words,
            skipped=outcome.skipped,
            lines=(*outcome.lines, words(line)),
        )

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """Where each job is that the run was about to move; those that it never named are untouched."""
        async with self.reading() as reader:
            return await retry_after.reconciled(reader, self.keys, plan, kept)

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        """Move what is scheduled and not yet due back among the dead, every byte."""
        return await retry_after.undone(self.keys, plan, kept, hands, control)


def _wanted(request: Request, refusals: list[str]) -> Wanted:
    ids = tuple(part.strip().encode() for part in request.argument("ids").split(",") if part.strip())
    if len(ids) > MOST_IDS:
        refusals.append(f"ids: at most {MOST_IDS:,} can be named; use error or match")
        ids = ids[:MOST_IDS]
    return Wanted(ids, request.argument("error"), request.argument("match"))


def _refusals(request: Request, stands: Standing, chosen: Chosen, lasts: float) -> list[str]:
    lines = []
    count = len(chosen.jobs)
    if not count:
        lines.append("no dead job that fits may be retried" if chosen.left else "no dead job fits")
    if not stands.alive:
        lines.append("no live worker serves this queue: a retried job would only wait; start a worker")
    if stands.suspended:
        lines.append("RQ is suspended: nothing would run; resume it first")
    if request.maximum is not None and count > request.maximum:
        lines.append(
            f"{counted(count, 'job')} are more than the limit of {request.maximum:,}: name ids, an error or "
            "a text that matches fewer, or raise the limit"
        )
    if lasts > _DEADLINE:
        lines.append(f"this would last longer than {span(_DEADLINE)}: take fewer or raise the rate")
    return lines


def in_order(jobs: Sequence[DeadJob]) -> list[DeadJob]:
    """First one of each error, the most frequent first, for the canary; then the oldest first."""
    groups: dict[str, list[DeadJob]] = {}
    for job in jobs:
        groups.setdefault(job.error, []).append(job)
    queues = sorted(groups.values(), key=len, reverse=True)
    # where errors were read, a job without one is behind them
    queues.sort(key=lambda group: not group[0].error)
    first: list[DeadJob] = []
    for turn in range(sum(CANARIES)):
        first += [group[turn] for group in queues if len(group) > turn]
    first = first[: sum(CANARIES)]
    taken = {job.id for job in first}
    return first + [job for job in jobs if job.id not in taken]


def _undo(rest: int, delay: float, rate: float) -> str:
    return (
        f"{counted(rest, 'job')} can be moved back until due: the first for {span(delay)}, "
        f"the last for {span(delay + rest / rate)}"
    )


def _line(job: DeadJob) -> str:
    error = one_line(job.error, 100) if job.error else "error not read"
    return f"{job.description} — {error}"


def _most_common(functions: Counter[str]) -> str:
    names = [
        str(one_line(name or "no description", 60)) for name, _count in functions.most_common(_MOST_NAMES)
    ]
    more = len(functions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


async def _states(reader: RedisReader, action: Retry, ids: Sequence[bytes]) -> Counter[str]:
    replies = await ask_all(reader, [read("HMGET", action.keys.job(job_id), "status") for job_id in ids])
    found = [(reply or (None,))[0] for reply in replies]
    return Counter(str(one_line(status, 20)) if status else "without data" for status in found)
