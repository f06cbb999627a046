"""Plain lists as people use them: real pushes and pops, compared with what the collector says."""

import json
import random
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, cast

import pytest
import redis

from collectors.base import Context
from collectors.clock import Clock, SystemClock
from collectors.errors import AccessError, UnreachableError
from collectors.model.quantity import Known, Unit, at_least
from collectors.queues.redis import ListCollector
from collectors.queues.redis.payload import time_of
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


@pytest.fixture
def client(valkey_db: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


def watch(url: str, *keys: str, clock: Clock | None = None, **options: Any) -> Any:
    context = Context(collector="lists", timeout=5, clock=clock or SystemClock())
    return looking(ListCollector, context, url=SecretUrl(url), keys=keys, **options)


def test_its_type_is_found() -> None:
    assert load("queues.redis") is ListCollector


@pytest.mark.parametrize("direction", ["lpush-brpop", "rpush-blpop"])
async def test_ages_and_rates_hold_the_truth_over_random_traffic(
    valkey_db: str, client: "redis.Redis", direction: str
) -> None:
    push, pop = (client.lpush, client.rpop) if direction == "lpush-brpop" else (client.rpush, client.lpop)
    rng, clock = random.Random(7), StepClock()
    pushed: deque[float] = deque()
    exact_rates = 0
    async with watch(valkey_db, "jobs", clock=clock, direction=direction) as collector:
        for turn in range(60):
            came = rng.randrange(6) if turn < 40 else rng.randrange(3)
            left = min(len(pushed), rng.randrange(4) if turn < 40 else rng.randrange(8))
            clock.seconds += 0.5
            for index in range(came):
                push("jobs", f"{turn}:{index}")
                pushed.append(clock.seconds)
            for _ in range(left):
                pop("jobs")
                pushed.popleft()
            clock.seconds += 0.5
            jobs = by_key(await collector.collect())[b"jobs"]
            assert is_exact(jobs.ready, len(pushed))
            age, truth = jobs.oldest_age, clock.seconds - pushed[0] if pushed else 0.0
            if turn and age.known is Known.ABOUT:
                assert abs(value(age) - truth) <= (age.margin or 0) + 1e-6
            else:
                assert value(age) <= truth + 1e-6
            if turn and jobs.drain_rate.known is Known.EXACT:
                exact_rates += 1
                assert (value(jobs.add_rate), value(jobs.drain_rate)) == (came, left)
            elif turn:
                assert value(jobs.add_rate) <= came
                assert value(jobs.drain_rate) <= left
    assert exact_rates > 20, "the watermark was hardly ever found"


async def test_an_age_is_at_least_as_long_as_we_watch(valkey_db: str, client: "redis.Redis") -> None:
    client.lpush("jobs", "old")
    clock = StepClock()
    async with watch(valkey_db, "jobs", clock=clock) as collector:
        first = by_key(await collector.collect())[b"jobs"]
        assert first.oldest_age == at_least(0, Unit.SECONDS)
        assert first.add_rate.known is Known.NEEDS_SAMPLES
        assert first.running.known is first.dead.known is first.workers.known is Known.UNKNOWN
        assert first.paused is None
        clock.seconds += 42
        assert by_key(await collector.collect())[b"jobs"].oldest_age == at_least(42, Unit.SECONDS)


async def test_payloads_that_repeat_blur_the_age_and_do_not_shorten_it(
    valkey_db: str, client: "redis.Redis"
) -> None:
    clock = StepClock()
    async with watch(valkey_db, "jobs", clock=clock) as collector:
        await collector.collect()
        clock.seconds += 10
        client.lpush("jobs", "ping", "ping", "ping")
        await collector.collect()
        clock.seconds += 10
        client.lpush("jobs", "ping")
        jobs = by_key(await collector.collect())[b"jobs"]
        assert is_exact(jobs.ready, 4)
        assert jobs.add_rate.known is jobs.drain_rate.known is Known.AT_LEAST
        assert abs(value(jobs.oldest_age) - 15) <= (jobs.oldest_age.margin or 0)
        client.lpush("jobs", "ping")
        client.rpop("jobs")
        clock.seconds += 10
        jobs = by_key(await collector.collect())[b"jobs"]
        assert jobs.add_rate.known is jobs.drain_rate.known is Known.AT_LEAST, "one came and one left"


@pytest.mark.parametrize(
    "payload",
    [
        {"meta": [{"at": 1e9}]},
        {"meta": [{"at": "1000000000"}]},
        {"meta": [{"at": 1e12}]},
        {"meta": [{"at": "2001-09-09T01:46:40Z"}]},
        {"meta": [{"at": "2001-09-09T03:46:40+02:00"}]},
        {"meta": [{"at": "2001-09-09 01:46:40"}]},
    ],
)
def test_a_time_is_found_in_a_payload(payload: Any) -> None:
    assert time_of(json.dumps(payload).encode(), "meta.0.at") == 1e9


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"at": NaN}',
        b'{"at": 1e999}',
        b'{"at": true}',
        b'{"at": "soon"}',
        b'{"at": {}}',
        b"7",
        b"\xff",
    ],
)
def test_a_payload_without_a_time_has_none(payload: bytes) -> None:
    assert time_of(payload, "at") is None


async def test_a_time_in_the_payload_gives_the_exact_age(valkey_db: str, client: "redis.Redis") -> None:
    client.rpush(
        "jobs", json.dumps({"enqueued_at": time.time() - 120}), json.dumps({"enqueued_at": time.time()})
    )
    async with watch(valkey_db, "jobs", direction="rpush-blpop", time_field="enqueued_at") as collector:
        jobs = by_key(await collector.collect())[b"jobs"]
        assert jobs.oldest_age.known is Known.EXACT
        assert value(jobs.oldest_age) == pytest.approx(120, abs=2)
        client.lpop("jobs")
        client.lpush("jobs", "no json")
        assert by_key(await collector.collect())[b"jobs"].oldest_age.known is not Known.EXACT


async def test_globs_find_lists_only_and_an_empty_list_stays_a_queue(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.rpush("jobs:a", 1)
    client.rpush(b"jobs:\xff\x1b[2J", 1)
    client.set("jobs:text", 1)
    clock = StepClock()
    async with watch(valkey_db, "jobs:*", "named", clock=clock) as collector:
        sweep = await collector.collect()
        assert sweep.complete
        assert set(by_key(sweep)) == {b"jobs:a", b"jobs:\xff\x1b[2J", b"named"}
        assert all(reading.subject.label.isprintable() for reading in sweep.readings)
        client.delete("jobs:a")
        client.rpush("jobs:new", 1)
        clock.seconds += 31
        readings = by_key(await collector.collect())
        assert is_exact(readings[b"jobs:a"].ready, 0)
        assert is_exact(readings[b"jobs:a"].oldest_age, 0)
        assert is_exact(readings[b"jobs:new"].ready, 1)
        clock.seconds += 601
        assert b"jobs:a" not in by_key(await collector.collect()), "empty for ten minutes: gone"
        assert b"named" in by_key(await collector.collect())


async def test_a_key_of_another_type_is_said_to_be_none(valkey_db: str, client: "redis.Redis") -> None:
    client.lpush("jobs", 1)
    async with watch(valkey_db, "jobs") as collector:
        await collector.collect()
        client.set("jobs", "text")
        jobs = by_key(await collector.collect())[b"jobs"]
        assert jobs.ready.known is Known.UNKNOWN
        assert "holds no list" in jobs.note
        client.delete("jobs")
        client.lpush("jobs", 1)
        jobs = by_key(await collector.collect())[b"jobs"]
        assert is_exact(jobs.ready, 1)
        assert jobs.add_rate.known is Known.NEEDS_SAMPLES


async def test_large_elements_are_not_fetched_again_and_again(valkey_db: str, client: "redis.Redis") -> None:
    client.lpush("jobs", *(b"x" * 1_000_000 for _ in range(3)))
    async with watch(valkey_db, "jobs") as collector:
        for _ in range(3):
            sweep = await collector.collect()
            jobs = by_key(sweep)[b"jobs"]
            assert is_exact(jobs.ready, 3)
            assert jobs.oldest_age.known is Known.UNKNOWN
            assert "more than 64 KiB" in jobs.note
            assert sweep.cost.bytes < 10_000
        client.delete("jobs")
        client.lpush("jobs", "small")
        await collector.collect()
        assert by_key(await collector.collect())[b"jobs"].oldest_age.is_known


async def test_a_single_large_element_among_small_ones_is_fetched_once(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.lpush("jobs", *(str(index) for index in range(100)))
    client.lpush("jobs", b"x" * 200_000)
    async with watch(valkey_db, "jobs") as collector:
        await collector.collect()
        assert (await collector.collect()).cost.bytes < 10_000


async def test_looking_changes_nothing_and_sends_no_write(valkey_db: str, client: "redis.Redis") -> None:
    for index in range(20):
        client.lpush("jobs", f"payload {index}")
    client.lpush("other", "x")
    before = everything(client)
    client.config_resetstat()
    async with watch(valkey_db, "jobs", "o*") as collector:
        for _ in range(20):
            await collector.collect()
        assert write_commands(client) == set()
    assert everything(client) == before


async def test_own_look_ups_are_counted_as_the_server_counts_them(
    valkey_db: str, client: "redis.Redis"
) -> None:
    client.lpush("jobs", "a", "b")
    client.config_resetstat()
    async with watch(valkey_db, "jobs", "absent", "j*") as collector:
        for _ in range(5):
            await collector.collect()
        stats: Any = client.info("stats")
        probes = collector._reader.probes
        assert (probes.hits, probes.misses) == (stats["keyspace_hits"], stats["keyspace_misses"])


async def test_without_the_right_to_multi_it_still_reads(make_valkey: MakeValkey) -> None:
    server = make_valkey(["user looker on >pw ~jobs -@all +@read -@dangerous +info +ping"])
    with redis.Redis.from_url(server.url) as client:
        client.lpush("jobs", "a", "b")
        async with watch(server.url_of(user="looker", password="pw"), "jobs") as collector:
            await collector.collect()
            client.lpush("jobs", "c")
            client.config_resetstat()
            assert is_exact(by_key(await collector.collect())[b"jobs"].ready, 3)
            assert "cmdstat_multi" not in cast("Any", client.info("commandstats")), "refused once is enough"
        async with watch(server.url_of(user="looker", password="pw"), "other") as collector:
            with pytest.raises(AccessError):
                await collector.collect()


async def test_a_restart_begins_the_ledger_anew(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        client.lpush("jobs", "a")
        clock = StepClock()
        async with watch(server.url, "jobs", clock=clock) as collector:
            await collector.collect()
            server.kill()
            clock.seconds += 50
            with pytest.raises(UnreachableError):
                await collector.collect()
            server.restart()
            client.lpush("jobs", "a")
            jobs = by_key(await collector.collect())[b"jobs"]
            assert jobs.add_rate.known is Known.NEEDS_SAMPLES
            assert jobs.oldest_age == at_least(0, Unit.SECONDS)
