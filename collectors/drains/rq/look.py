"""One look at the workers of an RQ and at what they run: raw reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collectors.queues.rq.keys import Keys, epoch, job_ids
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.workers import FIELDS, Worker, worker_of
from collectors.transport.read.redis import RedisReader, read

MOST_RUNNING = 200
"""Members of a queue's ``wip`` that are looked through for jobs whose worker does not name them."""

_JOB = ("description", "started_at", "timeout", "retries_left", "worker_name")


@dataclass(frozen=True, slots=True)
class Job:
    """A running job. ``started``: UTC epoch seconds; ``limit``: seconds that it may take; ``tries``: left."""

    id: bytes
    description: bytes
    started: float | None
    limit: float | None
    tries: int


@dataclass(frozen=True, slots=True)
class Hand:
    """One worker with its jobs. ``asked``: when it was told to stop, UTC epoch seconds."""

    name: bytes
    worker: Worker
    asked: float | None
    jobs: tuple[Job, ...]

    @property
    def ready(self) -> bool:
        """Whether it would take the next job."""
        return self.worker.alive and self.asked is None

    @property
    def queues(self) -> tuple[bytes, ...]:
        """The queues that it serves."""
        return tuple(name for name in self.worker.queues.split(b",") if name)


@dataclass(frozen=True, slots=True)
class Look:
    """Workers by name; ``now`` is the server's clock, ``beyond`` how many more there are."""

    now: float
    suspended: bool
    hands: Mapping[bytes, Hand]
    beyond: int


async def look_at(reader: RedisReader, keys: Keys, known: Iterable[bytes], most: int) -> Look:
    """Registered workers, and those ``known`` that have gone since; ``most`` of them.

    RQ keeps the hash of a worker that said good-bye for a minute.
    """
    members, suspended = await ask_all(
        reader, (read("SMEMBERS", keys.workers), read("EXISTS", keys.suspended))
    )
    named = sorted(set(members or ()) | set(known))
    kept = named[:most]
    now = reader.now()
    replies = await ask_all(
        reader,
        [
            one
            for key in kept
            for one in (
                read("HMGET", key, *FIELDS),
                read("PTTL", key),
                read("HMGET", key, "shutdown_requested_date"),
            )
        ],
    )
    listeners = await _listeners(reader, keys, kept)
    workers: dict[bytes, tuple[Worker, float | None]] = {}
    for index, key in enumerate(kept):
        hashed, ttl, asked = replies[3 * index : 3 * index + 3]
        worker = worker_of(key, hashed, ttl, listeners.get(key), now)
        if worker.exists or key in (members or ()):
            workers[key] = worker, epoch(asked[0]) if asked else None
    jobs = await _jobs(reader, keys, [worker for worker, _asked in workers.values()])
    hands = {}
    for key, (worker, asked) in workers.items():
        name = keys.worker_name(key)
        hands[name] = Hand(name, worker, asked, tuple(jobs.get(name, ())))
    return Look(now, bool(suspended), hands, len(named) - len(kept))


async def _listeners(reader: RedisReader, keys: Keys, workers: Sequence[bytes]) -> dict[bytes, int]:
    """Subscribers of each worker's channel; empty where that is not to be had (replica, rights)."""
    if not workers or reader.server.role not in ("", "master"):
        return {}
    [reply] = await reader.ask_each(read("PUBSUB NUMSUB", *(keys.channel(key) for key in workers)))
    return {} if isinstance(reply, Exception) else dict(zip(workers, reply[1::2], strict=True))


async def _jobs(reader: RedisReader, keys: Keys, workers: Sequence[Worker]) -> dict[bytes, list[Job]]:
    """Running jobs by the name of their worker: as it names them, and as the queues' registries do.

    Since 2.0 the worker's hash need not name the job, but the job's names the worker.
    """
    queues = sorted({name for worker in workers for name in worker.queues.split(b",") if name})
    wips = await ask_all(
        reader, [read("ZRANGE", keys.registry(b"wip", name), 0, MOST_RUNNING - 1) for name in queues]
    )
    named = {worker.job: keys.worker_name(worker.key) for worker in workers if worker.job}
    members = (member for found in wips for member in found or ())
    ids = dict.fromkeys([*named, *(one for member in members for one in job_ids(member))])
    replies = await ask_all(reader, [read("HMGET", keys.job(one), *_JOB) for one in ids])
    jobs: dict[bytes, list[Job]] = {}
    for one, reply in zip(ids, replies, strict=True):
        if reply is None or all(value is None for value in reply):
            continue
        description, started, limit, tries, worker = reply
        job = Job(one, description or b"", epoch(started), _number(limit), int(_number(tries) or 0))
        jobs.setdefault(worker or named.get(one, b""), []).append(job)
    return jobs


def _number(text: bytes | None) -> float | None:
    return float(text) if text and text.isdigit() and len(text) < 12 else None
