"""RQ's keys and its ways to write a time (rq 1.16, 2.6 and 3.0)."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one RQ; ``prefix`` is ``RQ_KEY_PREFIX``, ``rq`` by default and before 3.0."""

    prefix: bytes

    @property
    def queues(self) -> bytes:
        """The set of queue keys."""
        return self.prefix + b":queues"

    @property
    def workers(self) -> bytes:
        """The set of worker keys, ghosts included until RQ cleans up."""
        return self.prefix + b":workers"

    @property
    def suspended(self) -> bytes:
        """Exists while all workers are told to take nothing."""
        return self.prefix + b":suspended"

    def queue(self, name: bytes) -> bytes:
        """The list of ready job ids: pushed right, popped left."""
        return self.prefix + b":queue:" + name

    def intermediate(self, name: bytes) -> bytes:
        """The list of ids that a worker popped and has not started."""
        return self.queue(name) + b":intermediate"

    def registry(self, kind: bytes, name: bytes) -> bytes:
        """A sorted set of ids: wip, failed, deferred, scheduled, ready (3.0), canceled."""
        return b":".join((self.prefix, kind, name))

    def workers_of(self, name: bytes) -> bytes:
        """The set of keys of the workers that serve a queue."""
        return self.prefix + b":workers:" + name

    def scheduler_lock(self, name: bytes) -> bytes:
        """Exists while a worker moves the scheduled jobs of a queue when they are due."""
        return self.prefix + b":scheduler-lock:" + name

    def job(self, job_id: bytes) -> bytes:
        """A job's hash."""
        return self.prefix + b":job:" + job_id

    def results(self, job_id: bytes) -> bytes:
        """The stream of a job's results, newest last."""
        return self.prefix + b":results:" + job_id

    def dependents(self, job_id: bytes) -> bytes:
        """The set of ids of the jobs that wait for a job."""
        return self.job(job_id) + b":dependents"

    def dependencies(self, job_id: bytes) -> bytes:
        """The set of ids of the jobs for which a job waits; its second colon is RQ's own."""
        return self.prefix + b":job::" + job_id + b":dependencies"

    def executions(self, job_id: bytes) -> bytes:
        """The sorted set of a job's executions (2.0)."""
        return self.prefix + b":executions:" + job_id

    def group(self, name: bytes) -> bytes:
        """The set of ids of a group of jobs (2.1)."""
        return self.prefix + b":group:" + name

    def channel(self, worker: bytes) -> bytes:
        """The channel to which a living worker listens; ``worker`` is its key."""
        return self.prefix + b":pubsub:" + worker.removeprefix(self.prefix + b":worker:")

    def queue_name(self, key: bytes) -> bytes | None:
        """The name in a member of ``queues``; None for a stray one."""
        start = self.prefix + b":queue:"
        return key[len(start) :] if key.startswith(start) else None

    def worker_name(self, key: bytes) -> bytes:
        """The name in a member of ``workers``."""
        return key.removeprefix(self.prefix + b":worker:")


def epoch(text: bytes | None) -> float | None:
    """UTC epoch seconds of ``2024-05-01T10:00:00.000000Z``; None for anything else."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.decode("ascii").removesuffix("Z"))
    except (UnicodeDecodeError, ValueError):
        return None
    return found.replace(tzinfo=UTC).timestamp() if found.tzinfo is None else found.timestamp()


def job_ids(member: bytes) -> tuple[bytes, ...]:
    """The ids that a member of ``wip`` may mean: ``id:execution`` since 2.0, ``id`` before."""
    head, colon, _ = member.rpartition(b":")
    return (head, member) if colon else (member,)
