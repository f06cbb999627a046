"""Consumer groups as people use them: entries added, given, acknowledged, deleted; held against the truth."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
import redis

from collectors.base import Context
from collectors.clock import Clock, SystemClock
from collectors.model.quantity import Known
from collectors.queues.streams import StreamCollector
from collectors.queues.streams.group import (
    Consumer,
    Group,
    Mark,
    Pending,
    mark_of,
    reading_of,
    ready_of,
)
from collectors.registry import load
from collectors.secret import SecretUrl
from collectors.transport.read.redis_ids import next_id
from tests.collectors.queues.looking import (
    StepClock,
    by_key,
    everything,
    is_exact,
    looking,
    value,
    write_commands,
)

KEY = b"orders\0mail"


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


def watch(url: str, *keys: str, clock: Clock | None = None, **options: Any) -> Any:
    context = Context(
        collector="streams", timeout=5, clock=clock or SystemClock(), attribute=(("ord*", "orders"),)
    )
    return looking(StreamCollector, context, url=SecretUrl(url), keys=keys or ("orders",), **options)


def fill(client: Any, count: int, stream: str = "orders", group: str | None = "mail") -> None:
    for index in range(count):
        client.xadd(stream, {"n": index})
    if group is not None:
        client.xgroup_create(stream, group, "0")


def test_its_type_is_found() -> None:
    assert load("queues.streams") is StreamCollector


async def test_a_group_is_a_queue(valkey_db: str, client: Any) -> None:
    before = time.time()
    fill(client, 10)
    client.xreadgroup("mail", "worker-1", {"orders": ">"}, count=3)
    client.xreadgroup("mail", "worker-2", {"orders": ">"}, count=1)
    [entry] = client.xreadgroup("mail", "worker-2", {"orders": ">"}, count=1)[0][1]
    client.xack("orders", "mail", entry[0])
    async with watch(valkey_db) as collector:
        sweep = await collector.collect()
        [(key, mail)] = by_key(sweep).items()
        assert key == KEY
        assert mail.subject.label == "orders · mail"
        assert mail.subject.service == "orders"
        assert is_exact(mail.ready, 5)
        assert is_exact(mail.running, 4)
        assert is_exact(mail.retrying, 0)
        assert is_exact(mail.busy, 2)
        assert value(mail.workers) == 2
        assert mail.workers.known is Known.ABOUT, "Redis knows names, not processes"
        assert 0 <= value(mail.oldest_age) <= time.time() - before + 0.1
        assert 0 <= value(mail.longest_running) < 10
        assert 0 <= value(mail.last_beat) < 10
        assert mail.dead.known is Known.UNKNOWN
        assert mail.paused is None
        assert {part.name: part.word for part in mail.parts} == {
            "worker-1": "3 pending",
            "worker-2": "1 pending",
        }
        extra = dict(mail.extra)
        assert is_exact(extra["streams.entries"], 10)
        assert is_exact(extra["streams.lost"], 0)
        assert is_exact(extra["streams.deliveries"], 1)
        detail = await collector.detail(mail.subject.id, "pending")
        assert [row[1] for row in detail.rows] == ["worker-1"] * 3 + ["worker-2"]


async def test_rates_come_from_the_servers_own_counters(valkey_db: str, client: Any) -> None:
    fill(client, 4)
    clock = StepClock()
    async with watch(valkey_db, clock=clock) as collector:
        first = by_key(await collector.collect())[KEY]
        assert first.add_rate.known is Known.NEEDS_SAMPLES
        fill(client, 6, group=None)
        client.xreadgroup("mail", "w", {"orders": ">"}, count=8)
        clock.seconds += 2
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.add_rate, 3)
        assert is_exact(mail.drain_rate, 4)
        assert is_exact(mail.ready, 2)
        assert value(mail.time_to_empty) == 2
        client.xgroup_setid("orders", "mail", "0", entries_read=0)
        clock.seconds += 2
        assert by_key(await collector.collect())[KEY].drain_rate.known is Known.UNKNOWN, "moved back by hand"


async def test_a_lag_that_a_deletion_cost_is_counted_or_bounded(valkey_db: str, client: Any) -> None:
    fill(client, 10)
    client.xreadgroup("mail", "w", {"orders": ">"}, count=2)
    ids = [entry for entry, _ in client.xrange("orders")]
    client.xdel("orders", ids[5])
    assert client.xinfo_groups("orders")[0]["lag"] is None, "the server does not know it any more"
    async with watch(valkey_db) as collector:
        assert is_exact(by_key(await collector.collect())[KEY].ready, 7)
        fill(client, 200, group=None)
        mail = by_key(await collector.collect())[KEY]
        assert (mail.ready.known, mail.ready.value) == (Known.AT_LEAST, 100)
        assert mail.oldest_age.known is Known.EXACT
        client.xdel("orders", *[entry for entry, _ in client.xrange("orders")])
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.ready, 0)
        assert is_exact(mail.oldest_age, 0)


async def test_entries_trimmed_before_they_were_read_are_named_as_lost(valkey_db: str, client: Any) -> None:
    fill(client, 20)
    client.xtrim("orders", maxlen=5, approximate=False)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.ready, 5), "a worker could take no more"
        if dict(mail.extra)["streams.lost"].value:
            assert is_exact(dict(mail.extra)["streams.lost"], 15)
            assert mail.note.startswith("15 entries were trimmed away")


async def test_redelivered_entries_are_retries(valkey_db: str, client: Any) -> None:
    fill(client, 3)
    client.xreadgroup("mail", "w1", {"orders": ">"}, count=3)
    client.xautoclaim("orders", "mail", "w2", min_idle_time=0, count=2)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.retrying, 2)
        assert is_exact(dict(mail.extra)["streams.deliveries"], 2)


async def test_more_pending_entries_than_are_looked_at_give_lower_bounds(valkey_db: str, client: Any) -> None:
    fill(client, 150)
    client.xreadgroup("mail", "w1", {"orders": ">"}, count=150)
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.running, 150)
        assert mail.retrying.known is mail.longest_running.known is Known.AT_LEAST


async def test_consumers_that_have_not_read_for_long_are_no_workers(valkey_db: str, client: Any) -> None:
    fill(client, 2)
    client.xreadgroup("mail", "gone", {"orders": ">"}, count=1)
    await asyncio.sleep(0.3)
    client.xreadgroup("mail", "here", {"orders": ">"}, count=1)
    async with watch(valkey_db, alive_within=0.25) as collector:
        mail = by_key(await collector.collect())[KEY]
        assert value(mail.workers) == 1
        assert {part.name: part.bad for part in mail.parts} == {"gone": True, "here": False}


async def test_a_group_that_nobody_reads_and_a_stream_without_a_group(valkey_db: str, client: Any) -> None:
    fill(client, 2)
    fill(client, 3, "lonely", None)
    fill(client, 3, "other", None)
    client.set("text", 1)
    async with watch(valkey_db, "orders", "lonely", "oth*", "text", "absent") as collector:
        readings = by_key(await collector.collect())
        assert set(readings) == {KEY, b"lonely"}
        assert is_exact(readings[KEY].workers, 0)
        assert "no consumer" in readings[KEY].note
        assert is_exact(readings[b"lonely"].ready, 3)
        assert readings[b"lonely"].note == "no group reads this stream"


async def test_a_group_that_was_destroyed_is_missing_from_the_next_sweep(valkey_db: str, client: Any) -> None:
    fill(client, 2)
    client.xgroup_create("orders", "bill", "$")
    async with watch(valkey_db) as collector:
        assert set(by_key(await collector.collect())) == {KEY, b"orders\0bill"}
        client.xgroup_destroy("orders", "bill")
        sweep = await collector.collect()
        assert sweep.complete
        assert set(by_key(sweep)) == {KEY}
        client.delete("orders")
        assert by_key(await collector.collect()) == {}


async def test_hostile_names_keep_their_bytes_and_show_harmless(valkey_db: str, client: Any) -> None:
    for name in (b"s:[@click=app.quit]x[/]", b"s:\x1b]52;c;aGk=\x07", b"s:\xff\n"):
        client.xadd(name, {b"\x1b": b"\xff"})
        client.xgroup_create(name, b"\x1b[2Jgroup", "0")
        client.xreadgroup(b"\x1b[2Jgroup", b"\x9b who", {name: ">"})
    async with watch(valkey_db, "s:*") as collector:
        readings = by_key(await collector.collect())
        assert len(readings) == 3
        for key, reading in readings.items():
            assert key.endswith(b"\0\x1b[2Jgroup")
            assert all(
                text.isprintable() for text in (reading.subject.label, *(part.name for part in reading.parts))
            )
            detail = await collector.detail(reading.subject.id, "pending")
            assert str(detail.rows[0][1]).isprintable()


async def test_ids_that_are_no_times_give_no_ages(valkey_db: str, client: Any) -> None:
    client.xadd("orders", {"n": 1}, id="7-1")
    client.xgroup_create("orders", "mail", "0")
    async with watch(valkey_db) as collector:
        mail = by_key(await collector.collect())[KEY]
        assert is_exact(mail.ready, 1)
        assert mail.oldest_age.known is Known.UNKNOWN


async def test_large_entries_are_not_fetched_to_be_counted(valkey_db: str, client: Any) -> None:
    fill(client, 1)
    for _ in range(20):
        client.xadd("orders", {"body": b"x" * 300_000})
    client.xdel("orders", client.xrange("orders")[10][0])
    async with watch(valkey_db) as collector:
        sweep = await collector.collect()
        assert by_key(sweep)[KEY].ready.known is Known.AT_LEAST
        assert sweep.cost.bytes < 700_000


async def test_looking_changes_nothing_and_sends_no_write(valkey_db: str, client: Any) -> None:
    fill(client, 20)
    client.xreadgroup("mail", "w", {"orders": ">"}, count=5)
    client.xdel("orders", client.xrange("orders")[12][0])

    def state() -> Any:
        pending = client.xpending_range("orders", "mail", "-", "+", 100)
        counts = [(one["message_id"], one["consumer"], one["times_delivered"]) for one in pending]
        return everything(client), counts

    before = state()
    client.config_resetstat()
    async with watch(valkey_db, "orders", "o*") as collector:
        for _ in range(20):
            sweep = await collector.collect()
        await collector.detail(sweep.readings[0].subject.id, "pending")
        probes = collector._reader.probes
        stats = client.info("stats")
        assert (probes.hits, probes.misses) == (stats["keyspace_hits"], stats["keyspace_misses"])
        assert write_commands(client) == set()
    assert state() == before


# pure parts: what servers before 7.0 say


def group(**changes: Any) -> Group:
    values: dict[str, Any] = {
        "name": b"g",
        "length": 10,
        "pending": 0,
        "lag": None,
        "read": None,
        "waiting": (),
        "asked": 100,
        "consumers": (),
        "entries": (),
        "first_pending": None,
    }
    return Group(**{**values, **changes})


def test_what_is_ready_without_a_lag() -> None:
    assert is_exact(ready_of(group()), 0)
    assert is_exact(ready_of(group(waiting=[b"1-1"] * 7)), 7)
    assert is_exact(ready_of(group(waiting=[b"1-1"] * 10, asked=10)), 10)
    bounded = ready_of(group(length=500, waiting=[b"1-1"] * 100))
    assert (bounded.known, bounded.value) == (Known.AT_LEAST, 100)
    assert is_exact(ready_of(group(lag=4, waiting=[b"1-1"], asked=1)), 4)
    assert is_exact(ready_of(group(lag=40, waiting=[b"1-1"], asked=1)), 10)
    wrong = ready_of(group(lag=0, waiting=[b"1-1"], asked=1))
    assert (wrong.known, wrong.value) == (Known.AT_LEAST, 1), "an entry waits, whatever the lag says"


def test_a_group_without_counters_has_no_rates_instead_of_zeros() -> None:
    context = Context(collector="c")
    subject = context.subject(cast("Any", StreamCollector.practice), b"k")
    consumer = Consumer(b"c", 1, 5.0)
    told = group(pending=1, consumers=[consumer], entries=[Pending(b"1-1", 5.0, 3)], first_pending=b"1-1")
    reading = reading_of(subject, told, mark_of(told, 1.0), 2.0, 1e9, 60)
    assert reading.add_rate.known is reading.drain_rate.known is Known.UNKNOWN
    assert is_exact(reading.retrying, 1)
    assert is_exact(reading.longest_running, 5)
    assert dict(reading.extra)["streams.lost"].known is Known.UNKNOWN
    assert mark_of(told, 1.0) == Mark(1.0, None, None)


def test_the_id_after_an_id() -> None:
    assert next_id(b"0-0") == b"0-1"
    assert next_id(b"5-18446744073709551615") == b"6-0"
    assert next_id(b"junk") == b"0-1"
