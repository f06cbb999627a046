"""What happened in a cache between two INFO answers, without our own look-ups."""

from dataclasses import dataclass
from typing import Any, Protocol

from collectors.model.quantity import Quantity, Unit, about, exact, needs_samples, unknown
from collectors.transport.read.redis_info import number

_COUNTERS = (
    "keyspace_hits",
    "keyspace_misses",
    "evicted_keys",
    "expired_keys",
    "rejected_connections",
    "total_error_replies",
    "total_commands_processed",
    "total_connections_received",
)
"""Counters that only grow, until the process restarts or somebody resets them."""


class Own(Protocol):
    """What our own look-ups added up to the last INFO; see ``Probes`` of the Redis reader."""

    hits_at_info: int
    misses_at_info: int
    doubt_at_info: int
    lost: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Counters at one look: ``at`` in CLOCK_BOOTTIME seconds, ``told`` as INFO says (None: not said).

    ``hits`` and ``misses`` are our own; ``doubt`` are own look-ups that this INFO may hold or not,
    ``lost`` those whose answers never came, since we first saw the process ``run_id``.
    """

    at: float
    run_id: str
    told: dict[str, float | None]
    hits: int
    misses: int
    doubt: int
    lost: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The quantities that need two samples; ``own`` are our look-ups per second."""

    hit_ratio: Quantity
    lookups: Quantity
    evictions: Quantity
    expirations: Quantity
    rejections: Quantity
    errors: Quantity
    own: Quantity


def mark_of(info: dict[str, str], own: Own, at: float) -> Mark:
    """The counters of one INFO, answered at ``at``."""
    return Mark(
        at=at,
        run_id=info.get("run_id", ""),
        told={name: number(info.get(name)) for name in _COUNTERS},
        hits=own.hits_at_info,
        misses=own.misses_at_info,
        doubt=own.doubt_at_info,
        lost=own.lost,
    )


def rates(then: Mark | None, now: Mark) -> Rates:
    """Rates between two marks; ``needs 2 samples`` at first and after a restart or reset."""
    seconds = now.at - then.at if then is not None else 0.0
    if then is None or seconds <= 0 or _restarted(then, now):
        return _at_first(now)
    hit_ratio, lookups = _hits(then, now, seconds)
    return Rates(
        hit_ratio=hit_ratio,
        lookups=lookups,
        evictions=_rate("evicted_keys", then, now, seconds),
        expirations=_rate("expired_keys", then, now, seconds),
        rejections=_rate("rejected_connections", then, now, seconds),
        errors=_rate("total_error_replies", then, now, seconds),
        own=exact((now.hits + now.misses - then.hits - then.misses) / seconds, Unit.PER_SECOND),
    )


def _hits(then: Mark, now: Mark, seconds: float) -> tuple[Quantity, Quantity]:
    """The hit ratio and the look-ups per second of everybody but us.

    No look-up at all has no ratio. Own look-ups that may lie on either side of an INFO are a margin;
    where they are as many as the others', nothing is known.
    """
    told = _grown("keyspace_hits", then, now), _grown("keyspace_misses", then, now)
    if told[0] is None or told[1] is None:
        return unknown(Unit.RATIO), unknown(Unit.PER_SECOND)
    hits = max(0.0, told[0] - (now.hits - then.hits))
    misses = max(0.0, told[1] - (now.misses - then.misses))
    lookups = hits + misses
    doubt = min(now.doubt + then.doubt + now.lost - then.lost, told[0] + told[1])
    if doubt <= 0:
        ratio = exact(hits / lookups, Unit.RATIO) if lookups else unknown(Unit.RATIO)
        return ratio, exact(lookups / seconds, Unit.PER_SECOND)
    pace = about(lookups / seconds, doubt / seconds, Unit.PER_SECOND)
    if lookups <= doubt:
        return unknown(Unit.RATIO), pace
    return about(hits / lookups, doubt / lookups, Unit.RATIO), pace


def _restarted(then: Mark, now: Mark) -> bool:
    if then.run_id != now.run_id:
        return True
    return any(
        was is not None and (new := now.told[name]) is not None and new < was
        for name, was in then.told.items()
    )


def _grown(name: str, then: Mark, now: Mark) -> float | None:
    was, told = then.told[name], now.told[name]
    return None if was is None or told is None else told - was


def _rate(name: str, then: Mark, now: Mark, seconds: float) -> Quantity:
    grown = _grown(name, then, now)
    return unknown(Unit.PER_SECOND) if grown is None else exact(grown / seconds, Unit.PER_SECOND)


def _at_first(now: Mark) -> Rates:
    def soon(*names: str, unit: Unit = Unit.PER_SECOND) -> Any:  # noqa: ANN401
        return needs_samples(unit) if all(now.told[name] is not None for name in names) else unknown(unit)

    return Rates(
        hit_ratio=soon("keyspace_hits", "keyspace_misses", unit=Unit.RATIO),
        lookups=soon("keyspace_hits", "keyspace_misses"),
        evictions=soon("evicted_keys"),
        expirations=soon("expired_keys"),
        rejections=soon("rejected_connections"),
        errors=soon("total_error_replies"),
        own=needs_samples(),
    )
