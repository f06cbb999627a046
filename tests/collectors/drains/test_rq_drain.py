"""A real RQ worker is told to stop: it finishes its job, takes no other, and is told once."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from rq import Queue

from collectors.action import RefusedError, Result, StoppedError
from collectors.base import Context
from collectors.drains.rq import RqDrain, RqDrainOptions
from collectors.secret import SecretUrl
from tests.collectors.acting import KeepingControl, find, plan, run
from tests.servers.waiting import wait_until, wait_until_async

ROOT = Path(__file__).parents[3]
JOBS = "tests.collectors.queues.rq_worker"


@pytest.fixture
def client(valkey_db: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


StartWorker = Callable[..., tuple["subprocess.Popen[bytes]", bytes]]


@pytest.fixture
def start_worker(valkey_db: str, client: "redis.Redis") -> Iterator[StartWorker]:
    """Starts a worker and gives it with its name, once it listens."""
    started: list[subprocess.Popen[bytes]] = []

    def names() -> set[bytes]:
        return {key.rpartition(b":")[2] for key in cast("set[bytes]", client.smembers("rq:workers"))}

    def start(queues: str = "mail") -> tuple["subprocess.Popen[bytes]", bytes]:
        before = names()
        command = [sys.executable, "-m", JOBS, valkey_db, queues]
        started.append(subprocess.Popen(command, cwd=ROOT, start_new_session=True))
        [name] = wait_until(lambda: names() - before, 30, "the worker is there")
        wait_until(lambda: client.pubsub_numsub(b"rq:pubsub:" + name)[0][1], 30, "it listens")
        return started[-1], name

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
async def workers(valkey_db: str) -> AsyncIterator[RqDrain]:
    options = RqDrainOptions(url=SecretUrl(valkey_db))
    collector = RqDrain(options, Context(collector="workers", timeout=5, attribute=(("mail*", "orders"),)))
    yield collector
    await collector.close()


def hold(client: "redis.Redis", url: str) -> Any:
    """A job that works until somebody pushes to the gate."""
    job = Queue("mail", connection=client).enqueue(f"{JOBS}.hold", url, "gate", job_timeout=120)
    wait_until(lambda: job.get_status(refresh=True) == "started", 30, "it works")
    return job


async def test_it_finishes_its_job_and_takes_no_other(
    start_worker: StartWorker, workers: RqDrain, client: "redis.Redis", valkey_db: str
) -> None:
    (first, name), _second = start_worker(), start_worker("invoices,mail")
    # the second is kept busy, so that the next job would wait for the first
    jobs = [hold(client, valkey_db), hold(client, valkey_db)]
    made = await plan(workers, "drains.drain", name)
    assert (made.refusals, made.service, made.owed) == ((), "orders", None)
    assert f"finishes {JOBS}.hold(" in made.sample[1]
    assert any("lost if it were killed" in line for line in made.warnings)
    control = KeepingControl()
    task = asyncio.create_task(run(workers, made, control))
    await wait_until_async(lambda: any("works on" in words for _done, words in control.reports), 20)
    third = Queue("mail", connection=client).enqueue(f"{JOBS}.tick", valkey_db, "runs")
    assert first.poll() is None
    client.rpush("gate", "open")
    await wait_until_async(lambda: any(job.get_status(refresh=True) == "finished" for job in jobs), 20)
    client.rpush("gate", "open")
    outcome = await task
    assert (outcome.result, str(outcome.words)) == (Result.DONE, "it is gone: it said good-bye")
    assert await asyncio.to_thread(first.wait, 20) == 0
    await wait_until_async(lambda: third.get_status(refresh=True) == "finished", 20)
    assert {job.get_status(refresh=True) for job in jobs} == {"finished"}
    assert (await find(workers, "drains.drain").reconcile(made, control.kept)).result is Result.DONE


async def test_the_last_worker_of_a_queue_with_jobs_is_refused(
    start_worker: StartWorker, workers: RqDrain, client: "redis.Redis", valkey_db: str
) -> None:
    _process, name = start_worker()
    idle = await plan(workers, "drains.drain", name)
    assert idle.refusals == ()
    assert "it is the last live worker of mail, which has no jobs now" in [str(one) for one in idle.warnings]
    hold(client, valkey_db)
    Queue("mail", connection=client).enqueue(f"{JOBS}.tick", valkey_db, "runs")
    made = await plan(workers, "drains.drain", name)
    assert [str(why) for why in made.refusals] == [
        "the last live worker of mail, which has 1 job: start another first"
    ]
    start_worker()
    # the other takes the job at once, or will
    assert (await plan(workers, "drains.drain", name)).refusals == ()


async def test_it_is_told_once_and_a_stop_does_not_hurry_it(
    start_worker: StartWorker, workers: RqDrain, client: "redis.Redis", valkey_db: str
) -> None:
    process, name = start_worker()
    job = hold(client, valkey_db)
    made = await plan(workers, "drains.drain", name, deadline="5s")
    told = []
    with client.pubsub() as channel:  # type: ignore[no-untyped-call] # redis-py left it untyped
        channel.subscribe(b"rq:pubsub:" + name)
        await wait_until_async(lambda: client.pubsub_numsub(b"rq:pubsub:" + name)[0][1] == 2)

        class StopAt(KeepingControl):
            async def pause(self, seconds: float) -> None:
                if any("works on" in words for _done, words in self.reports):
                    raise StoppedError("stopped by the test")
                await super().pause(seconds)

        outcome = await run(workers, made, StopAt())
        assert outcome.result is Result.FAILED
        assert "stopped by the test; it was told to stop" in outcome.words
        again = await run(workers, made)
        assert (again.result, dict(again.skipped)) == (Result.FAILED, {"told to stop already": 1})
        while message := channel.get_message(timeout=0.2):
            told += [message["data"]] if message["type"] == "message" else []
    assert told == [b'{"command": "shutdown"}']
    assert any("its job may take" in line for line in outcome.lines)
    stopping = await plan(workers, "drains.drain", name)
    assert "it is told to stop already" in str(stopping.refusals[0])
    assert (await find(workers, "drains.drain").reconcile(made, [{"phase": "stop"}])).result is Result.DONE
    client.rpush("gate", "open")
    assert await asyncio.to_thread(process.wait, 20) == 0
    assert job.get_status(refresh=True) == "finished"


async def test_one_that_is_gone_or_another_is_left_alone(
    start_worker: StartWorker, workers: RqDrain, client: "redis.Redis"
) -> None:
    process, name = start_worker()
    made = await plan(workers, "drains.drain", name)
    action = find(workers, "drains.drain")
    assert "was not told" in (await action.reconcile(made, [{"phase": "stop"}])).words
    assert (await action.reconcile(made, [])).result is Result.FAILED
    client.hset(b"rq:worker:" + name, "birth", "2026-01-01T00:00:00.000000Z")
    outcome = await run(workers, made)
    assert str(outcome.words).endswith("gone: another has its name")
    assert process.poll() is None
    client.delete(b"rq:worker:" + name)
    outcome = await run(workers, made)
    assert (outcome.result, dict(outcome.skipped)) == (Result.FAILED, {"gone": 1})
    with pytest.raises(RefusedError, match="no worker"):
        await plan(workers, "drains.drain", b"nobody")
