"""Caches in cells and words."""

from collections.abc import Sequence
from typing import cast

from collectors.model.caches import CacheReading
from collectors.model.quantity import Quantity
from console.engine.state import Row
from console.present.words import say, tiny
from widgets.cell import Column

TITLE = "caches"
ASKS = "hit ratio, evictions, memory, what fills it, is a cached value still true?"
FILLED_BY = (
    'A collector of type "caches.redis" fills this screen: give it the url of a Redis or Valkey server.'
)
CHART = ("hit_ratio", "memory", "evictions")
GIVE_WAY = (
    "policy",
    "expirations",
    "spark",
    "keys_without_ttl",
    "clients",
    "memory_share",
    "evictions",
    "lookups",
)
"""Columns that leave, in this order, where the screen is narrow."""

COLUMNS = (
    Column("hit_ratio", "hits", 8, right=True),
    Column("lookups", "lookups", 8, right=True),
    Column("memory", "memory", 10, right=True),
    Column("memory_share", "of max", 8, right=True),
    Column("keys", "keys", 7, right=True),
    Column("keys_without_ttl", "no ttl", 7, right=True),
    Column("evictions", "evicted", 8, right=True),
    Column("expirations", "expired", 8, right=True),
    Column("clients", "clients", 8, right=True),
    Column("policy", "policy", 14),
)


def words(row: Row) -> dict[str, str]:
    """The texts of the columns that are no quantities."""
    return {"policy": str(cast("CacheReading", row.reading).policy) or "–"}


def summary(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Text, short text and field of the spark for one service: the worst ratio counts."""
    ratios: list[Quantity] = [cast("CacheReading", row.reading).hit_ratio for row in rows]
    known = [ratio for ratio in ratios if ratio.value is not None]
    lowest = min(known, key=lambda one: one.value or 0.0, default=ratios[0])
    if lowest.value is None:
        memory = cast("CacheReading", rows[0].reading).memory
        return say(memory) if memory.is_known else say(lowest), tiny(memory), "memory"
    return say(lowest), tiny(lowest), "hit_ratio"
