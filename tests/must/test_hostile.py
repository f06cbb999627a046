"""Names, bodies and lines written by an enemy: what we print holds no control byte, and keys stay exact."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
import redis

from tests.console.verbs.schema import check_report
from tests.console.verbs.shop import collector, configuration
from tests.project.program import Ran, Running, quarterdeck, write
from tests.servers.waiting import wait_until
from tests.servers.web import RawServer, raw_server

MARKUP = b"[@click=app.quit]x[/]"
EVIL = (
    MARKUP,
    b"a\x1b]52;c;ZXZpbA==\x07b",
    b"\x1b[2J\x1b[31mred\x1b[0m",
    b"\xc2\x9b31mC1\xc2\x9d0;title\xc2\x9c",
    "\u202egnp.exe\u2066\u200b\ufeff".encode(),
    b"\xff\xfe\x80 not utf-8",
    b"two\nlines\r\n\tand a tab",
    b"\x00nul\x7fdel",
    "\U000e0041tag \ud7ff".encode(),
    b"%41%2F percent / slash",
    b"x" * 5000,
)
BODY = (
    b'{"status": "UP\\u001b]52;c;eA==\\u0007", "version": "\\u001b[31m1\\u202e", '
    b'"checks": {"db\\u009b31m": {"status": "DOWN", "output": "[@click=app.quit]x[/]\\u001b[2J"}}}'
)
ANSWER = (
    b"HTTP/1.1 503 \x1b[2JService\r\nContent-Type: application/json\r\nServer: \x1b]0;evil\x07\r\n"
    b"Content-Length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)
LINES = b"".join(
    b'{"level": "error", "msg": "'
    + name.replace(b"\n", b"\\n")
    + b'", "\x1b[31mkey": "\xc2\x9b"}\n'
    + name
    + b"\n"
    for name in EVIL
)


def is_clean(text: str) -> bool:
    """Whether a terminal can be given this: printable characters and line ends."""
    return all(char.isprintable() or char == "\n" for char in text)


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@pytest.fixture
async def web() -> AsyncIterator[RawServer]:
    async with raw_server(ANSWER) as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, valkey_db: str, web: RawServer) -> Path:
    """A home whose configuration watches all that."""
    with redis.Redis.from_url(valkey_db) as client:
        for name in EVIL:
            client.lpush(b"list:" + name, b"{}")
            client.sadd("rq:queues", b"rq:queue:" + name)
            client.lpush(b"rq:queue:" + name, b"one")
            client.xadd(b"stream:" + name, {b"a": b"b"})
            client.xgroup_create(b"stream:" + name, name, id="0")
    log = tmp_path / "app\x1b[31m.log"
    log.write_bytes(LINES)
    configuration(
        tmp_path,
        collector("lists", "queues.redis", valkey_db, keys='["list:*"]', timeout='"10s"'),
        collector("jobs", "queues.rq", valkey_db, timeout='"10s"'),
        collector("streams", "queues.streams", valkey_db, keys='["stream:*"]', timeout='"10s"'),
        collector("cache", "caches.redis", valkey_db),
        collector("ready", "health.http", web.url("/readyz")),
        f'[collectors.log]\ntype = "logs.file"\npath = "{tmp_path}/app*.log"\n',
    )
    return tmp_path


async def ran(*arguments: str, home: Path) -> Ran:
    return await asyncio.to_thread(quarterdeck, *arguments, home=home)


async def test_the_report_is_clean_and_keys_are_exact(shop: Path) -> None:
    done = await ran("check", "--json", home=shop)
    check_report(done.json)
    assert done.json["failures"] == []
    assert done.err == ""
    assert is_clean(done.out)
    for text in strings(done.json):
        assert text.isprintable(), text
        assert len(text) < 20_000
    keys = {one["key"] for one in done.json["readings"] if one["collector"] == "lists"}
    assert keys == {quote_from_bytes(b"list:" + name, safe="") for name in EVIL}
    jobs = {unquote_to_bytes(one["key"]) for one in done.json["readings"] if one["collector"] == "jobs"}
    assert jobs >= set(EVIL)
    streams = {unquote_to_bytes(one["key"]) for one in done.json["readings"] if one["collector"] == "streams"}
    assert all(any(name in key for key in streams) for name in EVIL)


async def test_markup_is_text(shop: Path) -> None:
    done = await ran("check", "--json", home=shop)
    labels = {one["subject"] for one in done.json["readings"] if one["collector"] == "lists"}
    assert f"list:{MARKUP.decode()}" in labels
    shown = await ran("show", "queues", home=shop)
    assert MARKUP.decode() in shown.out


async def test_the_words_of_a_hostile_body_are_shown_as_marks(shop: Path) -> None:
    done = await ran("check", "--json", home=shop)
    (reading,) = [one for one in done.json["readings"] if one["practice"] == "health"]
    assert reading["level"] == "critical"
    assert "␛" in reading["because"] + reading["word"] + reading["note"]


@pytest.mark.parametrize(
    "verb",
    [("check",), ("show", "queues"), ("show", "health"), ("show", "logs"), ("show", "caches"), ("doctor",)],
    ids=" ".join,
)
async def test_text_holds_no_control_byte_but_line_ends(shop: Path, verb: tuple[str, ...]) -> None:
    done = await ran(*verb, home=shop)
    assert is_clean(done.out), ascii(done.out)
    assert is_clean(done.err), ascii(done.err)
    assert done.out.count("\n") < 100


async def test_what_changes_is_told_cleanly_too(shop: Path) -> None:
    with Running("--plain", home=shop) as running:
        await asyncio.to_thread(wait_until, lambda: "health: critical" in running.out, 30)
        done = running.end()
    assert is_clean(done.out), ascii(done.out)
    assert done.err == ""


def test_a_hostile_configuration_is_refused_cleanly(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a\x1b[31m.toml",
        '["collectors"."\\u001b[2J"]\ntype = "\\u001b]52;c;eA==\\u0007"\n"\\u202ekey" = "\\u009b"\n[x]\n',
    )
    done = quarterdeck("check", "--config", path, home=tmp_path)
    assert done.code == 78
    assert is_clean(done.err), ascii(done.err)
    broken = write(tmp_path / "b\x1b[31m.toml", "a = \x1b[31m\n")
    done = quarterdeck("check", "--config", broken, home=tmp_path)
    assert done.code == 78
    assert is_clean(done.err), ascii(done.err)


@pytest.mark.parametrize(
    "url", ["redis://\x1b[2Jhost/0", "gopher\x1b://x", "env:\x1b[31m", "file:///\x1b[31m.log"]
)
def test_a_hostile_url_is_told_cleanly(tmp_path: Path, url: str) -> None:
    done = quarterdeck("check", url, home=tmp_path)
    assert done.code in (0, 3, 64, 78)
    assert is_clean(done.out), ascii(done.out)
    assert is_clean(done.err), ascii(done.err)


def test_hostile_paths_are_told_cleanly(tmp_path: Path) -> None:
    home = tmp_path / "home\x1b[31m"
    home.mkdir()
    configuration(home, collector("one", "health.tcp", "tcp://127.0.0.1:1"))
    for verb in (("doctor",), ("record", "--for", "1s"), ("config", "show"), ("config", "validate")):
        done = quarterdeck(*verb, home=home)
        assert is_clean(done.out), ascii(done.out)
        assert is_clean(done.err), ascii(done.err)
    empty = write(home / "empty.toml", "")
    assert is_clean(quarterdeck("check", "--config", empty, home=home).err)
