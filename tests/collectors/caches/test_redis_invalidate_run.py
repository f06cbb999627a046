"""An invalidation in a real server: what goes, what stays, where it stops, what it says."""

import asyncio
from typing import Any

import pytest
import redis

from collectors.action import RefusedError, Request, Result, StoppedError
from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.unlinking import LEAST, MOST, Walk
from collectors.errors import SourceError
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.text import is_hostile
from collectors.transport.read.redis_probes import Probes
from console.lab.servers.valkey import Valkey
from tests.collectors import acting
from tests.collectors.acting import KeepingControl
from tests.collectors.caches.invalidating import DB, HOSTILE, ID, Meddling, caching, fill, invalidate, names
from tests.servers.fixtures import MakeValkey

# what goes and what stays


async def test_what_matches_goes_and_nothing_else(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=2500, user=500, fragile=50)
        client.hset("frag:hash", "a", "b")
        client.sadd("frag:set", "a")
        client.zadd("frag:zset", {"a": 1})
        control = KeepingControl()
        outcome = await invalidate(valkey_db, control, pattern="frag:*")
        assert len(names(client)) == client.dbsize() == 550
        assert names(client, "frag:*") == set()
    assert (outcome.result, outcome.count, outcome.skipped) == (Result.DONE, 2503, {})
    assert outcome.words.startswith("2503 keys invalidated in ")
    assert control.taken == 2503
    assert [done for done, _words in control.reports][-1] == 2503
    assert any("highest latency seen" in line for line in outcome.lines)
    assert outcome.lines[-2:] == (
        f"of {outcome.lines[-2].split()[1]} that went none is there again",
        "0 keys match now",
    )


@pytest.mark.parametrize("key", HOSTILE)
async def test_a_hostile_name_goes_alone(valkey_db: str, key: bytes) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset(dict.fromkeys(HOSTILE, "v"))
        quoted = '"' + "".join(f"\\x{code:02x}" for code in key) + '"'
        outcome = await invalidate(valkey_db, key=quoted)
        assert names(client) == set(HOSTILE) - {key}
    assert (outcome.result, outcome.count) == (Result.DONE, 1)
    assert not any(is_hostile(text) for text in (outcome.words, *outcome.lines))
    assert outcome.lines == ("it is not there any more",)


async def test_hostile_names_go_by_a_pattern(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset(dict.fromkeys(HOSTILE, "v"))
        outcome = await invalidate(valkey_db, pattern="frag:*")
        assert names(client) == {b'"frag:"'}
        assert outcome.count == len(HOSTILE) - 1
        assert (await invalidate(valkey_db, pattern=r'"\"fra[fg]:*"')).count == 1


async def test_lists_and_streams_stay_unless_asked_for(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, feed=20)
        client.rpush("feed:list", "v")
        client.xadd("feed:stream", {"a": "b"})
        client.set("queue:length", "a cached number")
        outcome = await invalidate(valkey_db, pattern="feed:*")
        assert names(client) == {b"feed:list", b"feed:stream", b"queue:length"}
        assert outcome.count == 20
        assert outcome.skipped == {"a list, as queues are": 1, "a stream, as queues are": 1}
        assert (await invalidate(valkey_db, pattern="feed:*", lists="yes")).count == 2
        assert (await invalidate(valkey_db, pattern="queue:*")).count == 1
        assert client.dbsize() == 0


async def test_our_own_keys_stay(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, deck=20)
        client.set("quarterdeck:lease:cache/db0", "me")
        assert (await invalidate(valkey_db, pattern="*deck*")).count == 20
        assert names(client) == {b"quarterdeck:lease:cache/db0"}


async def test_other_databases_are_not_touched(valkey: Valkey, valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client, redis.Redis.from_url(valkey.url_of(1)) as other:
        fill(client, frag=20)
        fill(other, frag=20)
        assert (await invalidate(valkey_db, pattern="frag:*")).count == 20
        assert (client.dbsize(), other.dbsize()) == (0, 20)


# one key


async def test_a_key_that_went_meanwhile_and_one_that_became_another(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.mset({"frag:gone": "v", "frag:list": "v"})
        async with caching(valkey_db) as cache:
            gone = await acting.plan(cache, ID, DB, key="frag:gone")
            changed = await acting.plan(cache, ID, DB, key="frag:list")
            client.delete("frag:gone", "frag:list")
            client.rpush("frag:list", "job")
            told = await acting.run(cache, gone)
            assert (told.result, told.count, told.skipped) == (Result.DONE, 0, {"gone": 1})
            told = await acting.run(cache, changed)
        assert (told.result, told.count, told.skipped) == (Result.FAILED, 0, {"a list now": 1})
        assert "has become a list, the plan saw a string" in told.words
        assert client.llen("frag:list") == 1


async def test_a_key_that_is_filled_again_at_once_is_told(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.set("frag:home", "v")
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, key="frag:home")
            outcome = await acting.run(cache, plan)
            client.set("frag:home", "new")
            action = acting.find(cache, ID)
            assert (await action.verify(plan, outcome)).lines[-1] == "it is there again, filled anew"


# stopping and limits


async def test_a_stop_works_within_one_batch_and_what_is_told_is_what_went(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3000)
        control = KeepingControl(stop_after=1000)
        with pytest.raises(StoppedError):
            await invalidate(valkey_db, control, pattern="frag:*")
        left = client.dbsize()
    assert 3000 - left == control.taken == control.reports[-1][0]
    assert 1000 - MOST <= control.taken <= 1000


async def test_no_batch_is_larger_than_the_most(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=5000)
        control = Meddling(lambda: None)
        await invalidate(valkey_db, control, pattern="frag:*")
    assert max(control.steps) <= MOST
    assert sum(control.steps) == 5000
    assert len(control.steps) <= 5000 / LEAST + 2


async def test_no_batch_is_a_burst_above_the_rate(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=100)
        control = Meddling(lambda: None)
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, pattern="frag:*", rate=8.0)
            assert (await acting.run(cache, plan, control)).count == 100
    assert max(control.steps) == 8


async def test_the_limit_holds_before_the_first_key_and_while_it_runs(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=1000)
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, pattern="frag:*", maximum=1000)
            fill(client, **{"frag:more": 5})
            with pytest.raises(RefusedError, match="1005 keys match, the limit is 1000: nothing"):
                await acting.run(cache, plan)
            assert client.dbsize() == 1005
            client.delete(*(f"frag:more:{number}" for number in range(1, 6)))
            outcome = await acting.run(
                cache, plan, Meddling(lambda: fill(client, **{"frag:more": 500}), at=1)
            )
        assert outcome.result is Result.FAILED
        assert "more than 1000 keys match, which is the limit" in outcome.words
        assert 1000 - MOST < outcome.count <= 1000
        assert client.dbsize() == 1500 - outcome.count


async def test_many_more_than_planned_are_asked_about(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=1000)
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, pattern="frag:*")
            fill(client, **{"frag:more": 200})
            control = KeepingControl()
            with pytest.raises(RefusedError, match="the plan said at most 1000: nothing was invalidated"):
                await acting.run(cache, plan, control)
            assert client.dbsize() == 1200
            assert control.questions == [
                "1200 keys match now, the plan said at most 1000: invalidate them all?"
            ]
            assert (await acting.run(cache, plan, KeepingControl(answers=[True]))).count == 1200


# what changes meanwhile


async def test_a_queue_that_came_after_the_plan_is_met_before_anything_goes(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, queue=800)
        async with caching(valkey_db) as cache:
            plan = await acting.plan(cache, ID, DB, pattern="*queue:*")
            for name, library in (("queue:mail", "Sidekiq"), ("rq:queue:mail", "RQ")):
                client.rpush(name, "job")
                with pytest.raises(
                    RefusedError, match=f"it hits {name}, a key of {library}.*nothing was invalidated"
                ):
                    await acting.run(cache, plan)
                client.delete(name)
        assert client.dbsize() == 800


@pytest.mark.parametrize(
    ("name", "command"),
    [("rq:queue:mail", ("RPUSH",)), ("queue:mail", ("RPUSH",)), ("queue:mail", ("ZADD", 1))],
)
async def test_a_queue_that_comes_while_it_runs_is_left_and_ends_the_run(
    valkey_db: str, name: str, command: tuple[Any, ...]
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, queue=1000)

        def come() -> None:
            client.execute_command(command[0], name, *command[1:], "job")

        outcome = await invalidate(valkey_db, Meddling(come, at=1), pattern="*queue:*")
        assert client.exists(name)
        assert client.dbsize() == 1001 - outcome.count
    assert outcome.result is Result.FAILED
    assert f"stopped: it hits {name}" in outcome.words


async def test_a_name_that_the_pattern_does_not_hit_is_not_unlinked_whatever_the_server_says() -> None:
    """Stands for a server that reads a pattern in another way: no real one that we know does."""
    sent: list[bytes] = []

    class Wrong:
        took = 0.0

        async def send(self, command: tuple[Any, ...]) -> list[Any]:
            return [[b"0", [b"user:1", b"frag:1"]]] if command[0] == "SCAN" else [b"PONG"]

        async def script(self, lua: str, keys: list[bytes], arguments: list[Any]) -> bytes:
            sent.extend(keys)
            return b"s" * len(keys)

    hands: Any = Wrong()
    request = Request(subject=SubjectId(Practice.CACHES, "cache", "", DB), cut_off=0.0)
    walk = Walk(hands, KeepingControl(), Glob(b"frag:*"), Probes(), lists=False, request=request)
    assert (await walk.run()).done == 1
    assert sent == [b"frag:1"]


async def test_what_came_back_is_newer_and_stays_and_what_is_met_late_goes(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=2000)
        back = [f"frag:{number}" for number in range(1, 2001)]

        def fill_again() -> None:
            gone = [key for key in back if not client.exists(key)]
            client.mset(dict.fromkeys(gone[:50], "new"))
            client.mset({f"frag:late:{number}": "v" for number in range(30)})

        control = Meddling(fill_again, at=8)
        outcome = await invalidate(valkey_db, control, pattern="frag:*")
        left = names(client)
        assert {client.get(key) for key in left} == {b"new"}
    assert 0 < len(left) <= 50, "the first walk may still have met some of them"
    assert outcome.skipped == {"came back, and is newer": len(left)}
    assert outcome.count == 2000 + 30 + 50 - len(left)
    assert f"{len(left)} keys match now" in outcome.lines


async def test_a_cache_that_fills_all_the_time_is_left_at_last(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=500)
        added = 0

        class Filling(KeepingControl):
            async def step(self, items: int = 1) -> None:
                nonlocal added
                await super().step(items)
                client.mset({f"frag:new:{added + number}": "v" for number in range(20)})
                added += 20

        outcome = await asyncio.wait_for(invalidate(valkey_db, Filling(), pattern="frag:*"), 60)
        assert outcome.result is Result.DONE
        assert client.dbsize() == 500 + added - outcome.count
    assert any("in 3 walks" in line for line in outcome.lines)


async def test_a_server_that_dies_leaves_what_was_done_unknown(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        fill(client, frag=2000)
    control = Meddling(server.kill, at=3)
    with pytest.raises(SourceError):
        await invalidate(server.url, control, pattern="frag:*")
    assert control.reports[-1][0] == sum(control.steps[:2])


async def test_keys_that_this_user_may_not_unlink_are_a_refusal(make_valkey: MakeValkey) -> None:
    server = make_valkey(
        ["user part on >part ~frag:a* %R~* +@read +@write +eval +info +ping +select +client"]
    )
    with redis.Redis.from_url(server.url) as client:
        fill(client, **{"frag:a": 20, "frag:b": 20})
        url = server.url_of(user="part", password="part")
        assert (await invalidate(url, pattern="frag:a*")).count == 20
        with pytest.raises(RefusedError, match="no right"):
            await invalidate(url, pattern="frag:b*")
        assert client.dbsize() == 20
