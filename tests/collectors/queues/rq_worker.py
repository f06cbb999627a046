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
    Redis.from_url(url).blpop([gate], timeout=60)


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
