"""The mail server hangs up on every conversation, and every mail job dies."""

import asyncio
import contextlib

import redis
import rq
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.registry import FailedJobRegistry

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Let the mail server hang up after its greeting."""
    shop.fault("dead-letters", on=True)


async def stop(shop: Shop) -> None:
    """Mend the mail server and requeue what is still dead."""
    shop.fault("dead-letters", on=False)
    # the switch is looked at ten times a second
    await asyncio.sleep(0.2)
    await asyncio.to_thread(requeue, shop.queues_url())


def requeue(url: str) -> None:
    """Put every dead mail job back into its queue."""
    with redis.Redis.from_url(url) as broker:
        registry = FailedJobRegistry(queue=rq.Queue("mail", connection=broker))
        for job in registry.get_job_ids(cleanup=False):
            # an operator may have been quicker
            with contextlib.suppress(InvalidJobOperation, NoSuchJobError):
                registry.requeue(job)


INCIDENT = Incident(
    "dead-letters",
    "The mail server hangs up on every conversation, and every mail job dies.",
    "orders: dead jobs in queue mail grow, all with SMTPServerDisconnected; tracebacks in the worker's log.",
    start,
    stop,
)
