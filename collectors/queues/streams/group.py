"""One consumer group at one look becomes a reading; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.model.quantity import (
    Quantity,
    Unit,
    about,
    at_least,
    exact,
    exact_or_unknown,
    needs_samples,
    unknown,
)
from collectors.model.queues import QueueReading
from collectors.model.reading import Part
from collectors.model.subject import Subject
from collectors.queues._rates import Between, time_to_empty
from collectors.text import Shown, one_line, shown

SAMPLE = 100
"""Entries or pending entries of one group that are looked at; beyond them values are lower bounds."""

_FIRST_TIME = 1e11
"""Milliseconds: an id below it is a number of the producer's own and no time."""

_MOST_PARTS = 50


@dataclass(frozen=True, slots=True)
class Consumer:
    """A name that has read; ``idle`` seconds since it last tried (7.2: before, since it last got)."""

    name: bytes
    pending: int
    idle: float


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry given to a consumer and not acknowledged; ``idle`` seconds since it was given."""

    entry: bytes
    idle: float
    deliveries: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group as told. ``lag`` and ``read`` are None where the server does not know (XDEL, before 7.0).

    ``waiting``: ids after the last delivered one, at most ``SAMPLE``; ``asked``: how many were asked for.
    """

    name: bytes
    length: int
    pending: int
    lag: int | None
    read: int | None
    waiting: Sequence[bytes]
    asked: int
    consumers: Sequence[Consumer]
    entries: Sequence[Pending]
    first_pending: bytes | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What the next look compares itself with; ``at`` CLOCK_BOOTTIME seconds."""

    at: float
    read: int | None
    lag: int | None


def mark_of(group: Group, at: float) -> Mark:
    """The counters to compare."""
    return Mark(at, group.read, group.lag)


def reading_of(
    subject: Subject, group: Group, then: Mark | None, at: float, now: float, alive_within: float
) -> QueueReading:
    """The reading of a group at ``at`` (CLOCK_BOOTTIME), ``now`` being the server's clock."""
    ready = ready_of(group)
    add, drain = _rates(then, mark_of(group, at))
    alive = [consumer for consumer in group.consumers if consumer.idle <= alive_within]
    beats = [consumer.idle for consumer in group.consumers]
    lost = (group.lag or 0) - group.length
    return QueueReading(
        subject=subject,
        note=_note(group, lost),
        ready=ready,
        running=exact(group.pending),
        retrying=_retried(group),
        oldest_age=_oldest(group, ready, now),
        add_rate=add,
        drain_rate=drain,
        time_to_empty=time_to_empty(ready, add, drain),
        workers=about(len(alive), None) if group.consumers else exact(0),
        busy=exact(sum(consumer.pending > 0 for consumer in group.consumers)),
        last_beat=exact(min(beats), Unit.SECONDS) if beats else unknown(Unit.SECONDS),
        longest_running=_longest(group),
        parts=tuple(_part(consumer, alive_within) for consumer in group.consumers[:_MOST_PARTS]),
        extra=(
            ("streams.entries", exact(group.length)),
            ("streams.oldest_unacked", _age(group.first_pending, now)),
            ("streams.deliveries", _deliveries(group)),
            ("streams.lost", exact(max(0, lost)) if group.lag is not None else unknown()),
        ),
    )


def ready_of(group: Group) -> Quantity:
    """Entries that nobody was given yet; those trimmed away before they were read are not among them."""
    if not group.waiting:
        return exact(0)
    if len(group.waiting) < group.asked:
        return exact(len(group.waiting))
    if group.lag is not None and group.lag >= len(group.waiting):
        return exact(min(group.lag, group.length))
    if len(group.waiting) == group.length:
        return exact(group.length)
    return at_least(len(group.waiting))


def _note(group: Group, lost: int) -> Shown:
    if not group.consumers:
        return shown("no consumer has ever read this group")
    if lost > 0:
        return shown(f"{lost} entries were trimmed away before this group had read them")
    return Shown("")


def _oldest(group: Group, ready: Quantity, now: float) -> Quantity:
    if ready.value == 0:
        return exact(0, Unit.SECONDS)
    return _age(group.waiting[0] if group.waiting else None, now)


def _age(entry: bytes | None, now: float) -> Quantity:
    """Seconds since an id's time; unknown where its number is no time."""
    time = (entry or b"").partition(b"-")[0]
    if not time.isdigit() or not _FIRST_TIME < int(time) < 1e15:
        return unknown(Unit.SECONDS)
    return exact(max(0.0, now - int(time) / 1000), Unit.SECONDS)


def _retried(group: Group) -> Quantity:
    found = sum(pending.deliveries > 1 for pending in group.entries)
    return exact(found) if len(group.entries) >= group.pending else at_least(found)


def _longest(group: Group) -> Quantity:
    if not group.pending:
        return exact(0, Unit.SECONDS)
    if not group.entries:
        return unknown(Unit.SECONDS)
    longest = max(pending.idle for pending in group.entries)
    whole = len(group.entries) >= group.pending
    return exact(longest, Unit.SECONDS) if whole else at_least(longest, Unit.SECONDS)


def _deliveries(group: Group) -> Quantity:
    if not group.pending:
        return exact(0)
    most = max((pending.deliveries for pending in group.entries), default=None)
    if most is None or len(group.entries) >= group.pending:
        return exact_or_unknown(most)
    return at_least(most)


def _rates(then: Mark | None, now: Mark) -> tuple[Quantity, Quantity]:
    """Entries per second that came and that were given out, from the server's own counters."""
    if then is None or now.at <= then.at:
        return needs_samples(), needs_samples()
    if now.read is None or then.read is None or now.read < then.read:
        return (unknown(Unit.PER_SECOND),) * 2
    seconds, read = now.at - then.at, now.read - then.read
    drain = Between(read, read).rate(seconds)
    if now.lag is None or then.lag is None or (came := read + now.lag - then.lag) < 0:
        return unknown(Unit.PER_SECOND), drain
    return Between(came, came).rate(seconds), drain


def _part(consumer: Consumer, alive_within: float) -> Part:
    return Part(
        name=one_line(consumer.name, 80),
        word=shown(f"{consumer.pending} pending" if consumer.pending else "idle"),
        value=exact(consumer.idle, Unit.SECONDS),
        bad=consumer.pending > 0 and consumer.idle > alive_within,
    )
