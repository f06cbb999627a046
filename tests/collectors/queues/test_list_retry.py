"""Dead elements of plain lists go back to their queue, before real workers; a canary goes first."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from collectors.action import Result, Risk, StoppedError
from collectors.queues._fingerprint import fingerprint
from collectors.queues.redis.consumers import count
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.burying import SMTP, bury, job, watch
from tests.collectors.queues.consuming import list_worker
from tests.collectors.queues.looking import everything, is_exact
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until_async


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


# the plan


async def test_the_plan_counts_what_is_meant(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(7)), job(7, "KeyError: 'id'"), b"no json at all")
    before = everything(client)
    async with watch(valkey_db) as collector:
        whole = await plan(collector, "queues.retry", b"mail")
        assert is_exact(whole.count, 9)
        assert whole.level is Risk.DISRUPTIVE
        assert whole.target == "mail"
        assert whole.service == "orders"
        assert len(whole.sample) == 5
        assert whole.sample[0].startswith('{"id": 0')
        assert "taken" in whole.undo
        assert any("not declared idempotent" in warning for warning in whole.warnings)
        assert any("no client waits in a pop" in warning for warning in whole.warnings)
        assert whole.refusals == ()
        assert json.loads(json.dumps(whole.detail)) == whole.detail
        assert whole.hash != (await plan(collector, "queues.retry", b"mail", count="3")).hash
        said: Any
        for said, expected in (
            ({"count": "3"}, 3),
            ({"match": '"id": 4'}, 1),
            ({"error": "KeyError: '…'"}, 1),
            ({"error": fingerprint(SMTP.format(3))}, 7),
            ({"error": "no error kept"}, 1),
        ):
            assert is_exact((await plan(collector, "queues.retry", b"mail", **said)).count, expected), said
    assert everything(client) == before, "a plan is made by reads"


async def test_the_groups_of_the_dead_are_those_of_the_argument(valkey_db: str, client: Any) -> None:
    long = "ValueError: " + "very " * 100
    bury(client, *(job(n) for n in range(3)), job(3, long), job(4, "E: password=hunter2hunter2"))
    async with watch(valkey_db, "m*") as collector:
        [subject] = [reading.subject.id for reading in (await collector.collect()).readings]
        detail = await collector.detail(subject, "dead")
        first = detail.rows[0]
        assert (first[0], first[1].value) == (
            "smtplib.SMTPServerDisconnected: Connection # closed",
            3,
        )
        assert "hunter2" not in str(detail)
        for row in detail.rows:
            made = await plan(collector, "queues.retry", b"mail", error=str(row[0]))
            assert made.count.value == row[1].value, row[0]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"match": "nobody has this"}, "no dead job is meant"),
        ({"count": "many"}, "count = 'many' is no number"),
        ({"canary": "soon"}, "canary = 'soon' is no time"),
        ({"maximum": 2}, "3 jobs are more than the limit of 2"),
    ],
)
async def test_a_plan_that_may_not_run_says_why(valkey_db: str, client: Any, said: Any, words: str) -> None:
    bury(client, job(1), job(2), job(3))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", **said)
        assert any(words in refusal for refusal in made.refusals), made.refusals


async def test_without_a_dead_list_or_a_worker_it_is_refused(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        bury(client, job(1))
    async with watch(server.url, dead="") as collector:
        [reading] = (await collector.collect()).readings
        assert "no option `dead`" in find(collector, "queues.retry").unfit(reading)
        assert "no option `dead`" in (await plan(collector, "queues.retry", b"mail")).refusals[0]
    async with watch(server.url) as collector:
        [reading] = (await collector.collect()).readings
        assert find(collector, "queues.retry").unfit(reading) == ""
        assert find(collector, "queues.purge").unfit(reading) == "", "there are dead ones"
        assert any(
            "no worker would take it" in one
            for one in (await plan(collector, "queues.retry", b"mail")).refusals
        )
        with list_worker(server.url, "mail"):
            await wait_until_async(lambda: blocked(server.url), 15)
            made = await plan(collector, "queues.retry", b"mail")
            assert made.refusals == ()
            assert not any("worker" in warning for warning in made.warnings)


def blocked(url: str) -> int:
    with redis.Redis.from_url(url, client_name="quarterdeck") as client:
        told: Any = client.info("clients")
        return int(told["blocked_clients"])


def test_clients_are_counted_by_what_they_wait_for() -> None:
    ours = "id=1 name=quarterdeck flags=N db=0 cmd=client|list"
    waits = "id=2 name= flags=b db=0 cmd=brpop"
    elsewhere = "id=3 name=x flags=b db=1 cmd=blpop"
    reads = "id=4 name=x flags=b db=0 cmd=xreadgroup"
    replica = "id=5 name=x flags=S db=0 cmd=replconf"
    told = count([ours, waits, elsewhere, reads, replica, ""], 0)
    assert (told.others, told.waiting) == (3, 1)
    assert count([ours, replica], 0).refusal()
    assert count([ours, reads], 0).warning()


async def test_a_reader_who_may_not_list_clients_is_told_so(make_valkey: MakeValkey) -> None:
    server = make_valkey(["user looker on >pw ~* -@all +@read +info +ping -@dangerous +info"])
    with redis.Redis.from_url(server.url) as client:
        bury(client, job(1))
    async with watch(server.url_of(user="looker", password="pw")) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        assert made.refusals == ()
        assert any("may not list clients" in warning for warning in made.warnings)


# the run


@pytest.mark.parametrize("direction", ["lpush-brpop", "rpush-blpop"])
async def test_retried_jobs_are_worked_off(valkey_db: str, client: Any, direction: str) -> None:
    dead = [job(n) for n in range(40)]
    bury(client, *dead, direction=direction)
    async with watch(valkey_db, direction=direction) as collector:
        with list_worker(valkey_db, "mail", left=direction == "rpush-blpop") as done:
            made = await plan(collector, "queues.retry", b"mail", canary="1s")
            control = KeepingControl()
            outcome = await run(collector, made, control)
            await wait_until_async(lambda: len(done) == 40, 15)
    assert outcome.result is Result.DONE
    assert outcome.count == 40
    assert outcome.words == "40 put back into the queue"
    assert [str(line) for line in outcome.lines][:2] == [
        "canary: 1 of 1 jobs went well",
        "canary: 5 of 5 jobs went well",
    ]
    assert done == dead, "the oldest first, as they were"
    assert client.llen("mail:dead") == 0
    assert control.questions == []


async def test_a_thousand_that_fail_again_stop_at_the_canary(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(1000)))
    async with watch(valkey_db) as collector:
        with list_worker(valkey_db, "mail", lambda one: one, dead="mail:dead"):
            made = await plan(collector, "queues.retry", b"mail", canary="5s")
            control = KeepingControl()
            outcome = await run(collector, made, control)
    assert outcome.result is Result.FAILED
    assert outcome.count <= 6
    assert "1 of 1 jobs failed again; 999 were not touched" in outcome.words
    assert client.llen("mail:dead") == 1000
    assert client.lrange("mail:dead", 0, -1)[1:] == [job(n) for n in reversed(range(1, 1000))]


async def test_a_job_that_dies_anew_in_other_bytes_is_known_by_its_error(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(20)))

    def again(element: bytes) -> bytes:
        return json.dumps(json.loads(element) | {"attempt": 2, "error": SMTP.format(99)}).encode()

    async with watch(valkey_db) as collector:
        with list_worker(valkey_db, "mail", again, dead="mail:dead"):
            outcome = await run(collector, await plan(collector, "queues.retry", b"mail", canary="5s"))
    assert outcome.result is Result.FAILED
    assert "failed again" in outcome.words
    assert outcome.count == 1


async def test_a_job_that_names_no_error_is_known_by_its_bytes(valkey_db: str, client: Any) -> None:
    bury(client, *(b"job %d" % n for n in range(20)))
    async with watch(valkey_db) as collector:
        with list_worker(valkey_db, "mail", lambda one: one, dead="mail:dead"):
            outcome = await run(collector, await plan(collector, "queues.retry", b"mail", canary="5s"))
    assert (outcome.result, outcome.count) == (Result.FAILED, 1)
    assert "1 of 1 jobs failed again" in outcome.words


async def test_a_death_of_another_error_leaves_no_verdict(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(20)))
    async with watch(valkey_db) as collector:
        with list_worker(valkey_db, "mail", lambda _: b"something else", dead="mail:dead"):
            control = KeepingControl(answers=[False])
            made = await plan(collector, "queues.retry", b"mail", canary="1s")
            outcome = await run(collector, made, control)
    assert "No verdict" in control.questions[0]
    assert "of an error that tells nothing" in control.questions[0]
    assert "Go on with the other 19?" in control.questions[0]
    assert outcome.result is Result.FAILED
    assert outcome.count == 1


async def test_without_a_verdict_the_operator_is_asked(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(20)))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.1s")
        control = KeepingControl(answers=[False])
        outcome = await run(collector, made, control)
        assert "1 not taken yet" in control.questions[0]
        assert (outcome.result, outcome.count) == (Result.FAILED, 1)
        assert "19 were not touched" in outcome.words
        assert client.llen("mail:dead") == 19
        made = await plan(collector, "queues.retry", b"mail", canary="0.1s")
        control = KeepingControl(answers=[True, True])
        outcome = await run(collector, made, control)
        assert len(control.questions) == 2
        assert (outcome.result, outcome.count) == (Result.DONE, 19)
        assert client.llen("mail") == 20


async def test_failures_among_the_rest_stop_it(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(600)))
    good = {job(n) for n in range(6)}
    async with watch(valkey_db) as collector:
        with list_worker(valkey_db, "mail", lambda one: None if one in good else one, dead="mail:dead"):
            made = await plan(collector, "queues.retry", b"mail", canary="0.1s")
            outcome = await run(collector, made, KeepingControl(answers=[True, True]))
    assert outcome.result is Result.FAILED
    assert "failed again" in outcome.words
    assert 6 < outcome.count < 600


async def test_by_two_operators_at_once_each_is_moved_once(valkey_db: str, client: Any) -> None:
    dead = [job(n) for n in range(120)]
    bury(client, *dead)
    async with watch(valkey_db) as one, watch(valkey_db) as two:
        plans = [await plan(each, "queues.retry", b"mail", canary="0.1s") for each in (one, two)]
        with list_worker(valkey_db, "mail") as done:
            outcomes = await asyncio.gather(
                *(
                    run(each, made, KeepingControl(answers=[True, True]))
                    for each, made in zip((one, two), plans, strict=True)
                )
            )
            await wait_until_async(lambda: len(done) == 120, 15)
    assert sorted(done) == sorted(dead)
    assert sum(outcome.count for outcome in outcomes) == 120
    for outcome in outcomes:
        assert outcome.count + sum(outcome.skipped.values()) == 120


async def test_newer_ones_stay(valkey_db: str, client: Any) -> None:
    bury(client, job(1), job(2), job(3))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        bury(client, job(4))
        outcome = await run(collector, made, KeepingControl(answers=[True]))
        assert outcome.count == 3
        assert client.lrange("mail:dead", 0, -1) == [job(4)]


async def test_the_same_bytes_that_died_again_are_newer(valkey_db: str, client: Any) -> None:
    bury(client, job(1), job(2), job(3))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", match='"id": 1', canary="0.05s")
        client.rpop("mail:dead")
        bury(client, job(1))
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.skipped == {"gone: no longer in the list": 1}
        assert client.llen("mail:dead") == 3
        made = await plan(collector, "queues.retry", b"mail", match='"id": 2', canary="0.05s")
        client.lpop("mail:dead")
        outcome = await run(collector, made)
        assert outcome.count == 0
        assert "plan it anew" in outcome.words


async def test_what_arrives_at_the_other_end_is_not_mistaken(valkey_db: str, client: Any) -> None:
    bury(client, job(1), job(2))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        client.rpush("mail:dead", job(1))
        outcome = await run(collector, made)
        assert outcome.count == 0
        assert outcome.skipped == {"not told apart from newer ones: plan it anew": 2}
        assert "plan it anew" in outcome.words
    async with watch(valkey_db, dead_push="rpush") as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        client.rpush("mail:dead", job(9))
        assert (await run(collector, made, KeepingControl(answers=[True]))).count == 3
        assert client.lrange("mail:dead", 0, -1) == [job(9)]


async def test_stopped_in_the_middle_the_rest_is_untouched(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(100)))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        control = KeepingControl(stop_after=60, answers=[True, True])
        with pytest.raises(StoppedError):
            await run(collector, made, control)
        moved = control.reports[-1][0]
        assert moved == client.llen("mail") == 100 - client.llen("mail:dead")
        assert 6 < moved <= 60
        outcome = await undo(collector, made, control.kept)
        assert outcome.count == moved
        assert client.lrange("mail:dead", 0, -1) == [job(n) for n in reversed(range(100))]


async def test_a_rate_bounds_the_batches(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(30)))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s", rate=4)
        control = KeepingControl(answers=[True, True])
        await run(collector, made, control)
        assert [len(record["elements"]) for record in control.kept] == [1, 5, *[4] * 6]
