"""What came, was taken and failed between two looks at an RQ queue.

RQ keeps no counters for a queue. Two things tell: where the id that was last in the list then stands
now, and how far the counters of the workers that serve this queue went on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.model.quantity import Quantity, needs_samples
from collectors.queues._rates import Between
from collectors.queues.rq.workers import Worker


@dataclass(frozen=True, slots=True)
class Mark:
    """A queue at one look: ``at`` in CLOCK_BOOTTIME seconds, ``wall`` on the server's clock.

    ``taken`` counts the jobs that workers hold; ``tail`` is the last id and ``tail_time`` its
    enqueued_at; ``workers`` are those that serve the queue, by key.
    """

    at: float
    wall: float
    ready: int
    taken: int
    dead: int
    tail: bytes | None
    tail_time: bytes | None
    workers: Mapping[bytes, Worker] = field(default_factory=dict)


_NEEDS = needs_samples()


@dataclass(frozen=True, slots=True)
class Rates:
    """Jobs per second that came, left and failed."""

    add: Quantity = _NEEDS
    drain: Quantity = _NEEDS
    failure: Quantity = _NEEDS


def rates(
    name: bytes,
    then: Mark | None,
    now: Mark,
    behind: int | None,
    *,
    same_tail: bool,
    known: Mapping[bytes, Worker],
) -> Rates:
    """Rates between two marks.

    ``behind``: how many ids stand behind ``then.tail`` now, None where it is not found; ``same_tail``:
    that id was not pushed anew meanwhile; ``known``: all workers whose hashes were read now.
    """
    if then is None or now.at <= then.at:
        return Rates()
    seconds = now.at - then.at
    finished, failed, alone = _worked(name, then, now, known)
    if behind is None and then.tail is not None and not (then.workers or now.workers):
        # somebody took the last id whom we never saw: a worker that came and went between two looks
        finished = failed = None
    left = _left(then, now, behind, same_tail=same_tail)
    if left.high is None and finished is not None:
        high = max(left.low, finished + now.taken - then.taken)
        left = Between(high if alone else left.low, high)
    return Rates(
        left.shifted(now.ready - then.ready).rate(seconds),
        left.rate(seconds),
        _failures(then, now, failed, alone=alone).rate(seconds),
    )


def _left(then: Mark, now: Mark, behind: int | None, *, same_tail: bool) -> Between:
    """Jobs that left the list, by the place of the id that was last."""
    fewer = max(0, then.ready - now.ready)
    if then.tail is None or behind is None:
        return Between(fewer, None)
    gone = max(fewer, then.ready + behind - now.ready)
    return Between(gone, gone if same_tail else None)


def _failures(then: Mark, now: Mark, failed: int | None, *, alone: bool) -> Between:
    more = max(0, now.dead - then.dead)
    if failed is None:
        return Between(more, None)
    if alone:
        # before 3.0 the counter and the registry move one after the other: only one of them may be taken
        return Between(failed, failed)
    return Between(more, max(more, failed))


def _worked(
    name: bytes, then: Mark, now: Mark, known: Mapping[bytes, Worker]
) -> tuple[int | None, int | None, bool]:
    """Jobs finished and failed by the queue's workers, None if a count was lost; if they serve it alone."""
    finished = failed = 0
    alone = True
    for key in then.workers.keys() | now.workers.keys():
        worker, before = known.get(key), then.workers.get(key)
        if worker is None or not worker.exists:
            return None, None, False
        done_before = failed_before = 0
        if before is not None and before.birth == worker.birth:
            done_before, failed_before = before.done, before.failed
        elif before is not None or worker.birth is None or worker.birth < then.wall:
            return None, None, False
        finished += worker.done + worker.failed - done_before - failed_before
        failed += worker.failed - failed_before
        alone = alone and worker.queues == name
    return max(0, finished), max(0, failed), alone
