"""The worker: RQ as it comes, with its scheduler; its log is plain text."""

import os
import signal
import sys

import redis
import rq
import rq.worker

from console.lab.guard import die_with_parent
from console.lab.shop import jobs, logs
from console.lab.shop.web import load
from console.lab.shop.wiring import QUEUES


def main() -> None:
    """Run the worker: `python -m console.lab.shop.worker WIRING`."""
    wiring = load(sys.argv[1])
    os.environ[jobs.WIRING_VARIABLE] = sys.argv[1]
    handler = logs.write_to(wiring.log("worker.log"), logs.plain())
    parent = os.getpid()

    def in_child() -> None:
        # RQ forks a process for each job and one for its scheduler: neither outlives us nor rotates our log
        die_with_parent(signal.SIGKILL, parent)
        handler.maxBytes = 0

    os.register_at_fork(after_in_child=in_child)
    connection = redis.Redis.from_url(wiring.queues)
    worker = rq.Worker(list(QUEUES), name=f"worker-1.{parent}", connection=connection)
    worker.work(with_scheduler=True, logging_level="INFO")


if __name__ == "__main__":
    main()
