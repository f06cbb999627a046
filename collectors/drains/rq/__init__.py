"""drains.rq: the workers of an RQ, versions 1.x to 3.x, and the jobs that each of them holds."""

from dataclasses import dataclass
from typing import Any, ClassVar

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.drains._since import Since
from collectors.drains.rq.drain import Drain
from collectors.drains.rq.look import Hand, Job, Look, look_at
from collectors.drains.rq.words import lost, name_of
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, at_least, exact, exact_or_unknown, unknown
from collectors.model.reading import Part
from collectors.model.sweep import Sweep
from collectors.options import Duration
from collectors.queues.rq.keys import Keys
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader
from collectors.transport.read.redis_options import RedisOptions

_MOST_WORKERS = 500
_MOST_PARTS = 20

Groups = dict[bytes, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RqDrainOptions(RedisOptions):
    """The workers of an RQ on a Redis, besides what every Redis adapter takes.

    ``prefix``: the value of RQ_KEY_PREFIX. ``grace``: how long after SIGTERM whoever supervises the workers
    sends SIGKILL.
    """

    prefix: str = "rq"
    grace: Duration | None = None


class RqDrain(Collector[RqDrainOptions]):
    """One reading for each worker: idle, busy, suspended or stopping, its job, what its death would lose."""

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[RqDrainOptions]] = RqDrainOptions
    default_timeout: ClassVar[float] = 2.0
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Drain,)

    def __init__(self, options: RqDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        self._keys = Keys(options.prefix.encode())
        self._reader: RedisReader | None = None
        self._since: dict[bytes, Since] = {}
        self._known: tuple[bytes, ...] = ()

    async def open(self) -> None:
        """Join the connection; nothing is dialled yet."""
        self._reader = self._reader or RedisReader(self.context, self.options)

    async def close(self) -> None:
        """Leave the connection."""
        if self._reader is not None:
            await self._reader.close()
        self._reader = None

    async def collect(self) -> Sweep:
        """Look once at every worker."""
        self._reader = reader = self._reader or RedisReader(self.context, self.options)
        look = await look_at(reader, self._keys, self._known, _MOST_WORKERS)
        self._known = tuple(hand.worker.key for hand in look.hands.values())
        self._since = {name: since for name, since in self._since.items() if name in look.hands}
        groups = groups_of(look)
        readings = [self._reading(hand, look, groups) for hand in look.hands.values()]
        return self.sweep(readings, complete=not look.beyond, beyond=look.beyond, cost=reader.take_cost())

    def _reading(self, hand: Hand, look: Look, groups: Groups) -> DrainReading:
        worker, phase = hand.worker, phase_of(hand, look)
        elapsed = self._since.setdefault(hand.name, Since()).see(phase, self.context.clock.boottime())
        if phase is Phase.STOPPING and hand.asked is not None:
            elapsed = exact(max(0.0, look.now - hand.asked), Unit.SECONDS)
        ready_peers, peers = _peers(hand, look, groups)
        busy = max(len(hand.jobs), int(worker.busy)) if worker.alive else 0
        return DrainReading(
            subject=self.context.subject(Practice.DRAINS, hand.name, hand.name, owner=self._owner(hand)),
            word=_word(hand, phase),
            note=_note(hand, look),
            parts=tuple(_part(job, look.now) for job in hand.jobs[:_MOST_PARTS]),
            phase=phase,
            ready=phase is Phase.SERVING,
            exit=_exit(phase),
            lost=lost(hand),
            in_flight=exact(busy),
            ready_peers=ready_peers,
            peers=peers,
            grace=exact_or_unknown(self.options.grace, Unit.SECONDS),
            elapsed=elapsed,
            uptime=_age(worker.birth if worker.alive else None, look.now),
            extra=(
                ("rq.last_beat", _age(worker.beat, look.now)),
                ("rq.longest_running", _longest(hand, look.now)),
                ("rq.job_limit", exact_or_unknown(_limit(hand), Unit.SECONDS)),
            ),
        )

    def _owner(self, hand: Hand) -> str:
        """The name by which ``attribute`` finds the service: the first queue, as queues.rq attributes it."""
        return (hand.queues or (hand.name,))[0].decode("utf-8", "replace")


def phase_of(hand: Hand, look: Look) -> Phase:
    """A suspended worker finishes its job and takes no other; a silent one may still run."""
    if not hand.worker.alive:
        return Phase.EXITED if hand.worker.word == "ended" else Phase.GONE
    if hand.asked is not None:
        return Phase.STOPPING
    return Phase.DRAINING if look.suspended else Phase.SERVING


def groups_of(look: Look) -> Groups:
    """By queue how many workers would take its next job, and how many are alive."""
    groups: Groups = {}
    for hand in look.hands.values():
        for queue in hand.queues if hand.worker.alive else ():
            ready, alive = groups.get(queue, (0, 0))
            groups[queue] = (ready + (hand.ready and not look.suspended), alive + 1)
    return groups


def _peers(hand: Hand, look: Look, groups: Groups) -> tuple[Quantity, Quantity]:
    """The group of that of its queues that has the fewest ready workers; those not kept may add to it."""
    if not hand.queues:
        return unknown(), unknown()
    ready, alive = min(groups.get(queue, (0, 0)) for queue in hand.queues)
    return (at_least(ready), at_least(alive)) if look.beyond else (exact(ready), exact(alive))


def _word(hand: Hand, phase: Phase) -> Shown:
    if phase is Phase.STOPPING:
        return Shown("stopping")
    if phase is Phase.DRAINING:
        return Shown("suspended" if not hand.worker.busy else "busy, suspended")
    return one_line(hand.worker.word, 40)


def _exit(phase: Phase) -> Shown:
    if phase is Phase.EXITED:
        return Shown("said good-bye")
    return Shown("unknown" if phase is Phase.GONE else "")


def _note(hand: Hand, look: Look) -> Shown:
    if not hand.worker.alive and hand.jobs:
        return one_line(f"it left {name_of(hand.jobs[0])} behind; RQ will find that out by itself", 200)
    if not hand.worker.alive and hand.worker.word != "ended":
        return Shown("registered still, and no longer there")
    if look.suspended:
        return Shown("all workers of this RQ are suspended")
    return Shown("")


def _part(job: Job, now: float) -> Part:
    return Part(name=Shown(name_of(job)), word=Shown("running"), value=_age(job.started, now))


def _longest(hand: Hand, now: float) -> Quantity:
    starts = [job.started for job in hand.jobs if job.started is not None]
    return _age(min(starts, default=None), now)


def _limit(hand: Hand) -> float | None:
    """Seconds that its job may take at most, after which RQ ends it itself."""
    return max((job.limit for job in hand.jobs if job.limit is not None), default=None)


def _age(at: float | None, now: float) -> Quantity:
    return exact_or_unknown(None if at is None else max(0.0, now - at), Unit.SECONDS)


COLLECTOR = RqDrain
