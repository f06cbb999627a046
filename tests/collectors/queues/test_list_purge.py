"""Plain lists into quarantine and back; one element out and back: in order, byte for byte."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from collectors.action import RefusedError, Result, Risk, StoppedError
from collectors.base import Context
from collectors.errors import SourceError
from collectors.queues.redis import ListCollector
from collectors.queues.redis.elements import digest_of
from collectors.secret import SecretUrl
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.consuming import dying, from_journal, list_worker
from tests.collectors.queues.looking import everything, is_exact, looking
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until_async

DIRECTIONS = pytest.mark.parametrize("direction", ["lpush-brpop", "rpush-blpop"])
HOSTILE = [b"", bytes(range(256)), b"[red]\x1b[2J", b"y" * 1_000_000, b"\xff\xfe", b"", b"z"]
DAY = 24 * 3600


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


def watch(url: str, **options: Any) -> Any:
    given = {"keys": ("mail",), "dead": "{queue}:dead"} | options
    return looking(ListCollector, Context(collector="lists", timeout=5), url=SecretUrl(url), **given)


def pushes(client: Any, direction: str, key: str = "mail") -> Callable[..., None]:
    push = client.lpush if direction == "lpush-brpop" else client.rpush

    def all_of(*elements: bytes) -> None:
        for element in elements:
            push(key, element)

    return all_of


def oldest_first(client: Any, direction: str, key: str = "mail") -> list[bytes]:
    found: list[bytes] = client.lrange(key, 0, -1)
    return found[::-1] if direction == "lpush-brpop" else found


def lists(client: Any) -> dict[bytes, Any]:
    """Everything but our notes."""
    return {key: told for key, told in everything(client).items() if not key.startswith(b"quarterdeck:run")}


def numbered(count: int) -> list[bytes]:
    return [b"job %d" % n for n in range(count)]


# purge: the plan


async def test_a_purge_is_counted_and_warned_of(valkey_db: str, client: Any) -> None:
    pushes(client, "lpush-brpop")(*numbered(9))
    pushes(client, "lpush-brpop", "mail:dead")(b"x", b"y")
    before = everything(client)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        assert is_exact(made.count, 9)
        assert made.level is Risk.DESTRUCTIVE
        assert made.sample == ("job 0", "job 1", "job 2", "job 3", "job 4")
        assert made.refusals == ()
        assert any("24 h in quarterdeck:quarantine:mail:" in warning for warning in made.warnings)
        assert any("what workers hold" in warning for warning in made.warnings)
        assert is_exact((await plan(collector, "queues.purge", b"mail", of="dead")).count, 2)
        small = await plan(collector, "queues.purge", b"mail", of="ready", maximum=8)
        assert "9 jobs are more than the limit of 8" in small.refusals[0]
        assert "empty" in (await plan(collector, "queues.purge", b"nothing", of="ready")).refusals[0]
    assert everything(client) == before
    async with watch(valkey_db, dead="") as collector:
        assert "no option `dead`" in (await plan(collector, "queues.purge", b"mail", of="dead")).refusals[0]
    with client:
        client.sadd("set", "a")
    async with watch(valkey_db, keys=("set",)) as collector:
        with pytest.raises(SourceError):
            await plan(collector, "queues.purge", b"set", of="ready")


async def test_a_server_that_evicts_is_warned_of(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxmemory 100mb", "maxmemory-policy volatile-lru"])
    with redis.Redis.from_url(server.url) as client:
        client.lpush("mail", "a")
    async with watch(server.url) as collector:
        warnings = (await plan(collector, "queues.purge", b"mail", of="ready")).warnings
        assert any("evicts keys when its memory is full (volatile-lru)" in one for one in warnings)


# purge: the run


@DIRECTIONS
@pytest.mark.parametrize("of", ["ready", "dead"])
async def test_a_list_at_rest_goes_and_comes_back_whole(
    valkey_db: str, client: Any, direction: str, of: str
) -> None:
    key = "mail" if of == "ready" else "mail:dead"
    pushes(client, direction, key)(*HOSTILE)
    client.pexpire(key, 3600_000)
    before = lists(client)
    async with watch(valkey_db, direction=direction) as collector:
        made = await plan(collector, "queues.purge", b"mail", of=of)
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, len(HOSTILE))
        assert client.exists(key) == 0
        [name] = lists(client)
        assert name.startswith(b"quarterdeck:quarantine:" + key.encode() + b":")
        assert DAY - 60 < client.ttl(name) <= DAY
        assert "in quarterdeck:quarantine" in outcome.lines[-1]
        back = await undo(collector, from_journal(made), json.loads(json.dumps(control.kept)))
        assert (back.result, back.count) == (Result.DONE, len(HOSTILE))
        after = lists(client)
        assert {name: told[0] for name, told in after.items()} == {
            key: told[0] for key, told in before.items()
        }
        assert abs(client.pttl(key) - 3600_000) < 60_000, "it expires when it would have"
        with pytest.raises(RefusedError, match="quarantine is gone"):
            await undo(collector, made, control.kept)


@DIRECTIONS
async def test_a_list_without_an_expiry_comes_back_without_one(
    valkey_db: str, client: Any, direction: str
) -> None:
    pushes(client, direction)(*numbered(3))
    before = lists(client)
    async with watch(valkey_db, direction=direction) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        await run(collector, made)
        await undo(collector, made, [])
        assert lists(client) == before


@DIRECTIONS
async def test_what_is_newer_stays_and_the_counted_go(valkey_db: str, client: Any, direction: str) -> None:
    push = pushes(client, direction)
    push(*numbered(1200))
    async with watch(valkey_db, direction=direction) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        push(b"new 1", b"job 3", b"new 2")
        taken = [
            client.rpop("mail") if direction == "lpush-brpop" else client.lpop("mail") for _ in range(40)
        ]
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert taken == numbered(40)
        assert (outcome.result, outcome.count) == (Result.DONE, 1160)
        assert outcome.skipped == {"taken by workers meanwhile": 40}
        assert oldest_first(client, direction) == [b"new 1", b"job 3", b"new 2"]
        back = await undo(collector, made, control.kept)
        assert back.count == 1160
        assert oldest_first(client, direction) == [*numbered(1200)[40:], b"new 1", b"job 3", b"new 2"]
        assert client.ttl("mail") == -1
        assert client.keys("quarterdeck:quarantine*") == []


@DIRECTIONS
async def test_where_much_waits_they_come_back_in_parts(valkey_db: str, client: Any, direction: str) -> None:
    push = pushes(client, direction)
    push(*numbered(1200))
    async with watch(valkey_db, direction=direction) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        await run(collector, made)
        newer = [b"new %d" % n for n in range(700)]
        push(*newer)
        control = KeepingControl()
        assert (await undo(collector, made, [], control)).count == 1200
        assert len(control.reports) == 3
        assert oldest_first(client, direction) == [*numbered(1200), *newer]


async def test_elements_that_repeat_are_kept_apart_by_number(valkey_db: str, client: Any) -> None:
    push = pushes(client, "lpush-brpop")
    push(*[b"ping"] * 5)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        assert any("repeat others" in warning for warning in made.warnings)
        push(b"ping", b"pong")
        assert (await run(collector, made)).count == 5
        assert oldest_first(client, "lpush-brpop") == [b"ping", b"pong"]


async def test_repeated_newest_ones_are_placed_by_one_that_is_not(valkey_db: str, client: Any) -> None:
    push = pushes(client, "lpush-brpop")
    push(b"a", b"b", b"ping", b"ping")
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        push(b"ping", b"c")
        client.rpop("mail")
        assert (await run(collector, made)).count == 3
        assert oldest_first(client, "lpush-brpop") == [b"ping", b"c"]


async def test_when_all_was_taken_nothing_newer_goes(valkey_db: str, client: Any) -> None:
    push = pushes(client, "lpush-brpop")
    push(*numbered(5))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        client.delete("mail")
        push(*(b"new %d" % n for n in range(5)))
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert "plan it anew" in outcome.words
        assert client.llen("mail") == 5


async def test_a_purge_under_traffic_takes_no_newer_one(valkey_db: str, client: Any) -> None:
    old = numbered(3000)
    pushes(client, "lpush-brpop")(*old)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        with list_worker(valkey_db, "mail") as done:
            pushes(client, "lpush-brpop")(*(b"new %d" % n for n in range(50)))
            outcome = await run(collector, made)
            await wait_until_async(lambda: client.llen("mail") == 0, 15)
            await wait_until_async(lambda: b"new 49" in done, 15)
        [name] = client.keys("quarterdeck:quarantine*")
        held = oldest_first(client, "lpush-brpop", name)
        assert not [element for element in held if element.startswith(b"new")]
        assert len(held) == outcome.count
        assert sorted([*held, *(one for one in done if not one.startswith(b"new"))]) == sorted(old)
        assert [one for one in done if one.startswith(b"new")] == [b"new %d" % n for n in range(50)]


async def test_a_purge_stopped_in_the_middle(valkey_db: str, client: Any) -> None:
    push = pushes(client, "lpush-brpop")
    push(*numbered(1500))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready", rate=100)
        push(b"new")
        control = KeepingControl(stop_after=350)
        with pytest.raises(StoppedError):
            await run(collector, made, control)
        assert control.reports[-1][0] == 300
        assert oldest_first(client, "lpush-brpop") == [*numbered(1500)[300:], b"new"]
        told = await find(collector, "queues.purge").reconcile(from_journal(made), control.kept)
        assert (told.result, told.count) == (Result.FAILED, 300)
        assert "interrupted after 300 of 1500" in told.words
        await undo(collector, made, control.kept)
        assert oldest_first(client, "lpush-brpop") == [*numbered(1500), b"new"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_what_became_of_a_purge_is_found_out(valkey_db: str, client: Any, at: int, after: bool) -> None:
    push = pushes(client, "lpush-brpop")
    push(*numbered(1200))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        push(b"new")
        control = KeepingControl()
        assert await dying(collector, made, control, at, after=after) is None
        told = await find(collector, "queues.purge").reconcile(from_journal(made), control.kept)
        truth = 1201 - client.llen("mail")
        assert told.count == truth
        assert told.result is (Result.DONE if truth == 1200 else Result.FAILED)
        if truth:
            await undo(collector, from_journal(made), control.kept)
        assert oldest_first(client, "lpush-brpop") == [*numbered(1200), b"new"]


async def test_a_whole_list_whose_rename_nobody_saw(valkey_db: str, client: Any) -> None:
    pushes(client, "lpush-brpop")(*numbered(10))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", b"mail", of="ready")
        control = KeepingControl()
        assert await dying(collector, made, control, 1, after=True) is None
        told = await find(collector, "queues.purge").reconcile(from_journal(made), control.kept)
        assert (told.result, told.count) == (Result.DONE, 10)
        fresh = await plan(collector, "queues.purge", b"other", of="ready")
        told = await find(collector, "queues.purge").reconcile(from_journal(fresh), [])
        assert (told.result, told.count) == (Result.FAILED, 0)


# delete


@DIRECTIONS
@pytest.mark.parametrize("of", ["ready", "dead"])
@pytest.mark.parametrize("element", HOSTILE[1:5], ids=len)
async def test_one_element_goes_and_comes_back_to_its_place(
    valkey_db: str, client: Any, direction: str, of: str, element: bytes
) -> None:
    pushes(client, direction, "mail" if of == "ready" else "mail:dead")(*HOSTILE)
    before = lists(client)
    async with watch(valkey_db, direction=direction) as collector:
        [reading] = (await collector.collect()).readings
        rows = (await collector.detail(reading.subject.id, "items")).rows
        name = next(row[0] for row in rows if digest_of(element).startswith(row[0]))
        made = await plan(collector, "queues.delete", b"mail", element=str(name), of=of)
        assert made.refusals == ()
        assert is_exact(made.count, 1)
        assert made.level is Risk.DESTRUCTIVE
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        [(left, _)] = lists(client).values()
        assert element not in left
        assert len(left) == len(HOSTILE) - 1
        assert (await undo(collector, from_journal(made), control.kept)).count == 1
        assert lists(client) == before


async def test_the_last_element_comes_back_to_a_list_that_is_gone(valkey_db: str, client: Any) -> None:
    client.lpush("mail", "only")
    client.expire("mail", 600)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", of="ready", element=digest_of(b"only")[:8])
        control = KeepingControl()
        await run(collector, made, control)
        assert client.exists("mail") == 0
        await undo(collector, made, control.kept)
        assert client.lrange("mail", 0, -1) == [b"only"]
        assert 500 < client.ttl("mail") <= 600


async def test_of_equal_elements_the_oldest_goes(valkey_db: str, client: Any) -> None:
    pushes(client, "lpush-brpop")(b"a", b"same", b"b", b"same", b"c")
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", of="ready", element=digest_of(b"same")[:12])
        assert "stands there 2 times" in made.warnings[0]
        await run(collector, made)
        assert oldest_first(client, "lpush-brpop") == [b"a", b"b", b"same", b"c"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"element": "abc"}, "at least 8 digits"),
        ({"element": "nothexatall"}, "at least 8 digits"),
        ({}, "at least 8 digits"),
        ({"element": "0" * 12}, "no element of that name"),
        ({"element": "0" * 12, "of": "elsewhere"}, "no list 'elsewhere'"),
    ],
)
async def test_an_element_that_is_not_there_is_refused(
    valkey_db: str, client: Any, said: Any, words: str
) -> None:
    client.lpush("mail", "a")
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", **{"of": "ready", **said})
        assert any(words in refusal for refusal in made.refusals)


async def test_an_element_that_went_meanwhile_is_told(valkey_db: str, client: Any) -> None:
    pushes(client, "lpush-brpop")(*numbered(4))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", of="ready", element=digest_of(b"job 0")[:12])
        assert client.rpop("mail") == b"job 0"
        pushes(client, "lpush-brpop")(b"job 0")
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.skipped == {"gone: no longer in the list": 1}
        assert client.llen("mail") == 4, "the same bytes that came later are newer"


@pytest.mark.parametrize("after", [False, True])
async def test_what_became_of_a_deletion_is_found_out(valkey_db: str, client: Any, after: bool) -> None:
    pushes(client, "lpush-brpop")(*numbered(4))
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.delete", b"mail", of="ready", element=digest_of(b"job 2")[:12])
        control = KeepingControl()
        assert await dying(collector, made, control, 1, after=after) is None
        told = await find(collector, "queues.delete").reconcile(from_journal(made), control.kept)
        assert (told.count, told.result) == ((1, Result.DONE) if after else (0, Result.FAILED))
        assert client.llen("mail") == 4 - told.count
        if after:
            await undo(collector, from_journal(made), control.kept)
        assert oldest_first(client, "lpush-brpop") == numbered(4)
