"""One look at an RQ: raw reads only, since RQ's own readers requeue, move and delete jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from collectors.queues.rq.keys import Keys, job_ids
from collectors.queues.rq.workers import FIELDS, Worker, worker_of
from collectors.transport.read.redis import Read, RedisReader, read

HEADS = 3
"""Ids at the head of a list whose jobs are read: the first may be deleted or pushed past older ones."""

MOST_RUNNING = 50
MOST_SCHEDULED = 100
"""Members of a registry whose jobs are read; beyond them values are lower bounds."""

_SEARCH = 20_000
"""Ids searched for the one that was last at the look before."""

_GRACE = 2.0
"""Seconds that a living scheduler, which wakes every second, may be late."""

_BATCH = 1500
"""Commands of one round trip."""

_AT_ONCE = 1000
"""Commands that are run as one: about a millisecond of the server's time."""

_GROUPS = 80
"""Queues of one round trip."""

_MOST_WORKERS = 2000


@dataclass(frozen=True, slots=True)
class Queue:
    """Raw numbers of one queue; None where the key is of another type or the user may not read it."""

    name: bytes
    ready: int | None
    heads: Sequence[bytes]
    tail: bytes | None
    behind: int | None
    intermediate: int | None
    popped: Sequence[bytes]
    running: int | None
    abandoned: int | None
    wip: Sequence[bytes]
    dead: int | None
    deferred: int | None
    scheduled: int | None
    due: int | None
    late: int | None
    planned: Sequence[bytes]
    lock: bool | None
    workers: frozenset[bytes]

    @property
    def held(self) -> int:
        """Jobs that workers hold; RQ notes a start before it forgets the pick-up, so some stand twice."""
        started = {job_id for member in self.wip for job_id in job_ids(member)}
        twice = sum(job_id in started for job_id in self.popped)
        return (self.running or 0) + (self.abandoned or 0) + (self.intermediate or 0) - twice

    @property
    def overdue(self) -> int | None:
        """Scheduled jobs past their time; a scheduler that lives has a moment to move them."""
        return self.late if self.lock else self.due


@dataclass(frozen=True, slots=True)
class Job:
    """The fields of a job's hash that tell its times and tries; never its data."""

    enqueued_at: bytes | None
    started_at: bytes | None
    ended_at: bytes | None
    retries_left: bytes | None
    number_of_retries: bytes | None
    worker: bytes | None

    @property
    def is_retry(self) -> bool:
        """Whether it ran before and has tries left to its name: what RQ tells of a retry."""
        tries = self.number_of_retries or (self.retries_left is not None)
        return bool(self.ended_at) and bool(tries)


JOB_FIELDS = ("enqueued_at", "started_at", "ended_at", "retries_left", "number_of_retries", "worker_name")


@dataclass(frozen=True, slots=True)
class Look:
    """All that one look saw; ``now`` is the server's clock."""

    now: float
    suspended: bool
    queues: Sequence[Queue]
    workers: Mapping[bytes, Worker]
    jobs: Mapping[bytes, Job]


def plain(reply: Any) -> Any:  # noqa: ANN401 - replies are untyped
    """A reply, None for a refusal because of the key's type; raises the other refusals."""
    if isinstance(reply, ResponseError):
        if str(reply).startswith("WRONGTYPE"):
            return None
        raise reply
    return reply


async def ask_all(reader: RedisReader, reads: Sequence[Read]) -> list[Any]:
    """The replies of any number of commands, in batches; a key of the wrong type gives None."""
    replies: list[Any] = []
    for start in range(0, len(reads), _BATCH):
        replies += await reader.ask_each(*reads[start : start + _BATCH])
    try:
        return [plain(reply) for reply in replies]
    except ResponseError as refusal:
        raise reader.explained(refusal) from None


async def _snapshot(reader: RedisReader, groups: Sequence[Sequence[Read]]) -> list[list[Any]]:
    """The replies of every group; a key of the wrong type gives None.

    All groups see one moment, unless that would hold other clients up: then each sees its own, and
    a job that moves between two groups may be counted a look late.
    """
    replies: list[list[Any]] = []
    if sum(map(len, groups)) <= _AT_ONCE:
        [flat] = await reader.ask_groups([[one for group in groups for one in group]])
        rest = iter(flat)
        replies = [[next(rest) for _ in group] for group in groups]
    else:
        for start in range(0, len(groups), _GROUPS):
            replies += await reader.ask_groups(groups[start : start + _GROUPS])
    try:
        return [[plain(reply) for reply in group] for group in replies]
    except ResponseError as refusal:
        raise reader.explained(refusal) from None


async def names(reader: RedisReader, keys: Keys) -> tuple[list[bytes], list[bytes], bool]:
    """Names of the queues, keys of the workers, and whether all workers are suspended."""
    queues, workers, suspended = await ask_all(
        reader,
        (read("SMEMBERS", keys.queues), read("SMEMBERS", keys.workers), read("EXISTS", keys.suspended)),
    )
    found = [name for member in queues or () if (name := keys.queue_name(member)) is not None]
    return sorted(found), sorted(workers or ())[:_MOST_WORKERS], bool(suspended)


async def deepest(reader: RedisReader, keys: Keys, wanted: Sequence[bytes], most: int) -> list[bytes]:
    """All names, or where there are more than ``most`` those with the most jobs, ready or dead."""
    if len(wanted) <= most:
        return list(wanted)
    reads = [
        one
        for name in wanted
        for one in (read("LLEN", keys.queue(name)), read("ZCARD", keys.registry(b"failed", name)))
    ]
    sizes = await ask_all(reader, reads)
    depth = {name: (sizes[2 * index] or 0) + (sizes[2 * index + 1] or 0) for index, name in enumerate(wanted)}
    return sorted(sorted(wanted, key=depth.__getitem__, reverse=True)[:most])


def _of_queue(keys: Keys, name: bytes, tail: bytes | None, now: float) -> list[Read]:
    """The commands for one queue, in the order in which ``_queue`` reads the replies."""
    ready, wip, failed = keys.queue(name), keys.registry(b"wip", name), keys.registry(b"failed", name)
    scheduled = keys.registry(b"scheduled", name)
    reads = [
        read("LLEN", ready),
        read("LRANGE", ready, 0, HEADS - 1),
        read("LINDEX", ready, -1),
        read("LLEN", keys.intermediate(name)),
        read("LRANGE", keys.intermediate(name), 0, MOST_RUNNING - 1),
        read("ZCARD", wip),
        read("ZCOUNT", wip, repr(now), "+inf"),
        read("ZRANGE", wip, 0, MOST_RUNNING - 1),
        read("ZCARD", failed),
        read("ZCOUNT", failed, 0, repr(now)),
        read("ZCARD", keys.registry(b"deferred", name)),
        read("ZCARD", scheduled),
        read("ZCOUNT", scheduled, "-inf", repr(now)),
        read("ZCOUNT", scheduled, "-inf", repr(now - _GRACE)),
        read("ZRANGE", scheduled, 0, MOST_SCHEDULED - 1),
        read("EXISTS", keys.scheduler_lock(name)),
        read("SMEMBERS", keys.workers_of(name)),
    ]
    if tail is not None:
        reads.append(read("LPOS", ready, tail, "RANK", -1, "MAXLEN", _SEARCH))
    return reads


def _queue(name: bytes, replies: Sequence[Any]) -> Queue:
    ready, heads, tail, between, popped, wip, running, ran, *rest = replies
    failed, expired, deferred, scheduled, due, late, planned, lock, workers, *place = rest
    position = place[0] if place else None
    return Queue(
        name=name,
        ready=ready,
        heads=heads or (),
        tail=tail,
        behind=None if position is None or ready is None else max(0, ready - 1 - position),
        intermediate=between,
        popped=popped or (),
        running=running,
        abandoned=None if wip is None else max(0, wip - running),
        wip=ran or (),
        # RQ deletes the failed jobs whose time is up only when somebody asks it for them
        dead=None if failed is None else max(0, failed - expired),
        deferred=deferred,
        scheduled=scheduled,
        due=due,
        late=late,
        planned=planned or (),
        lock=bool(lock),
        workers=frozenset(workers or ()),
    )


async def look_at(
    reader: RedisReader,
    keys: Keys,
    wanted: Sequence[bytes],
    workers: Sequence[bytes],
    tails: Mapping[bytes, bytes | None],
    *,
    suspended: bool,
) -> Look:
    """Read the queues and workers of ``names``; ``tails`` are the last ids of the look before."""
    now = reader.now()
    groups = [_of_queue(keys, name, tails.get(name), now) for name in wanted]
    reads: list[Read] = []
    for key in workers:
        reads += [read("HMGET", key, *FIELDS), read("PTTL", key)]
    *of_queues, replies = await _snapshot(reader, [*groups, reads])
    queues = [_queue(name, found) for name, found in zip(wanted, of_queues, strict=True)]
    listeners = await _listeners(reader, keys, workers)
    known = {
        key: worker_of(key, replies[2 * index], replies[2 * index + 1], listeners.get(key), now)
        for index, key in enumerate(workers)
    }
    return Look(now, suspended, queues, known, await _jobs(reader, keys, queues, tails))


async def _listeners(reader: RedisReader, keys: Keys, workers: Sequence[bytes]) -> dict[bytes, int]:
    """Subscribers of each worker's channel; empty where that is not to be had (replica, rights)."""
    if not workers or reader.server.role not in ("", "master"):
        return {}
    [reply] = await reader.ask_each(read("PUBSUB NUMSUB", *(keys.channel(key) for key in workers)))
    if isinstance(reply, Exception):
        return {}
    return dict(zip(workers, reply[1::2], strict=True))


async def _jobs(
    reader: RedisReader, keys: Keys, queues: Sequence[Queue], tails: Mapping[bytes, bytes | None]
) -> dict[bytes, Job]:
    """The jobs that tell ages and retries, by id."""
    ids: dict[bytes, None] = {}
    for queue in queues:
        ids.update(dict.fromkeys(queue.heads))
        ids.update(dict.fromkeys(queue.planned))
        ids.update((job_id, None) for member in queue.wip for job_id in job_ids(member)[:1])
        ids.update((tail, None) for tail in (queue.tail, tails.get(queue.name)) if tail is not None)
    found = await _hashes(reader, keys, list(ids))
    # before 2.0 a member is the id itself, which may hold a colon of its own
    whole = [
        job_ids(member)[-1] for queue in queues for member in queue.wip if job_ids(member)[0] not in found
    ]
    return found | await _hashes(reader, keys, [job_id for job_id in whole if job_id not in ids])


async def _hashes(reader: RedisReader, keys: Keys, ids: Sequence[bytes]) -> dict[bytes, Job]:
    replies = await ask_all(reader, [read("HMGET", keys.job(job_id), *JOB_FIELDS) for job_id in ids])
    return {
        job_id: Job(*reply)
        for job_id, reply in zip(ids, replies, strict=True)
        if reply is not None and any(value is not None for value in reply)
    }
