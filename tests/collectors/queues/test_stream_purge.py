"""The backlog of a group is skipped, and given back."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from collectors.action import Plan, RefusedError, Result, Risk, StoppedError
from collectors.model.quantity import Known
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.queues.consuming import dying, from_journal, late
from tests.collectors.queues.grouping import KEY, fill, streams, the_n, watch
from tests.collectors.queues.looking import is_exact


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


def position(client: Any) -> Any:
    [group] = client.xinfo_groups("orders")
    return group


async def waiting_plan(collector: Any, **said: Any) -> Plan:
    """A plan whose cut-off is a moment ahead: the entries are of this very millisecond."""
    return await plan(collector, "queues.purge", KEY, **{"cut_off": time.time() + 2, **said})


async def test_a_backlog_is_skipped_and_given_back(valkey_db: str, client: Any) -> None:
    fill(client, 30)
    client.xgroup_create("orders", "mail", "0")
    client.xreadgroup("mail", "w", {"orders": ">"}, count=10)
    before = streams(client)
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        assert streams(client) == before
        assert is_exact(made.count, 20)
        assert made.level is Risk.DESTRUCTIVE
        assert made.sample[0].endswith("n 10")
        assert made.refusals == ()
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 20)
        assert position(client)["lag"] == 0
        assert position(client)["pending"] == 10
        outcome = await undo(collector, from_journal(made), control.kept)
        assert (outcome.result, outcome.count) == (Result.DONE, 20)
        with pytest.raises(RefusedError, match="moved back already"):
            await undo(collector, made, control.kept, KeepingControl(answers=[True]))
        assert position(client)["last-delivered-id"] == before[b"orders"][0][1][0]["last-delivered-id"]
        assert position(client)["entries-read"] == 10
        found = client.xreadgroup("mail", "w", {"orders": ">"})
        assert the_n([fields for _, fields in found[0][1]]) == list(range(10, 30))


async def test_undo_leaves_everything_as_it_was(valkey_db: str, client: Any) -> None:
    fill(client, 30)
    client.xgroup_create("orders", "mail", "0")
    client.xreadgroup("mail", "w", {"orders": ">"}, count=10)
    before = streams(client)
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        await run(collector, made)
        await undo(collector, made, [])
        assert streams(client) == before


async def test_nothing_newer_is_skipped(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        fill(client, 3, first=10)
        assert (await run(collector, made)).count == 10
        found = client.xreadgroup("mail", "w", {"orders": ">"})
        assert the_n([fields for _, fields in found[0][1]]) == [10, 11, 12]
        old = await plan(collector, "queues.purge", KEY, cut_off=time.time() - 3600)
        assert "ids later than the server's clock" in old.refusals[0]


async def test_the_cut_off_is_a_time_of_the_server(valkey_db: str, client: Any) -> None:
    now = int(time.time() * 1000)
    for second in range(10):
        client.xadd("orders", {"n": second}, id=f"{now - 10_000 + 1000 * second}-0")
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await plan(collector, "queues.purge", KEY, cut_off=now / 1000 - 5.5)
        assert made.count.value == 5
        assert made.detail["to"] == f"{now - 6000}-0"


async def test_what_is_read_meanwhile_is_not_skipped(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    client.xreadgroup("mail", "w", {"orders": ">"}, count=1)
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        client.xreadgroup("mail", "w", {"orders": ">"}, count=4)
        control = KeepingControl()
        outcome = await run(collector, made, control)
        assert (outcome.result, outcome.count) == (Result.DONE, 5)
        assert outcome.skipped == {"read meanwhile": 4}
        await undo(collector, made, control.kept)
        found = client.xreadgroup("mail", "w", {"orders": ">"})
        assert the_n([fields for _, fields in found[0][1]]) == [5, 6, 7, 8, 9], "none twice"


@pytest.mark.parametrize(("to", "words"), [("$", "read them meanwhile"), ("0", "moved the group back")])
async def test_a_group_that_moved_is_left_alone(valkey_db: str, client: Any, to: str, words: str) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    client.xreadgroup("mail", "w", {"orders": ">"}, count=2)
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        client.xgroup_setid("orders", "mail", to)
        before = position(client)["last-delivered-id"]
        outcome = await run(collector, made)
        assert (outcome.result, outcome.count) == (Result.FAILED, 0)
        assert words in outcome.words
        assert position(client)["last-delivered-id"] == before


async def test_a_group_that_read_on_is_moved_back_only_when_told(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        await run(collector, made)
        fill(client, 3)
        client.xreadgroup("mail", "w", {"orders": ">"})
        control = KeepingControl()
        with pytest.raises(RefusedError, match="read on since"):
            await undo(collector, made, [], control)
        assert "3 entries would be given again" in control.questions[0]
        await undo(collector, made, [], KeepingControl(answers=[True]))
        assert position(client)["last-delivered-id"] == b"0-0"


async def test_a_group_that_reads_in_this_moment_is_not_moved_back(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        await run(collector, made)
        fill(client, 1)

        def reads() -> None:
            client.xreadgroup("mail", "w", {"orders": ">"})

        with pytest.raises(RefusedError, match="read on in this moment"):
            await late(collector, made, KeepingControl(), reads, undo=True)
        assert position(client)["lag"] == 0


async def test_a_backlog_that_cannot_be_counted_is_bounded(valkey_db: str, client: Any) -> None:
    ids = fill(client, 30)
    client.xgroup_create("orders", "mail", "0")
    client.xdel("orders", ids[4])
    async with watch(valkey_db) as collector:
        assert position(client)["lag"] is None
        assert is_exact((await waiting_plan(collector)).count, 29)
        fill(client, 1200)
        client.xdel("orders", ids[5])
        made = await waiting_plan(collector)
        assert made.count.known is Known.AT_LEAST
        assert made.count.value == 1000
        assert any("not known exactly" in one for one in made.warnings)
        limited = await waiting_plan(collector, maximum=5000)
        assert "cannot be counted, and the limit is 5000" in limited.refusals[0]


async def test_a_purge_over_its_limit_or_of_nothing_is_refused(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        assert (
            "10 entries are more than the limit of 9"
            in (await waiting_plan(collector, maximum=9)).refusals[0]
        )
        client.xgroup_setid("orders", "mail", "$")
        assert "nothing waits" in (await waiting_plan(collector)).refusals[0]


@pytest.mark.parametrize("after", [False, True])
async def test_what_became_of_a_purge_is_found_out(valkey_db: str, client: Any, after: bool) -> None:
    fill(client, 10)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        control = KeepingControl()
        assert await dying(collector, made, control, 1, after=after) is None
        told = await find(collector, "queues.purge").reconcile(from_journal(made), control.kept)
        assert (told.result, told.count) == ((Result.DONE, 10) if after else (Result.FAILED, 0))
        assert (position(client)["lag"] == 0) is after
        if not after:
            with pytest.raises(RefusedError, match="nothing was skipped"):
                await undo(collector, made, control.kept, KeepingControl(answers=[True]))


async def test_a_purge_that_is_stopped_before_it_begins_does_nothing(valkey_db: str, client: Any) -> None:
    fill(client, 3)
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        made = await waiting_plan(collector)
        with pytest.raises(StoppedError):
            await run(collector, made, KeepingControl(stop_after=0))
        assert position(client)["lag"] == 3
