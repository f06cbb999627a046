"""Real Celery workers on a Redis broker, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.waiting import wait_until

TASKS = Path(__file__).with_name("celery_tasks.py")


@contextmanager
def worker(
    broker: str, name: str, *more: str, queues: str = "celery", concurrency: int = 2
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start one and wait until it answers; it is killed with all its children in the end."""
    celery = [sys.executable, "-W", "ignore", "-m", "celery", "-A", TASKS.stem, "worker"]
    given = ["-n", name, "-Q", queues, "-c", str(concurrency), "--loglevel", "CRITICAL", "--without-mingle"]
    given += ["--heartbeat-interval", "1"]
    environment = {**os.environ, "BROKER": broker, "C_FORCE_ROOT": "1"}
    child = subprocess.Popen(
        [*celery, *given, *more],
        env=environment,
        cwd=TASKS.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        # what says that it is there comes before it hears anything
        wait_until(lambda: child.poll() is not None or answers(broker, name), 60, f"{name} answers")
        assert child.poll() is None
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, 9)
        child.wait()


def answers(broker: str, name: str, count: int = 1) -> bool:
    """Whether as many workers of a name hear the bus, by the real library."""
    from celery import Celery

    with Celery("asker", broker=broker, set_as_current=False) as app:
        told = app.control.broadcast("ping", destination=[name], reply=True, timeout=0.5, limit=count)
        return len(told) == count


def put_back(broker: str, name: str, *queues: str) -> None:
    """Make a worker take from queues, by the real library."""
    from celery import Celery

    with Celery("asker", broker=broker, set_as_current=False) as app:
        for queue in queues:
            app.control.add_consumer(queue, destination=[name], reply=True, timeout=5, limit=1)


def send(broker: str, task: str, *arguments: object, queue: str = "celery") -> None:
    """Queue a task, by the real library."""
    from celery import Celery

    with Celery("sender", broker=broker, set_as_current=False) as app:
        app.send_task(f"{TASKS.stem}.{task}", arguments, queue=queue, ignore_result=True)
