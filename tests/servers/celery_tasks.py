"""Tasks of the workers in tests: they write down that they began and that they ended."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("celery_tasks", broker=os.environ.get("BROKER", ""))
app.conf.worker_prefetch_multiplier = 2
app.conf.broker_connection_retry_on_startup = True


def _wait(path: str, gate: str) -> None:
    with Path(path).open("a") as file:
        file.write("began\n")
    until = time.monotonic() + 90
    while not Path(gate).exists() and time.monotonic() < until:
        time.sleep(0.02)
    with Path(path).open("a") as file:
        file.write("ended\n")


@app.task  # type: ignore[untyped-decorator] # celery is untyped
def early(path: str, gate: str) -> None:
    """Ends when the gate is there."""
    _wait(path, gate)


@app.task(acks_late=True)  # type: ignore[untyped-decorator] # the same
def late(path: str, gate: str) -> None:
    """The same, and comes back where its worker dies."""
    _wait(path, gate)
