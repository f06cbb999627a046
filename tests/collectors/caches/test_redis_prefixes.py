"""What fills a database: prefixes found in keys, estimates against the truth, and no hit counted."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.caches.redis import RedisCache, RedisCacheOptions
from collectors.caches.redis.prefixes import Sample, Seen, group, rows
from collectors.caches.redis.sampling import draw
from collectors.model.detail import Detail
from collectors.model.quantity import Known, Quantity
from collectors.secret import SecretUrl
from collectors.transport.read.redis import Read
from console.lab.servers.valkey import Valkey


def seen(*keys: bytes, size: int = 100, lasting: bool = False) -> list[Seen]:
    return [Seen(key, size, lasting) for key in keys]


def counted(keys: list[bytes], separators: bytes = b":") -> dict[bytes, int]:
    return {prefix: len(members) for prefix, members in group(seen(*keys), separators).items()}


def values(row: tuple[Any, ...]) -> list[float | None]:
    return [value.value for value in row if isinstance(value, Quantity)]


# grouping


def test_a_prefix_is_what_many_keys_share_and_ids_are_not() -> None:
    keys = [b"shop:user:%d:name" % number for number in range(60)]
    keys += [b"shop:cart:%d" % number for number in range(30)] + [b"lonely"] * 5
    assert counted(keys) == {b"shop:user:": 60, b"shop:cart:": 30, b"": 5}


def test_one_key_that_weighs_much_is_found() -> None:
    keys = [
        *seen(*(b"user:%d" % number for number in range(900))),
        Seen(b"frag:big:1", 50_000, lasting=False),
    ]
    assert {prefix: len(members) for prefix, members in group(keys, b":").items()} == {
        b"user:": 900,
        b"frag:big:": 1,
    }


def test_versions_in_keys_are_kept_apart() -> None:
    keys = [b":1:page:%d" % number for number in range(40)] + [b":2:page:%d" % number for number in range(20)]
    assert counted(keys) == {b":1:page:": 40, b":2:page:": 20}


def test_a_few_keys_have_their_prefixes_too() -> None:
    assert counted([b"a:1", b"b:1", b"c"]) == {b"a:": 1, b"b:": 1, b"": 1}


def test_ids_of_few_keys_are_no_prefixes() -> None:
    assert counted([b"user:%d:name" % number for number in range(20)]) == {b"user:": 20}
    assert counted([b"user:7:%d" % number for number in range(20)]) == {b"user:7:": 20}


def test_ids_in_front_stand_under_other_keys() -> None:
    assert counted([b"%d:user" % number for number in range(500)]) == {b"": 500}


def test_other_separators_may_be_named() -> None:
    keys = [b"/blog/%d" % number for number in range(9)] + [b"tag|x|%d" % number for number in range(9)]
    assert counted(keys, b"/|") == {b"/blog/": 9, b"tag|x|": 9}
    assert counted(keys) == {b"": 18}
    assert counted(keys, b"") == {b"": 18}


keys_of_few_signs = st.text(alphabet="ab:1/", max_size=12).map(str.encode)


@given(st.lists(keys_of_few_signs, max_size=200), st.sampled_from([b":", b":/"]))
def test_every_key_stands_under_one_prefix_of_its_own(keys: list[bytes], separators: bytes) -> None:
    found = group(seen(*keys), separators)
    assert Counter(one.key for members in found.values() for one in members) == Counter(keys)
    assert all(one.key.startswith(prefix) for prefix, members in found.items() for one in members)
    assert len(found) <= 62


def test_deep_keys_end_somewhere() -> None:
    assert max(prefix.count(b":") for prefix in counted([b"a:" * 3000 + b"z"] * 5)) <= 6


# estimating


def test_all_keys_seen_are_exact_numbers() -> None:
    sample = Sample((*seen(b"a:1", b"a:2", size=70), *seen(b"b", size=500, lasting=True)), 3, whole=True)
    table = rows(sample, b":")
    assert [(row[0], values(row)) for row in table] == [
        ("other keys", [1, 500, 1.0, 500]),
        ("a:*", [2, 140, 0.0, 70]),
    ]
    assert {value.known for row in table for value in row if isinstance(value, Quantity)} == {Known.EXACT}


def test_a_sample_gives_margins_and_lower_bounds() -> None:
    sample = Sample((*seen(*[b"a:1"] * 90), *seen(*[b"b:1"] * 10, lasting=True)), 10_000, whole=False)
    first, second = rows(sample, b":")
    keys, size, lasting, largest = (value for value in first[1:] if isinstance(value, Quantity))
    assert (keys.value, keys.known) == (9000, Known.ABOUT)
    assert keys.margin == pytest.approx(620, rel=0.1)
    assert (size.value, lasting.value) == (900_000, 0.0)
    assert lasting.margin, "none of 90 is not none of all"
    assert largest.known is Known.AT_LEAST
    assert isinstance(second[3], Quantity)
    assert second[3].value == 1.0


def test_of_no_keys_there_are_no_rows() -> None:
    assert rows(Sample((), 0, whole=True), b":") == ()
    assert rows(Sample((), 7, whole=False), b":") == ()


def test_hostile_keys_are_shown_as_what_they_are() -> None:
    sample = Sample(tuple(seen(*[b"\x1b[2J\xff\r\n:x"] * 3)), 3, whole=True)
    [[name, *_]] = rows(sample, b":")
    assert isinstance(name, str)
    assert name.isprintable()
    assert "␛" in name


# drawing


class Script:
    """Stands for a reader whose keys vanish while they are looked at: a real one's do by chance only."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = list(answers)

    async def ask(self, *reads: Read) -> list[Any]:
        return self.answers.pop(0)

    ask_each = ask


async def test_keys_that_vanish_meanwhile_are_left_out() -> None:
    script: Any = Script([3], [[b"0", [b"a", b"b", b"c"]]], [None, 5, 80, -2, 70, -1])
    sample = await draw(script, 1000, 5.0)
    assert sample == Sample((Seen(b"c", 70, lasting=True),), 1, whole=True)


async def test_a_database_that_empties_meanwhile_is_an_empty_sample() -> None:
    script: Any = Script([5000], [None] * 20, [])
    assert await draw(script, 20, 5.0) == Sample((), 5000, whole=False)


async def test_a_scan_that_takes_too_long_becomes_a_sample() -> None:
    script: Any = Script([30], [[b"7", [b"a"]]], [b"a", b"b"], [70, -1, 80, 100])
    sample = await draw(script, 30, 0.0)
    assert not sample.whole
    assert [one.key for one in sample.seen] == [b"a", b"b"]


# on a real server


async def prefixes_of(url: str, within: float = 6.0, **more: Any) -> Detail:
    context = Context(collector="cache", timeout=within)
    cache = RedisCache(RedisCacheOptions(url=SecretUrl(url), **more), context)
    try:
        [reading] = (await cache.collect()).readings
        return await cache.detail(reading.subject.id, "prefixes")
    finally:
        await cache.close()


def fill(client: "redis.Redis") -> tuple[Counter[str], Counter[str]]:
    """30,000 keys; how many there are, and their bytes, by prefix."""
    rng, keys, sizes = random.Random(5), Counter[str](), Counter[str]()
    plan = (("session", 15_000, 40, 100), ("frag:home", 9_000, 700, 100), ("user", 6_000, 120, None))
    pipe = client.pipeline(transaction=False)
    for prefix, count, size, seconds in plan:
        for number in range(count):
            pipe.set(f"{prefix}:{number}", "x" * rng.randrange(size), ex=seconds)
    pipe.execute()
    found = list(client.scan_iter(count=1000))
    for key in found:
        pipe.memory_usage(key)
    for key, size in zip(found, pipe.execute(), strict=True):
        keys[key.decode().rpartition(":")[0]] += 1
        sizes[key.decode().rpartition(":")[0]] += size
    return keys, sizes


async def test_estimates_hold_the_truth_and_count_no_hit(valkey: Valkey, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        keys, sizes = await asyncio.to_thread(fill, client)
        client.config_resetstat()
        detail = await prefixes_of(valkey_db)
        info: Any = client.info("stats")
    table = {str(row[0]).removesuffix(":*"): row[1:] for row in detail.rows}
    assert table.keys() == keys.keys()
    assert "estimated from 1000 random keys of 30000" in detail.note
    for prefix, (count, size, lasting, _largest) in table.items():
        for quantity, truth in ((count, keys[prefix]), (size, sizes[prefix])):
            assert isinstance(quantity, Quantity)
            assert quantity.margin
            # five standard deviations: once in a million runs
            assert quantity.value == pytest.approx(truth, abs=2.55 * quantity.margin)
        assert isinstance(lasting, Quantity)
        assert lasting.value == (1.0 if prefix == "user" else 0.0)
    assert (info["keyspace_hits"], info["keyspace_misses"]) == (1000, 0), "PTTL counts, and the ledger knows"


async def test_a_small_database_is_told_exactly(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset({f"user:{number}": "v" for number in range(700)})
        client.hset("frag:big", mapping={str(number): "x" * 50 for number in range(500)})
        client.set("frag:gone", "v", px=1)
        client.expire("frag:big", 100)
        truth = client.memory_usage("frag:big")
        await asyncio.sleep(0.01)
        detail = await prefixes_of(valkey_db)
    assert detail.note == "all 701 keys"
    table = {str(row[0]): values(row) for row in detail.rows}
    assert table["frag:*"] == [1, truth, 0.0, truth]
    assert table["user:*"][0] == 700
    assert table["user:*"][2] == 1.0


async def test_an_empty_database_has_an_empty_table(valkey_db: str) -> None:
    detail = await prefixes_of(valkey_db)
    assert (detail.rows, detail.note) == ((), "all 0 keys")


async def test_little_time_gives_a_smaller_sample_and_not_none(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset({f"user:{number}": "v" for number in range(20_000)})
        detail = await prefixes_of(valkey_db, within=0.5, samples=10_000)
    drawn = int(detail.note.split()[2])
    assert 250 <= drawn <= 10_000
    assert [str(row[0]) for row in detail.rows] == ["user:*"]
