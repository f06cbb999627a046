"""What became of retried jobs: RQ's own words for them, read raw, and whether a failure repeats."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from collectors.errors import SourceError
from collectors.queues._fingerprint import fingerprint
from collectors.queues.rq.dead import error_text
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import ask_all
from collectors.transport.read.redis import RedisReader, read

AGAIN = "RQ scheduled it again after it failed"
"""Stands for the error of a job that RQ tries again: it keeps no error of that run."""

_MOST_AT_ONCE = 200
"""Jobs that one look reads."""

_MOST_OPEN = 1000
"""Jobs without a verdict that are remembered; older ones are given up."""

_RECENT = 20
_REPEATS = 2
"""So many of the last verdicts with one error are a failure that repeats."""

_SUCCESSFUL = b"1"
"""``Result.Type.SUCCESSFUL``: the newest result of a job that RQ repeats after a success."""


class Verdict(StrEnum):
    """What is known of a retried job."""

    FINISHED = "finished"
    GONE = "gone without a trace"
    FAILED = "failed again"
    AGAIN = "tried again by RQ"
    RUNNING = "running"
    WAITING = "waiting in the queue"
    SCHEDULED = "scheduled"


ENDED = frozenset({Verdict.FINISHED, Verdict.GONE, Verdict.FAILED, Verdict.AGAIN})
BAD = frozenset({Verdict.FAILED, Verdict.AGAIN})


async def verdicts(
    reader: RedisReader, keys: Keys, queue: bytes, ids: Sequence[bytes]
) -> dict[bytes, Verdict]:
    """The verdict of each job, which had no start and no end noted when it was retried."""
    failed = keys.registry(b"failed", queue)
    reads = [read("ZCARD", failed)]
    for job_id in ids:
        reads += [
            read("HMGET", keys.job(job_id), "status", "started_at", "ended_at"),
            read("ZSCORE", failed, job_id),
            read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
        ]
    _total, *replies = await ask_all(reader, reads)
    return {
        job_id: _verdict(replies[3 * index], replies[3 * index + 1] is not None, replies[3 * index + 2])
        for index, job_id in enumerate(ids)
    }


def _verdict(fields: Sequence[bytes | None] | None, is_dead: bool, result: Any) -> Verdict:  # noqa: ANN401, FBT001 - replies are untyped, and their order is that of the reads
    status, started, ended = fields or (None, None, None)
    if status is None:
        # with a result_ttl of 0 RQ deletes what went well, with a failure_ttl of 0 what did not
        return Verdict.FAILED if is_dead else Verdict.GONE
    if status in (b"queued", b"scheduled"):
        if not (started or ended):
            return Verdict.WAITING if status == b"queued" else Verdict.SCHEDULED
        return Verdict.FINISHED if _newest_type(result) == _SUCCESSFUL else Verdict.AGAIN
    plain = {
        b"finished": Verdict.FINISHED,
        b"failed": Verdict.FAILED,
        b"stopped": Verdict.FAILED,
        b"canceled": Verdict.FAILED,
        b"started": Verdict.RUNNING,
    }
    return plain.get(status, Verdict.WAITING)


def _newest_type(result: Any) -> bytes | None:  # noqa: ANN401 - replies are untyped
    fields = result[0][1] if result else ()
    found: bytes | None = dict(zip(fields[::2], fields[1::2], strict=False)).get(b"type")
    return found


async def errors_of(reader: RedisReader, keys: Keys, ids: Sequence[bytes]) -> list[str]:
    """The fingerprint of each job's newest error."""
    reads = []
    for job_id in ids:
        reads += [
            read("HMGET", keys.job(job_id), "exc_info"),
            read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
        ]
    replies = await ask_all(reader, reads)
    return [
        fingerprint(error_text(replies[2 * index + 1], (replies[2 * index] or (None,))[0]))
        for index in range(len(ids))
    ]


@dataclass(slots=True)
class Watch:
    """Jobs whose verdicts are awaited, and the verdicts that came.

    ``failures``: fingerprint or ``AGAIN``, by job. ``blind``: why the last look failed, empty where it
    did not; ``blind_for``: seconds since one did not fail.
    """

    reader: RedisReader
    keys: Keys
    queue: bytes
    open: dict[bytes, Verdict] = field(default_factory=dict)
    counts: Counter[Verdict] = field(default_factory=Counter)
    failures: dict[bytes, str] = field(default_factory=dict)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=_RECENT))
    blind: str = ""
    _looked: float = field(default_factory=time.monotonic)

    @property
    def blind_for(self) -> float:
        """Seconds since the last look that did not fail, 0 where that was the last."""
        return time.monotonic() - self._looked if self.blind else 0.0

    def add(self, ids: Sequence[bytes]) -> None:
        """Await the verdicts of these too."""
        self.open.update(dict.fromkeys(ids, Verdict.WAITING))
        for job_id in list(self.open)[: max(0, len(self.open) - _MOST_OPEN)]:
            del self.open[job_id]

    async def look(self) -> None:
        """Read what has become of those without a verdict; a look that fails is noted and no more."""
        ids = list(self.open)[:_MOST_AT_ONCE]
        try:
            found = await verdicts(self.reader, self.keys, self.queue, ids) if ids else {}
            bad = [job_id for job_id in ids if found[job_id] is Verdict.FAILED]
            told = dict(zip(bad, await errors_of(self.reader, self.keys, bad), strict=True)) if bad else {}
        except SourceError as error:
            self.blind = str(error.why)
            return
        self.blind, self._looked = "", time.monotonic()
        for job_id in ids:
            self._settle(job_id, found[job_id], told)

    def _settle(self, job_id: bytes, verdict: Verdict, told: dict[bytes, str]) -> None:
        del self.open[job_id]
        if verdict not in ENDED:
            # at the end again: others have their turn in the next look
            self.open[job_id] = verdict
            return
        self.counts[verdict] += 1
        error = ""
        if verdict in BAD:
            error = self.failures[job_id] = told.get(job_id, AGAIN)
        self.recent.append(error)

    @property
    def repeated(self) -> str:
        """The error that repeats among the last verdicts; empty for none."""
        counts = Counter(error for error in self.recent if error)
        error, times = counts.most_common(1)[0] if counts else ("", 0)
        return error if times >= _REPEATS else ""
