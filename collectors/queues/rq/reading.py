"""One queue's raw numbers become its reading; pure."""

from collections.abc import Iterable

from collectors.model.quantity import Quantity, Unit, at_least, exact, exact_or_unknown, unknown
from collectors.model.queues import QueueReading
from collectors.model.reading import Part
from collectors.model.subject import Subject
from collectors.queues._rates import time_to_empty
from collectors.queues.rq.keys import Keys, epoch, job_ids
from collectors.queues.rq.look import Look, Queue
from collectors.queues.rq.rates import Mark, Rates
from collectors.queues.rq.workers import Worker
from collectors.text import Shown, one_line, shown

_MOST_PARTS = 50


def reading_of(subject: Subject, queue: Queue, look: Look, paces: Rates, keys: Keys) -> QueueReading:
    """The reading of ``queue``, whose rates are ``paces``."""
    serving = [look.workers[key] for key in sorted(queue.workers) if key in look.workers]
    alive = [worker for worker in serving if worker.alive]
    ready = exact_or_unknown(queue.ready)
    return QueueReading(
        subject=subject,
        word=shown("suspended" if look.suspended else ""),
        note=_note(queue, look, serving),
        paused=look.suspended,
        ready=ready,
        running=exact_or_unknown(queue.running),
        scheduled=exact_or_unknown(queue.scheduled),
        overdue=exact_or_unknown(queue.overdue),
        retrying=_retrying(queue, look),
        dead=exact_or_unknown(queue.dead),
        oldest_age=_oldest(queue, look),
        add_rate=paces.add,
        drain_rate=paces.drain,
        failure_rate=paces.failure,
        time_to_empty=time_to_empty(ready, paces.add, paces.drain),
        workers=exact(len(alive)),
        busy=exact(sum(worker.busy for worker in alive)),
        last_beat=_youngest((worker.beat for worker in alive), look.now),
        longest_running=_longest(queue, look),
        parts=tuple(_part(worker, look.now, keys) for worker in serving[:_MOST_PARTS]),
        extra=(
            ("rq.deferred", exact_or_unknown(queue.deferred)),
            ("rq.intermediate", exact_or_unknown(queue.intermediate)),
            ("rq.abandoned", exact_or_unknown(queue.abandoned)),
            ("rq.scheduler", exact(int(bool(queue.lock)))),
        ),
    )


def mark_of(queue: Queue, look: Look, at: float) -> Mark | None:
    """What the next look compares itself with; None where the queue could not be read."""
    if queue.ready is None:
        return None
    tail = look.jobs.get(queue.tail) if queue.tail is not None else None
    return Mark(
        at=at,
        wall=look.now,
        ready=queue.ready,
        taken=queue.held,
        dead=queue.dead or 0,
        tail=queue.tail,
        tail_time=tail.enqueued_at if tail else None,
        workers={key: look.workers[key] for key in queue.workers if key in look.workers},
    )


def _note(queue: Queue, look: Look, serving: list[Worker]) -> Shown:
    if queue.ready is None:
        return shown("partial view: the queue's key holds something that is not a list")
    if queue.scheduled and not queue.lock:
        return shown("no worker runs the scheduler: its scheduled jobs will not start")
    ghosts = sum(not worker.alive for worker in serving)
    if ghosts:
        return shown(f"{ghosts} of {len(serving)} registered workers are gone")
    if look.suspended:
        return shown("all workers of this RQ are suspended")
    return Shown("")


def _oldest(queue: Queue, look: Look) -> Quantity:
    """Age of the head; a lower bound where jobs were pushed to the front past older ones."""
    if queue.ready == 0:
        return exact(0, Unit.SECONDS)
    times = [
        time
        for job_id in queue.heads
        if (job := look.jobs.get(job_id)) is not None and (time := epoch(job.enqueued_at)) is not None
    ]
    if not times:
        return unknown(Unit.SECONDS)
    age = max(0.0, look.now - min(times))
    in_order = times == sorted(times)
    return exact(age, Unit.SECONDS) if in_order or queue.ready == len(times) else at_least(age, Unit.SECONDS)


def _retrying(queue: Queue, look: Look) -> Quantity:
    """Scheduled jobs that ran before; an immediate retry looks like any ready job."""
    if queue.scheduled is None:
        return unknown()
    found = sum(look.jobs[job_id].is_retry for job_id in queue.planned if job_id in look.jobs)
    return exact(found) if queue.scheduled <= len(queue.planned) else at_least(found)


def _longest(queue: Queue, look: Look) -> Quantity:
    if queue.running == 0:
        return exact(0, Unit.SECONDS)
    starts = [time for member in queue.wip if (time := started(member, look)) is not None]
    if not starts:
        return unknown(Unit.SECONDS)
    age = max(0.0, look.now - min(starts))
    return exact(age, Unit.SECONDS) if len(starts) >= (queue.running or 0) else at_least(age, Unit.SECONDS)


def started(member: bytes, look: Look) -> float | None:
    """When the job of a member of ``wip`` started, UTC epoch seconds."""
    for job_id in job_ids(member):
        if job_id in look.jobs:
            return epoch(look.jobs[job_id].started_at)
    return None


def _youngest(beats: Iterable[float | None], now: float) -> Quantity:
    known = [beat for beat in beats if beat is not None]
    return exact(max(0.0, now - max(known)), Unit.SECONDS) if known else unknown(Unit.SECONDS)


def _part(worker: Worker, now: float, keys: Keys) -> Part:
    age = None if worker.beat is None else exact(max(0.0, now - worker.beat), Unit.SECONDS)
    return Part(
        name=one_line(keys.worker_name(worker.key), 80),
        word=one_line(worker.word, 40),
        value=age,
        bad=not worker.alive,
    )
