"""Tasks of the workers in tests: they write down that they began and that they ended."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("celery_tasks", broker=os.environ.get("BROKER", ""))
app.conf.worker_prefetch_multiplier = 2
app.conf.broker_connection_retry_on_startup = True


def _nap(path: str, seconds: float) -> None:
    with Path(path).open("a") as file:
        file.write("began\n")
    time.sleep(seconds)
    with Path(path).open("a") as file:
        file.write("ended\n")


@app.task  # type: ignore[untyped-decorator] # celery is untyped
def nap(path: str, seconds: float) -> None:
    _nap(path, seconds)


@app.task(acks_late=True)  # type: ignore[untyped-decorator] # the same
def late(path: str, seconds: float) -> None:
    _nap(path, seconds)
