"""The only worker was stopped and nobody started it again."""

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Stop the worker as a deployment would: it says good-bye and is gone."""
    await shop.stop_process("worker")


async def stop(shop: Shop) -> None:
    """Start the worker; it catches up by itself."""
    await shop.start_process("worker")


INCIDENT = Incident(
    "worker-gone",
    "The only worker was stopped and nobody started it again.",
    "orders and catalog: no workers; mail, invoices and reports grow deep and old, scheduled jobs overdue.",
    "2, then Enter on mail: no worker; `:` stop incident worker-gone starts one, and mail drains.",
    start,
    stop,
)
