"""What others notice of an invalidation, and what is found out when it has ended or was broken off."""

import dataclasses
import threading
from typing import Any

import pytest
import redis

from collectors.action import RefusedError, Result
from collectors.caches.redis.unlinking import BUDGET, LEAST, LONG_REST, MOST, Names, Pace
from collectors.model.caches import CacheReading
from tests.collectors import acting
from tests.collectors.caches.invalidating import DB, ID, Meddling, caching, fill, invalidate
from tests.servers.fixtures import MakeValkey

# what others notice


async def test_the_hit_ratio_stays_that_of_the_others(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=900, user=100)
        client.rpush("frag:list", "v")
        async with caching(valkey_db) as cache:
            await cache.collect()
            for _ in range(30):
                client.get("user:1")
                client.get("user:none")
            await acting.run(cache, await acting.plan(cache, ID, DB, pattern="frag:*"))
            [reading] = (await cache.collect()).readings
        info: Any = client.info("stats")
    assert isinstance(reading, CacheReading)
    assert info["keyspace_hits"] > 900, "what we looked up is too little to show anything"
    assert reading.hit_ratio.value == 0.5


def test_the_pace_yields_to_a_slow_server_and_comes_back() -> None:
    pace = Pace()
    for _ in range(10):
        pace.saw(0.0002, 0.001)
    size, rest = pace.size, pace.rest
    assert pace.slowed == 0
    assert rest == pytest.approx(0.001)
    for _ in range(10):
        pace.saw(0.0002 + 2 * BUDGET, 0.001)
    assert (pace.size, pace.rest, pace.slowed) == (LEAST, LONG_REST, 10)
    assert pace.highest == pytest.approx(0.0002 + 2 * BUDGET)
    for _ in range(60):
        pace.saw(0.0002, 0.001)
    assert pace.size >= size
    assert pace.rest == pytest.approx(rest)
    for _ in range(1000):
        pace.saw(0.0002, 0.001)
    assert pace.size == MOST


async def test_it_slows_down_while_others_make_the_server_wait(make_valkey: MakeValkey) -> None:
    server = make_valkey(["enable-debug-command yes"])
    enough = threading.Event()

    def burden() -> None:
        with redis.Redis.from_url(server.url) as other:
            while not enough.wait(0.001):
                other.execute_command("DEBUG", "SLEEP", "0.015")

    thread = threading.Thread(target=burden)
    control = Meddling(thread.start, at=1)
    with redis.Redis.from_url(server.url) as client:
        fill(client, frag=1500)
        try:
            outcome = await invalidate(server.url, control, pattern="frag:*")
        finally:
            enough.set()
            thread.join()
        assert client.dbsize() == 0
    assert outcome.count == 1500
    assert any("slowed down after" in line for line in outcome.lines)
    assert min(control.steps[1:-1]) < 100


def test_names_that_were_put_in_are_known_and_few_others() -> None:
    kept = Names()
    for number in range(50_000):
        kept.add(b"frag:%d" % number)
    assert all(b"frag:%d" % number in kept for number in range(50_000))
    assert sum(b"other:%d" % number in kept for number in range(50_000)) < 20


# afterwards


async def test_nothing_is_undone(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3)
    async with caching(valkey_db) as cache:
        plan = await acting.plan(cache, ID, DB, pattern="frag:*")
        assert not plan.spec.undoable
        with pytest.raises(RefusedError, match="cannot be undone"):
            await acting.undo(cache, plan, [])


@pytest.mark.parametrize(
    ("left", "result", "count", "words"),
    [
        (0, Result.DONE, 1000, "no key matches any more"),
        (400, Result.FAILED, 600, "broken off, or filled again since: 400 keys still match of 1000 planned"),
        (
            1000,
            Result.UNKNOWN,
            0,
            "1000 keys match, as many as were planned: none went, or they were filled again",
        ),
    ],
)
async def test_what_became_of_a_run_is_found_out_by_reads(
    valkey_db: str, left: int, result: Result, count: int, words: str
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=1000)
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, pattern="frag:*")
            client.delete("frag:none", *(f"frag:{number}" for number in range(left + 1, 1001)))
            fill(client, user=25_000)
            told = await acting.find(cache, ID).reconcile(dataclasses.replace(plan, items=()), [])
        assert client.dbsize() == 25_000 + left
    assert (told.result, told.count, told.words) == (result, count, words)


async def test_what_became_of_one_key(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.set("frag:1", "v")
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, key="frag:1")
            action = acting.find(cache, ID)
            assert (await action.reconcile(plan, [])).result is Result.UNKNOWN
            client.delete("frag:1")
            told = await action.reconcile(plan, [])
    assert (told.result, told.count) == (Result.DONE, 1)
