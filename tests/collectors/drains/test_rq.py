"""RQ's workers as people run them: real ones wait, work, are suspended, stop and die."""

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
from rq import Queue, Retry
from rq.suspension import resume, suspend

from collectors.base import Context
from collectors.drains.rq import RqDrain, RqDrainOptions
from collectors.model.drains import DrainReading, Phase
from collectors.model.quantity import Known, Unit, at_least, exact, unknown
from collectors.secret import SecretUrl
from tests.collectors.drains.looking import by_key
from tests.collectors.queues.looking import everything, value, write_commands
from tests.servers.waiting import wait_until_async

ROOT = Path(__file__).parents[3]
JOBS = "tests.collectors.queues.rq_worker"
StartWorker = Callable[..., "subprocess.Popen[bytes]"]
See = Callable[[Callable[[DrainReading], object]], Any]


@pytest.fixture
def client(valkey_db: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


@pytest.fixture
def start_worker(valkey_db: str) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[bytes]] = []

    def start(queues: str = "mail", *how: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", JOBS, valkey_db, queues, *how]
        started.append(subprocess.Popen(command, cwd=ROOT, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
async def watch(valkey_db: str) -> AsyncIterator[RqDrain]:
    options = RqDrainOptions(url=SecretUrl(valkey_db), grace=30.0)
    context = Context(collector="workers", timeout=5, attribute=(("mail*", "orders"),))
    collector = RqDrain(options, context)
    await collector.open()
    yield collector
    await collector.close()


@pytest.fixture
def see(watch: RqDrain) -> See:
    """The first reading of which something is true."""

    async def seen(true: Callable[[DrainReading], object]) -> DrainReading:
        async def look() -> Any:
            return next((one for one in by_key(await watch.collect()).values() if true(one)), None)

        found: DrainReading = await wait_until_async(look, 30, "the reading")
        return found

    return seen


def idle(reading: DrainReading) -> bool:
    return reading.state == "idle"


def busy(reading: DrainReading) -> bool:
    return reading.state == "busy" and bool(reading.parts)


async def test_an_idle_worker(start_worker: StartWorker, see: See, client: "redis.Redis") -> None:
    start_worker()
    reading = await see(idle)
    [member] = cast("set[bytes]", client.smembers("rq:workers"))
    key = member.removeprefix(b"rq:worker:")
    assert reading.subject.id.key == key
    assert reading.subject.service == "orders"
    assert (reading.phase, reading.ready, reading.in_flight) == (Phase.SERVING, True, exact(0))
    assert (reading.ready_peers, reading.peers) == (exact(1), exact(1))
    assert (reading.lost, reading.exit, reading.note) == ("", "", "")
    assert reading.grace == exact(30, Unit.SECONDS)
    assert 0 <= value(reading.uptime) < 60
    assert 0 <= value(dict(reading.extra)["rq.last_beat"]) < 60
    assert reading.sessions == unknown()


async def test_a_warm_shutdown_waits_for_its_job(
    start_worker: StartWorker, see: See, client: "redis.Redis", valkey_db: str
) -> None:
    worker = start_worker()
    queue = Queue("mail", connection=client)
    job = queue.enqueue(f"{JOBS}.hold", valkey_db, "gate", job_timeout=120)
    reading = await see(busy)
    assert (reading.phase, reading.in_flight) == (Phase.SERVING, exact(1))
    [part] = reading.parts
    assert str(part.name).startswith(f"{JOBS}.hold(")
    assert part.value is not None
    assert value(part.value) >= 0
    assert dict(reading.extra)["rq.job_limit"] == exact(120, Unit.SECONDS)
    assert reading.lost.endswith("RQ would give it up as abandoned")
    worker.send_signal(signal.SIGTERM)
    reading = await see(lambda one: one.phase is Phase.STOPPING)
    assert (reading.state, reading.ready, reading.in_flight) == ("stopping", False, exact(1))
    assert reading.elapsed.known is Known.EXACT
    assert 0 < value(reading.left()) <= 30
    assert (reading.ready_peers, reading.peers) == (exact(0), exact(1))
    assert reading.lost
    client.lpush("gate", "go")
    assert worker.wait(30) == 0
    reading = await see(lambda one: one.phase is Phase.EXITED)
    assert (reading.state, reading.exit, reading.lost) == ("ended", "said good-bye", "")
    assert (reading.in_flight, reading.ready) == (exact(0), False)
    assert job.get_status() == "finished"


async def test_what_a_job_that_is_tried_again_would_lose(
    start_worker: StartWorker, see: See, client: "redis.Redis", valkey_db: str
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate", retry=Retry(max=2))
    start_worker()
    reading = await see(busy)
    assert reading.lost.endswith("RQ would try it again (2 left)")


async def test_a_suspended_worker_takes_nothing_and_is_no_peer(
    start_worker: StartWorker, see: See, client: "redis.Redis", valkey_db: str
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate")
    start_worker()
    await see(busy)
    suspend(client)
    reading = await see(lambda one: one.phase is Phase.DRAINING)
    assert (reading.state, reading.ready, reading.in_flight) == ("busy, suspended", False, exact(1))
    assert (reading.ready_peers, reading.peers) == (exact(0), exact(1))
    client.lpush("gate", "go")
    reading = await see(lambda one: one.state == "suspended")
    assert reading.in_flight == exact(0)
    assert reading.note == "all workers of this RQ are suspended"
    resume(client)
    assert (await see(idle)).ready


async def test_peers_are_those_of_the_queue_with_the_fewest(
    start_worker: StartWorker, watch: RqDrain, see: See
) -> None:
    start_worker("mail")
    start_worker("mail,bills")

    async def both() -> list[DrainReading]:
        found = list(by_key(await watch.collect()).values())
        return found if len(found) == 2 and all(map(idle, found)) else []

    found = await wait_until_async(both, 30)
    counted = sorted((value(one.ready_peers), value(one.peers)) for one in found)
    assert counted == [(1, 1), (2, 2)]


async def test_a_killed_worker_leaves_its_job_behind(
    start_worker: StartWorker, see: See, client: "redis.Redis", valkey_db: str
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate")
    worker = start_worker()
    await see(busy)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    reading = await see(lambda one: one.phase is Phase.GONE)
    assert (reading.state, reading.exit, reading.ready) == ("not connected", "unknown", False)
    assert reading.in_flight == exact(0)
    assert "left" in reading.note
    assert ".hold(" in reading.note
    assert reading.lost == "", "it is lost already"
    assert reading.peers == exact(0)


async def test_a_ghost_whose_hash_is_gone_is_told_as_one(client: "redis.Redis", see: See) -> None:
    client.sadd("rq:workers", "rq:worker:ghost")
    reading = await see(lambda one: True)
    assert (reading.state, reading.phase) == ("expired", Phase.GONE)
    assert reading.note == "registered still, and no longer there"
    assert reading.peers == unknown(), "its queues went with its hash"


async def test_one_that_said_good_bye_is_forgotten_with_its_hash(
    start_worker: StartWorker, watch: RqDrain, see: See, client: "redis.Redis"
) -> None:
    worker = start_worker()
    key = (await see(idle)).subject.id.key
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert by_key(await watch.collect())[key.decode()].phase is Phase.EXITED
    client.delete(b"rq:worker:" + key)
    assert by_key(await watch.collect()) == {}


async def test_another_prefix_is_another_rq(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("jobs:workers", "jobs:worker:w")
    client.hset("jobs:worker:w", mapping={"birth": "2024-05-01T10:00:00Z", "state": "idle", "queues": "mail"})
    collector = RqDrain(
        RqDrainOptions(url=SecretUrl(valkey_db), prefix="jobs"), Context(collector="workers", timeout=5)
    )
    assert set(by_key(await collector.collect())) == {"w"}
    await collector.close()


async def test_looking_changes_nothing(
    start_worker: StartWorker, watch: RqDrain, see: See, client: "redis.Redis", valkey_db: str
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate")
    worker = start_worker()
    await see(busy)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    before = everything(client)
    client.config_resetstat()
    for _ in range(3):
        await watch.collect()
    assert write_commands(client) == set()
    assert everything(client) == before


async def test_names_that_are_hostile_are_shown_and_no_more(client: "redis.Redis", see: See) -> None:
    client.sadd("rq:workers", b"rq:worker:\x1b[31mw\xff")
    client.hset(
        b"rq:worker:\x1b[31mw\xff",
        mapping={"birth": "2024-05-01T10:00:00Z", "state": "\x1b]0;x", "queues": "a"},
    )
    options_seen = await see(lambda one: True)
    assert options_seen.subject.id.key == b"\x1b[31mw\xff"
    assert "\x1b" not in options_seen.subject.label + options_seen.state


async def test_five_hundred_workers_are_one_look(watch: RqDrain, client: "redis.Redis") -> None:
    with client.pipeline() as pipe:
        for number in range(510):
            pipe.sadd("rq:workers", f"rq:worker:{number:03}")
            pipe.hset(
                f"rq:worker:{number:03}",
                mapping={
                    "birth": "2024-05-01T10:00:00Z",
                    "state": "idle",
                    "queues": "mail,bills",
                    "version": "1.0.0",
                },
            )
            pipe.expire(f"rq:worker:{number:03}", 400)
        pipe.execute()
    sweep = await watch.collect()
    assert (len(sweep.readings), sweep.beyond, sweep.complete) == (500, 10, False)
    reading = next(iter(by_key(sweep).values()))
    assert reading.peers == at_least(500)
