"""What a subject has of a limited thing, for gauges."""

from collectors.model.caches import CacheReading
from collectors.model.drains import DrainReading, Phase
from collectors.model.pools import PoolReading
from collectors.model.quantity import Quantity, Unit, exact
from console.engine.state import Row
from widgets.gauge import Reach


def reaches(row: Row) -> tuple[Reach, ...]:
    """Values against their maxima; those without a known maximum are left out."""
    reading = row.reading
    found: list[tuple[str, Quantity, Quantity]] = []
    if isinstance(reading, PoolReading):
        found = [("slots", reading.in_use, reading.capacity)]
    elif isinstance(reading, CacheReading):
        found = [
            ("hits", reading.hit_ratio, exact(1.0, Unit.RATIO)),
            ("memory", reading.memory, reading.memory_max),
            ("clients", reading.clients, reading.clients_max),
        ]
    elif isinstance(reading, DrainReading):
        found = [("peers up", reading.ready_peers, reading.peers)]
        if reading.phase is Phase.STOPPING:
            found.append(("grace used", reading.elapsed, reading.grace))
    return tuple(
        Reach(label, value, maximum, row.verdict.level) for label, value, maximum in found if maximum.value
    )
