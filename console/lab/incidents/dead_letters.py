"""The mail server hangs up on every conversation, and every mail job dies."""

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Let the mail server hang up after its greeting."""
    shop.fault("dead-letters", on=True)


async def stop(shop: Shop) -> None:
    """Mend the mail server; what is dead stays dead until somebody retries it."""
    shop.fault("dead-letters", on=False)


INCIDENT = Incident(
    "dead-letters",
    "The mail server hangs up on every conversation, and every mail job dies.",
    "orders: dead jobs in queue mail grow, all with SMTPServerDisconnected; tracebacks in the worker's log.",
    "2, then a on mail: retry, once the mail server answers again (`:` stop incident dead-letters).",
    start,
    stop,
)
