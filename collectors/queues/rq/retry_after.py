"""After a retry: what became of one that nobody saw end, and how what is not yet due is taken back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import Control, Outcome, Plan, Result, StoppedError
from collectors.hands import RedisHands
from collectors.queues.rq.acting import counted, parts_of, reasons, words
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.moves import BATCH, take_back
from collectors.queues.rq.originals import Original, of_record
from collectors.transport.read.redis import RedisReader, read


def scheduled(kept: Sequence[Mapping[str, Any]]) -> list[tuple[Original, float]]:
    """The jobs that a run was about to schedule, with their due times."""
    return [
        (of_record(row), float(row[5]))
        for record in kept
        if record.get("kind") == "scheduled"
        for row in record["jobs"]
    ]


def queued(kept: Sequence[Mapping[str, Any]]) -> list[Original]:
    """The jobs that a run was about to move into the queue at once."""
    return [of_record(row) for record in kept if record.get("kind") == "queued" for row in record["jobs"]]


async def undone(
    keys: Keys, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
) -> Outcome:
    """Move back what is not due; the answer for every other job says why not."""
    jobs = scheduled(kept)
    answers: Counter[str] = Counter()
    stopped = ""
    for start in range(0, len(jobs), BATCH):
        try:
            await control.pause(0)
        except StoppedError as stop:
            stopped = f"{stop.why}; "
            break
        answers.update(await take_back(hands, keys, plan.request.subject.key, jobs[start : start + BATCH]))
        control.report(answers["done"], "moved back")
    back = answers.pop("done", 0)
    told = f"{stopped}{back:,} of {counted(len(jobs), 'scheduled job')} moved back among the dead"
    if queued(kept):
        told += f"; {len(queued(kept)):,} had gone into the queue at once"
    whole = back > 0 and not stopped
    return Outcome(
        result=Result.DONE if whole else Result.FAILED, count=back, words=words(told), skipped=dict(answers)
    )


async def reconciled(
    reader: RedisReader, keys: Keys, plan: Plan, kept: Sequence[Mapping[str, Any]]
) -> Outcome:
    """How far a run came: every job that it was about to move is looked for at both ends."""
    queue = plan.request.subject.key
    total = int(plan.detail["count"])
    jobs: list[tuple[Original, float | None]] = [(job, None) for job in queued(kept)]
    jobs += scheduled(kept)
    places: Counter[str] = Counter()
    failed, later = keys.registry(b"failed", queue), keys.registry(b"scheduled", queue)
    for part in parts_of(jobs, 400):
        reads = [read("ZCARD", failed), read("ZCARD", later)]
        for job, _due in part:
            reads += [
                read("ZSCORE", failed, job.id),
                read("ZSCORE", later, job.id),
                read("HMGET", keys.job(job.id), "status", "ended_at"),
            ]
        replies = (await ask_all(reader, reads))[2:]
        for index, (job, due) in enumerate(part):
            places[_place(job, due, *replies[3 * index : 3 * index + 3])] += 1
    untouched = places.pop("untouched", 0) + total - len(jobs)
    moved = places.total()
    if not moved:
        told = f"nothing was retried: all {counted(total, 'job')} are as they were"
        return Outcome(result=Result.FAILED, count=0, words=words(told))
    told = f"{moved:,} of {counted(total, 'job')} retried ({reasons(places)})"
    if untouched:
        told += f", {untouched:,} untouched"
    if places["scheduled"]:
        told += "; what is scheduled can still be moved back"
    return Outcome(result=Result.FAILED if untouched else Result.DONE, count=moved, words=words(told))


def _place(
    job: Original,
    due: float | None,
    dead: bytes | None,
    later: bytes | None,
    fields: Sequence[bytes | None] | None,
) -> str:
    """Where a job is now, in one word or a few."""
    status, ended = fields or (None, None)
    if dead is not None:
        same = dead == job.score and b"+" + (ended or b"") == job.ended_at
        return "untouched" if same else "failed again"
    if later is not None and due is not None and float(later) == due:
        return "scheduled"
    names = {b"queued": "in the queue", b"started": "running", b"finished": "finished"}
    return names.get(status or b"", "gone without a trace" if status is None else "moved on")
