"""RQ as people use it: a real worker takes, fails, schedules; what we read is compared with the truth."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zlib import compress

import pytest
import redis
from rq import Queue, Retry
from rq.suspension import resume, suspend
from rq.version import VERSION

from collectors.base import Collector, Context
from collectors.clock import Clock, SystemClock
from collectors.errors import AccessError
from collectors.model.quantity import Known
from collectors.queues._fingerprint import fingerprint
from collectors.queues.rq import RqCollector
from collectors.queues.rq.dead import error_text
from collectors.queues.rq.keys import epoch, job_ids
from collectors.registry import load
from collectors.secret import SecretUrl
from tests.collectors.queues.looking import (
    StepClock,
    by_key,
    everything,
    is_exact,
    looking,
    value,
    write_commands,
)
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until, wait_until_async

ROOT = Path(__file__).parents[3]
JOBS = "tests.collectors.queues.rq_worker"
StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def client(valkey_db: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


@pytest.fixture
def start_worker(valkey_db: str) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[bytes]] = []

    def start(queues: str, *how: str) -> "subprocess.Popen[bytes]":
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


def run(start_worker: StartWorker, queues: str = "mail") -> None:
    """Let a burst worker work everything off."""
    assert start_worker(queues, "burst").wait(30) == 0


def watch(url: str, clock: Clock | None = None, **options: Any) -> Any:
    attribute = (("mail*", "orders"),)
    context = Context(collector="jobs", timeout=5, attribute=attribute, clock=clock or SystemClock())
    return looking(RqCollector, context, url=SecretUrl(url), **options)


async def until(collector: Collector[Any], true: Callable[[Any], bool], key: bytes = b"mail") -> Any:
    async def seen() -> Any:
        reading = by_key(await collector.collect()).get(key)
        return reading if reading is not None and true(reading) else None

    return await wait_until_async(seen, 20, "the reading")


def test_its_type_is_found() -> None:
    assert load("queues.rq") is RqCollector


async def test_depths_ages_and_owners_of_queues_that_nobody_serves(
    valkey_db: str, client: "redis.Redis"
) -> None:
    before = time.time()
    for index in range(7):
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", index)
    Queue("other", connection=client).enqueue(f"{JOBS}.nap", 0)
    after = time.time()
    async with watch(valkey_db) as collector:
        sweep = await collector.collect()
        now = time.time()
        readings = by_key(sweep)
        assert sweep.complete
        assert set(readings) == {b"mail", b"other"}
        mail = readings[b"mail"]
        assert is_exact(mail.ready, 7)
        assert is_exact(mail.running, 0)
        assert is_exact(mail.dead, 0)
        assert is_exact(mail.workers, 0)
        assert now - after - 0.05 <= value(mail.oldest_age) <= now - before + 0.05
        assert mail.add_rate.known is Known.NEEDS_SAMPLES
        assert mail.paused is False
        assert mail.subject.service == "orders"
        assert readings[b"other"].subject.service == ""
        assert sweep.cost.requests > 0
        await asyncio.sleep(0.2)
        again = by_key(await collector.collect())[b"mail"]
        assert is_exact(again.add_rate, 0)
        assert is_exact(again.drain_rate, 0)
        assert value(again.oldest_age) > value(mail.oldest_age) + 0.15
        assert again.time_to_empty.known is Known.UNKNOWN, "it does not shrink"


async def test_what_comes_and_what_is_cancelled_between_two_looks_is_counted(
    valkey_db: str, client: "redis.Redis"
) -> None:
    queue = Queue("mail", connection=client)
    for _ in range(20):
        queue.enqueue(f"{JOBS}.nap", 0)
    clock = StepClock()
    async with watch(valkey_db, clock) as collector:
        await collector.collect()
        for _ in range(5):
            queue.enqueue(f"{JOBS}.nap", 0)
        client.lpop(queue.key, 12)
        clock.seconds += 2
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.add_rate, 2.5)
        assert is_exact(mail.drain_rate, 6)
        assert value(mail.time_to_empty) == pytest.approx(13 / 3.5)


async def test_a_worker_of_its_own_gives_exact_rates_even_when_the_queue_is_always_short(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    start_worker("mail")
    client.sadd("rq:queues", queue.key)
    clock = StepClock()
    async with watch(valkey_db, clock) as collector:
        await until(collector, lambda mail: mail.workers.value == 1)
        totals = {"add_rate": 0.0, "drain_rate": 0.0, "failure_rate": 0.0}

        async def look() -> Any:
            clock.seconds += 1
            mail = by_key(await collector.collect())[b"mail"]
            for name in totals:
                pace = mail.quantities()[name]
                assert pace.known is Known.EXACT
                totals[name] += value(pace)
            return mail

        await look()
        for turn in range(40):
            queue.enqueue(f"{JOBS}.boom" if turn % 4 == 0 else f"{JOBS}.nap", "0" if turn % 4 == 0 else 0)
            if turn % 3 == 2:
                await look()
        wait_until(lambda: queue.count == 0 and client.zcard("rq:failed:mail") == 10, 20)
        wait_until(lambda: client.zcard("rq:wip:mail") == 0, 10)
        mail = await look()
        assert totals == {"add_rate": 40, "drain_rate": 40, "failure_rate": 10}
        assert is_exact(mail.dead, 10)


async def test_a_running_job_its_worker_and_its_end(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate")
    worker = start_worker("mail")
    async with watch(valkey_db) as collector:
        mail = await until(collector, lambda mail: mail.running.value == 1 and mail.busy.value == 1)
        assert is_exact(mail.ready, 0)
        assert is_exact(mail.workers, 1)
        assert 0 <= value(mail.longest_running) < 20
        assert value(mail.last_beat) < 20
        [part] = mail.parts
        assert (part.word, part.bad) == ("busy", False)
        detail = await collector.detail(mail.subject.id, "workers")
        [row] = detail.rows
        named = dict(zip(detail.columns, row, strict=True))
        assert named["state"] == "busy"
        assert named["serves"] == "mail"
        assert named["rq"] == VERSION
        assert str(named["place"]).endswith(f":{worker.pid}")
        assert named["running for"].known is Known.EXACT
        assert len(str(named["job"])) == 36, "the job's id"
        longer = await until(
            collector, lambda again: value(again.longest_running) > value(mail.longest_running)
        )
        assert longer.running.value == 1
        client.rpush("gate", "open")
        idle = await until(collector, lambda mail: mail.busy.value == 0 and mail.running.value == 0)
        assert idle.workers.value == 1
        assert is_exact(idle.longest_running, 0)


async def test_a_killed_worker_is_no_more_alive_although_rq_keeps_its_name(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.hold", valkey_db, "gate")
    worker = start_worker("mail")
    async with watch(valkey_db) as collector:
        await until(collector, lambda mail: mail.busy.value == 1)
        worker.kill()
        worker.wait(10)
        mail = await until(collector, lambda mail: mail.workers.value == 0)
        assert client.scard("rq:workers") == 1, "RQ still lists it"
        assert mail.note == "1 of 1 registered workers are gone"
        [part] = mail.parts
        assert (part.word, part.bad) == ("not connected", True)
        assert mail.running.value == 1, "RQ holds the job until its heartbeat expires"
        client.delete(next(iter(client.smembers("rq:workers"))))
        [part] = by_key(await collector.collect())[b"mail"].parts
        assert (part.word, part.bad) == ("expired", True)
        held: Any = client.zrange("rq:wip:mail", 0, -1)
        client.zadd("rq:wip:mail", dict.fromkeys(held, 1))
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.running, 0)
        assert is_exact(dict(mail.extra)["rq.abandoned"], 1)


async def test_a_worker_that_ends_is_counted_to_its_last_job(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    queue.enqueue(f"{JOBS}.hold", valkey_db, "gate")
    worker = start_worker("mail", "burst")
    clock = StepClock()
    async with watch(valkey_db, clock) as collector:
        await until(collector, lambda mail: mail.busy.value == 1)
        clock.seconds += 1
        await collector.collect()
        for _ in range(3):
            queue.enqueue(f"{JOBS}.nap", 0)
        client.rpush("gate", "open")
        assert worker.wait(20) == 0
        clock.seconds += 1
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.drain_rate, 3)
        assert is_exact(mail.add_rate, 3)
        assert is_exact(mail.workers, 0)


async def test_jobs_that_a_passing_worker_took_are_a_lower_bound(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    queue.enqueue(f"{JOBS}.nap", 0)
    clock = StepClock()
    async with watch(valkey_db, clock) as collector:
        await collector.collect()
        queue.enqueue(f"{JOBS}.nap", 0)
        run(start_worker)
        clock.seconds += 1
        mail = by_key(await collector.collect())[b"mail"]
        assert mail.drain_rate.known is Known.AT_LEAST
        assert value(mail.drain_rate) > 0


async def test_workers_shared_by_queues_give_bounds_that_hold_the_truth(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    mail, other = Queue("mail", connection=client), Queue("other", connection=client)
    mail.enqueue(f"{JOBS}.nap", 0)
    other.enqueue(f"{JOBS}.nap", 0)
    start_worker("mail,other")
    clock = StepClock()
    async with watch(valkey_db, clock) as collector:
        await until(
            collector, lambda reading: reading.ready.value == 0 and reading.running.value == 0, b"other"
        )
        clock.seconds += 1
        await collector.collect()
        for _ in range(6):
            mail.enqueue(f"{JOBS}.nap", 0)
        for _ in range(3):
            other.enqueue(f"{JOBS}.boom", "x")
        wait_until(lambda: not mail.count and client.zcard("rq:failed:other") == 3, 20)
        wait_until(lambda: client.zcard("rq:wip:other") == 0, 10)
        clock.seconds += 1
        readings = by_key(await collector.collect())
        for key, taken, failed in ((b"mail", 6, 0), (b"other", 3, 3)):
            drain, failure = readings[key].drain_rate, readings[key].failure_rate
            assert drain.known is Known.ABOUT
            assert abs(value(drain) - taken) <= (drain.margin or 0)
            assert abs(value(failure) - failed) <= (failure.margin or 0)
        assert is_exact(readings[b"other"].failure_rate, value(readings[b"other"].failure_rate)), (
            "the dead tell it"
        )


async def test_scheduled_overdue_and_retrying_jobs(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    queue.enqueue_in(timedelta(hours=1), f"{JOBS}.nap", 0)
    queue.enqueue_in(timedelta(hours=1), f"{JOBS}.nap", 0, retry=Retry(max=3))
    queue.enqueue_in(timedelta(seconds=-30), f"{JOBS}.nap", 0)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.scheduled, 3)
        assert is_exact(mail.overdue, 1)
        assert is_exact(mail.retrying, 0), "a job that may be retried has not failed yet"
        assert mail.note == "no worker runs the scheduler: its scheduled jobs will not start"
        queue.enqueue(f"{JOBS}.boom", "again", retry=Retry(max=3, interval=3600))
        run(start_worker)
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.scheduled, 4)
        assert is_exact(mail.retrying, 1)
        assert is_exact(mail.dead, 0)
        start_worker("mail", "scheduler")
        mail = await until(collector, lambda mail: mail.overdue.value == 0)
        assert is_exact(mail.scheduled, 3)
        assert is_exact(dict(mail.extra)["rq.scheduler"], 1)


async def test_a_living_scheduler_may_be_a_moment_late(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    now = time.time()
    client.zadd("rq:scheduled:mail", {"just now": now - 0.2, "long ago": now - 60, "later": now + 60})
    async with watch(valkey_db) as collector:
        assert is_exact(by_key(await collector.collect())[b"mail"].overdue, 2)
        client.set("rq:scheduler-lock:mail", "somebody", ex=60)
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.overdue, 1)
        assert mail.note == ""


async def test_registered_workers_that_are_none_any_more(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("rq:queues", "rq:queue:mail")

    def register(name: str, beat: datetime, ttl: int | None, **more: str) -> None:
        stamp = beat.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        key = f"rq:worker:{name}"
        client.sadd("rq:workers", key)
        client.sadd("rq:workers:mail", key)
        fields: Any = {"birth": stamp, "last_heartbeat": stamp, "state": "idle", "version": "1.7", **more}
        client.hset(key, mapping=fields)
        if ttl:
            client.expire(key, ttl)

    now = datetime.now(UTC)
    register("alive", now - timedelta(seconds=400), 80)
    register("ended", now, 60, death="2026-01-01T00:00:00.000000Z")
    register("without an end, old", now - timedelta(hours=3), None)
    register("without an end, fresh", now, None)
    client.sadd("rq:workers:mail", "rq:worker:never seen")
    client.sadd("rq:workers", "rq:worker:late heartbeat")
    client.sadd("rq:workers:mail", "rq:worker:late heartbeat")
    client.hset("rq:worker:late heartbeat", "last_heartbeat", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert {part.name: part.word for part in mail.parts} == {
            "alive": "idle",
            "ended": "ended",
            "without an end, old": "no heartbeat",
            "without an end, fresh": "idle",
            "late heartbeat": "expired",
        }
        assert is_exact(mail.workers, 2)
        assert mail.note == "3 of 5 registered workers are gone"
        assert value(mail.last_beat) < 30


async def test_suspension_is_global_and_ends(valkey_db: str, client: "redis.Redis") -> None:
    for name in ("mail", "other"):
        Queue(name, connection=client).enqueue(f"{JOBS}.nap", 0)
    async with watch(valkey_db) as collector:
        suspend(client, ttl=600)
        readings = by_key(await collector.collect())
        assert [reading.paused for reading in readings.values()] == [True, True]
        assert readings[b"mail"].word == "suspended"
        resume(client)
        assert by_key(await collector.collect())[b"mail"].paused is False


async def test_dead_jobs_are_grouped_by_what_was_raised(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    for index in range(9):
        queue.enqueue(f"{JOBS}.boom", f"server 'mx{index}' closed after {index} s")
    queue.enqueue("builtins.int", "not a number")
    queue.enqueue("no.such.module")
    run(start_worker)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert is_exact(mail.dead, 11)
        detail = await collector.detail(mail.subject.id, "dead")
        counts = {str(row[0]): row[1].value for row in detail.rows}
        assert counts == {
            "ConnectionError: server '…' closed after # s": 9,
            "ValueError: invalid literal for int() with base #: '…'": 1,
            "ValueError: Invalid attribute name: no.such.module": 1,
        }
        first = dict(zip(detail.columns, detail.rows[0], strict=True))
        assert 0 <= cast("Any", first["newest"]).value <= cast("Any", first["oldest"]).value < 60
        assert "boom(" in str(first["example"])
        assert detail.note == ""


async def test_a_detail_does_not_wait_for_a_look(valkey_db: str, client: "redis.Redis") -> None:
    Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        async with collector._reader._lease.hold():
            detail = await asyncio.wait_for(collector.detail(mail.subject.id, "workers"), 10)
        assert detail.note == "nobody is registered for this queue"
        assert len(collector.context.leases) == 2
    assert len(collector.context.leases) == 0


async def test_expired_failures_that_rq_has_not_cleaned_are_not_dead(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    now = time.time()
    client.zadd("rq:failed:mail", {"old": now - 5, "kept": now + 500, "ever": float("inf"), "older": -1})
    async with watch(valkey_db) as collector:
        assert is_exact(by_key(await collector.collect())[b"mail"].dead, 3)


HOSTILE = [
    b"[@click=app.quit]x[/]",
    b"\x1b]52;c;aGk=\x07",
    b"two\nlines",
    b"\xff\xfe raw \x00",
    "\u202elive".encode(),
    b"a,b:c",
]


async def test_hostile_names_keep_their_bytes_and_show_harmless(
    valkey_db: str, client: "redis.Redis"
) -> None:
    for name in HOSTILE:
        client.sadd("rq:queues", b"rq:queue:" + name)
        client.rpush(b"rq:queue:" + name, b"\x1b[31mjob")
        client.sadd(b"rq:workers:" + name, b"rq:worker:\x1b]0;w\x07")
        client.hset(
            b"rq:worker:\x1b]0;w\x07", mapping={b"birth": b"x", b"state": b"\x1b[2J", b"queues": name}
        )
    client.sadd("rq:queues", b"stray member")
    async with watch(valkey_db) as collector:
        readings = by_key(await collector.collect())
        assert set(readings) == set(HOSTILE)
        for reading in readings.values():
            assert is_exact(reading.ready, 1)
            assert reading.oldest_age.known is Known.UNKNOWN, "its job has no hash"
            texts = [reading.subject.label, reading.note, *(part.name + part.word for part in reading.parts)]
            assert all(text.isprintable() for text in texts), texts
        detail = await collector.detail(readings[HOSTILE[0]].subject.id, "workers")
        assert all(str(cell).isprintable() for row in detail.rows for cell in row if isinstance(cell, str))


async def test_keys_of_another_type_give_unknowns_and_not_zeros(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    client.set("rq:queue:mail", "not a list")
    client.set("rq:failed:mail", "not a set")
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert mail.ready.known is mail.dead.known is mail.oldest_age.known is Known.UNKNOWN
        assert mail.note.startswith("partial view")
        assert is_exact(mail.scheduled, 0)


async def test_a_queue_that_was_removed_is_missing_from_the_next_sweep(
    valkey_db: str, client: "redis.Redis"
) -> None:
    for name in ("mail", "other"):
        Queue(name, connection=client).enqueue(f"{JOBS}.nap", 0)
    async with watch(valkey_db) as collector:
        assert set(by_key(await collector.collect())) == {b"mail", b"other"}
        Queue("other", connection=client).delete(delete_jobs=True)
        sweep = await collector.collect()
        assert sweep.complete
        assert set(by_key(sweep)) == {b"mail"}


async def test_allow_list_prefix_and_more_queues_than_are_kept(valkey_db: str, client: "redis.Redis") -> None:
    for name in ("mail-a", "mail-b", "other"):
        client.sadd("rq:queues", f"rq:queue:{name}")
    client.sadd("{app}.rq:queues", "{app}.rq:queue:elsewhere")
    client.rpush("{app}.rq:queue:elsewhere", "1", "2")
    async with watch(valkey_db, queues=("mail-*",)) as collector:
        assert set(by_key(await collector.collect())) == {b"mail-a", b"mail-b"}
    async with watch(valkey_db, prefix="{app}.rq") as collector:
        assert is_exact(by_key(await collector.collect())[b"elsewhere"].ready, 2)
    client.sadd("rq:queues", *(f"rq:queue:many-{index:03}" for index in range(503)))
    client.rpush("rq:queue:many-502", *range(9))
    async with watch(valkey_db, queues=("many-*",)) as collector:
        sweep = await collector.collect()
        assert (len(sweep.readings), sweep.beyond, sweep.complete) == (500, 3, False)
        assert is_exact(by_key(sweep)[b"many-502"].ready, 9), "the deepest are kept"


async def test_a_job_pushed_to_the_front_makes_the_age_a_lower_bound(
    valkey_db: str, client: "redis.Redis"
) -> None:
    queue = Queue("mail", connection=client)
    for _ in range(20):
        queue.enqueue(f"{JOBS}.nap", 0)
    await asyncio.sleep(0.3)
    queue.enqueue(f"{JOBS}.nap", 0, at_front=True)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert mail.oldest_age.known is Known.AT_LEAST
        assert value(mail.oldest_age) >= 0.3


async def test_looking_changes_nothing_and_sends_no_write(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    for index in range(5):
        queue.enqueue(f"{JOBS}.boom", str(index), retry=Retry(max=2, interval=3600) if index % 2 else None)
    run(start_worker)
    queue.enqueue(f"{JOBS}.nap", 0)
    queue.enqueue_in(timedelta(seconds=-5), f"{JOBS}.nap", 0)
    # what RQ's own readers would clean up: an abandoned run, an expired failure, a job to be queued
    client.zadd("rq:wip:mail", {"abandoned:1": 1})
    client.zadd("rq:failed:mail", {"expired": 1})
    client.zadd("rq:ready:mail", {"ready": 1})
    client.sadd("rq:workers", "rq:worker:ghost")
    client.sadd("rq:workers:mail", "rq:worker:ghost")
    before = everything(client)
    client.config_resetstat()
    async with watch(valkey_db) as collector:
        for _ in range(20):
            sweep = await collector.collect()
        for name in ("dead", "workers"):
            await collector.detail(sweep.readings[0].subject.id, name)
        with redis.Redis.from_url(valkey_db) as other:
            assert write_commands(other) == set()
    assert everything(client) == before


async def test_payloads_that_would_run_code_are_left_alone(
    valkey_db: str, client: "redis.Redis", tmp_path: Path
) -> None:
    witness = tmp_path / "ran"
    pickled = f"cos\nsystem\n(S'touch {witness}'\ntR.".encode()
    client.sadd("rq:queues", "rq:queue:mail")
    client.rpush("rq:queue:mail", "evil")
    client.zadd("rq:failed:mail", {"evil": time.time() + 500})
    client.zadd("rq:scheduled:mail", {"evil": 1})
    job = {
        "data": compress(pickled),
        "meta": pickled,
        "description": pickled,
        "enqueued_at": pickled,
        "ended_at": b"\xff",
    }
    client.hset("rq:job:evil", mapping=cast("Any", job))
    client.xadd(
        "rq:results:evil",
        {"return_value": b64encode(pickled), "exc_string": b64encode(compress(b"x" * 9_000_000))},
    )
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert mail.oldest_age.known is Known.UNKNOWN
        detail = await collector.detail(mail.subject.id, "dead")
    assert not witness.exists()
    [row] = detail.rows
    assert len(str(row[0])) <= 200


async def test_a_low_rights_user_sees_everything_but_connections(make_valkey: MakeValkey) -> None:
    rights = "-@all +@read -@dangerous +info +ping +select +client|setname +multi +exec"
    server = make_valkey([f"user looker on >pw ~rq:* {rights}", f"user plain on >pw ~rq:* {rights} -multi"])
    with redis.Redis.from_url(server.url) as client:
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
        client.sadd("rq:workers:mail", "rq:worker:w")
        client.sadd("rq:workers", "rq:worker:w")
        beat = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        client.hset(
            "rq:worker:w",
            mapping={"birth": beat, "last_heartbeat": beat, "state": "idle", "version": "3.0.0"},
        )
        client.expire("rq:worker:w", 400)
        for user in ("looker", "plain"):
            async with watch(server.url_of(user=user, password="pw")) as collector:
                mail = by_key(await collector.collect())[b"mail"]
                assert is_exact(mail.ready, 1)
                assert is_exact(mail.workers, 1), "without the right to ask, RQ's own word counts"
    async with watch(server.url_of(user="looker", password="pw"), prefix="app") as collector:
        with pytest.raises(AccessError):
            await collector.collect()


async def test_a_restarted_server_starts_the_rates_anew(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
        async with watch(server.url) as collector:
            await collector.collect()
            assert by_key(await collector.collect())[b"mail"].add_rate.known is Known.EXACT
            server.restart()
            Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
            assert by_key(await collector.collect())[b"mail"].add_rate.known is Known.NEEDS_SAMPLES


# older versions, whose keys differ


async def test_version_1_members_ids_with_colons_and_errors_in_the_job(
    valkey_db: str, client: "redis.Redis"
) -> None:
    started = datetime.now(UTC) - timedelta(seconds=90)
    stamp = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    client.sadd("rq:queues", "rq:queue:mail")
    client.zadd("rq:wip:mail", {"order:7:mail": time.time() + 100})
    client.hset("rq:job:order:7:mail", mapping={"started_at": stamp, "created_at": stamp})
    client.zadd("rq:failed:mail", {"old": time.time() + 100})
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\napp.errors.Gone: user 7\n'
    client.hset("rq:job:old", mapping=cast("Any", {"exc_info": compress(trace.encode()), "ended_at": stamp}))
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[b"mail"]
        assert value(mail.longest_running) == pytest.approx(90, abs=5)
        [row] = (await collector.detail(mail.subject.id, "dead")).rows
        assert row[0] == "app.errors.Gone: user #"
        assert row[2].value == pytest.approx(90, abs=5)


# pure parts


def test_times_ids_and_errors_are_read() -> None:
    assert epoch(b"1970-01-01T00:01:00.500000Z") == 60.5
    assert epoch(b"1970-01-01T00:01:00Z") == 60
    assert [epoch(text) for text in (None, b"", b"yesterday", b"\xff", b"9999-99-99T00:00:00Z")] == [None] * 5
    assert job_ids(b"id:execution") == (b"id", b"id:execution")
    assert job_ids(b"id") == (b"id",)
    assert error_text([[b"1-1", [b"exc_string", b64encode(compress("Wörld".encode()))]]], None) == "Wörld"
    assert error_text([[b"1-1", [b"exc_string", b"!!plain"]]], None) == "!!plain"
    assert error_text([], compress(b"old")) == "old"
    assert len(error_text([], compress(b"x" * 9_000_000))) == 2**20
    assert error_text([], b"not packed") == "not packed"
    assert error_text(None, None) == ""


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        ("", "no error kept"),
        ("Traceback (most recent call last):\n  File\nKeyError: 'id-7'\n", "KeyError: '…'"),
        (
            "Traceback (most recent call last):\n  File\nValueError: 1\n\nDuring …\nOSError: [Errno 5] x\n",
            "OSError: [Errno #] x",
        ),
        ("Traceback:\n  File\napp.Error\n", "app.Error"),
        ("app.Error: first\nsecond line of the message\n", "app.Error: first"),
        ("E: at 0x7fbd971 in 123e4567-e89b-12d3-a456-426614174000", "E: at # in #"),
        ("something odd 42", "something odd #"),
    ],
)
def test_errors_that_differ_in_details_only_have_one_fingerprint(trace: str, words: str) -> None:
    assert fingerprint(trace) == words
