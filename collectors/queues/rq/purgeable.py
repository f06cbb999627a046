"""Which jobs a purge would move: those that no other job waits for, as of the cut-off."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.queues.rq import quarantine
from collectors.queues.rq.acting import parts_of
from collectors.queues.rq.chosen import MOST, Wanted, choose
from collectors.queues.rq.keys import Keys, epoch
from collectors.queues.rq.look import ask_all
from collectors.text import one_line
from collectors.transport.read.redis import RedisReader, read

_BATCH = 500


@dataclass(slots=True)
class Purgeable:
    """The jobs in the order in which they lie there, and a line for each of the first few.

    ``left``: others, by why they stay. ``short``: jobs whose data ends before a quarantine would.
    """

    ids: list[bytes] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    total: int = 0
    short: int = 0


async def purgeable(reader: RedisReader, keys: Keys, queue: bytes, of: str, cut_off: float) -> Purgeable:
    """The dead or the ready jobs of a queue that may be moved; raises SourceError."""
    find = _ready if of == "ready" else _dead
    found = await find(reader, keys, queue, cut_off)
    ids, found.ids = found.ids, []
    for part in parts_of(ids, _BATCH):
        reads = [
            one
            for job_id in part
            for one in (read("EXISTS", keys.dependents(job_id)), read("PTTL", keys.job(job_id)))
        ]
        replies = await ask_all(reader, reads)
        for index, job_id in enumerate(part):
            if replies[2 * index]:
                found.left["needed: other jobs depend on it"] += 1
                continue
            found.ids.append(job_id)
            found.short += 0 <= replies[2 * index + 1] < quarantine.LASTS * 1000
    return found


async def _dead(reader: RedisReader, keys: Keys, queue: bytes, cut_off: float) -> Purgeable:
    chosen = await choose(reader, keys, queue, Wanted(to_run=False), cut_off)
    return Purgeable(
        ids=[job.id for job in chosen.jobs],
        lines=[
            f"{job.description} — {one_line(job.error, 100) if job.error else 'error not read'}"
            for job in chosen.jobs[-10:]
        ],
        left=chosen.left,
        looked=chosen.looked,
        total=chosen.total,
    )


async def _ready(reader: RedisReader, keys: Keys, queue: bytes, cut_off: float) -> Purgeable:
    ready = keys.queue(queue)
    total, ids = await ask_all(reader, (read("LLEN", ready), read("LRANGE", ready, 0, MOST - 1)))
    found = Purgeable(looked=len(ids or ()), total=total or 0)
    for part in parts_of(list(dict.fromkeys(ids or ())), _BATCH):
        reads = [
            read("HMGET", keys.job(job_id), "enqueued_at", "description", "rate_limit_key") for job_id in part
        ]
        for job_id, fields in zip(part, await ask_all(reader, reads), strict=True):
            _sort_in(found, job_id, fields or (None, None, None), cut_off)
    return found


def _sort_in(found: Purgeable, job_id: bytes, fields: Sequence[bytes | None], cut_off: float) -> None:
    stamp, description, limit = fields
    at = epoch(stamp)
    if at is None:
        found.left["without a time: RQ has dropped its data"] += 1
    elif at > cut_off:
        found.left["newer than this plan"] += 1
    elif limit:
        found.left["rate limited: it would hold its slot"] += 1
    else:
        found.ids.append(job_id)
        if len(found.lines) < 10:
            found.lines.append(str(one_line(description or "no description", 160)))
