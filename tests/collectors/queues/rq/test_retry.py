"""Dead jobs are run again by a real worker, carefully."""

import asyncio
import itertools
import os
import time
from functools import partial
from typing import Any, cast

import redis
from rq import Queue, Retry

from collectors.action import Result, StoppedError
from collectors.model.quantity import Known
from collectors.queues.rq import RqCollector
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.rq.dying import (
    JOBS,
    StartWorker,
    bury,
    dead,
    killed,
    of_jobs,
    reconciled,
    serving,
    status,
    watching,
)
from tests.servers.waiting import wait_until, wait_until_async


def marks(client: "redis.Redis", key: str = "mark") -> int:
    return int(cast("Any", client.get(key)) or 0)


def settled(client: "redis.Redis", job: str) -> bool:
    return status(client, job) not in {"queued", "started"}


async def test_a_retried_job_is_run_by_a_real_worker_and_finishes(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    job = bury(client, "tick", valkey_db, "mark")
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        assert (made.count.value, made.count.known) == (1, Known.EXACT)
        assert not made.refusals
        assert made.undo == ""
        [line] = made.sample
        assert line.startswith(f"{JOBS}.tick(")
        assert line.endswith("— ConnectionError: no gateway")
        assert made.items == (job.encode(),)
        outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.DONE, 1)
    assert outcome.words == "1 of 1 job retried"
    assert outcome.lines == ("of those that were watched: 1 finished", "now: 1 finished")
    assert marks(client) == 1
    assert status(client, job) == "finished"
    assert dead(client) == 0


async def test_with_a_thousand_of_one_bad_error_the_first_stops_it(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    client.set("gateway", "down")
    jobs = [bury(client, "picky", valkey_db, "gateway", "mark", ago=index + 1) for index in range(1000)]
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        assert made.count.value == 1000
        before = of_jobs(client, jobs)
        outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.FAILED, 1)
    assert outcome.words == (
        "1 of the first 1 failed again: ConnectionError: no gateway at #.#; "
        "1 of 1,000 jobs retried, 999 untouched"
    )
    after = of_jobs(client, jobs)
    assert sum(before[job] == after[job] for job in jobs) == 999
    assert dead(client) == 1000
    assert client.zcard("rq:scheduled:mail") == 0


async def test_the_rest_goes_through_rqs_own_scheduler_spread_over_time(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for index in range(30):
        bury(client, "tick", valkey_db, f"mark-{index}", ago=100 - index)
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db, idempotent=("tests.*.tick",)) as collector:
        made = await plan(collector, "queues.retry", b"mail", rate=8, delay="2s")
        assert made.undo == "24 jobs can be moved back until due: the first for 2 s, the last for 5 s"
        assert "the first 6 run at once and cannot be taken back" in made.warnings
        assert not any("idempotent" in line for line in made.warnings)
        control = KeepingControl()
        started = time.time()
        running = asyncio.create_task(run(collector, made, control))
        await wait_until_async(lambda: client.zcard("rq:scheduled:mail") == 24, 30)
        dues: Any = client.zrange("rq:scheduled:mail", 0, -1, withscores=True)
        outcome = await running
    scores = [due for _job, due in dues]
    assert scores[0] >= started + 2
    gaps = [later - earlier for earlier, later in itertools.pairwise(scores)]
    assert all(0 <= gap <= 2 / 8 for gap in gaps)
    assert len(set(gaps)) > 12, "with jitter"
    assert (outcome.result, outcome.count) == (Result.DONE, 30)
    assert [marks(client, f"mark-{index}") for index in range(30)] == [1] * 30
    assert outcome.lines == ("of those that were watched: 30 finished", "now: 30 finished")
    assert control.reports[-1][0] == 30


async def test_undo_before_they_are_due_puts_every_byte_back(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    jobs = [bury(client, "tick", valkey_db, "mark", ago=index + 1, meta={"n": index}) for index in range(20)]
    client.hdel(f"rq:job:{jobs[3]}", "started_at")
    client.zadd("rq:failed:mail", {jobs[4]: 1.8e9 + 0.123456789})
    client.persist(f"rq:job:{jobs[5]}")
    before = of_jobs(client, jobs)
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", delay="10m")
        control = KeepingControl()
        running = asyncio.create_task(run(collector, made, control))
        await wait_until_async(lambda: client.zcard("rq:scheduled:mail") == 14, 30)
        # the console is gone: nobody moves anything back
        running.cancel()
        found = await reconciled(collector, made, control)
        assert (found.result, found.count) == (Result.DONE, 20)
        assert found.words == (
            "20 of 20 jobs retried (6 finished, 14 scheduled); what is scheduled can still be moved back"
        )
        middle = of_jobs(client, jobs)
        outcome = await undo(collector, made, control.kept)
        again = await undo(collector, made, control.kept)
    assert (outcome.result, outcome.count) == (Result.DONE, 14)
    assert (
        outcome.words
        == "14 of 14 scheduled jobs moved back among the dead; 6 had gone into the queue at once"
    )
    after = of_jobs(client, jobs)
    changed = [job for job in jobs if middle[job] != before[job]]
    assert len(changed) == 20
    assert sum(after[job] == before[job] for job in jobs) == 14
    assert marks(client) == 6
    assert client.zcard("rq:scheduled:mail") == 0
    assert (again.result, again.count, dict(again.skipped)) == (Result.FAILED, 0, {"never taken": 14})


async def test_what_is_due_is_not_taken_back(valkey_db: str, client: "redis.Redis") -> None:
    jobs = [bury(client, "tick", valkey_db, "mark") for _ in range(8)]
    client.set("rq:scheduler-lock:mail", "somebody", ex=60)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", delay="0s", rate=2, canary="1s")
        control = KeepingControl(answers=[True, True])
        await killed(collector, made, control, scripts=2, written=True)
        assert client.zcard("rq:scheduled:mail") == 2
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, dict(outcome.skipped)) == (Result.FAILED, {"due now": 2})
        assert client.zcard("rq:scheduled:mail") == 2
        client.delete("rq:scheduler-lock:mail")
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 2), "nobody moves them"
    assert dead(client) == 2
    assert client.llen("rq:queue:mail") == 6
    assert len(jobs) == 8


class StoppedWhile(KeepingControl):
    """Stops once a condition holds."""

    def __init__(self, condition: Any) -> None:
        super().__init__()
        self.condition = condition

    async def pause(self, seconds: float) -> None:
        if self.condition():
            raise StoppedError("stopped by the operator")
        await asyncio.sleep(min(seconds, 0.1))


async def test_a_stop_in_the_middle_leaves_what_the_outcome_tells(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    jobs = [bury(client, "tick", valkey_db, f"mark-{index}", ago=index + 1) for index in range(60)]
    before = of_jobs(client, jobs)
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", rate=5, delay="1s")
        control = StoppedWhile(lambda: 0 < client.zcard("rq:scheduled:mail") < 50)
        outcome = await run(collector, made, control)
        assert outcome.result is Result.FAILED
        retried, back = outcome.count, 60 - outcome.count
        assert 10 <= retried < 60
        assert outcome.words == (
            f"stopped by the operator; {retried} of 60 jobs retried, {back} moved back before they were due"
        )
        wait_until(lambda: sum(marks(client, f"mark-{index}") for index in range(60)) == retried, 30)
    after = of_jobs(client, jobs)
    assert sum(before[job] == after[job] for job in jobs) == back == dead(client)
    assert client.zcard("rq:scheduled:mail") == 0
    assert all(marks(client, f"mark-{index}") <= 1 for index in range(60))


async def test_a_stop_among_the_first_and_in_the_drip(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for index in range(20):
        bury(client, "tick", valkey_db, "mark", ago=index + 1)
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        for stop, retried in ((0, 0), (3, 1), (12, 12)):
            left = dead(client)
            made = await plan(collector, "queues.retry", b"mail", rate=4)
            outcome = await run(collector, made, KeepingControl(stop_after=stop))
            assert outcome.words == (
                f"stopped by the test; {retried} of {left} jobs retried, {left - retried} untouched"
            )
            assert outcome.count == retried
            assert dead(client) == left - retried
    wait_until(lambda: marks(client) == 13, 30)


async def test_without_a_scheduler_the_rest_drips_into_the_queue(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for index in range(12):
        bury(client, "tick", valkey_db, "mark", ago=index + 1)
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        assert made.undo == ""
        assert (
            "no worker runs RQ's scheduler: they go into the queue at once and cannot be taken back"
            in made.warnings
        )
        assert "the rest is spread over 1.2 s at 5/s" in made.warnings
        started = time.monotonic()
        outcome = await run(collector, made)
        assert time.monotonic() - started >= 1.2, "at its own rate where none was given"
    assert (outcome.result, outcome.count) == (Result.DONE, 12)
    assert marks(client) == 12


async def test_two_operators_at_once_run_it_once(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for index in range(40):
        bury(client, "tick", valkey_db, f"mark-{index}", ago=index + 1)
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as one, watching(valkey_db) as other:
        plans = [await plan(each, "queues.retry", b"mail", rate=50, delay="0s") for each in (one, other)]
        assert plans[0].items == plans[1].items
        outcomes = await asyncio.gather(run(one, plans[0]), run(other, plans[1]))
    assert sum(outcome.count for outcome in outcomes) == 40
    assert sum(sum(outcome.skipped.values()) for outcome in outcomes) == 40
    assert [marks(client, f"mark-{index}") for index in range(40)] == [1] * 40
    assert dead(client) == 0


# refusals


async def test_it_is_refused_without_a_live_worker_and_while_suspended(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    bury(client, "tick", valkey_db, "mark")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        assert made.refusals == (
            "no live worker serves this queue: a retried job would only wait; start a worker",
        )
        serving(client, start_worker)
        client.set("rq:suspended", 1)
        made = await plan(collector, "queues.retry", b"mail")
        assert made.refusals == ("RQ is suspended: nothing would run; resume it first",)
        client.delete("rq:suspended")
        assert not (await plan(collector, "queues.retry", b"mail")).refusals


async def test_a_killed_worker_is_none(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    bury(client, "tick", valkey_db, "mark")
    worker = start_worker("mail")
    async with watching(valkey_db) as collector:

        async def refused() -> bool:
            return bool((await plan(collector, "queues.retry", b"mail")).refusals)

        async def accepted() -> bool:
            return not await refused()

        await wait_until_async(accepted, 30)
        worker.kill()
        worker.wait(10)
        await wait_until_async(refused, 30)
        assert client.scard("rq:workers") == 1, "RQ still lists it"


async def test_limits_and_bad_arguments_are_refused_in_words(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for _ in range(3):
        bury(client, "tick", valkey_db, "mark")
    serving(client, start_worker)
    async with watching(valkey_db) as collector:

        async def refusals(**more: Any) -> tuple[str, ...]:
            return (await plan(collector, "queues.retry", b"mail", **more)).refusals

        [line] = await refusals(maximum=2)
        assert line.startswith("3 jobs are more than the limit of 2: name ids")
        assert await refusals(error="OSError") == ("no dead job fits",)
        assert await refusals(ids="nobody") == ("no dead job that fits may be retried",)
        [line] = await refusals(canary="soon")
        assert line == 'canary = \'soon\': must be a duration such as "5s", "1m30s" or "500ms"'
        assert await refusals(delay="5h") == ("delay = '5h': must be from 0 s to 1 h",)
        assert await refusals(rate=0.0001) == (
            "this would last longer than 2 h: take fewer or raise the rate",
        )


# what is taken, and what is left out


async def test_groups_texts_and_ids_choose(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    smtp = [bury(client, "tick", valkey_db, "a", error=f"SMTPError: host {n} is down") for n in range(3)]
    other = bury(client, "nap", 7, error="ValueError: bad 'address'")
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        assert isinstance(collector, RqCollector)
        rows = (await collector.detail(_subject(collector), "dead")).rows
        assert [str(row[0]) for row in rows] == ["SMTPError: host # is down", "ValueError: bad '…'"]

        async def chosen(**more: Any) -> set[str]:
            return {job.decode() for job in (await plan(collector, "queues.retry", b"mail", **more)).items}

        assert await chosen(error=str(rows[0][0])) == set(smtp)
        assert await chosen(error=str(rows[1][0])) == {other}
        assert await chosen(match="BAD 'ADDRESS'") == {other}
        assert await chosen(match="rq_worker.nap(7") == {other}
        assert await chosen(match="line 7") == set(), "a place in the code is no error"
        assert await chosen(ids=f" {smtp[1]}, {other},") == {smtp[1], other}
        assert await chosen(ids=f"{smtp[1]},{other}", match="smtp") == {smtp[1]}
        assert await chosen() == {*smtp, other}


def _subject(collector: Any, key: bytes = b"mail") -> Any:
    from collectors.model.subject import SubjectId

    return SubjectId(collector.practice, collector.context.collector, collector.context.instance, key)


async def test_tracebacks_larger_than_one_answer_are_read_in_parts(
    valkey_db: str, client: "redis.Redis"
) -> None:
    for index in range(20):
        noise = os.urandom(500_000).hex()
        bury(client, "nap", 0, ago=index + 1, error=f"{noise}\nOSError: {index} x")
    bury(client, "nap", 0, error="ValueError: y")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", error="OSError: # x")
    assert made.count.value == 20


async def test_each_job_that_may_not_run_is_left_out_and_counted(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    good = bury(client, "tick", valkey_db, "mark")
    limited = bury(client, "tick", valkey_db, "mark")
    client.hset(f"rq:job:{limited}", mapping={"rate_limit_key": "mail", "rate_limit_concurrency": 1})
    lost = bury(client, "tick", valkey_db, "mark")
    client.delete(f"rq:job:{lost}")
    broken = bury(client, "tick", valkey_db, "mark")
    client.hdel(f"rq:job:{broken}", "data")
    moved = bury(client, "tick", valkey_db, "mark")
    client.hset(f"rq:job:{moved}", "origin", "letters")
    # the application enqueued it again under its id, and RQ leaves it among the failed
    again = bury(client, "hold", valkey_db, "gate", job_id="again")
    Queue("elsewhere", connection=client).enqueue(f"{JOBS}.nap", 0, job_id="again")
    timeless = bury(client, "tick", valkey_db, "mark", failure_ttl=-1)
    client.hdel(f"rq:job:{timeless}", "ended_at")
    abandoned = bury(client, "tick", valkey_db, "mark")
    client.hset(f"rq:job:{abandoned}", "ended_at", "")
    cut = time.time()
    client.zadd("rq:failed:mail", {abandoned: cut - 60 + 31_536_000})
    new = bury(client, "tick", valkey_db, "mark", ago=-5)
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", cut_off=cut)
        assert {job.decode() for job in made.items} == {good, abandoned}
        [line] = [line for line in made.warnings if line.startswith("left out: ")]
        assert set(line.removeprefix("left out: ").split(", ")) == {
            "1 rate limited: RQ must give it a slot",
            "2 without data: RQ has dropped it",
            "1 of another queue",
            "1 not dead any more (queued)",
            "1 without a time of failure: name it by its id",
            "1 newer than this plan",
        }
        named = await plan(collector, "queues.retry", b"mail", ids=f"{timeless},{new},{again}", cut_off=cut)
        assert {job.decode() for job in named.items} == {timeless}
        outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.DONE, 2)
    assert dead(client) == 7


async def test_what_changed_after_the_plan_is_skipped_and_told(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    jobs = [bury(client, "tick", valkey_db, "mark", ago=60 + index) for index in range(5)]
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        client.zrem("rq:failed:mail", jobs[0])
        client.delete(f"rq:job:{jobs[1]}")
        client.hset(f"rq:job:{jobs[2]}", "rate_limit_key", "slow")
        client.hset(f"rq:job:{jobs[3]}", "ended_at", "2999-01-01T00:00:00.000000Z")
        outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.DONE, 1)
    assert outcome.words == "1 of 5 jobs retried, 4 skipped"
    assert outcome.skipped == {
        "not dead any more": 2,
        "refused: rate limited": 1,
        "failed again meanwhile": 1,
    }
    assert marks(client) == 1


async def test_a_job_whose_data_would_expire_before_its_time_is_not_scheduled(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    jobs = [bury(client, "tick", valkey_db, "mark", ago=60 - index) for index in range(8)]
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", delay="1s", rate=50)
        client.expire(f"rq:job:{made.items[-1].decode()}", 50)
        outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.DONE, 7)
    assert outcome.skipped == {"refused: its data expires before its time": 1}
    assert dead(client) == 1
    assert len(jobs) == 8


async def test_functions_that_are_not_declared_idempotent_are_named(
    valkey_db: str, client: "redis.Redis"
) -> None:
    bury(client, "tick", valkey_db, "mark")
    bury(client, "nap", 0)
    bury(client, "nap", 0, description="send the mail")
    async with watching(valkey_db, idempotent=("*.tick",)) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        [line] = [line for line in made.warnings if "idempotent" in line]
        assert line.startswith("2 jobs not declared idempotent (")
        assert f"{JOBS}.nap" in line
        assert "send the mail" in line
        assert "tick" not in line


# verdicts


async def test_a_job_that_rq_reschedules_has_failed(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for seconds in (0, 3600):
        job = bury(client, "boom", "x", retry=Retry(max=2, interval=seconds))
        bury(client, "tick", valkey_db, "mark", error="Other: error", ago=1)
        serving(client, start_worker)
        async with watching(valkey_db) as collector:
            made = await plan(collector, "queues.retry", b"mail", ids=job)
            outcome = await run(collector, made)
        assert outcome.result is Result.FAILED
        # without an interval RQ runs it to its bitter end within a moment
        assert outcome.words.startswith("1 of the first 1 failed again: ")
        assert seconds == 0 or "RQ scheduled it again after it failed" in outcome.words


async def test_no_verdict_in_time_asks_and_only_a_yes_goes_on(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    for index in range(4):
        bury(client, "hold", valkey_db, "gate", ago=60 - index)
    serving(client, start_worker)
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="2s")
        control = KeepingControl(answers=[False])
        outcome = await run(collector, made, control)
        assert control.questions == ["no verdict on the first 1 within 2 s (1 running): go on?"]
        assert (outcome.result, outcome.count) == (Result.FAILED, 1)
        assert outcome.words == (
            "no verdict on the first 1 within 2 s (1 running); 1 of 4 jobs retried, 3 untouched"
        )
        made = await plan(collector, "queues.retry", b"mail", canary="2s")
        control = KeepingControl(answers=[True])
        outcome = await run(collector, made, control)
        assert control.questions == ["no verdict on the first 1 within 2 s (1 waiting in the queue): go on?"]
        assert (outcome.result, outcome.count) == (Result.DONE, 3)
        assert outcome.lines[0] == "without a verdict: 3 waiting in the queue"
    client.rpush("gate", *range(4))


async def test_a_failure_that_repeats_among_the_rest_moves_back_what_is_not_due(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    jobs = [bury(client, "picky", valkey_db, "gateway", "mark", ago=index + 1) for index in range(100)]
    before = of_jobs(client, jobs)
    serving(client, start_worker, "scheduler")
    async with watching(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", rate=5, delay="1s")
        running = asyncio.create_task(run(collector, made))
        await wait_until_async(lambda: client.zcard("rq:scheduled:mail") == 94, 30)
        client.set("gateway", "down")
        outcome = await running
    assert outcome.result is Result.FAILED
    assert outcome.words.startswith("the failure repeats: ConnectionError: no gateway at #.#; ")
    assert outcome.count < 60
    assert f"{100 - outcome.count} moved back before they were due" in outcome.words
    wait_until(lambda: client.zcard("rq:scheduled:mail") == 0, 30, "what was due when it ended")
    after = of_jobs(client, jobs)
    assert sum(before[job] == after[job] for job in jobs) == 100 - outcome.count


async def test_a_suspension_or_the_loss_of_the_scheduler_ends_it(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    serving(client, start_worker)
    client.set("rq:scheduler-lock:mail", "somebody")
    async with watching(valkey_db) as collector:
        for change, words in (
            (lambda: client.delete("rq:scheduler-lock:mail"), "no worker runs the scheduler any more"),
            (lambda: client.set("rq:suspended", 1), "RQ was suspended meanwhile"),
        ):
            for index in range(16):
                bury(client, "tick", valkey_db, "mark", ago=index + 1)
            made = await plan(collector, "queues.retry", b"mail", delay="1m")
            running = asyncio.create_task(run(collector, made))
            await wait_until_async(lambda: client.zcard("rq:scheduled:mail") == 10, 30)
            change()
            outcome = await running
            assert outcome.words == f"{words}; 6 of 16 jobs retried, 10 moved back before they were due"
            assert dead(client) == 10
            client.delete("rq:failed:mail")
            client.set("rq:scheduler-lock:mail", "somebody")
        client.delete("rq:scheduler-lock:mail")
        bury(client, "tick", valkey_db, "mark")
        made = await plan(collector, "queues.retry", b"mail")
        client.delete("rq:suspended")
        assert made.refusals == ("RQ is suspended: nothing would run; resume it first",)


# the console dies


async def test_at_each_point_of_death_the_next_start_finds_out(
    valkey_db: str, client: "redis.Redis", start_worker: StartWorker
) -> None:
    serving(client, start_worker)
    client.set("rq:scheduler-lock:mail", "somebody")
    points = [
        (0, False, "nothing was retried: all 9 jobs are as they were"),
        (0, True, "1 of 9 jobs retried (1 finished), 8 untouched"),
        (1, False, "1 of 9 jobs retried (1 finished), 8 untouched"),
        (1, True, "6 of 9 jobs retried (6 finished), 3 untouched"),
        (2, False, "6 of 9 jobs retried (6 finished), 3 untouched"),
        (
            2,
            True,
            "9 of 9 jobs retried (6 finished, 3 scheduled); what is scheduled can still be moved back",
        ),
    ]
    async with watching(valkey_db) as collector:
        for scripts, written, words in points:
            client.delete("rq:failed:mail", "rq:scheduled:mail")
            for index in range(9):
                bury(client, "tick", valkey_db, "mark", ago=index + 1)
            made = await plan(collector, "queues.retry", b"mail", delay="5m")
            control = KeepingControl()
            await killed(collector, made, control, scripts=scripts, written=written)
            jobs = [job.decode() for job in made.items]
            for job in jobs:
                wait_until(partial(settled, client, job), 20)
            outcome = await reconciled(collector, made, control)
            assert outcome.words == words
            assert (outcome.result is Result.DONE) == words.startswith("9 of 9")
            assert outcome.count == 9 - dead(client)


async def test_a_queue_without_dead_jobs_is_not_offered_a_retry(
    valkey_db: str, client: "redis.Redis"
) -> None:
    bury(client, "nap", 0)
    Queue("idle", connection=client).enqueue(f"{JOBS}.nap", 0)
    async with watching(valkey_db) as collector:
        readings = {reading.subject.id.key: reading for reading in (await collector.collect()).readings}
        action = find(collector, "queues.retry")
        assert action.unfit(readings[b"mail"]) == ""
        assert action.unfit(readings[b"idle"]) == "no job of this queue is dead"
