"""What belongs to queue libraries is known by its name, or by name and type."""

from collections.abc import AsyncIterator

import pytest
import redis
from rq import Queue

from collectors.base import Context
from collectors.caches.redis.guarding import Neighbours, is_doubtful, library_of, probe, sentence
from collectors.secret import SecretUrl
from collectors.transport.read.redis import RedisReader
from collectors.transport.read.redis_options import RedisOptions


@pytest.fixture
async def reader(valkey_db: str) -> AsyncIterator[RedisReader]:
    made = RedisReader(Context(collector="cache"), RedisOptions(url=SecretUrl(valkey_db)))
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("key", "library"),
    [
        (b"_kombu.binding.celery", "Celery"),
        (b"shop_kombu.binding.mail", "Celery"),
        (b"mail\x06\x163", "Celery"),
        (b"a.reply.celery.pidbox", "Celery"),
        (b"unacked_index", "Celery"),
        (b"rq:job:1", "RQ"),
        (b"bull:mail:17", "BullMQ"),
        (b"asynq:{default}:pending", "asynq"),
        (b"dramatiq:default.XQ", "Dramatiq"),
        (b"arq:in-progress:1", "arq"),
        (b"huey.schedule.shop", "Huey"),
        (b"saq:job:default:1", "SAQ"),
        (b"resque:queue:mail", "Resque"),
        (b"quarterdeck:lease:cache/db0", "this console"),
    ],
)
def test_a_library_is_known_by_its_names(key: bytes, library: str) -> None:
    assert library_of(key) == library
    assert library_of(key, "string") == library
    assert not is_doubtful(key)


@pytest.mark.parametrize(
    "key", [b"queues", b"processes", b"queue:mail", b"retry", b"celery", b"queues:default"]
)
def test_a_name_that_a_cache_may_use_too_is_told_by_its_type(key: bytes) -> None:
    assert is_doubtful(key)
    assert library_of(key) == library_of(key, "string") == library_of(key, "none") == ""
    assert library_of(key, "list")
    assert library_of(key, "set")


@pytest.mark.parametrize(
    "key", [b"frag:1", b"queue", b"queued:1", b"rq", b"deadline", b"", b"arq", b"xrq:job"]
)
def test_other_names_are_nobodys(key: bytes) -> None:
    assert library_of(key, "list") == ""
    assert not is_doubtful(key)


async def test_a_database_with_jobs_of_a_real_library_is_recognised(
    valkey_db: str, reader: RedisReader
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        Queue("mail", connection=client).enqueue(print, "x")
    found = Neighbours()
    assert set(await probe(reader, found)) == {b"rq:queues"}
    assert found.found == {"RQ": b"rq:queues"}
    assert found.claims(b"rq:job:") == "RQ"
    assert sentence(found.found) == "RQ (rq:queues)"


async def test_a_name_of_another_type_shows_no_library(valkey_db: str, reader: RedisReader) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.set("queues", "a cached page")
        client.set("celery", "a cached recipe")
    found = Neighbours()
    assert await probe(reader, found) == {}
    assert found.found == {}
    assert found.claims(b"queue:") == ""
    with redis.Redis.from_url(valkey_db) as client:
        client.sadd("processes", "web-1:42")
    await probe(reader, found)
    assert found.claims(b"queue:") == "Sidekiq or Resque"
