"""What a dead job looked like before it was moved: what undo puts back, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.queues.rq.acting import latin, raw
from collectors.queues.rq.keys import Keys, epoch
from collectors.queues.rq.look import ask_all
from collectors.transport.read.redis import RedisReader, read

_FIELDS = ("status", "started_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Original:
    """A dead job's score among the failed, and the fields of its hash that a retry changes.

    Each field is ``+`` and its bytes, or ``-`` where the hash has none.
    """

    id: bytes
    score: bytes
    status: bytes
    started_at: bytes
    ended_at: bytes

    @property
    def row(self) -> tuple[bytes, ...]:
        """What a script compares with what it finds."""
        return self.id, self.score, self.status, self.started_at, self.ended_at

    @property
    def record(self) -> list[str]:
        """The same for the undo store; ``of_record`` takes it back."""
        return [latin(part) for part in self.row]

    @property
    def ended(self) -> float | None:
        """When it failed, UTC epoch seconds; None where RQ tells none."""
        return epoch(self.ended_at[1:])


def of_record(record: Sequence[str]) -> Original:
    """An original from the first five texts of a record."""
    return Original(*(raw(part) for part in record[:5]))


async def originals(
    reader: RedisReader, keys: Keys, queue: bytes, ids: Sequence[bytes]
) -> dict[bytes, Original]:
    """Those of the ids that are dead now; raises SourceError."""
    failed = keys.registry(b"failed", queue)
    reads = [read("ZCARD", failed)]
    for job_id in ids:
        reads += [read("ZSCORE", failed, job_id), read("HMGET", keys.job(job_id), *_FIELDS)]
    _total, *replies = await ask_all(reader, reads)
    found = {}
    for index, job_id in enumerate(ids):
        score, fields = replies[2 * index], replies[2 * index + 1]
        if score is not None and fields is not None and fields[0] in (b"failed", b"stopped"):
            found[job_id] = Original(job_id, score, *(_marked(value) for value in fields))
    return found


def _marked(value: bytes | None) -> bytes:
    return b"-" if value is None else b"+" + value
