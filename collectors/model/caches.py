"""Caches: hit ratio, evictions, memory, clients, persistence, replica."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit
from collectors.model.reading import Reading
from collectors.text import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheReading(Reading):
    """One cache server or database of it; the ratio is without our own probes.

    ``policy``: eviction policy as told. ``role``: primary or replica as told.
    ``persistence``: the source's words on its last save, empty where it has none.
    """

    practice: ClassVar[Practice] = Practice.CACHES

    policy: Shown = Shown("")
    role: Shown = Shown("")
    persistence: Shown = Shown("")
    hit_ratio: Quantity = quantity_field(
        Unit.RATIO, "Hits by hits and misses since the last look.", bad=Bad.LOW, roll_up=RollUp.MIN, samples=2
    )
    lookups: Quantity = quantity_field(Unit.PER_SECOND, "Hits and misses per second.", samples=2)
    memory: Quantity = quantity_field(Unit.BYTES, "Memory used by data and overhead.", bad=Bad.HIGH)
    memory_max: Quantity = quantity_field(Unit.BYTES, "Configured maximum; unknown where there is none.")
    memory_share: Quantity = quantity_field(
        Unit.RATIO, "Memory used by its maximum.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    evictions: Quantity = quantity_field(
        Unit.PER_SECOND, "Keys thrown out for space, per second.", bad=Bad.HIGH, samples=2
    )
    expirations: Quantity = quantity_field(
        Unit.PER_SECOND, "Keys whose time had come, per second.", samples=2
    )
    keys: Quantity = quantity_field(Unit.COUNT, "Keys kept.")
    keys_without_ttl: Quantity = quantity_field(
        Unit.COUNT, "Keys that never expire by themselves.", bad=Bad.HIGH
    )
    fragmentation: Quantity = quantity_field(
        Unit.RATIO, "Resident by used memory; says little below 100 MB.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    clients: Quantity = quantity_field(Unit.COUNT, "Clients connected, ours included.", bad=Bad.HIGH)
    clients_max: Quantity = quantity_field(Unit.COUNT, "Client limit of the server.")
    clients_share: Quantity = quantity_field(
        Unit.RATIO, "Clients by their limit.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    rejections: Quantity = quantity_field(
        Unit.PER_SECOND, "Connections refused at the limit, per second.", bad=Bad.HIGH, samples=2
    )
    operations: Quantity = quantity_field(Unit.PER_SECOND, "Commands per second, as the server counts.")
    replica_lag: Quantity = quantity_field(
        Unit.SECONDS, "Seconds since the replica last heard its primary.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
