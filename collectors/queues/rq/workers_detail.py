"""The workers of an RQ queue, one row for each."""

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Quantity, Unit, exact, unknown
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import Look, ask_all, look_at
from collectors.queues.rq.reading import started
from collectors.queues.rq.workers import Worker
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader, read

SPEC = DetailSpec("workers", "Workers", "The workers that are registered for this queue, ghosts included.")

_COLUMNS = ("worker", "state", "beat", "job", "running for", "done", "failed", "serves", "rq", "place")


async def detail(reader: RedisReader, keys: Keys, queue: bytes) -> Detail:
    """Name, state, age of its heartbeat, its job and since when, counts, queues, version, host:pid."""
    [members] = await ask_all(reader, (read("SMEMBERS", keys.workers_of(queue)),))
    look = await look_at(reader, keys, [queue], sorted(members or ()), {}, suspended=False)
    jobs = _jobs(look)
    rows = tuple(_row(worker, look, keys, jobs) for worker in look.workers.values())
    return Detail(SPEC, _COLUMNS, rows, shown("" if rows else "nobody is registered for this queue"))


def _jobs(look: Look) -> dict[bytes, bytes]:
    """The member of ``wip`` that each worker holds, by the worker's name."""
    held = {}
    for member in look.queues[0].wip:
        for job_id in (member.rpartition(b":")[0], member):
            job = look.jobs.get(job_id)
            if job is not None and job.worker:
                held[job.worker] = member
    return held


def _row(worker: Worker, look: Look, keys: Keys, jobs: dict[bytes, bytes]) -> tuple[Shown | Quantity, ...]:
    name = keys.worker_name(worker.key)
    held = jobs.get(name, b"")
    since = started(held, look) if held else None
    return (
        one_line(name, 80),
        one_line(worker.word if worker.alive else f"gone: {worker.word}", 40),
        _age(worker.beat, look.now),
        one_line(worker.job or held.partition(b":")[0], 60),
        _age(since, look.now),
        exact(worker.done),
        exact(worker.failed),
        one_line(worker.queues, 80),
        one_line(worker.version, 20),
        one_line(worker.place, 60),
    )


def _age(time: float | None, now: float) -> Quantity:
    return unknown(Unit.SECONDS) if time is None else exact(max(0.0, now - time), Unit.SECONDS)
