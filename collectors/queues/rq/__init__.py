"""RQ, versions 1.x to 3.x: its queues read raw, without its own readers and without unpickling."""

from fnmatch import fnmatchcase
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.errors import UnsupportedError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.queues.rq import dead, jobs, workers_detail
from collectors.queues.rq.delete import Delete
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import Look, deepest, look_at, names
from collectors.queues.rq.options import RqOptions
from collectors.queues.rq.pause import Pause
from collectors.queues.rq.purge import Purge
from collectors.queues.rq.rates import Mark, Rates, rates
from collectors.queues.rq.reading import mark_of, reading_of
from collectors.queues.rq.resume import Resume
from collectors.queues.rq.retry import Retry
from collectors.transport.read.redis import RedisReader

__all__ = ["COLLECTOR", "RqCollector", "RqOptions"]

_MOST_QUEUES = 500


class RqCollector(Collector[RqOptions]):
    """One reading for each queue that RQ has registered."""

    practice = Practice.QUEUES
    Options = RqOptions
    default_timeout = 2.0
    details: ClassVar[tuple[DetailSpec, ...]] = (dead.SPEC, jobs.SPEC, workers_detail.SPEC)
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (
        Retry,
        Delete,
        Purge,
        Pause,
        Resume,
    )

    def __init__(self, options: RqOptions, context: Context) -> None:
        super().__init__(options, context)
        self._keys = Keys(options.prefix.encode())
        self._reader: RedisReader | None = None
        self._details: RedisReader | None = None
        self._marks: dict[bytes, Mark] = {}
        self._run_id = ""

    async def open(self) -> None:
        """Join the connection; nothing is dialled yet."""
        self._reader = RedisReader(self.context, self.options)

    async def close(self) -> None:
        """Leave the connection."""
        for reader in (self._reader, self._details):
            if reader is not None:
                await reader.close()
        self._reader = self._details = None

    async def collect(self) -> Sweep:
        """Look once at every queue."""
        reader = self._opened()
        found, workers, suspended = await names(reader, self._keys)
        if reader.server.run_id != self._run_id:
            self._run_id = reader.server.run_id
            self._marks.clear()
        wanted = [name for name in found if self._watched(name)]
        kept = await deepest(reader, self._keys, wanted, _MOST_QUEUES)
        marks = self._marks
        # a worker that ended since is still read once: its last counts are in its hash for a minute
        ended = {key for mark in marks.values() for key in mark.workers} - set(workers)
        look = await look_at(
            reader,
            self._keys,
            kept,
            [*workers, *sorted(ended)],
            {name: mark.tail for name, mark in marks.items()},
            suspended=suspended,
        )
        readings = self._readings(look)
        beyond = len(wanted) - len(kept)
        return self.sweep(readings, complete=not beyond, beyond=beyond, cost=reader.take_cost())

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        """Dead jobs by error or one by one, or the workers of a queue."""
        self._details = self._details or RedisReader(self.context, self.options, role="detail")
        reader = self._details
        if name == dead.SPEC.name:
            return await dead.detail(reader, self._keys, subject.key)
        if name == jobs.SPEC.name:
            return await jobs.detail(reader, self._keys, subject.key)
        if name == workers_detail.SPEC.name:
            return await workers_detail.detail(reader, self._keys, subject.key)
        raise UnsupportedError(f"no such detail: {name}")

    def _opened(self) -> RedisReader:
        if self._reader is None:
            self._reader = RedisReader(self.context, self.options)
        return self._reader

    def _watched(self, name: bytes) -> bool:
        text = name.decode("utf-8", "replace")
        return not self.options.queues or any(fnmatchcase(text, glob) for glob in self.options.queues)

    def _readings(self, look: Look) -> list[QueueReading]:
        at = self.context.clock.boottime()
        readings, marks = [], {}
        for queue in look.queues:
            now, then = mark_of(queue, look, at), self._marks.get(queue.name)
            paces = Rates()
            if now is not None:
                marks[queue.name] = now
                tail = look.jobs.get(then.tail) if then is not None and then.tail is not None else None
                same = then is not None and tail is not None and tail.enqueued_at == then.tail_time
                paces = rates(queue.name, then, now, queue.behind, same_tail=same, known=look.workers)
            label = queue.name.decode("utf-8", "replace")
            subject = self.context.subject(Practice.QUEUES, queue.name, queue.name, owner=label)
            readings.append(reading_of(subject, queue, look, paces, self._keys))
        self._marks = marks
        return readings


COLLECTOR = RqCollector
