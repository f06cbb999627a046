"""Which dead jobs an action would take: read in batches, filtered, each refused one counted by its reason."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.errors import AnswerError
from collectors.queues._fingerprint import fingerprint, raised
from collectors.queues.rq.dead import error_text
from collectors.queues.rq.keys import Keys, epoch
from collectors.queues.rq.look import ask_all
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read

MOST = 20_000
"""Dead jobs that are looked at, the newest first."""

MOST_IDS = 1_000
"""Ids that may be named one by one."""

ERRORS_OF = 200
"""Newest jobs whose errors are read where no filter asks for all: they order the canary."""

_PAGE = 1000
_BATCH = 200
_BATCH_OF_ERRORS = 100
_YEAR = 31_536_000.0
"""Seconds that RQ keeps a failed job by default: its score is then the failure and a year."""

_FIELDS = ("status", "started_at", "ended_at", "description", "rate_limit_key", "origin", "failure_ttl")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator said: ids, the fingerprint of an error, or text; empty for all.

    ``to_run``: whether they must be such that RQ could run them.
    """

    ids: tuple[bytes, ...] = ()
    error: str = ""
    match: str = ""
    to_run: bool = True

    @property
    def by_error(self) -> bool:
        """Whether the error of every job must be read."""
        return bool(self.error or self.match)


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A dead job that is taken. ``error``: its fingerprint, empty where it was not read.

    ``ended``: UTC epoch seconds of its failure, None where RQ tells none. ``function``: the head of its
    description, which is the function's name unless the application wrote another.
    """

    id: bytes
    ended: float | None
    error: str
    description: Shown
    function: str


@dataclass(slots=True)
class Chosen:
    """What was found: the jobs, oldest first; why others that fit were left out; how far was looked."""

    jobs: list[DeadJob] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    total: int = 0


async def choose(reader: RedisReader, keys: Keys, queue: bytes, wanted: Wanted, cut_off: float) -> Chosen:
    """The dead jobs that fit and that may be taken; raises SourceError."""
    chosen = Chosen()
    failed = keys.registry(b"failed", queue)
    [total] = await ask_all(reader, (read("ZCARD", failed),))
    chosen.total = total or 0
    scores = await _named(reader, failed, wanted.ids) if wanted.ids else await _newest(reader, failed)
    chosen.looked = len(scores)
    ids = list(scores)
    for part, with_errors in _batches(ids, all_errors=wanted.by_error or bool(wanted.ids)):
        for job_id, job in zip(part, await _jobs(reader, keys, part, with_errors=with_errors), strict=True):
            _sort_in(chosen, wanted, job, scores[job_id], queue, cut_off)
    chosen.jobs.sort(key=lambda job: job.ended or 0.0)
    return chosen


async def _newest(reader: RedisReader, failed: bytes) -> dict[bytes, bytes | None]:
    """Ids of the newest dead and their scores, which RQ sets to the failure and its time to live."""
    found: dict[bytes, bytes | None] = {}
    for start in range(0, MOST, _PAGE):
        page = await ask_all(reader, (read("ZREVRANGE", failed, start, start + _PAGE - 1, "WITHSCORES"),))
        flat = page[0] or ()
        found.update(zip(flat[::2], flat[1::2], strict=True))
        if len(flat) < 2 * _PAGE:
            break
    return found


async def _named(reader: RedisReader, failed: bytes, ids: Sequence[bytes]) -> dict[bytes, bytes | None]:
    unique = list(dict.fromkeys(ids))
    scores = await ask_all(reader, [read("ZSCORE", failed, job_id) for job_id in unique])
    return dict(zip(unique, scores, strict=True))


def _batches(ids: Sequence[bytes], *, all_errors: bool) -> Iterator[tuple[Sequence[bytes], bool]]:
    """Parts of the ids, and whether the errors of each are read."""
    bound = len(ids) if all_errors else min(ERRORS_OF, len(ids))
    for start in range(0, bound, _BATCH_OF_ERRORS):
        yield ids[start : min(bound, start + _BATCH_OF_ERRORS)], True
    for start in range(bound, len(ids), _BATCH):
        yield ids[start : start + _BATCH], False


@dataclass(frozen=True, slots=True)
class _Hash:
    id: bytes
    fields: dict[str, bytes | None]
    data: int
    traceback: str | None


async def _jobs(reader: RedisReader, keys: Keys, ids: Sequence[bytes], *, with_errors: bool) -> list[_Hash]:
    fields = (*_FIELDS, "exc_info") if with_errors else _FIELDS
    each = 3 if with_errors else 2
    reads = []
    for job_id in ids:
        job = keys.job(job_id)
        reads += [read("HMGET", job, *fields), read("HSTRLEN", job, "data")]
        if with_errors:
            reads.append(read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1))
    try:
        replies = await ask_all(reader, reads)
    except AnswerError:
        # their tracebacks are more than one answer may hold
        if len(ids) == 1:
            raise
        half = len(ids) // 2
        first = await _jobs(reader, keys, ids[:half], with_errors=with_errors)
        return first + await _jobs(reader, keys, ids[half:], with_errors=with_errors)
    return [
        _hash(job_id, fields, replies[each * index : each * (index + 1)]) for index, job_id in enumerate(ids)
    ]


def _hash(job_id: bytes, fields: Sequence[str], replies: Sequence[Any]) -> _Hash:
    values = dict(zip(fields, replies[0] or (None,) * len(fields), strict=True))
    traceback = error_text(replies[2], values.get("exc_info")) if len(replies) > 2 else None
    return _Hash(job_id, values, replies[1] or 0, traceback)


def _sort_in(
    chosen: Chosen, wanted: Wanted, job: _Hash, score: bytes | None, queue: bytes, cut_off: float
) -> None:
    description = (job.fields["description"] or b"")[:8192].decode("utf-8", "replace")
    if not _fits(wanted, description, job.traceback):
        return
    ended = _ended(job, score)
    why = _why_not(job, score) or (_cannot_run(job, queue) if wanted.to_run else "")
    why = why or _too_new(ended, cut_off, named=bool(wanted.ids))
    if why:
        chosen.left[why] += 1
        return
    chosen.jobs.append(
        DeadJob(
            id=job.id,
            ended=ended,
            error="" if job.traceback is None else fingerprint(job.traceback),
            description=one_line(description or "no description", 160),
            function=description.partition("(")[0].strip()[:200],
        )
    )


def _fits(wanted: Wanted, description: str, traceback: str | None) -> bool:
    """Whether a job is one of those that the operator means; ``error`` may be the fingerprint as shown."""
    if wanted.error:
        told = fingerprint(traceback or "")
        if wanted.error not in (told, str(one_line(told, 200))):
            return False
    if wanted.match:
        line = raised(traceback or "")
        places = (description, line, fingerprint(traceback or ""), str(one_line(line, 400)))
        return any(wanted.match.casefold() in place.casefold() for place in places)
    return True


def _why_not(job: _Hash, score: bytes | None) -> str:
    """Why this job is no dead one; empty where it is."""
    status = job.fields["status"]
    if score is None:
        return "not among the dead"
    if status not in (b"failed", b"stopped", None):
        return f"not dead any more ({one_line(status, 20)})"
    return ""


def _cannot_run(job: _Hash, queue: bytes) -> str:
    """Why RQ could not run this job as it is; empty where it could."""
    if not job.data or job.fields["status"] is None:
        return "without data: RQ has dropped it"
    if job.fields["rate_limit_key"]:
        return "rate limited: RQ must give it a slot"
    if job.fields["origin"] not in (None, b"", queue):
        return "of another queue"
    return ""


def _too_new(ended: float | None, cut_off: float, *, named: bool) -> str:
    if ended is None:
        return "" if named else "without a time of failure: name it by its id"
    return "newer than this plan" if ended > cut_off else ""


def _ended(job: _Hash, score: bytes | None) -> float | None:
    """When it failed: RQ writes no ``ended_at`` for a job that its worker abandoned."""
    ended = epoch(job.fields["ended_at"])
    if ended is not None or score is None:
        return ended
    kept = job.fields["failure_ttl"]
    try:
        lasts = float(kept) if kept else _YEAR
        return float(score) - lasts if lasts > 0 and 0 < float(score) < float("inf") else None
    except ValueError:
        return None
