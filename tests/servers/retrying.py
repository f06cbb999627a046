"""Retry dead jobs as RQ's own tools do."""

import redis
import rq
from rq.registry import FailedJobRegistry

from tests.servers.waiting import wait_until


def retry_dead(url: str, queue: str) -> int:
    """Put every dead job of a queue back into it once one succeeds again; return how many there were.

    Meant for a queue with a single worker, which takes one after the other: then none is about to die.
    """
    with redis.Redis.from_url(url) as broker:
        before = set(broker.zrange(f"rq:finished:{queue}", 0, -1))
        wait_until(lambda: set(broker.zrange(f"rq:finished:{queue}", 0, -1)) - before, 30, "a job succeeds")
        registry = FailedJobRegistry(queue=rq.Queue(queue, connection=broker))
        dead = registry.get_job_ids(cleanup=False)
        for job in dead:
            registry.requeue(job)
    return len(dead)
