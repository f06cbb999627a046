"""Queues and their dead lists: how they are found, named and shown."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.queues.redis import ListCollector
from collectors.secret import SecretUrl
from tests.collectors.queues.burying import bury, job, watch
from tests.collectors.queues.looking import by_key, is_exact


@pytest.fixture
def client(valkey_db: str) -> Iterator[Any]:
    with redis.Redis.from_url(valkey_db) as connection:
        yield connection


# what is watched


async def test_a_queue_is_found_by_its_dead_list(valkey_db: str, client: Any) -> None:
    bury(client, job(1), job(2))
    client.lpush("news", "a")
    client.lpush("quarterdeck:quarantine:mail:1", "x")
    async with watch(valkey_db, "*") as collector:
        found = by_key(await collector.collect())
        assert sorted(found) == [b"mail", b"news"]
        assert is_exact(found[b"mail"].dead, 2)
        assert is_exact(found[b"mail"].ready, 0)
        assert is_exact(found[b"news"].dead, 0)
    async with watch(valkey_db, "m*", dead="graves/{queue}") as collector:
        client.rename("mail:dead", "graves/mail")
        assert list(by_key(await collector.collect())) == [b"mail"]


@pytest.mark.parametrize(
    ("keys", "dead"), [(["a", "b"], "graves"), (["a*"], "graves"), (["a"], "{queue}"), (["a"], "a")]
)
def test_a_dead_list_that_cannot_be_is_refused(keys: list[str], dead: str) -> None:
    options = ListCollector.Options(url=SecretUrl("redis://h"), keys=tuple(keys), dead=dead)
    with pytest.raises(OptionsError, match="dead = "):
        ListCollector(options, Context(collector="lists"))


async def test_the_elements_are_shown_by_name_and_place(valkey_db: str, client: Any) -> None:
    client.lpush("mail", "first", "second")
    bury(client, job(1))
    async with watch(valkey_db) as collector:
        subject = SubjectId(Practice.QUEUES, "lists", "", b"mail")
        rows = (await collector.detail(subject, "items")).rows
    assert [(row[1], row[2].value, row[4]) for row in rows] == [
        ("ready", 1, "first"),
        ("ready", 2, "second"),
        ("dead", 1, job(1).decode()),
    ]
    assert rows[0][0] == "a7937b64b8ca"
