"""The past of a Redis stream on a real server: the follower's lines, by the times in ids."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis

from collectors.base import Context
from collectors.errors import SourceError
from collectors.logs import _past_entries, _past_program
from collectors.logs._past import Piece
from collectors.logs._past_entries import EntriesPast
from collectors.logs._pasts import AsksPast, past_of
from collectors.logs.redis import RedisLogOptions, RedisLogs
from collectors.secret import SecretUrl
from collectors.transport.read.redis_ids import previous_id
from tests.collectors.logs.following import following

BASE = 1_790_000_000_000
"""The first entry's time in milliseconds; there are two entries in each."""

COUNT = 1000


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as client:
        client.url = valkey_db
        yield client


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_past_program, "SLACK", 0.0)
    monkeypatch.setattr(_past_entries, "FETCHED", 2000)


def fill(client: Any, count: int = COUNT) -> None:
    pipe = client.pipeline()
    for n in range(count):
        pipe.xadd("logs", {"line": f"n={n}\nbelow"}, id=f"{BASE + n // 2}-{n % 2}")
    pipe.execute()


def options(client: Any, *streams: str, **more: Any) -> RedisLogOptions:
    return RedisLogOptions(url=SecretUrl(client.url), streams=streams or ("logs",), **more)


def past(client: Any, key: bytes | None = None, *streams: str, **more: Any) -> AsksPast:
    found = past_of("logs.redis", options(client, *streams, **more), Context(collector="log"), key)
    assert isinstance(found, EntriesPast)
    return found


async def lines(asked: AsyncIterator[Piece]) -> list[bytes]:
    """Those of pieces that come newest first, oldest first."""
    pieces = [piece async for piece in asked]
    return [line for piece in reversed(pieces) for line in piece.lines]


async def numbers(asked: AsyncIterator[Piece]) -> list[int]:
    return [int(line[2:]) for line in await lines(asked) if line != b"below"]


async def test_the_past_gives_what_the_follower_gave(client: Any) -> None:
    fill(client, 100)
    client.xadd("logs", {"message": "with others", "level": "warning", "bad": b"\xff"})
    client.xadd("logs", {"line": "y" * 3000})
    given: dict[str, Any] = {
        "url": SecretUrl(client.url),
        "streams": ("logs",),
        "max_line": 1024,
        "back": 1e9,
    }
    async with following(kind=RedisLogs, **given) as stream:
        await stream.until(lambda: stream.sweep is not None and len(stream.records) >= 102)
        followed = b"\n".join(record.raw for record in stream.records).split(b"\n")
    asked = past(client, max_line=1024)
    assert await lines(asked.pieces()) == followed
    assert asked.coverage.cut_bytes == 3000 - 1024
    assert asked.coverage.unread == []
    assert await asked.estimate() is None


async def test_a_window_is_cut_by_the_ids(client: Any) -> None:
    fill(client)
    asked = past(client, b"logs", "logs", "others")
    pieces = [piece async for piece in asked.pieces()]
    assert len(pieces) > 5
    assert pieces[0].lines[-2] == b"n=999"
    assert await numbers(asked.pieces()) == list(range(COUNT))
    first, last = (BASE + 100) / 1000, (BASE + 199) / 1000
    assert await numbers(asked.pieces(first, last)) == list(range(200, 400))
    assert await numbers(asked.pieces(first)) == list(range(200, COUNT))
    assert await numbers(asked.pieces(None, last)) == list(range(400))
    assert await numbers(asked.pieces(last, first)) == []
    assert await lines(asked.pieces(contains=b"N=77", any_case=False)) == []
    assert len(await lines(asked.pieces(contains=b"n=77"))) == 11
    assert asked.coverage.untimed == 0
    got = await numbers(asked.pieces(cap=3000))
    assert got == list(range(got[0], COUNT))
    assert asked.coverage.capped
    assert 3000 <= asked.coverage.bytes < 6000


async def test_ids_of_another_kind_are_all_read(client: Any) -> None:
    client.xadd("logs", {"line": "n=1"}, id="5-1")
    asked = past(client)
    assert await numbers(asked.pieces(BASE / 1000)) == [1]
    assert asked.coverage.untimed == 1


async def test_what_cannot_be_asked_is_told(client: Any) -> None:
    with pytest.raises(SourceError, match="no such key"):
        await lines(past(client).pieces())
    assert past_of("logs.redis", options(client, "a", "b"), Context(collector="log")) is None


def test_before_an_id_comes_another() -> None:
    assert previous_id(b"5-3") == b"5-2"
    assert previous_id(b"5-0") == b"4-18446744073709551615"
    assert previous_id(b"5") == b"4-18446744073709551615"
    assert previous_id(b"0-0") == b"0-0"
