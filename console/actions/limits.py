"""What the configuration allows an action to hit: how many, how fast, and what not at all."""

from dataclasses import dataclass

from collectors.action import ActionSpec
from console.settings import Settings


@dataclass(frozen=True, slots=True)
class Bounds:
    """At most ``items``, at most ``rate`` a second; ``denied`` is the pattern that forbids it, or empty."""

    items: int | None = None
    rate: float | None = None
    denied: str = ""


def bounds_of(settings: Settings, spec: ActionSpec, service: str) -> Bounds:
    """The limits of one action on one service."""
    limit = settings.limits.of(spec.id)
    return Bounds(limit.max_items, limit.max_rate, settings.limits.denied(spec.id, service))


def least(*limits: float | None) -> float | None:
    """The smallest of those that are set."""
    return min((limit for limit in limits if limit is not None), default=None)
