"""All of an RQ stops and starts again, by its own switch."""

import time
from typing import Any, cast

import pytest
import redis
from rq import Queue
from rq.suspension import is_suspended, resume, suspend

from collectors.action import Plan, Result, Risk
from tests.collectors.acting import KeepingControl, find, plan, run
from tests.collectors.queues.looking import everything
from tests.collectors.queues.rq.dying import (
    JOBS,
    StartWorker,
    killed,
    reconciled,
    serving,
    watching,
)
from tests.servers.waiting import wait_until


def ran(client: "redis.Redis") -> int:
    return int(cast("Any", client.get("mark")) or 0)


async def pausing(collector: Any, length: str) -> Plan:
    argument: Any = {"for": length}
    return await plan(collector, "queues.pause", b"mail", **argument)


async def test_a_pause_stops_every_queue_and_ends_by_itself(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    mail, letters = Queue("mail", connection=client), Queue("letters", connection=client)
    client.sadd("rq:queues", mail.key, letters.key)
    serving(client, start_worker, queue="mail")
    async with watching(valkey_db, queues=("mail",)) as collector:
        made = await pausing(collector, "8s")
        assert not made.refusals
        assert made.count.value == 2
        assert made.sample == ("letters", "mail"), "also those that are not watched"
        assert "every queue of this RQ stops, not mail alone: letters, mail" in made.warnings
        assert (
            "1 idle worker: RQ lets each take one more job before it stops; burst workers end"
            in made.warnings
        )
        assert made.owed == (
            "queues.resume",
            "all queues of this RQ are paused; it ends by itself after 8 s",
        )
        assert abs(made.detail["until"] - time.time() - 8) < 5, "when nothing is owed any more"
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.DONE, 2)
        assert outcome.words == "2 queues paused for 8 s"
        assert is_suspended(client)
        assert 0 < client.pttl("rq:suspended") <= 8000
        for _ in range(5):
            mail.enqueue(f"{JOBS}.tick", valkey_db, "mark")
        # what the plan says of RQ: the worker that waited takes one
        wait_until(lambda: ran(client) == 1, 10)
        wait_until(lambda: b"suspended" in _states(client), 10, "a worker that has noticed")
        assert ran(client) == 1
        wait_until(lambda: ran(client) == 5, 20, "the end of the pause")
    assert not is_suspended(client)


def _states(client: "redis.Redis") -> list[Any]:
    workers = cast("set[bytes]", client.smembers("rq:workers"))
    return [client.hget(cast("Any", worker), "state") for worker in workers]


async def test_a_pause_touches_nothing_but_the_switch(valkey_db: str, client: "redis.Redis") -> None:
    for _ in range(3):
        Queue("mail", connection=client).enqueue(f"{JOBS}.tick", valkey_db, "mark")
    before = everything(client)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.pause", b"mail")
        await run(collector, made)
        after = everything(client)
        assert after.pop(b"rq:suspended")[0] == b"1"
        assert after == before
        made = await plan(collector, "queues.resume", b"mail")
        assert made.level is Risk.SAFE
        assert made.warnings == (
            "3 ready jobs start at once on 0 live workers",
            "it would end by itself after 15 min",
        )
        outcome = await run(collector, made)
        assert (outcome.result, outcome.words) == (Result.DONE, "1 queue resumed")
        assert everything(client) == before
        outcome = await run(collector, made)
        assert outcome.words == "this RQ was not suspended any more"
        assert outcome.count == 0


async def test_a_suspension_of_somebody_else_is_neither_shortened_nor_hidden(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.pause", b"mail")
        suspend(client)
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.words == "somebody suspended this RQ meanwhile: left as it is"
        assert client.ttl("rq:suspended") == -1
        made = await plan(collector, "queues.pause", b"mail")
        assert made.refusals == ("this RQ is suspended already: resume it first if that is not meant",)
        [reading] = (await collector.collect()).readings
        assert find(collector, "queues.pause").unfit(reading) == "this RQ is suspended already"
        assert find(collector, "queues.resume").unfit(reading) == ""
        made = await plan(collector, "queues.resume", b"mail")
        assert "it has no end of its own" in made.warnings
        resume(client)
        [reading] = (await collector.collect()).readings
        assert find(collector, "queues.pause").unfit(reading) == ""
        assert find(collector, "queues.resume").unfit(reading) == "this RQ is not suspended"
        assert (await plan(collector, "queues.resume", b"mail")).refusals == ("this RQ is not suspended",)


async def test_jobs_that_would_not_survive_the_pause_refuse_it(valkey_db: str, client: "redis.Redis") -> None:
    queue = Queue("letters", connection=client)
    for ttl in (60, 120, 7200, None):
        queue.enqueue(f"{JOBS}.tick", valkey_db, "mark", ttl=ttl)
    client.sadd("rq:queues", "rq:queue:mail")
    lost = "2 ready jobs would be lost: their time to live ends within the pause"
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.pause", b"mail")
        assert made.refusals == (f"{lost}: pause for less, or say lose = yes",)
        assert lost in made.warnings
        made = await plan(collector, "queues.pause", b"mail", lose="yes")
        assert not made.refusals
        assert lost in made.warnings
        assert not (await pausing(collector, "30s")).refusals


@pytest.mark.parametrize("length", ["25h", "0s", "a while"])
async def test_a_pause_has_an_end_of_at_most_a_day(
    valkey_db: str, client: "redis.Redis", length: str
) -> None:
    async with watching(valkey_db) as collector:
        [refusal] = (await pausing(collector, length)).refusals
        assert refusal.startswith(f"for = {length!r}: must be ")


async def test_what_became_of_a_pause_or_a_resume_is_found_out(valkey_db: str, client: "redis.Redis") -> None:
    client.sadd("rq:queues", "rq:queue:mail")
    async with watching(valkey_db) as collector:
        made = await pausing(collector, "1h")
        control = KeepingControl()
        await killed(collector, made, control, scripts=0, written=False)
        outcome = await reconciled(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert (
            outcome.words == "this RQ is not suspended: it never was, or it was resumed, or the pause is over"
        )
        client.set("rq:suspended", 1)
        outcome = await reconciled(collector, made, control)
        assert outcome.words == "this RQ is suspended with another end: by somebody else"
        client.delete("rq:suspended")
        control = KeepingControl()
        await killed(collector, made, control, scripts=0, written=True)
        outcome = await reconciled(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        assert outcome.words.startswith("1 queue paused, for ")
        made = await plan(collector, "queues.resume", b"mail")
        await killed(collector, made, control, scripts=0, written=False)
        assert (await reconciled(collector, made, control)).result is Result.FAILED
        await killed(collector, made, control, scripts=0, written=True)
        assert (await reconciled(collector, made, control)).result is Result.DONE
