"""Stuck entries of consumer groups come before real readers again, as copies or claimed."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from collectors.action import Plan, RefusedError, Result, Risk, StoppedError
from collectors.errors import SourceError
from collectors.queues.streams.batches import Moved, fates
from collectors.queues.streams.pending import Readers, Stuck
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.consuming import dying, from_journal, group_worker, late
from tests.collectors.queues.grouping import KEY, fill, held, pending, streams, stuck, the_n, watch
from tests.collectors.queues.looking import is_exact
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until, wait_until_async

HOSTILE = {b"\x1b[31m": bytes(range(256)), b"[bold]": b"x" * 1_000_000, b"": b""}


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


async def planned(collector: Any, **said: Any) -> Plan:
    return await plan(collector, "queues.retry", KEY, **{"idle": "20ms", "canary": "2s", **said})


# retry: the plan


async def test_the_plan_counts_what_is_stuck(valkey_db: str, client: Any) -> None:
    ids = stuck(client, 7)
    client.xreadgroup("mail", "lost", {"orders": ">"})
    fill(client, 2)
    client.xreadgroup("mail", "busy", {"orders": ">"})
    before = streams(client)
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.retry", KEY, idle="50ms", cut_off=time.time())
        assert made.items[:7] == tuple(ids)
        assert len(made.items) == 7, "those that were given just now are not stuck"
        assert is_exact(made.count, 7)
        assert made.target == "orders · mail"
        assert made.level is Risk.DISRUPTIVE
        assert made.refusals == ()
        assert "given 1 times" in made.sample[0]
        assert "lost" in made.sample[0]
        assert any("not declared idempotent" in one for one in made.warnings)
        assert any("new id" in one for one in made.warnings)
        assert "no entry has been stuck" in (await plan(collector, "queues.retry", KEY)).refusals[0]
        past = await plan(collector, "queues.retry", KEY, cut_off=time.time() - 3600, idle="20ms")
        assert past.count.value == 0, "as of an hour ago nothing was stuck"
        assert is_exact((await planned(collector, count="3")).count, 3)
    assert streams(client) == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"idle": "long"}, "idle = 'long' is no time"),
        ({"canary": "x"}, "canary = 'x' is no time"),
        ({"count": "0"}, "count = '0' is no number"),
        ({"how": "steal"}, "how = 'steal': there are copy and claim"),
        ({"maximum": 2}, "more than the limit of 2"),
        ({"how": "claim", "consumer": "nobody"}, "the group has no consumer nobody"),
    ],
)
async def test_a_plan_that_may_not_run_says_why(valkey_db: str, client: Any, said: Any, words: str) -> None:
    stuck(client, 3)
    async with watch(valkey_db) as collector:
        refusals = (await planned(collector, **said)).refusals
        assert any(words in refusal for refusal in refusals), refusals


async def test_other_groups_make_a_copy_dangerous(valkey_db: str, client: Any) -> None:
    stuck(client, 3)
    client.xgroup_create("orders", "audit", "0")
    async with watch(valkey_db) as collector:
        made = await planned(collector)
        assert made.level is Risk.DESTRUCTIVE
        assert any("other groups of this stream get every copy too: audit" in one for one in made.warnings)
        assert (await planned(collector, how="claim")).level is Risk.DISRUPTIVE


async def test_without_a_living_consumer_it_is_refused(valkey_db: str, client: Any) -> None:
    stuck(client, 3)
    async with watch(valkey_db, alive_within=0.01) as collector:
        made = await planned(collector)
        assert any("nobody waits in a read" in refusal for refusal in made.refusals)
        assert any("no consumer lives" in one for one in (await planned(collector, how="claim")).refusals)


def test_a_consumer_that_may_wait_is_no_reason_to_refuse() -> None:
    gone = Readers({b"a": 900.0}, {b"a": 1}, 0, exact=True)
    assert gone.refusal(300)
    assert Readers({b"a": 900.0}, {b"a": 1}, 1, exact=True).refusal(300) == ""
    assert Readers({b"a": 900.0}, {b"a": 1}, None, exact=True).refusal(300) == ""
    assert Readers({b"a": 900.0}, {b"a": 1}, 0, exact=False).refusal(300) == ""
    assert "not known" in gone.warning(300)
    two = Readers({b"a": 1.0, b"b": 2.0, b"c": 999.0}, {b"a": 5, b"b": 0, b"c": 0}, 0, exact=True)
    assert two.alive(300) == [b"b", b"a"]
    assert (two.refusal(300), two.warning(300)) == ("", "")


async def test_a_stream_without_a_group_has_nothing_to_act_on(valkey_db: str, client: Any) -> None:
    fill(client, 2)
    async with watch(valkey_db) as collector:
        [reading] = (await collector.collect()).readings
        for one in ("queues.retry", "queues.purge"):
            assert "no group reads" in find(collector, one).unfit(reading)
            with pytest.raises(SourceError):
                await plan(collector, one, KEY)


# retry by copies


async def test_copies_are_worked_off_and_acknowledged(valkey_db: str, client: Any) -> None:
    stuck(client, 40)
    async with watch(valkey_db) as collector:
        made = await planned(collector)
        with group_worker(valkey_db, "orders", "mail", "w") as done:
            outcome = await run(collector, made)
            await wait_until_async(lambda: len(done) == 40, 15)
    assert (outcome.result, outcome.count) == (Result.DONE, 40)
    assert outcome.words == "40 added anew"
    assert list(outcome.lines) == ["canary: 1 of 1 entries went well", "canary: 5 of 5 entries went well"]
    assert the_n(done) == list(range(40)), "the oldest first"
    await wait_until_async(lambda: not pending(client), 15)


async def test_entries_that_are_not_acknowledged_leave_no_verdict(valkey_db: str, client: Any) -> None:
    stuck(client, 1000)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="1s")
        with group_worker(valkey_db, "orders", "mail", "w", lambda _: False):
            control = KeepingControl()
            outcome = await run(collector, made, control)
    assert (outcome.result, outcome.count) == (Result.FAILED, 1)
    assert "1 taken, without an end" in control.questions[0]
    assert "999 were not touched" in outcome.words
    assert len(pending(client)) == 1000


async def test_an_entry_that_is_given_again_has_failed(valkey_db: str, client: Any) -> None:
    stuck(client, 10)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20s")
        with group_worker(valkey_db, "orders", "mail", "w", lambda _: False, own=True):
            outcome = await run(collector, made)
    assert (outcome.result, outcome.count) == (Result.FAILED, 1)
    assert "stopped by its canary: 1 of 1 entries failed again; 9 were not touched" in outcome.words


async def test_by_two_operators_at_once_each_is_added_once(valkey_db: str, client: Any) -> None:
    stuck(client, 120)
    async with watch(valkey_db) as one, watch(valkey_db) as two:
        plans = [await planned(each) for each in (one, two)]
        with group_worker(valkey_db, "orders", "mail", "w") as done:
            outcomes = await asyncio.gather(
                *(run(each, made) for each, made in zip((one, two), plans, strict=True))
            )
            await wait_until_async(lambda: len(done) == 120, 15)
    assert sorted(the_n(done)) == list(range(120))
    assert sum(outcome.count for outcome in outcomes) == 120
    assert client.xlen("orders") == 240
    for outcome in outcomes:
        assert outcome.count + sum(outcome.skipped.values()) == 120


async def test_what_changed_meanwhile_is_left_alone(valkey_db: str, client: Any) -> None:
    ids = stuck(client, 6)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20ms")
        client.xack("orders", "mail", ids[0])
        client.xclaim("orders", "mail", "other", 0, [ids[1]])
        client.xdel("orders", ids[2])
        control = KeepingControl(answers=[True, True])
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 3)
        assert outcome.skipped == {
            "acknowledged meanwhile": 1,
            "given anew meanwhile": 1,
            "without content: deleted or trimmed away": 1,
        }
        assert [one["message_id"] for one in pending(client)] == ids[1:3]
        told = await find(collector, "queues.retry").reconcile(from_journal(made), control.kept)
        assert (told.result, told.count) == (Result.DONE, 3)
        assert told.skipped == outcome.skipped


async def test_what_changes_between_the_look_and_the_write_is_left_alone(valkey_db: str, client: Any) -> None:
    ids = stuck(client, 3)
    before = held(client)

    def claimed() -> None:
        """Another console gave it to somebody, and kept its time."""
        client.xclaim("orders", "mail", "other", 0, [ids[0]], time=before[0][2], justid=True)

    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20ms", count="1")
        outcome = await late(collector, made, KeepingControl(), claimed)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.skipped == {"given anew meanwhile": 1}
        assert client.xlen("orders") == 3
        made = await planned(collector, canary="20ms", count="1")
        outcome = await late(collector, made, KeepingControl(), lambda: client.xack("orders", "mail", ids[0]))
        assert outcome.skipped == {"acknowledged meanwhile": 1}
        assert client.xlen("orders") == 3


async def test_stopped_in_the_middle_the_rest_is_untouched(valkey_db: str, client: Any) -> None:
    stuck(client, 100)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20ms", rate=20)
        control = KeepingControl(stop_after=46, answers=[True, True])
        with pytest.raises(StoppedError):
            await run(collector, made, control)
        assert control.reports[-1][0] == 46
        assert client.xlen("orders") == 146
        assert len(pending(client)) == 54


async def test_undo_puts_the_old_entries_back_to_their_consumers(valkey_db: str, client: Any) -> None:
    stuck(client, 20, consumer="first")
    stuck(client, 20, consumer="s\xe9cond \x1b")
    client.xclaim("orders", "mail", "first", 0, [one["message_id"] for one in pending(client)[:5]])
    hostile = client.xadd("orders", HOSTILE)
    client.xreadgroup("mail", "first", {"orders": ">"})
    wait_until(lambda: all(one["time_since_delivered"] > 50 for one in pending(client)))
    entries, before = client.xrange("orders"), held(client)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20ms")
        control = KeepingControl(answers=[True, True])
        assert (await run(collector, made, control)).count == 41
        assert client.xrevrange("orders", count=1)[0][1] == HOSTILE
        assert pending(client) == []
        outcome = await undo(collector, from_journal(made), json.loads(json.dumps(control.kept)))
        assert (outcome.result, outcome.count) == (Result.DONE, 41)
        assert client.xrange("orders") == entries
        after = held(client)
        assert [(one[0], one[1], one[3]) for one in after] == [(one[0], one[1], one[3]) for one in before]
        assert all(abs(one[2] - other[2]) < 100 for one, other in zip(after, before, strict=True))
        assert hostile in [one[0] for one in after]
        assert (await undo(collector, made, control.kept)).count == 41, "a second undo changes nothing"
        assert client.xrange("orders") == entries


async def test_copies_that_were_read_are_not_taken_back(valkey_db: str, client: Any) -> None:
    stuck(client, 10)
    async with watch(valkey_db) as collector:
        made = await planned(collector, canary="20ms")
        control = KeepingControl(answers=[True, True])
        await run(collector, made, control)
        client.xreadgroup("mail", "w", {"orders": ">"}, count=4)
        outcome = await undo(collector, made, control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 6)
        assert outcome.skipped == {"read already, or the old one is gone": 4}
        assert len(pending(client)) == 10
        assert client.xlen("orders") == 14


@pytest.mark.parametrize("how", ["copy", "claim"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_what_happened_is_found_out_wherever_it_died(
    valkey_db: str, client: Any, how: str, at: int, after: bool
) -> None:
    ids = stuck(client, 40)
    client.xreadgroup("mail", "living", {"orders": ">"})
    async with watch(valkey_db) as collector:
        made = await planned(collector, how=how, canary="20ms")
        control = KeepingControl(answers=[True, True])
        assert await dying(collector, made, control, at, after=after) is None
        told = await find(collector, "queues.retry").reconcile(from_journal(made), control.kept)
        lost = {one["message_id"] for one in pending(client) if one["consumer"] == b"lost"}
        truth = 40 - len(lost & set(ids))
        assert told.count == truth
        assert told.result is (Result.DONE if truth == 40 else Result.FAILED)
        assert ("before its first write" if not truth else f"{truth} of 40") in told.words
        if how == "copy":
            assert client.xlen("orders") == 40 + truth


async def test_a_server_without_memory_loses_nothing(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as client:
        stuck(client, 5)
        before = held(client)
        async with watch(server.url) as collector:
            made = await planned(collector)
            client.config_set("maxmemory", "1")
            with pytest.raises(RefusedError, match="out of memory"):
                await run(collector, made)
            client.config_set("maxmemory", "0")
        assert [one[:2] for one in held(client)] == [one[:2] for one in before]
        assert client.xlen("orders") == 5


# retry by claims


async def test_claimed_entries_are_worked_off_by_who_reads_his_own(valkey_db: str, client: Any) -> None:
    stuck(client, 20)
    with group_worker(valkey_db, "orders", "mail", "w\xe9", own=True) as done:
        await wait_until_async(lambda: len(client.xinfo_consumers("orders", "mail")) == 2, 15)
        async with watch(valkey_db) as collector:
            made = await planned(collector, how="claim")
            assert made.undo == ""
            assert any("must read its own entries" in one for one in made.warnings)
            control = KeepingControl()
            outcome = await run(collector, made, control)
            await wait_until_async(lambda: len(done) == 20, 15)
            with pytest.raises(RefusedError, match="a claim cannot be undone"):
                await undo(collector, made, control.kept)
    assert (outcome.result, outcome.count) == (Result.DONE, 20)
    assert outcome.words == "20 claimed for w\xe9"
    assert client.xlen("orders") == 20, "nothing was added"
    assert sorted(the_n(done)) == list(range(20))


async def test_a_consumer_that_never_looks_leaves_no_verdict(valkey_db: str, client: Any) -> None:
    stuck(client, 20)
    client.xreadgroup("mail", "idle", {"orders": ">"})
    async with watch(valkey_db) as collector:
        made = await planned(collector, how="claim", consumer="idle", canary="50ms")
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert "1 not taken yet" in control.questions[0]
        assert (outcome.result, outcome.count) == (Result.FAILED, 1)
    [mine] = [one for one in pending(client) if one["consumer"] == b"idle"]
    assert mine["times_delivered"] == 1, "a claim does not count as given"


async def test_a_consumer_that_went_meanwhile_gets_nothing(valkey_db: str, client: Any) -> None:
    stuck(client, 3)
    client.xreadgroup("mail", "idle", {"orders": ">"})
    async with watch(valkey_db) as collector:
        made = await planned(collector, how="claim", consumer="idle")
        client.xgroup_delconsumer("orders", "mail", "idle")
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert outcome.skipped == {"the consumer is gone": 3}
    assert [one["name"] for one in client.xinfo_consumers("orders", "mail")] == [b"lost"]


def test_what_became_of_an_entry() -> None:
    copy, claimed = Moved(b"5-1", 0), Moved(b"5-2", 3)

    def one(moved: Moved, now: tuple[bytes, int] | None, read: bytes = b"9-0", target: bytes = b"") -> Any:
        told = {} if now is None else {moved.entry: Stuck(moved.entry, now[0], 0.0, now[1])}
        made = fates([moved], told, read, target)
        return made.well, made.failed, made.seen

    assert one(copy, None) == (1, 0, 0)
    assert one(copy, None, read=b"5-0") == (0, 0, 0)
    assert one(copy, (b"w", 1)) == (0, 0, 1)
    assert one(copy, (b"w", 2)) == (0, 1, 0)
    assert one(claimed, (b"w", 3), target=b"w") == (0, 0, 0)
    assert one(claimed, (b"w", 4), target=b"w") == (0, 0, 1)
    assert one(claimed, (b"w", 5), target=b"w") == (0, 1, 0)
    assert one(claimed, (b"x", 3), target=b"w") == (0, 1, 0)
    assert one(claimed, None, target=b"w") == (1, 0, 0)
