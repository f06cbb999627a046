"""A forgotten migration locks the table of orders, while orders says that it is ready."""

import contextlib

import asyncpg

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Let readiness look at nothing, and hold a lock that no order gets past."""
    shop.fault("lying-health", on=True)
    session = await asyncpg.connect(
        shop.database_url("orders"),
        server_settings={"application_name": "orders-migrate", "lock_timeout": "5s"},
    )
    try:
        await session.execute("begin; lock table orders in access exclusive mode")
    except asyncpg.PostgresError:
        await session.close()
        shop.fault("lying-health", on=False)
        raise
    shop.held["lying-health"] = session


async def stop(shop: Shop) -> None:
    """End the migration (an operator may have done so already) and let readiness look again."""
    session = shop.held.pop("lying-health", None)
    if session is not None:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await session.execute("rollback")
            await session.close(timeout=2)
    shop.fault("lying-health", on=False)


INCIDENT = Incident(
    "lying-health",
    "A forgotten migration locks the table of orders, while orders says that it is ready.",
    "orders: /readyz passes, yet every order waits for application orders-migrate and fails after 3 s.",
    "4, then a on orders-migrate: terminate the session that holds the lock.",
    start,
    stop,
)
