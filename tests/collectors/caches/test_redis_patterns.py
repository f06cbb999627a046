"""Globs as the server reads them, and names of keys as they are typed and shown."""

import random

import pytest
import redis
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.quoting import typed, written
from collectors.text import is_hostile, may_hold_secret

SIGNS = [b"a", b"b", b"c", b"*", b"?", b"[", b"]", b"^", b"-", b"\\", b"\n", b"\xff", b":"]


def anything(rng: random.Random, most: int) -> bytes:
    return b"".join(rng.choice(SIGNS) for _ in range(rng.randrange(1, most)))


def test_a_pattern_hits_what_the_server_says_it_hits(valkey_db: str) -> None:
    rng, read, hit = random.Random(11), 0, 0
    with redis.Redis.from_url(valkey_db) as client:
        keys = {anything(rng, 7) for _ in range(1500)}
        client.mset(dict.fromkeys(keys, b"v"))
        for _ in range(1200):
            pattern = anything(rng, 9)
            try:
                glob = Glob(pattern)
            except ValueError:
                continue
            theirs = set(client.scan_iter(match=pattern, count=5000))
            assert {key for key in keys if glob.matches(key)} == theirs, pattern
            assert all(key.startswith(glob.prefix) for key in theirs), pattern
            read, hit = read + 1, hit + len(theirs)
    assert read > 500
    assert hit > 10_000


@pytest.mark.parametrize("pattern", [b"*", b"**", b"?*", b"*?*?", b"[^x]*", b"[a-z]*", b"????"])
def test_what_is_like_a_star_names_nothing(pattern: bytes) -> None:
    assert (Glob(pattern).named, Glob(pattern).prefix) == (0, b"")


def test_what_a_pattern_names() -> None:
    told = {
        pattern: (Glob(pattern).prefix, Glob(pattern).named)
        for pattern in (b"frag:*", b"*frag:*", b"f[r]ag:?", rb"\*ab*", b"a?b*cd", b"*:*", b"[ab]cd*")
    }
    assert told == {
        b"frag:*": (b"frag:", 5),
        b"*frag:*": (b"", 5),
        b"f[r]ag:?": (b"frag:", 5),
        rb"\*ab*": (b"*ab", 3),
        b"a?b*cd": (b"a", 2),
        b"*:*": (b"", 1),
        b"[ab]cd*": (b"", 2),
    }


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (b"", "from 1 to"),
        (b"a" * 2000, "from 1 to"),
        (b"frag:[ab", "without its ]"),
        (b"frag:[", "without its ]"),
        (b"frag:[]", "holds nothing"),
        (b"[a-\xff]", "not ASCII"),
    ],
)
def test_what_servers_read_differently_or_hits_nothing_is_refused(pattern: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Glob(pattern)


def test_a_hostile_pattern_takes_no_time() -> None:
    glob = Glob(b"*a" * 400 + b"*b")
    assert not glob.matches(b"a" * 20_000)


@given(st.binary(max_size=30))
@example(b'"x"')
@example(b" x")
@example(b"\x1b[2J\xff")
@example("\u3164x\ufe0f".encode())
@example(b"")
@example(b"a\\")
def test_a_key_is_shown_as_it_can_be_typed(key: bytes) -> None:
    shown = written(key, 200)
    assert not is_hostile(shown)
    assert shown.isprintable()
    if not may_hold_secret(key.decode("latin-1")):
        assert typed(str(shown)) == key


def test_plain_names_are_plain_and_secrets_are_not_shown() -> None:
    assert written(b"frag:home page") == "frag:home page"
    assert written("größe:1".encode()) == "größe:1"
    assert written(b"[bold]x[/]") == "[bold]x[/]"
    assert written(b"a\nb\x00") == r'"a\nb\x00"'
    assert "ada@example.org" not in written(b"session:ada@example.org")
    assert "ada@example.org" not in written(b"\xffsession:ada@example.org")
    assert len(written(b"k" * 10_000)) == len(written(b"\xff" * 10_000)) == 80


def test_what_is_typed() -> None:
    assert typed("frag:*") == b"frag:*"
    assert typed("\udcff") == b"\xff", "an argument that is not UTF-8"
    assert typed(r'"\xff\n\"\\\q"') == b'\xff\n"\\q'
    assert typed('"') == b'"'
    with pytest.raises(ValueError, match="escaped"):
        typed('"a\\"')
    with pytest.raises(ValueError, match="surrogates"):
        typed("\ud800")
