"""The dead or the ready of a queue go into quarantine, and come back."""

import asyncio
import time
from typing import Any, cast

import redis
from rq import Queue

from collectors.action import Result, Risk
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.looking import everything
from tests.collectors.queues.rq.dying import (
    JOBS,
    StartWorker,
    bury,
    dead,
    killed,
    reconciled,
    serving,
    watching,
)
from tests.servers.waiting import wait_until

DAY = 24 * 3600


def quarantined(client: "redis.Redis") -> bytes:
    [key] = [key for key in client.scan_iter("quarterdeck:quarantine:*") if not key.endswith(b":stamps")]
    return cast("bytes", key)


async def test_the_dead_go_into_quarantine_and_come_back_with_every_byte(
    valkey_db: str, client: "redis.Redis"
) -> None:
    for index in range(250):
        bury(client, "tick", valkey_db, "mark", ago=index + 1, failure_ttl=-1 if index == 7 else None)
    before = everything(client)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail")
        assert made.level is Risk.DESTRUCTIVE
        assert made.count.value == 250
        assert len(made.sample) == 5
        assert made.undo == "moved back from quarantine, for 24 h"
        new = bury(client, "nap", 0, ago=-5)
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 250)
        assert outcome.words == "250 of 250 jobs moved into quarantine for 24 h"
        assert outcome.lines == ("in quarantine now: 250",)
        assert client.zrange("rq:failed:mail", 0, -1) == [new.encode()], "what came later stays"
        key = quarantined(client)
        assert key.startswith(b"quarterdeck:quarantine:mail:2")
        assert client.zcard(key) == 250
        assert DAY - 60 < client.ttl(key) <= DAY
        assert DAY - 60 < client.ttl(key + b":stamps") <= DAY
        data = [client.ttl(f"rq:job:{job.decode()}") for job in made.items]
        assert all(DAY + 3000 < left <= DAY + 3600 for left in data), "gone with it, and not before"
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 250)
        client.zrem("rq:failed:mail", new)
        client.delete(f"rq:job:{new}", f"rq:results:{new}")
        assert everything(client) == before
        outcome = await undo(collector, made, control.kept)
        assert outcome.result is Result.FAILED
        assert outcome.words.startswith("nothing is in quarantine any more")


async def test_the_ready_come_back_before_what_was_enqueued_meanwhile(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    queue = Queue("mail", connection=client)
    for index in range(150):
        queue.enqueue(f"{JOBS}.tick", valkey_db, f"mark-{index}", ttl=3600 if index == 3 else None)
    parent = queue.enqueue(f"{JOBS}.nap", 0)
    queue.enqueue(f"{JOBS}.nap", 0, depends_on=parent)
    limited = queue.enqueue(f"{JOBS}.nap", 0)
    client.hset(f"rq:job:{limited.id}", "rate_limit_key", "mail")
    before = everything(client)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        assert made.count.value == 150
        assert "these jobs have not run: nobody else will run them" in made.warnings
        assert "the data of 1 job ends before that: they cannot be moved back then" in made.warnings
        [line] = [line for line in made.warnings if line.startswith("left where they are: ")]
        assert "1 needed: other jobs depend on it" in line
        assert "1 rate limited: it would hold its slot" in line
        newer = queue.enqueue(f"{JOBS}.tick", valkey_db, "newer")
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 150)
        assert queue.job_ids == [parent.id, limited.id, newer.id]
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 150)
        order = [job.decode() for job in made.items]
        assert queue.job_ids == [*order, parent.id, limited.id, newer.id]
        newer.delete()
        assert everything(client) == before
        client.hdel(f"rq:job:{limited.id}", "rate_limit_key")
    serving(client, start_worker)
    wait_until(lambda: all(client.get(f"mark-{index}") == b"1" for index in range(150)), 60)


async def test_jobs_that_changed_meanwhile_are_skipped_both_ways(
    valkey_db: str, client: "redis.Redis"
) -> None:
    jobs = [
        bury(client, "tick", valkey_db, "mark", ago=60 + index, job_id=f"job-{index}") for index in range(7)
    ]
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail")
        client.zrem("rq:failed:mail", jobs[0])
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0, depends_on=jobs[1])
        client.hset(f"rq:job:{jobs[2]}", "ended_at", "2999-01-01T00:00:00.000000Z")
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert outcome.words == "4 of 7 jobs moved into quarantine for 24 h, 3 skipped"
        assert outcome.skipped == {"not there any more": 2, "refused: other jobs depend on it": 1}
        client.delete(f"rq:job:{jobs[3]}")
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0, job_id=jobs[4])
        client.zadd("rq:failed:mail", {jobs[5]: 5})
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        assert outcome.skipped == {"its data has expired": 1, "changed meanwhile": 1, "dead again": 1}
    assert client.lpos("rq:queue:mail", jobs[4]) is not None
    assert dead(client) == 4


async def test_ready_jobs_that_workers_took_or_that_were_made_anew_are_skipped(
    valkey_db: str, client: "redis.Redis"
) -> None:
    queue = Queue("mail", connection=client)
    for index in range(4):
        queue.enqueue(f"{JOBS}.nap", 0, job_id=f"job-{index}")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        client.lpop("rq:queue:mail")
        await asyncio.sleep(0.01)
        client.lrem("rq:queue:mail", 0, "job-1")
        queue.enqueue(f"{JOBS}.nap", 0, job_id="job-1")
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert outcome.words == "2 of 4 jobs moved into quarantine for 24 h, 2 skipped"
        assert queue.job_ids == ["job-1"]
        queue.enqueue(f"{JOBS}.nap", 0, job_id="job-2")
        outcome = await undo(collector, made, control.kept)
        assert (outcome.count, outcome.skipped) == (1, {"changed meanwhile": 1})
    assert queue.job_ids == ["job-3", "job-1", "job-2"]


async def test_a_stop_in_the_middle_leaves_what_the_outcome_tells(
    valkey_db: str, client: "redis.Redis"
) -> None:
    for index in range(250):
        bury(client, "nap", 0, ago=index + 1)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail")
        control = KeepingControl(stop_after=150)
        outcome = await run(collector, made, control)
        assert outcome.result is Result.FAILED
        assert outcome.words == (
            "stopped by the test; 100 of 250 jobs moved into quarantine for 24 h, 150 untouched"
        )
        assert dead(client) == 150
        assert client.zcard(quarantined(client)) == 100
        outcome = await undo(collector, made, control.kept, KeepingControl(stop_after=50))
        assert outcome.words == "stopped by the test; 0 jobs moved back"
        outcome = await undo(collector, made, control.kept)
        assert outcome.count == 100
    assert dead(client) == 250


async def test_refusals_and_offers(valkey_db: str, client: "redis.Redis") -> None:
    bury(client, "nap", 0)
    bury(client, "nap", 0)
    client.sadd("rq:queues", "rq:queue:idle")
    async with watching(valkey_db) as collector:
        action = find(collector, "queues.purge")
        readings = {reading.subject.id.key: reading for reading in (await collector.collect()).readings}
        assert action.unfit(readings[b"mail"]) == ""
        assert action.unfit(readings[b"idle"]) == "no job of this queue is dead or ready"
        assert (await plan(collector, "queues.purge", b"mail", maximum=1)).refusals == (
            "2 jobs are more than the limit of 1: raise the limit",
        )
        assert (await plan(collector, "queues.purge", b"mail", of="ready")).refusals == ("no job is ready",)
        assert (await plan(collector, "queues.purge", b"mail", cut_off=1.0)).refusals == (
            "no dead job may be moved",
        )
        [wrong, *_] = (await plan(collector, "queues.purge", b"mail", of="all")).refusals
        assert wrong == "of = 'all': must be dead or ready"


async def test_each_point_of_death_is_found_out(valkey_db: str, client: "redis.Redis") -> None:
    for of in ("dead", "ready"):
        points = [
            (0, False, Result.FAILED, "nothing was moved: all 150 jobs are where they were"),
            (0, True, Result.FAILED, "100 of 150 jobs moved into quarantine"),
            (1, False, Result.FAILED, "100 of 150 jobs moved into quarantine"),
            (1, True, Result.DONE, "150 of 150 jobs moved into quarantine"),
        ]
        async with watching(valkey_db) as collector:
            for scripts, written, result, words in points:
                client.flushall()
                for _ in range(150):
                    if of == "dead":
                        bury(client, "nap", 0)
                    else:
                        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
                made = await plan(collector, "queues.purge", b"mail", of=of)
                control = KeepingControl()
                await killed(collector, made, control, scripts=scripts, written=written)
                outcome = await reconciled(collector, made, control)
                assert outcome.result is result
                assert outcome.words.startswith(words)
                if outcome.count:
                    assert (await undo(collector, made, control.kept)).count == outcome.count
                    assert (await reconciled(collector, made, control)).result is not Result.DONE
                assert dead(client) + client.llen("rq:queue:mail") == 150


async def test_an_rq_with_a_hash_tag_keeps_it_in_the_name(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("{app}.rq:queues", "{app}.rq:queue:mail")
    client.zadd("{app}.rq:failed:mail", {"a": time.time() - 60 + 31_536_000})
    job: Any = {"data": b"x", "status": "failed", "ended_at": "2020-01-01T00:00:00.000000Z"}
    client.hset("{app}.rq:job:a", mapping=job)
    async with watching(valkey_db, prefix="{app}.rq") as collector:
        outcome = await run(collector, await plan(collector, "queues.purge", b"mail"))
        assert outcome.count == 1
    assert quarantined(client).startswith(b"quarterdeck:quarantine:{app}.rq:mail:")
