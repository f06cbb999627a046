"""What an invalidation would hit: counted or estimated, shown, refused; nothing is written meanwhile."""

import json
from typing import Any

import pytest
import redis

from collectors.action import Hands, Plan, Risk
from collectors.base import Collector
from collectors.caches.redis.invalidate import Invalidate
from collectors.model.quantity import Known, exact
from collectors.text import is_hostile
from collectors.transport.write import open_hands
from tests.collectors import acting
from tests.collectors.caches.invalidating import DB, HOSTILE, ID, caching, fill, names
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until


async def planned(url: str, **arguments: Any) -> Plan:
    async with caching(url) as cache:
        return await acting.plan(cache, ID, DB, **arguments)


async def hands_of(cache: Collector[Any]) -> Hands:
    return await open_hands("redis", cache)


def refusal(plan: Plan) -> str:
    [told] = plan.refusals
    return str(told)


# one key


async def test_one_key_is_shown_with_its_type_size_and_time(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.set("frag:home", "x" * 1500, ex=240)
        plan = await planned(valkey_db, key="frag:home")
        size = client.memory_usage("frag:home")
    assert (plan.count, plan.level, plan.refusals, plan.items) == (
        exact(1),
        Risk.DISRUPTIVE,
        (),
        (b"frag:home",),
    )
    [line] = plan.sample
    assert line == f"frag:home: string, {size / 1024:.1f} KiB, expires in 4 min"
    assert plan.target.endswith("db0: the key frag:home")
    assert plan.service == "catalog"
    assert "cannot be undone" in plan.warnings[0]
    assert plan.undo == ""


async def test_a_key_that_is_not_there_is_refused(valkey_db: str) -> None:
    assert refusal(await planned(valkey_db, key="frag:gone")) == "there is no such key"


@pytest.mark.parametrize("key", HOSTILE)
async def test_a_hostile_name_is_exactly_one_key_and_shown_harmlessly(valkey_db: str, key: bytes) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset(dict.fromkeys(HOSTILE, "v"))
        quoted = '"' + "".join(f"\\x{code:02x}" for code in key) + '"'
        plan = await planned(valkey_db, key=quoted)
    assert plan.items == (key,)
    assert plan.count == exact(1)
    for text in (plan.target, *plan.sample, *plan.warnings):
        assert not is_hostile(text)
        assert "\x1b" not in text
    json.dumps(plan.detail)
    assert len(plan.hash) == 64


@pytest.mark.parametrize("key", ["rq:queues", "unacked", "bull:mail:1", "quarterdeck:lease:x"])
async def test_a_key_of_a_queue_library_is_refused(valkey_db: str, key: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.set(key, "v")
    assert "not a cached value" in refusal(await planned(valkey_db, key=key))


async def test_a_list_under_a_doubtful_name_is_a_queue_and_a_string_is_none(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("queue:mail", "job")
        client.set("queue:length", "3")
        client.rpush("feed:1", "item")
    assert "a list, is a key of Sidekiq" in refusal(await planned(valkey_db, key="queue:mail"))
    assert (await planned(valkey_db, key="queue:length")).refusals == ()
    feed = await planned(valkey_db, key="feed:1")
    assert feed.refusals == ()
    assert "as queues are" in feed.warnings[1]


# patterns


async def test_a_small_database_is_counted_exactly(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=2345, user=5000)
        plan = await planned(valkey_db, pattern="frag:*")
        assert (plan.count, plan.level, plan.refusals) == (exact(2345), Risk.DESTRUCTIVE, ())
        assert len(plan.sample) == 5
        assert all(line.startswith("frag:") and "never expires" in line for line in plan.sample)
        assert not any("estimated" in line for line in plan.warnings)
        assert (await planned(valkey_db, pattern="frag:1?")).count == exact(10)
        assert (await planned(valkey_db, pattern="*er:[12]00")).count == exact(2)


async def test_a_large_database_is_sampled_and_the_margin_holds_the_truth(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=9_000, user=21_000)
        client.config_resetstat()
        plan = await planned(valkey_db, pattern="frag:*")
        info: Any = client.info("stats")
    assert plan.count.known is Known.ABOUT
    assert plan.count.value
    assert plan.count.margin
    assert 200 < plan.count.margin < 600
    # five standard deviations: once in a million runs
    assert plan.count.value == pytest.approx(9_000, abs=2.55 * plan.count.margin)
    assert plan.detail["most"] == plan.count.value + plan.count.margin
    assert any("estimated from 5000 random keys of 30000" in line for line in plan.warnings)
    assert len(plan.sample) == 5
    assert info["keyspace_hits"] + info["keyspace_misses"] < 1100, "types of 1,000 keys and times of 5"


async def test_what_is_too_rare_to_be_drawn_is_found_by_a_walk_and_bounded(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, user=30_000)
        client.set("frag:only", "v")
        plan = await planned(valkey_db, pattern="frag:*")
    assert plan.count.known is Known.ABOUT
    assert plan.count.margin
    assert (plan.count.value or 0) + plan.count.margin >= 1
    assert [line.partition(": ")[0] for line in plan.sample] == ["frag:only"]


async def test_planning_writes_nothing(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=300)
        client.config_resetstat()
        await planned(valkey_db, pattern="frag:*")
        await planned(valkey_db, key="frag:1")
        stats: Any = client.info("commandstats")
        told = {name.removeprefix("cmdstat_") for name in stats}
        assert told <= {
            "config|resetstat", "client|setname", "client|no-touch", "info", "dbsize", "scan", "type",
            "memory|usage", "pttl", "hello", "client|setinfo", "select",
        }  # fmt: skip
        assert len(names(client)) == 300


async def test_a_version_of_djangos_keys(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, **{":1:page": 7, ":2:page": 9, "shop:1:page": 11, "s*p:1:page": 13, ":12:page": 1})
        counts = {
            said: (await planned(valkey_db, django=said)).count.value
            for said in (":1", ":2", "shop:1", "s*p:1")
        }
    assert counts == {":1": 7, ":2": 9, "shop:1": 11, "s*p:1": 13}
    for said in ("1", "shop", "shop:", "shop:*", "shop:v2"):
        assert "PREFIX:VERSION" in refusal(await planned(valkey_db, django=said))


# refusals


@pytest.mark.parametrize("pattern", ["*", "**", "?*", "*?", "[^x]*", "[a-z]*", "*[0-9]", "?????"])
async def test_a_star_in_other_words_is_refused(valkey_db: str, pattern: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3)
    assert "names no part of a key" in refusal(await planned(valkey_db, pattern=pattern))


@pytest.mark.parametrize("pattern", ["f*", "*:*", "*r*", "[fx]rag*[0-9a-z]", "*a*g*"])
async def test_a_broad_pattern_must_name_more(valkey_db: str, pattern: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=200)
        told = await planned(valkey_db, pattern=pattern)
        if pattern == "[fx]rag*[0-9a-z]":
            assert told.refusals == (), "it names rag"
        else:
            assert "names nearly nothing" in refusal(told)
        fill(client, user=200)
        client.set("x", "v")
        narrow = await planned(valkey_db, pattern="f*")
    assert narrow.refusals == ()


async def test_all_of_a_database_under_one_name_may_go_and_the_plan_says_so(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, **{":1:page": 50})
    plan = await planned(valkey_db, django=":1")
    assert plan.refusals == ()
    assert "this is 100% of the database" in plan.warnings


@pytest.mark.parametrize(
    "pattern", ["rq:*", "rq:job:*", "_kombu*", "unacked*", "bull:mail:*", "quarterdeck:*"]
)
async def test_a_pattern_of_a_librarys_names_is_refused_without_a_look(valkey_db: str, pattern: str) -> None:
    assert "not cached values" in refusal(await planned(valkey_db, pattern=pattern))


@pytest.mark.parametrize(
    ("pattern", "key"), [("*queue*", "rq:queues"), ("r*", "rq:queues"), ("u*", "unacked")]
)
async def test_a_pattern_that_reaches_into_queues_is_refused_also_in_a_large_database(
    valkey_db: str, pattern: str, key: str
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=300, r=200)
        client.sadd("rq:queues", "rq:queue:mail")
        client.hset("unacked", "tag", "job")
        assert f"it hits {key}" in refusal(await planned(valkey_db, pattern=pattern))
        fill(client, user=30_000)
        assert f"it hits {key}" in refusal(await planned(valkey_db, pattern=pattern))


@pytest.mark.parametrize("key", ["queue:mail", "rq:job:mail"])
async def test_one_queue_key_among_thousands_is_seen(valkey_db: str, key: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, mail=5000, user=100)
        client.rpush(key, "job")
    assert f"it hits {key}" in refusal(await planned(valkey_db, pattern="*mail*"))


async def test_a_pattern_whose_names_sidekiq_has_is_refused_where_sidekiq_is(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, user=25_000, queue=20)
        assert (await planned(valkey_db, pattern="queue:*")).refusals == ()
        client.sadd("queues", "mail")
        assert "Sidekiq" in refusal(await planned(valkey_db, pattern="queue:*"))
        client.delete("queues")
        client.rpush("queue:mail", "job")
        client.delete(*(f"user:{number}" for number in range(1, 20_000)))
        assert "it hits queue:mail" in refusal(await planned(valkey_db, pattern="queue:*"))


async def test_a_database_with_queues_is_recognised_and_the_plan_says_so(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxmemory 100mb", "maxmemory-policy allkeys-lru"])
    with redis.Redis.from_url(server.url) as client:
        fill(client, frag=30, user=30_000)
        client.zadd("dramatiq:__heartbeats__", {"worker": 1})
        client.rpush("frag:list", "v")
    plan = await planned(server.url, pattern="frag:*")
    assert plan.refusals == ()
    said = "\n".join(plan.warnings)
    assert "also holds queues: Dramatiq (dramatiq:__heartbeats__)" in said
    assert "allkeys-lru may throw queue keys out" in said
    assert "lists=yes where there are queues" in refusal(
        await planned(server.url, pattern="frag:*", lists="yes")
    )


async def test_lists_stay_unless_they_are_asked_for(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, feed=3, user=30)
        client.rpush("feed:list", "v")
        client.xadd("feed:stream", {"a": "b"})
    assert any(
        "2 of 5 looked at are lists or streams, as queues are: they stay" in line
        for line in (await planned(valkey_db, pattern="feed:*")).warnings
    )
    assert any(
        "they go too" in line for line in (await planned(valkey_db, pattern="feed:*", lists="yes")).warnings
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "say one of key, pattern and django: none is"),
        ({"key": "a", "pattern": "b:*"}, "key and pattern are said"),
        ({"pattern": "frag:[a"}, "a [ without its ]"),
        ({"key": '"a\\"'}, "is escaped"),
        ({"key": "\ud800"}, "cannot be written in bytes"),
        ({"pattern": "frag:*", "lists": "maybe"}, "say yes or no"),
    ],
)
async def test_what_cannot_be_meant_is_refused_in_words(
    valkey_db: str, arguments: dict[str, str], why: str
) -> None:
    plan = await planned(valkey_db, **arguments)
    assert why in refusal(plan)
    assert not plan.count.is_known


async def test_nothing_to_do_and_too_much_to_do_are_refused(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=300, user=300)
        assert refusal(await planned(valkey_db, pattern="gone:*")) == "no key matches"
        assert refusal(await planned(valkey_db, pattern="frag:*", maximum=299)) == (
            "300 keys match, the limit is 299"
        )
        assert (await planned(valkey_db, pattern="frag:*", maximum=300)).refusals == ()
        fill(client, user=40_000)
        fill(client, frag=20_000)
        assert "the limit is 10000" in refusal(await planned(valkey_db, pattern="frag:*", maximum=10_000))


async def test_a_subject_that_is_not_ours_is_refused(valkey_db: str) -> None:
    async with caching(valkey_db) as cache:
        plan = await acting.plan(cache, ID, b"db9", pattern="frag:*")
    assert refusal(plan) == "db9 is not watched here"


async def test_a_replica_is_refused_in_words(make_valkey: MakeValkey) -> None:
    primary = make_valkey()
    replica = make_valkey([f"replicaof 127.0.0.1 {primary.port}"])
    with redis.Redis.from_url(primary.url) as client:
        fill(client, frag=3)
    with redis.Redis.from_url(replica.url) as client:
        wait_until(lambda: client.dbsize() == 3, 20, "the replica has followed")
    async with caching(replica.url) as cache:
        plan = await acting.plan(cache, ID, DB, pattern="frag:*")
        [reading] = (await cache.collect()).readings
        assert "replica" in acting.find(cache, ID).unfit(reading)
    assert f"name its primary, 127.0.0.1:{primary.port}" in refusal(plan)
    assert plan.server.endswith(" slave")


async def test_a_node_of_a_cluster_is_refused_in_words(make_valkey: MakeValkey) -> None:
    server = make_valkey(["cluster-enabled yes"])
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        wait_until(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", 20)
        client.set("frag:1", "v")
    assert "one node of a cluster" in refusal(await planned(server.url, pattern="frag:*"))


async def test_the_plan_names_the_server_as_the_hands_do(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3)
    async with caching(valkey_db) as cache:
        plan = await acting.plan(cache, ID, DB, pattern="frag:*")
        hands = await hands_of(cache)
        assert plan.server == hands.server
        await hands.close()


async def test_an_empty_cache_offers_nothing_to_forget(valkey_db: str) -> None:
    async with caching(valkey_db) as cache:
        [reading] = (await cache.collect()).readings
        assert acting.find(cache, ID).unfit(reading) == "it holds no keys"
        with redis.Redis.from_url(valkey_db) as client:
            fill(client, frag=1)
        [reading] = (await cache.collect()).readings
        assert acting.find(cache, ID).unfit(reading) == ""


async def test_missing_rights_are_found_by_name(make_valkey: MakeValkey) -> None:
    server = make_valkey(
        [
            "user look on >look ~* +@read +info +ping +select +client",
            "user part on >part ~frag:* +@read +@write +eval +info +ping +select +client +acl",
            "user poor on >poor ~* +@read +info +ping +select +client +acl|whoami +acl|dryrun",
        ]
    )
    with redis.Redis.from_url(server.url) as client:
        fill(client, frag=3)
    told = {}
    for user in ("part", "poor"):
        url = server.url_of(user=user, password=user)
        async with caching(url) as cache:
            hands = await hands_of(cache)
            told[user] = await hands.why_not(Invalidate.needs)
            await hands.close()
    assert told == {"part": "", "poor": "the user poor may not EVAL, UNLINK"}
    assert (await planned(server.url_of(user="look", password="look"), pattern="frag:*")).refusals == ()
