"""Redis as a cache against real servers: numbers against the truth, and faults in words."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis

from collectors.base import Context
from collectors.caches.redis import PREFIXES, RedisCache, RedisCacheOptions
from collectors.errors import AccessError, OptionsError, SourceError, UnreachableError, UnsupportedError
from collectors.model.caches import CacheReading
from collectors.model.quantity import Known, Quantity
from collectors.queues.rq import RqCollector, RqOptions
from collectors.secret import SecretUrl
from collectors.transport.lease import Leases
from console.lab.servers.valkey import Valkey
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until_async

READER = (
    "user deck on >look ~* -@all +@read -@dangerous +info +ping +select +hello +auth +multi +exec +discard "
    "+client|setname +client|id +slowlog|get +slowlog|len +latency|latest +latency|history"
)


@asynccontextmanager
async def watching(url: str, leases: Leases | None = None, **more: Any) -> AsyncIterator[RedisCache]:
    context = Context(collector="cache", timeout=2.0, leases=Leases() if leases is None else leases)
    cache = RedisCache(RedisCacheOptions(url=SecretUrl(url), **more), context)
    try:
        yield cache
    finally:
        await cache.close()


async def look(cache: RedisCache) -> CacheReading:
    [reading] = (await cache.collect()).readings
    assert isinstance(reading, CacheReading)
    return reading


class Shop:
    """Traffic whose hits and misses are known: keys k0 to k99 exist."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url)
        self.client.mset({f"k{number}": "v" for number in range(100)})
        self.rng = random.Random(7)

    def buy(self, times: int, share: float) -> float:
        """Look ``times`` keys up, about ``share`` of which are there; the ratio that came true."""
        keys = [f"k{self.rng.randrange(100)}" if self.rng.random() < share else "gone" for _ in range(times)]
        pipe = self.client.pipeline(transaction=False)
        for key in keys:
            pipe.get(key)
        return sum(value is not None for value in pipe.execute()) / times


@pytest.fixture
async def shop(valkey_db: str) -> AsyncIterator[Shop]:
    made = Shop(valkey_db)
    yield made
    made.client.close()


@asynccontextmanager
async def working(url: str, leases: Leases) -> AsyncIterator[RqCollector]:
    """A queue collector on the same server: it looks many keys up that do not exist."""
    context = Context(collector="jobs", timeout=2.0, leases=leases)
    jobs = RqCollector(RqOptions(url=SecretUrl(url)), context)
    try:
        yield jobs
    finally:
        await jobs.close()


def queues_without_jobs(client: "redis.Redis") -> None:
    client.sadd("rq:queues", *(f"rq:queue:q{number}" for number in range(30)))


# the hit ratio


async def test_the_ratio_is_that_of_the_others_whatever_we_look_up(valkey: Valkey, shop: Shop) -> None:
    queues_without_jobs(shop.client)
    leases = Leases()
    async with (
        watching(valkey.url, leases) as cache,
        working(valkey.url, leases) as jobs,
        working(valkey.unix_url, leases) as more,
        working(valkey.url_of(1), leases) as elsewhere,
    ):
        await look(cache)
        for _ in range(20):
            truth = shop.buy(50, 0.8)
            for each in (jobs, more, elsewhere):
                await each.collect()
            await cache.detail(cache._subject.id, "prefixes")
            reading = await look(cache)
            assert reading.hit_ratio == Quantity(truth, reading.hit_ratio.unit)
        info: Any = shop.client.info("stats")
        raw = info["keyspace_hits"] / (info["keyspace_hits"] + info["keyspace_misses"])
        assert raw < 0.5, "our own look-ups were too few to show anything"
        await jobs.collect()
        reading = await look(cache)
        assert reading.hit_ratio.known is Known.UNKNOWN, "nobody but us looked anything up"
        assert reading.lookups.value == 0


async def test_look_ups_of_ours_at_the_same_moment_cost_certainty_and_no_truth(
    valkey: Valkey, shop: Shop
) -> None:
    queues_without_jobs(shop.client)
    leases = Leases()
    doubtful = 0
    async with watching(valkey.url, leases) as cache, working(valkey.unix_url, leases) as jobs:
        await asyncio.gather(jobs.collect(), look(cache))
        for _ in range(40):
            truth = shop.buy(2000, 0.9)
            reading, _sweep = await asyncio.gather(look(cache), jobs.collect())
            ratio = reading.hit_ratio
            assert ratio.value is not None
            assert ratio.value == pytest.approx(truth, abs=(ratio.margin or 0.0) + 1e-9)
            doubtful += ratio.known is Known.ABOUT
    assert doubtful, "the two never met: this shows nothing"


async def test_a_quiet_cache_that_only_we_look_at_never_has_a_ratio(valkey: Valkey, shop: Shop) -> None:
    queues_without_jobs(shop.client)
    leases = Leases()
    async with watching(valkey.url, leases) as cache, working(valkey.unix_url, leases) as jobs:
        await asyncio.gather(jobs.collect(), look(cache))
        for _ in range(40):
            reading, _sweep = await asyncio.gather(look(cache), jobs.collect())
            assert reading.hit_ratio.known is Known.UNKNOWN


async def test_reset_counters_and_a_restart_need_two_samples_again(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    shop = Shop(server.url)
    async with watching(server.url) as cache:
        assert (await look(cache)).hit_ratio.known is Known.NEEDS_SAMPLES
        shop.buy(20, 1.0)
        assert (await look(cache)).hit_ratio.value == 1.0
        shop.client.config_resetstat()
        assert (await look(cache)).hit_ratio.known is Known.NEEDS_SAMPLES
        shop.buy(20, 0.0)
        assert (await look(cache)).hit_ratio.value == 0.0
        server.restart()
        shop.client.close()
        shop = Shop(server.url)
        shop.buy(5000, 1.0)
        assert (await look(cache)).hit_ratio.known is Known.NEEDS_SAMPLES
        shop.buy(10, 1.0)
        assert (await look(cache)).hit_ratio.value == 1.0
    shop.client.close()


# what INFO tells


async def test_numbers_are_the_servers_own(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxmemory 20mb", "maxmemory-policy allkeys-lru", "maxclients 50"])
    with redis.Redis.from_url(server.url_of(3)) as client:
        client.mset({f"k{number}": "v" for number in range(40)})
        for number in range(30):
            client.expire(f"k{number}", 100)
        async with watching(server.url_of(3)) as cache:
            reading = await look(cache)
            info: Any = client.info()
    assert reading.subject.id.key == b"db3"
    assert reading.subject.label == f"127.0.0.1:{server.port} db3"
    assert (reading.keys.value, reading.keys_without_ttl.value) == (40, 10)
    assert (reading.policy, reading.role) == ("allkeys-lru", "primary")
    assert reading.memory_max.value == 20 * 2**20
    assert reading.memory.value == pytest.approx(info["used_memory"], rel=0.2)
    assert reading.memory_share.value == pytest.approx((reading.memory.value or 0) / (20 * 2**20))
    assert (reading.clients.value, reading.clients_max.value) == (2, 50)
    assert reading.clients_share.value == pytest.approx(0.04)
    assert reading.fragmentation.known is Known.UNKNOWN, "below 100 MB it says nothing"
    assert reading.replica_lag.known is Known.UNKNOWN
    assert reading.persistence == "last save ok"
    assert [(part.name, part.value.value if part.value else None) for part in reading.parts] == [("db3", 40)]
    assert reading.note == ""


async def test_a_database_without_keys_is_exactly_empty(valkey_db: str) -> None:
    async with watching(valkey_db) as cache:
        reading = await look(cache)
    assert (reading.keys, reading.keys_without_ttl) == (Quantity(0.0, reading.keys.unit),) * 2
    assert reading.memory_max.known is Known.UNKNOWN
    assert reading.memory_share.known is Known.UNKNOWN


async def test_a_pass_is_one_command_and_says_its_cost(valkey_db: str) -> None:
    async with watching(valkey_db) as cache:
        await cache.collect()
        with redis.Redis.from_url(valkey_db) as client:
            client.config_resetstat()
            sweep = await cache.collect()
            stats: Any = client.info("commandstats")
    assert sweep.cost.requests == 1
    assert 3000 < sweep.cost.bytes < 20_000
    ours = {name for name in stats if not name.startswith(("cmdstat_config", "cmdstat_client"))}
    assert ours == {"cmdstat_info"}


async def test_evictions_expirations_and_rejections_are_rates(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxmemory 3mb", "maxmemory-policy allkeys-lru", "maxclients 12"])
    async with watching(server.url) as cache:
        await look(cache)
        with redis.Redis.from_url(server.url) as client:
            for number in range(3000):
                client.set(f"k{number}", "v" * 1000)
            client.set("soon", "v", px=1)
            await wait_until_async(lambda: client.get("soon") is None)
            others = [redis.Redis.from_url(server.url) for _ in range(30)]
            refused = 0
            for other in others:
                try:
                    other.ping()
                except redis.ConnectionError:
                    refused += 1
            for other in others:
                other.close()
        assert refused
        reading = await look(cache)
    for rate in (reading.evictions, reading.expirations, reading.rejections):
        assert rate.known is Known.EXACT
        assert rate.value
        assert rate.value > 0
    ratio = (reading.rejections.value or 0) / (reading.expirations.value or 1)
    assert ratio == pytest.approx(refused), "the same seconds are under both"


async def test_a_failed_save_is_told(make_valkey: MakeValkey) -> None:
    server = make_valkey(["appendonly yes", "appendfsync always"])
    with redis.Redis.from_url(server.url) as client:
        (server.folder / "dump.rdb").mkdir()
        client.bgsave()
        async with watching(server.url) as cache:

            async def failed() -> CacheReading | None:
                reading = await look(cache)
                return reading if "err" in reading.persistence else None

            reading = await wait_until_async(failed, 10, "the save fails")
    assert reading is not None
    assert reading.persistence == "last save err, append-only file ok"
    assert "could not save" in reading.note


async def test_a_replica_says_how_long_it_has_not_heard(make_valkey: MakeValkey) -> None:
    primary = make_valkey()
    replica = make_valkey([f"replicaof 127.0.0.1 {primary.port}", "repl-timeout 60"])
    with redis.Redis.from_url(replica.url) as client:
        await wait_until_async(lambda: client.info("replication")["master_link_status"] == "up", 20)
    async with watching(replica.url) as cache, watching(primary.url) as above:
        reading = await look(cache)
        assert (reading.role, reading.word, reading.note) == ("replica", "", "")
        assert reading.replica_lag.value is not None
        assert 0 <= reading.replica_lag.value <= 10
        assert dict((await look(above)).extra)["redis.replicas"].value == 1
        primary.kill()

        async def orphaned() -> CacheReading | None:
            reading = await look(cache)
            return reading if reading.word else None

        reading_now = await wait_until_async(orphaned, 20, "the replica notices")
    assert reading_now is not None
    assert reading_now.word == "link down"
    assert "does not hear its primary" in reading_now.note
    assert reading_now.replica_lag.value is not None


# rights and faults


async def test_the_reader_role_sees_everything(make_valkey: MakeValkey) -> None:
    server = make_valkey([READER])
    with redis.Redis.from_url(server.url) as client:
        client.mset({f"user:{number}": "v" for number in range(10)})
    async with watching(server.url_of(user="deck", password="look")) as cache:
        reading = await look(cache)
        assert reading.keys.value == 10
        assert reading.note == ""
        unknown = {name for name, value in reading.quantities().items() if value.known is Known.UNKNOWN}
        assert unknown == {"memory_max", "memory_share", "fragmentation", "replica_lag"}
        for spec in cache.details:
            await cache.detail(reading.subject.id, spec.name)
        assert "look" not in repr(cache.options)


async def test_without_info_the_right_that_is_missing_is_named(make_valkey: MakeValkey) -> None:
    server = make_valkey(
        ["user poor on >look ~* -@all +dbsize +ping +select", "user none on >look ~* -@all +ping"]
    )
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "b")
    async with watching(server.url_of(user="poor", password="look")) as cache:
        reading = await look(cache)
        assert reading.keys.value == 1
        assert "+info" in reading.note
        assert reading.memory.known is Known.UNKNOWN
        assert reading.hit_ratio.known is Known.UNKNOWN
        with pytest.raises(AccessError, match=r"(?i)randomkey|scan|memory"):
            await cache.detail(reading.subject.id, "prefixes")
        with pytest.raises(AccessError, match=r"(?i)slowlog"):
            await cache.detail(reading.subject.id, "slowlog")
    async with watching(server.url_of(user="none", password="look")) as cache:
        with pytest.raises(AccessError, match="info"):
            await cache.collect()


async def test_keys_that_this_user_may_not_look_at_are_counted(make_valkey: MakeValkey) -> None:
    server = make_valkey(["user half on >look ~shown:* -@all +@read +info +ping +select"])
    with redis.Redis.from_url(server.url) as client:
        client.mset({f"{name}:{number}": "v" for name in ("shown", "kept") for number in range(30)})
    async with watching(server.url_of(user="half", password="look")) as cache:
        reading = await look(cache)
        detail = await cache.detail(reading.subject.id, "prefixes")
    assert [str(row[0]) for row in detail.rows] == ["shown:*"]
    assert "may not look at 30 more" in detail.note


async def test_a_cluster_node_speaks_for_itself(make_valkey: MakeValkey) -> None:
    server = make_valkey(["cluster-enabled yes"])
    with redis.Redis.from_url(server.url) as client:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        await wait_until_async(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", 20)
        client.set("user:1", "v")
    async with watching(server.url) as cache:
        reading = await look(cache)
        assert "one node of a cluster" in reading.note
        assert reading.keys.value == 1
        detail = await cache.detail(reading.subject.id, "prefixes")
        assert [str(row[0]) for row in detail.rows] == ["user:*"]


async def test_a_dead_server_is_a_reason(free_port: Callable[[], int]) -> None:
    async with watching(f"redis://:hunter22@127.0.0.1:{free_port()}/0") as cache:
        with pytest.raises(UnreachableError) as caught:
            await cache.collect()
    assert "refused" in caught.value.why
    assert "hunter22" not in f"{caught.value!r} {caught.value.hint}"


async def test_a_full_server_is_not_taken_for_a_dead_one(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxclients 10"])
    crowd = [redis.Redis.from_url(server.url) for _ in range(30)]
    for one in crowd:
        try:
            one.ping()
        except redis.ConnectionError:
            break
    async with watching(server.url) as cache:
        with pytest.raises(SourceError, match="maxclients"):
            await cache.collect()
    for one in crowd:
        one.close()


async def test_a_busy_server_is_not_taken_for_a_missing_right(make_valkey: MakeValkey) -> None:
    server = make_valkey(["busy-reply-threshold 50"])
    busy = asyncio.create_task(asyncio.to_thread(_spin, server.url))
    async with watching(server.url) as cache:

        async def told() -> str:
            try:
                reading = await look(cache)
            except SourceError as error:
                return str(error.why)
            assert reading.note == ""
            return ""

        why = await wait_until_async(told, 10, "the script is noticed")
    assert "busy with a script" in why
    with redis.Redis.from_url(server.url) as client:
        client.script_kill()
    await busy


def _spin(url: str) -> None:
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ResponseError, match="killed"):
        client.eval("while true do end", 0)


def test_options_out_of_range_are_refused() -> None:
    context = Context(collector="cache")
    with pytest.raises(OptionsError, match="samples"):
        RedisCache(RedisCacheOptions(url=SecretUrl("redis://h/0"), samples=0), context)
    with pytest.raises(OptionsError, match="database"):
        RedisCache(RedisCacheOptions(url=SecretUrl("redis://h/x")), context)


async def test_a_subject_that_is_not_ours_has_no_details(valkey_db: str) -> None:
    async with watching(valkey_db) as cache:
        ours = cache._subject.id
        with pytest.raises(UnsupportedError):
            await cache.detail(ours._replace(key=b"db9"), PREFIXES.name)


def test_labels_name_the_place_and_no_secret() -> None:
    def label(url: str) -> str:
        return RedisCache(RedisCacheOptions(url=SecretUrl(url)), Context(collector="c"))._subject.label

    assert label("redis://u:pw123456@cache.internal:7000/2") == "cache.internal:7000 db2"
    assert label("unix:///run/redis.sock?db=4") == "/run/redis.sock db4"
    assert label("redis+sentinel://s1,s2:26380/main/1") == "main db1"
    assert label("rediss://:pw123456@[::1]/") == "[::1] db0"
