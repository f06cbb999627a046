"""A client, and real workers that end with the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from tests.collectors.queues.rq.dying import JOBS, StartWorker

ROOT = Path(__file__).parents[4]


@pytest.fixture
def client(valkey_db: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


@pytest.fixture
def start_worker(valkey_db: str) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[bytes]] = []

    def start(queues: str = "mail", *how: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", JOBS, valkey_db, queues, *how]
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        # the scheduler is a child of its own
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
