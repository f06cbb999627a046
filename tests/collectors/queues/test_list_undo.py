"""A retry of a list is taken back byte for byte; one that nobody saw end is found out."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis

from collectors.action import RefusedError, Result
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.burying import HOSTILE, bury, job, lists, watch
from tests.collectors.queues.consuming import dying, from_journal
from tests.servers.fixtures import MakeValkey


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


# undo


@pytest.mark.parametrize("direction", ["lpush-brpop", "rpush-blpop"])
@pytest.mark.parametrize("said", [{}, {"match": "7"}, {"count": "11"}], ids=str)
async def test_undo_puts_every_byte_back(valkey_db: str, client: Any, direction: str, said: Any) -> None:
    bury(client, *(job(n % 20) for n in range(60)), direction=direction)
    client.lpush("mail", "waits", job(7), "waits too")
    client.expire("mail:dead", 3600)
    before = lists(client)
    async with watch(valkey_db, direction=direction) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s", **said)
        control = KeepingControl(answers=[True, True])
        assert (await run(collector, made, control)).count == made.count.value
        assert lists(client) != before
        outcome = await undo(collector, from_journal(made), control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, made.count.value)
        after = lists(client)
        assert {key: told[0] for key, told in after.items()} == {key: told[0] for key, told in before.items()}
        assert abs(after[b"mail:dead"][1] - before[b"mail:dead"][1]) < 5000, "it expires when it would have"
        again = await undo(collector, made, control.kept)
        assert lists(client)[b"mail:dead"][0] == before[b"mail:dead"][0], "a second undo changes nothing"
        assert again.count == outcome.count


async def test_hostile_elements_come_and_go_unharmed(valkey_db: str, client: Any) -> None:
    bury(client, *HOSTILE, *HOSTILE)
    before = lists(client)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        assert all(line.isprintable() for line in made.sample)
        control = KeepingControl(answers=[True, True])
        assert (await run(collector, made, control)).count == 2 * len(HOSTILE)
        assert client.lrange("mail", 0, -1) == [*reversed(HOSTILE), *reversed(HOSTILE)]
        kept = json.loads(json.dumps(control.kept))
        assert (await undo(collector, made, kept)).count == 2 * len(HOSTILE)
        assert lists(client) == before
        for name in ("dead", "items"):
            [reading] = (await collector.collect()).readings
            for row in (await collector.detail(reading.subject.id, name)).rows:
                assert all(cell.isprintable() for cell in row if isinstance(cell, str))


async def test_what_a_worker_took_is_not_put_back(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(10)))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        control = KeepingControl(answers=[True, True])
        await run(collector, made, control)
        taken = [client.rpop("mail") for _ in range(4)]
        bury(client, b"died meanwhile")
        outcome = await undo(collector, made, control.kept)
        assert outcome.count == 6
        assert outcome.skipped == {"taken by a worker meanwhile": 4}
        assert taken == [job(n) for n in range(4)]
        assert client.lrange("mail:dead", 0, -1) == [
            b"died meanwhile",
            *(job(n) for n in reversed(range(4, 10))),
        ]
        assert client.llen("mail") == 0


# after a death


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_what_happened_is_found_out_wherever_it_died(
    valkey_db: str, client: Any, at: int, after: bool
) -> None:
    bury(client, *(job(n) for n in range(100)))
    before = lists(client)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
        control = KeepingControl(answers=[True, True])
        ended = await dying(collector, made, control, at, after=after)
        told = await find(collector, "queues.retry").reconcile(from_journal(made), control.kept)
        truth = client.llen("mail")
        assert ended is None
        assert told.count == truth
        assert told.result is (Result.DONE if truth == 100 else Result.FAILED)
        assert ("before its first write" if not truth else f"{truth} of 100") in told.words
        if truth:
            assert (await undo(collector, from_journal(made), control.kept)).count == truth
        assert lists(client) == before


async def test_a_death_before_anything_was_kept_did_nothing(valkey_db: str, client: Any) -> None:
    bury(client, job(1))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail")
        told = await find(collector, "queues.retry").reconcile(from_journal(made), [])
        assert (told.result, told.count) == (Result.FAILED, 0)
        other = from_journal(await plan(collector, "queues.retry", b"mail", cut_off=time.time() - 30 * 86400))
        assert (await find(collector, "queues.retry").reconcile(other, [])).result is Result.UNKNOWN


async def test_notes_that_were_evicted_leave_it_unknown(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        bury(client, *(job(n) for n in range(100)))
        async with watch(server.url) as collector:
            made = await plan(collector, "queues.retry", b"mail", canary="50ms")
            control = KeepingControl(answers=[True, True])
            assert await dying(collector, made, control, 4, after=True) is None
            retry, kept = find(collector, "queues.retry"), control.kept
            [notes] = client.keys("quarterdeck:run:*")
            client.hdel(notes, "2")
            told = await retry.reconcile(from_journal(made), kept)
            assert (told.result, told.count) == (Result.UNKNOWN, 100 - 5)
            client.config_set("maxmemory-policy", "volatile-random")
            client.config_set("maxmemory", "1")
            with pytest.raises(redis.exceptions.ResponseError):
                client.set("x", "y")
            client.config_set("maxmemory", "0")
            assert client.keys("quarterdeck:run:*") == []
            told = await retry.reconcile(from_journal(made), kept)
            assert (told.result, told.count) == (Result.UNKNOWN, 0)
            assert "notes are gone" in told.words
            with pytest.raises(RefusedError, match="no notes"):
                await undo(collector, made, kept)


async def test_another_server_knows_nothing_of_it(valkey_db: str, client: Any) -> None:
    bury(client, job(1))
    async with watch(valkey_db) as collector:
        made = replace(await plan(collector, "queues.retry", b"mail"), server="another master", items=())
        assert (await find(collector, "queues.retry").reconcile(made, [])).result is Result.UNKNOWN


async def test_where_most_are_gone_it_looks_further_at_once(valkey_db: str, client: Any) -> None:
    bury(client, *(job(n) for n in range(500)))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", b"mail", canary="50ms")
        for _ in range(480):
            client.rpop("mail:dead")
        control = KeepingControl(answers=[True, True])
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 20)
        assert outcome.skipped == {"gone: no longer in the list": 480}
        assert client.llen("mail") == 20
        assert len(control.kept) < 30
        assert "0 of 1 jobs went well, 1 not taken yet. Go on with the other" in control.questions[0]
        told = await find(collector, "queues.retry").reconcile(from_journal(made), control.kept)
        assert (told.result, told.count) == (Result.DONE, 20)
        assert (await undo(collector, made, control.kept)).count == 20
        assert client.lrange("mail:dead", 0, -1) == [job(n) for n in reversed(range(480, 500))]


async def test_a_server_without_memory_loses_nothing(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        bury(client, *(job(n) for n in range(10)))
        before = lists(client)
        async with watch(server.url) as collector:
            made = await plan(collector, "queues.retry", b"mail", canary="0.05s")
            client.config_set("maxmemory", "1")
            with pytest.raises(Exception, match="out of memory"):
                await run(collector, made)
            client.config_set("maxmemory", "0")
        assert lists(client) == before
