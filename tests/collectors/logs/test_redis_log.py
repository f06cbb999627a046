"""logs.redis on a real server: fields, ids as positions, gaps, streams made anew, floods."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from pydantic import TypeAdapter, ValidationError

from collectors import registry
from collectors.errors import UnreachableError
from collectors.logs.redis import RedisLogOptions, RedisLogs
from collectors.model.logs import Severity
from collectors.model.quantity import Known
from collectors.secret import SecretUrl
from tests.collectors.logs.following import Following, Kept, following


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as client:
        client.url = valkey_db
        yield client


@asynccontextmanager
async def reading(client: Any, *streams: str, **options: Any) -> AsyncIterator[Following]:
    given: dict[str, Any] = {"url": SecretUrl(client.url), "streams": streams or ("logs",)} | options
    async with following(kind=RedisLogs, **given) as stream:
        yield stream


def add(client: Any, numbers: range, stream: str = "logs") -> None:
    pipe = client.pipeline()
    for number in numbers:
        pipe.xadd(stream, {"line": b'{"n":%d,"level":"info","message":"x"}' % number})
    pipe.execute()


def has(stream: Following, count: int) -> Callable[[], bool]:
    return lambda: len(stream.records) >= count


def lost(stream: Following) -> Known:
    return stream.reading.lost.known


async def test_entries_are_records_whatever_their_fields(client: Any) -> None:
    assert registry.load("logs.redis") is RedisLogs
    client.xadd("logs", {"line": "plain, of a field named line", "other": "1"})
    client.xadd("logs", {"message": '{"level":"error","message":"inner"}'})
    client.xadd("logs", {"message": "with others", "level": "warning", "order": "7", "bad": b"\xff"})
    client.xadd("logs", {"line": "Traceback (most recent call last):\n  File x\nValueError: no"})
    async with reading(client) as stream:
        await stream.until(has(stream, 4))
        plain, inner, whole, trace = stream.records
        assert plain.message == "plain, of a field named line"
        assert (inner.message, inner.severity) == ("inner", Severity.ERROR)
        assert (whole.message, whole.severity, whole.timed) == ("with others", Severity.WARNING, True)
        assert ("order", "7") in whole.fields
        assert trace.message == "ValueError: no"
        assert stream.reading.word == "following"
        assert stream.reading.subject.id.key == b"logs"
        assert lost(stream) is Known.EXACT
    async with reading(client, field="other") as stream:
        await stream.until(has(stream, 1))
        assert stream.messages[0] == "1"


async def test_across_runs_each_entry_is_new_once(client: Any) -> None:
    kept = Kept()
    add(client, range(300))
    async with reading(client, positions=kept) as stream:
        await stream.until(has(stream, 300))
        assert stream.numbers(replayed=False) == list(range(300))
    add(client, range(300, 400))
    async with reading(client, positions=kept) as stream:
        await stream.until(has(stream, 400))
        assert stream.numbers(replayed=True) == list(range(300))
        assert stream.numbers(replayed=False) == list(range(300, 400))
        assert lost(stream) is Known.EXACT
    async with reading(client, positions=kept, back=0) as stream:
        add(client, range(400, 403))
        await stream.until(has(stream, 3))
        assert stream.numbers(replayed=False) == [400, 401, 402]
        assert stream.numbers(replayed=True) == []


async def test_what_was_trimmed_before_it_was_read_is_a_gap(client: Any) -> None:
    kept = Kept()
    add(client, range(10))
    async with reading(client, positions=kept) as stream:
        await stream.until(has(stream, 10))
        client.xtrim("logs", maxlen=2, approximate=False)
        add(client, range(10, 12))
        await stream.until(has(stream, 12))
        # what was trimmed had been read
        assert lost(stream) is Known.EXACT
        add(client, range(12, 20))
        client.xtrim("logs", maxlen=3, approximate=False)
        await stream.until(has(stream, 15))
        assert stream.numbers(replayed=False)[-3:] == [17, 18, 19]
        assert lost(stream) is Known.AT_LEAST
    add(client, range(20, 30))
    client.xtrim("logs", maxlen=1, approximate=False)
    async with reading(client, positions=kept) as stream:
        await stream.until(has(stream, 1))
        assert stream.numbers(replayed=False) == [29]
        assert lost(stream) is Known.AT_LEAST


async def test_a_stream_made_anew_is_read_from_its_start(client: Any) -> None:
    add(client, range(3))
    async with reading(client) as stream:
        await stream.until(has(stream, 3))
        client.delete("logs")
        await stream.collect()
        assert stream.reading.word == "missing"
        client.xadd("logs", {"line": '{"n":50,"message":"x"}'}, id="1-1")
        await stream.until(has(stream, 4))
        assert stream.numbers(replayed=False) == [0, 1, 2, 50]
        assert stream.reading.rotations.value == 1
        assert lost(stream) is Known.AT_LEAST


async def test_streams_that_are_none_are_told_each_by_itself(client: Any) -> None:
    client.set("text", "x")
    add(client, range(2))
    async with reading(client, "logs", "late", "text") as stream:
        await stream.until(has(stream, 2))
        told = {str(one.subject.label): (str(one.word), str(one.note)) for one in stream.readings}
        assert told["logs"][0] == "following"
        assert told["late"] == ("missing", "late: missing – waiting for the stream to come")
        assert told["text"][0] == "failed"
        assert "WRONGTYPE" in told["text"][1]
        add(client, range(2, 4), "late")
        await stream.until(has(stream, 4))


async def test_a_flood_is_read_in_batches(client: Any) -> None:
    async with reading(client) as stream:
        await stream.collect()
        add(client, range(8000))
        await stream.until(lambda: stream.reading.behind.value == 0 and len(stream.records) >= 8000, 40)
        assert stream.numbers(replayed=False) == list(range(8000))
        assert stream.reading.line_rate.value is not None


async def test_a_server_that_is_away_is_told(make_valkey: Any) -> None:
    server = make_valkey()
    with redis.Redis.from_url(server.url) as other:
        other.url = server.url
        add(other, range(3))
        async with reading(other) as stream:
            await stream.until(has(stream, 3))
            server.stop()
            with pytest.raises(UnreachableError):
                await stream.collect()


@pytest.mark.parametrize(
    "wrong",
    [{"streams": []}, {"streams": ["a", "a"]}, {"streams": ["a"], "max_line": 1}, {}, {"streams": [""]}],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RedisLogOptions).validate_python({"url": "redis://h", **wrong})
