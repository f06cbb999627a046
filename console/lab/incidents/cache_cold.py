"""A deployment took milliseconds for seconds: cached products expire at once."""

import redis.asyncio

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Empty the catalog's cache and let what comes in expire after 0.3 s."""
    shop.fault("cache-cold", on=True)
    client = redis.asyncio.Redis.from_url(shop.cache_url("catalog"))
    await client.flushall()
    await client.aclose()


async def stop(shop: Shop) -> None:
    """Mend the unit; the cache fills with the traffic."""
    shop.fault("cache-cold", on=False)


INCIDENT = Incident(
    "cache-cold",
    "A deployment took milliseconds for seconds: cached products expire at once.",
    "catalog: the hit ratio collapses, expirations rise, the database answers what the cache should.",
    "3, then a on catalog: invalidate would not help; `:` stop incident cache-cold, and the cache fills.",
    start,
    stop,
)
