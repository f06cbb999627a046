"""A real RQ worker for tests, as a process of its own; also the jobs that it runs."""

import sys
import time
from typing import NoReturn

from redis import Redis


def boom(text: str) -> NoReturn:
    """Fail as application code fails."""
    raise ConnectionError(text)


def hold(url: str, gate: str) -> None:
    """Work until somebody pushes to ``gate``."""
    Redis.from_url(url, socket_timeout=None).blpop([gate], timeout=60)


def tick(url: str, key: str) -> None:
    """Leave a mark for each run."""
    Redis.from_url(url).incr(key)


def picky(url: str, switch: str, key: str) -> None:
    """Fail for as long as ``switch`` exists, else leave a mark."""
    server = Redis.from_url(url)
    if server.exists(switch):
        raise ConnectionError(f"no {switch} at 10.0.0.{time.time_ns() % 250}")
    server.incr(key)


def nap(seconds: float) -> None:
    """Work for a while."""
    time.sleep(seconds)


def main() -> None:
    """Arguments: URL, queues by comma, then any of: burst, scheduler."""
    from rq import Queue, SimpleWorker

    url, names, *how = sys.argv[1:]
    connection = Redis.from_url(url)
    worker = SimpleWorker(
        [Queue(name, connection=connection) for name in names.split(",")], connection=connection
    )
    worker.work(burst="burst" in how, with_scheduler="scheduler" in how, logging_level="ERROR")


if __name__ == "__main__":
    main()
