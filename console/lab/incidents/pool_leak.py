"""The catalog forgets connections inside open transactions until its pool is empty."""

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Let each request for a product leak one connection."""
    shop.fault("pool-leak", on=True)


async def stop(shop: Shop) -> None:
    """Mend the code; the catalog rolls back what it leaked within a second."""
    shop.fault("pool-leak", on=False)


INCIDENT = Incident(
    "pool-leak",
    "The catalog forgets connections inside open transactions until its pool is empty.",
    "catalog: up to 20 sessions idle in transaction hold row locks, others wait, then 503 and time-outs.",
    "4, then a on catalog: terminate sessions idle in transaction.",
    start,
    stop,
)
