"""The slow log: what was slow is seen, what clients stored is not."""

import redis
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.caches.redis import RedisCache, RedisCacheOptions
from collectors.caches.redis.slowlog import command, rows
from collectors.model.quantity import Quantity
from collectors.secret import SecretUrl
from collectors.text import Shown
from tests.servers.fixtures import MakeValkey


def words(text: str) -> list[bytes]:
    return text.encode().split()


def test_names_keys_and_ranges_are_shown() -> None:
    assert command(words("KEYS user:*")) == "KEYS user:*"
    assert command(words("zrange scores 0 -1")) == "ZRANGE scores 0 -1"
    assert command(words("HGETALL big")) == "HGETALL big"
    assert command([]) == "–"


def test_values_and_credentials_are_not() -> None:
    assert command(words("SET session:1 hunter2")) == "SET session:1 … 1 more"
    assert command(words("HSET user:1 name Ada city Paris")) == "HSET user:1 … 4 more"
    assert command(words("AUTH ops hunter2")) == "AUTH … 2 more"
    assert command(words("CONFIG SET requirepass hunter2")) == "CONFIG SET … 2 more"
    assert command(words("ACL SETUSER ops >hunter2")) == "ACL … 3 more"
    assert command(words("NEWCOMMAND key value")) == "NEWCOMMAND key … 1 more"


def test_long_and_hostile_words_are_cut_and_made_visible() -> None:
    shown = command([b"DEL", b"\x1b]0;x\x07" + b"k" * 500, *[b"key%d" % number for number in range(90)]])
    assert len(shown) <= 200
    assert shown.isprintable()
    assert "␛" in shown


def test_emails_in_keys_become_tokens() -> None:
    assert "ada@example.org" not in command([b"DEL", b"cart:ada@example.org"])


def test_both_forms_of_entries_are_read_and_others_passed_over() -> None:
    new = [1, 1_700_000_000, 1500, [b"GET", b"k"], b"10.0.0.1:99", b"worker-1"]
    old = [0, 1_700_000_001, 20, [b"GET", b"k"]]
    table = rows([new, old, b"junk", [1, 2]])
    assert [row[0] for row in table] == ["2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"]
    took = table[0][1]
    assert isinstance(took, Quantity)
    assert took.value == 0.0015
    assert [row[3] for row in table] == ["worker-1 10.0.0.1:99", "–"]


scalars = st.none() | st.integers() | st.binary(max_size=30)


@given(st.lists(st.lists(scalars | st.lists(scalars, max_size=5), max_size=7), max_size=6))
def test_whatever_a_server_says_it_is_rows(entries: list[list[object]]) -> None:
    for row in rows(entries):
        assert len(row) == 4
        assert all(isinstance(cell, (Shown, Quantity)) for cell in row)


async def test_slow_commands_of_a_real_server(make_valkey: MakeValkey) -> None:
    server = make_valkey(["slowlog-log-slower-than 0"])
    cache = RedisCache(RedisCacheOptions(url=SecretUrl(server.url)), Context(collector="c", timeout=2.0))
    with redis.Redis.from_url(server.url, client_name="worker-7") as client:
        client.set("session:1", "hunter2")
        client.mget("a", "b")
    [reading] = (await cache.collect()).readings
    detail = await cache.detail(reading.subject.id, "slowlog")
    await cache.close()
    told = [(str(row[2]), str(row[3])) for row in detail.rows]
    assert ("SET session:1 … 1 more", "worker-7") in [(text, who.split()[0]) for text, who in told]
    assert "MGET a b" in [text for text, _who in told]
    assert not any("hunter2" in str(row) for row in detail.rows)
    assert any(who.startswith("quarterdeck ") for _text, who in told), "our own are named"
