"""One dead job is deleted with all that RQ has of it, and put back with every byte."""

from typing import Any, cast

import pytest
import redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job

from collectors.action import RefusedError, Result, Risk
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
    status,
    watching,
)
from tests.servers.waiting import wait_until


def the_same(one: dict[bytes, Any], other: dict[bytes, Any]) -> bool:
    """Every key and byte; the ends of the keys to the half second, as a clock was read for them."""
    return {key: value for key, (value, _end) in one.items()} == {
        key: value for key, (value, _end) in other.items()
    } and all(abs(one[key][1] - other[key][1]) < 500 for key in one)


async def test_a_deleted_job_is_gone_and_undo_puts_every_byte_back(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    other = bury(client, "nap", 0)
    job = bury(client, "tick", valkey_db, "mark", meta={"by": "me"}, group_id="batch")
    client.sadd("rq:group:batch", job, other)
    client.sadd(f"rq:job::{job}:dependencies", "parent")
    before = everything(client)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", ids=job)
        assert made.level is Risk.DESTRUCTIVE
        assert not made.refusals
        assert made.count.value == 1
        [line] = made.sample
        assert "tick(" in line
        assert line.endswith("— ConnectionError: no gateway")
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        with pytest.raises(NoSuchJobError):
            Job.fetch(job, connection=client)
        assert not [key for key in client.scan_iter() if job.encode() in key]
        assert dead(client) == 1
        assert {member.decode() for member in cast("set[bytes]", client.smembers("rq:group:batch"))} == {
            other
        }
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        assert the_same(everything(client), before)
        outcome = await undo(collector, made, control.kept)
        assert outcome.words == "nothing was put back: there is a job of that id again"
        with pytest.raises(RefusedError):
            await undo(collector, made, [])
    # and RQ can run what came back
    Job.fetch(job, connection=client).requeue()
    serving(client, start_worker)
    wait_until(lambda: status(client, job) == "finished", 20)


async def test_what_speaks_against_it_is_said(valkey_db: str, client: "redis.Redis") -> None:
    parent = bury(client, "nap", 0)
    Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0, depends_on=parent)
    ready = Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0)
    lost = bury(client, "nap", 0)
    client.delete(f"rq:job:{lost}")
    large = bury(client, "nap", "x" * 100)
    client.hset(f"rq:job:{large}", "meta", b"x" * 5_000_000)
    again = bury(client, "nap", 0, job_id="again")
    Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0, job_id="again")
    async with watching(valkey_db) as collector:

        async def refusals(ids: str) -> tuple[str, ...]:
            return (await plan(collector, "queues.delete", b"mail", ids=ids)).refusals

        assert await refusals(parent) == ("other jobs depend on it: they would wait for ever",)
        assert await refusals(str(ready.id)) == (
            "no dead job of this queue has that id (RQ calls it queued)",
        )
        assert await refusals(lost) == ("RQ has dropped its data: its place among the failed goes by itself",)
        assert await refusals(large) == ("it is larger than the 4 MiB that undo keeps",)
        assert await refusals(again) == ("it is not dead any more: RQ calls it queued",)
        assert await refusals("a,b") == ("ids: name one job, not 2; queues.purge takes many",)
        assert await refusals("") == ("ids: name one job, not 0; queues.purge takes many",)


async def test_a_job_that_changed_after_the_plan_stays(valkey_db: str, client: "redis.Redis") -> None:
    job = bury(client, "nap", 0)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", ids=job)
        Queue("mail", connection=client).enqueue(f"{JOBS}.nap", 0, depends_on=job)
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.words == "nothing was deleted: refused: other jobs depend on it"
        client.delete(f"rq:job:{job}:dependents")
        Job.fetch(job, connection=client).requeue()
        outcome = await run(collector, made)
        assert outcome.words == "nothing was deleted: not dead any more"
    assert status(client, job) == "queued"


class Meddling(KeepingControl):
    """Somebody changes the job between what is kept and what is written."""

    def __init__(self, change: Any) -> None:
        super().__init__()
        self.change = change

    async def keep(self, record: Any) -> None:
        await super().keep(record)
        self.change(len(self.kept))


async def test_bytes_that_were_not_kept_are_not_deleted(valkey_db: str, client: "redis.Redis") -> None:
    job = bury(client, "nap", 0)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", ids=job)
        control = Meddling(lambda turn: client.hset(f"rq:job:{job}", "meta", f"turn {turn}"))
        outcome = await run(collector, made, control)
        assert outcome.words == "nothing was deleted: changed meanwhile"
        assert client.hget(f"rq:job:{job}", "meta") == b"turn 3"
        control = Meddling(lambda turn: turn == 1 and client.hset(f"rq:job:{job}", "meta", "new"))
        outcome = await run(collector, made, control)
        assert outcome.result is Result.DONE
        await undo(collector, made, control.kept)
    assert client.hget(f"rq:job:{job}", "meta") == b"new"


async def test_what_became_of_it_is_found_out(valkey_db: str, client: "redis.Redis") -> None:
    job = bury(client, "nap", 0)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", ids=job)
        assert find(collector, "queues.delete").spec.undoable
        control = KeepingControl()
        assert (await reconciled(collector, made, control)).words == "it was not begun"
        await killed(collector, made, control, scripts=0, written=False)
        outcome = await reconciled(collector, made, control)
        assert (outcome.result, outcome.words) == (Result.FAILED, "nothing was deleted: the job is there")
        await killed(collector, made, control, scripts=0, written=True)
        outcome = await reconciled(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
