"""The Redis reader against real servers: what it sends, counts, shares, and says when something is wrong."""

import ast
import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.errors import (
    AccessError,
    AnswerError,
    OptionsError,
    SourceError,
    TimedOutError,
    UnreachableError,
    UnsupportedError,
)
from collectors.secret import SecretUrl
from collectors.transport.lease import Leases
from collectors.transport.read import redis_link
from collectors.transport.read.redis import READS, Read, RedisReader, read
from collectors.transport.read.redis_address import parse_address
from collectors.transport.read.redis_info import glob_escape, number, pairs, parse_info
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_scan import scan
from console.lab.servers.valkey import Valkey
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until_async

ROOT = Path(__file__).parents[3]


def reader_of(url: str, leases: Leases, within: float = 2.0, **more: Any) -> RedisReader:
    context = Context(collector="test", timeout=within, leases=leases)
    return RedisReader(context, RedisOptions(url=SecretUrl(url), **more))


@asynccontextmanager
async def reading(
    url: str, leases: Leases | None = None, within: float = 2.0, **more: Any
) -> AsyncIterator[RedisReader]:
    reader = reader_of(url, Leases() if leases is None else leases, within, **more)
    try:
        yield reader
    finally:
        await reader.close()


async def failure(url: str, *reads: Read, within: float = 2.0, **more: Any) -> SourceError:
    async with reading(url, within=within, **more) as reader:
        with pytest.raises(SourceError) as caught:
            await reader.ask(*(reads or (read("DBSIZE"),)))
    return caught.value


def any_read(name: str, *arguments: bytes | str | int) -> Read:
    """A command that need not be on the list: counting knows more of them."""
    return Read(name, arguments)


def counters(client: "redis.Redis") -> tuple[int, int]:
    info: Any = client.info("stats")
    return info["keyspace_hits"], info["keyspace_misses"]


# what is sent


def calls_in_tree() -> dict[str, set[str]]:
    """Literal first arguments of every `read(...)` in modules that import it from the reader."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "collectors").rglob("*.py")):
        tree = ast.parse(path.read_text())
        imported = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "collectors.transport.read.redis"
            and any(alias.name == "read" for alias in node.names)
            for node in ast.walk(tree)
        )
        for node in ast.walk(tree):
            if imported and isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}: a command that is not written out"
                found.setdefault(str(name.value), set()).add(path.name)
    return found


def test_the_list_is_what_the_tree_sends_and_no_more() -> None:
    assert set(calls_in_tree()) == READS


def test_no_other_module_makes_commands_by_itself() -> None:
    for path in (ROOT / "collectors").rglob("*.py"):
        text = path.read_text()
        # the writer's commands have a list of their own, and only the runner has the writer
        if path.parent.name != "read" and path != ROOT / "collectors" / "transport" / "write" / "redis.py":
            assert "Read(" not in text, path
            assert "redis_link" not in text, path
            assert "import redis" not in text, path


def test_a_command_that_is_not_on_the_list_is_refused() -> None:
    for name in ("DEL", "SET", "EVAL", "KEYS", "FLUSHALL", "XREADGROUP", "XAUTOCLAIM", "PUBLISH", "llen"):
        with pytest.raises(ValueError, match="not on the list"):
            read(name, b"key")


def test_the_server_itself_calls_none_of_them_a_write(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        for name in sorted(READS):
            [[told, _arity, flags, *_]] = client.execute_command("COMMAND INFO", name.split()[0].lower())
            subcommands = [told, flags]
            if " " in name:
                listed = client.execute_command("COMMAND INFO", name.lower().replace(" ", "|"))
                [[_, _, flags, *_]] = listed
                subcommands = listed
            assert b"write" not in flags, (name, subcommands)


async def test_only_the_handshake_and_what_was_asked_reach_the_server(valkey_db: str) -> None:
    async with reading(valkey_db) as reader:
        await reader.ask(read("LLEN", "a"), read("TYPE", "a"))
        await reader.ask(read("LLEN", "a"))
        with redis.Redis.from_url(valkey_db) as client:
            stats: Any = client.info("commandstats")
            [us] = [each for each in client.client_list() if each["name"] == "quarterdeck"]
    sent = {name.removeprefix("cmdstat_"): row["calls"] for name, row in stats.items()}
    for ours_not in ("flushall", "config|resetstat", "info", "client|list", "client|setinfo", "hello"):
        sent.pop(ours_not, None)
    assert sent == {"client|setname": 1, "client|no-touch": 1, "llen": 2, "type": 1}
    assert us["lib-name"] == ""
    assert "T" in us["flags"], "keys' idle times are touched"


# what is counted


async def test_reads_raw_bytes_and_counts_what_it_costs(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("jobs", b"\xff\x00one", b"two")
    async with reading(valkey_db) as reader:
        assert await reader.ask(read("LLEN", "jobs"), read("LINDEX", "jobs", 0)) == [2, b"\xff\x00one"]
        cost = reader.take_cost()
        assert cost.requests == 2
        assert cost.bytes == len(b":2\r\n$5\r\n\xff\x00one\r\n")
        assert 0 <= cost.seconds < 2
        assert reader.take_cost().requests == 0


async def test_own_hits_and_misses_are_counted_as_the_server_counts_them(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("list", "a", "b")
        client.zadd("zset", {"m": 1})
        client.hset("hash", "f", "v")
        client.sadd("set", "x")
        client.set("text", "1")
        client.xadd("stream", {"a": 1})
        client.xgroup_create("stream", "g", "0")
        client.xadd("hollow", {"a": 1})
        client.xtrim("hollow", maxlen=0)
        batches = [
            [
                any_read("LLEN", key),
                any_read("LINDEX", key, 0),
                any_read("LPOS", key, "zz", "MAXLEN", 5),
                any_read("LRANGE", key, 9, 9),
            ]
            for key in ("list", "none", "text")
        ]
        batches += [
            [
                any_read("ZCARD", key),
                any_read("ZCOUNT", key, 5, 6),
                any_read("ZRANGE", key, 5, 6),
                any_read("ZREVRANGE", key, 0, 1),
            ]
            for key in ("zset", "none")
        ]
        batches += [
            [
                any_read("XINFO GROUPS", key),
                any_read("XLEN", key),
                any_read("XRANGE", key, "-", "+"),
                any_read("XPENDING", key, "g"),
            ]
            for key in ("stream", "hollow", "none", "list")
        ]
        batches += [
            [
                any_read("TYPE", key),
                any_read("PTTL", key),
                any_read("TTL", key),
                any_read("STRLEN", key),
                any_read("GET", key),
            ]
            for key in ("text", "none", "hash")
        ]
        batches += [
            [
                any_read("HGETALL", key),
                any_read("HMGET", key, "f", "q"),
                any_read("HLEN", key),
                any_read("HGET", key, "f"),
            ]
            for key in ("hash", "none")
        ]
        batches += [
            [
                any_read("SCARD", "set"),
                any_read("SMEMBERS", "none"),
                any_read("SSCAN", "set", 0),
                any_read("EXISTS", "set", "no", "set"),
            ],
            [
                any_read("OBJECT IDLETIME", "set"),
                any_read("OBJECT FREQ", "set"),
                any_read("OBJECT IDLETIME", "none"),
            ],
            [
                any_read("SCAN", 0, "TYPE", "list"),
                any_read("RANDOMKEY"),
                any_read("DBSIZE"),
                any_read("MEMORY USAGE", "list"),
                any_read("TIME"),
            ],
            [
                any_read("XINFO CONSUMERS", "stream", "g"),
                any_read("XINFO CONSUMERS", "stream", "no"),
                any_read("XINFO CONSUMERS", "none", "g"),
            ],
        ]
        async with reading(valkey_db) as reader:
            for batch in batches:
                hits, misses = counters(client)
                own = (reader.probes.hits, reader.probes.misses)
                await reader.ask_each(*batch)
                now = counters(client)
                added = (reader.probes.hits - own[0], reader.probes.misses - own[1])
                assert added == (now[0] - hits, now[1] - misses), batch


async def test_probes_of_other_collectors_on_the_same_server_are_counted_too(
    valkey: Valkey, valkey_db: str
) -> None:
    leases = Leases()
    async with reading(valkey_db, leases) as one, reading(valkey.unix_url, leases) as two:
        await one.ask(read("LLEN", "none"))
        await two.ask(read("LLEN", "none"), read("INFO", "stats"), read("LLEN", "none"))
        assert one.probes is two.probes
        assert (one.probes.misses, one.probes.misses_at_info) == (3, 2)
        assert len(leases) == 2
    async with reading(valkey_db) as other_console:
        await other_console.ask(read("LLEN", "none"))
        assert other_console.probes.misses == 1


# what is shared


async def test_collectors_on_one_url_share_one_connection(valkey_db: str) -> None:
    leases = Leases()
    async with reading(valkey_db, leases) as one, reading(valkey_db, leases) as two:
        await asyncio.gather(*(reader.ask(read("DBSIZE")) for reader in (one, two) * 5))
        with redis.Redis.from_url(valkey_db) as client:
            assert len([each for each in client.client_list() if each["name"] == "quarterdeck"]) == 1
        await one.close()
        assert await two.ask(read("DBSIZE")) == [0]
    assert len(leases) == 0
    with redis.Redis.from_url(valkey_db) as client:
        await wait_until_async(
            lambda: not [each for each in client.client_list() if each["name"] == "quarterdeck"]
        )


async def test_a_cancelled_batch_does_not_leave_its_answer_to_the_next(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    async with reading(server.url) as reader:
        await reader.ask(read("DBSIZE"))
        server.kill(signal.SIGSTOP)
        task = asyncio.create_task(reader.ask(read("LLEN", "a")))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.kill(signal.SIGCONT)
        assert await reader.ask(read("DBSIZE")) == [0]


async def test_who_waited_through_a_failure_gets_it_instead_of_waiting_again(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    leases = Leases()
    async with reading(server.url, leases, 0.5) as one, reading(server.url, leases, 0.5) as two:
        await one.ask(read("DBSIZE"))
        server.kill(signal.SIGSTOP)
        started = asyncio.get_running_loop().time()
        failures = await asyncio.gather(
            *(reader.ask(read("DBSIZE")) for reader in (one, two, one, two)), return_exceptions=True
        )
        took = asyncio.get_running_loop().time() - started
        server.kill(signal.SIGCONT)
        assert [type(failure) for failure in failures] == [TimedOutError] * 4
        assert took < 0.5 * 3
        assert await two.ask(read("DBSIZE")) == [0]


# faults in words


async def test_a_stopped_server_is_a_time_out_within_the_deadline_and_comes_back(
    make_valkey: MakeValkey,
) -> None:
    server = make_valkey()
    async with reading(server.url, within=0.4) as reader:
        await reader.ask(read("DBSIZE"))
        server.kill(signal.SIGSTOP)
        started = asyncio.get_running_loop().time()
        with pytest.raises(TimedOutError, match="no whole answer in time"):
            await reader.ask(read("DBSIZE"))
        assert asyncio.get_running_loop().time() - started < 1.2
        server.kill(signal.SIGCONT)
        assert await reader.ask(read("DBSIZE")) == [0]


async def test_a_server_that_is_down_refuses_at_once(free_port: Any) -> None:
    error = await failure(f"redis://127.0.0.1:{free_port()}/0")
    assert isinstance(error, UnreachableError)
    assert error.why == "refused"
    assert "127.0.0.1" in error.hint


async def test_an_unknown_host_name_says_so() -> None:
    error = await failure("redis://no-such-host.invalid:6379")
    assert error.why == "no such name"


async def test_a_missing_socket_says_so(tmp_path: Path) -> None:
    error = await failure(f"unix://{tmp_path}/valkey.sock")
    assert error.why == "no such socket"


async def test_a_restarted_server_is_read_again_without_a_failure_and_counted_anew(
    make_valkey: MakeValkey,
) -> None:
    server = make_valkey()
    async with reading(server.url) as reader:
        await reader.ask(read("LLEN", "none"), read("LLEN", "none"))
        first = reader.server.run_id
        server.restart()
        assert await reader.ask(read("LLEN", "none")) == [0]
        assert reader.server.run_id != first
        assert reader.probes.misses == 1


async def test_loading_is_told_with_its_percentage(make_valkey: MakeValkey) -> None:
    server = make_valkey(
        ["enable-debug-command yes", "key-load-delay 3000", "loading-process-events-interval-bytes 1024"]
    )
    with redis.Redis.from_url(server.url, socket_timeout=60) as client:
        with client.pipeline(transaction=False) as pipe:
            for number_ in range(400):
                pipe.set(f"key:{number_}", "x" * 50)
            pipe.execute()
        async with reading(server.url) as reader:
            await reader.ask(read("DBSIZE"))
            reload = asyncio.to_thread(client.execute_command, "DEBUG", "RELOAD")
            task = asyncio.create_task(reload)

            async def said() -> str:
                try:
                    await reader.ask(read("LLEN", "a"))
                except SourceError as error:
                    return str(error.why)
                return ""

            words = await wait_until_async(said, 5, "loading")
            await task
    assert words.startswith("loading its data")
    assert "% done" in words


async def test_credentials_are_asked_for_and_refused_in_words(make_valkey: MakeValkey) -> None:
    server = make_valkey(password="s3cret-pass")
    bare = server.url_of(password="")
    wanted = await failure(bare)
    assert isinstance(wanted, AccessError)
    assert "wants a password" in wanted.why
    refused = await failure(server.url_of(password="wrong-one"))
    assert isinstance(refused, AccessError)
    assert refused.why == "user or password refused"
    assert "wrong-one" not in f"{refused!r} {refused.why} {refused.hint}"
    async with reading(server.url) as reader:
        assert await reader.ask(read("DBSIZE")) == [0]
        assert "s3cret" not in repr(vars(reader))


READER = "-@all +@read -@dangerous +info +ping +select +hello +auth +client|setname +client|id"


async def test_a_low_rights_user_reads_and_is_told_what_it_lacks(make_valkey: MakeValkey) -> None:
    server = make_valkey([f"user looker on >pw ~rq:* {READER}", "user blind on >pw ~* -@all +ping +llen"])
    with redis.Redis.from_url(server.url) as client:
        client.rpush("rq:queue:a", "1")
        client.rpush("other", "1")
    async with reading(server.url_of(user="looker", password="pw")) as reader:
        assert await reader.ask(read("LLEN", "rq:queue:a")) == [1]
        with pytest.raises(AccessError, match="no right"):
            await reader.ask(read("LLEN", "other"))
        [fine, refused] = await reader.ask_each(read("LLEN", "rq:queue:a"), read("LLEN", "other"))
        assert fine == 1
        assert isinstance(reader.explained(refused), AccessError)
        assert reader.probes.hits == 2, "a refused look-up counts nothing"
        assert reader.server.run_id
    async with reading(server.url_of(user="blind", password="pw")) as reader:
        assert await reader.ask(read("LLEN", "other")) == [1]
        assert reader.server.run_id == ""


async def test_maxclients_is_not_taken_for_a_dead_server(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxclients 1"])
    with redis.Redis.from_url(server.url) as client:
        client.ping()
        error = await failure(server.url)
    assert "takes no more clients" in error.why


async def test_a_script_that_does_not_end_is_named(make_valkey: MakeValkey) -> None:
    server = make_valkey(["busy-reply-threshold 50"])
    with (
        redis.Redis.from_url(server.url, socket_timeout=60) as client,
        redis.Redis.from_url(server.url) as other,
    ):
        async with reading(server.url) as reader:
            await reader.ask(read("DBSIZE"))
            loop_forever = asyncio.to_thread(client.eval, "while true do end", 0)
            task = asyncio.create_task(loop_forever)

            async def said() -> str:
                try:
                    await reader.ask(read("LLEN", "a"))
                except SourceError as error:
                    return str(error.why)
                return ""

            words = await wait_until_async(said, 5, "busy")
            fresh = await failure(server.url)
            other.script_kill()
            with pytest.raises(redis.ResponseError):
                await task
    assert "busy with a script" in words
    assert "busy with a script" in fresh.why


async def test_a_cluster_and_a_sentinel_are_refused_in_words(make_valkey: MakeValkey) -> None:
    cluster = await failure(make_valkey(["cluster-enabled yes"]).url)
    assert isinstance(cluster, UnsupportedError)
    assert not cluster.retryable
    assert "Redis Cluster" in cluster.why
    primary = make_valkey()
    watcher = make_valkey([f"sentinel monitor main 127.0.0.1 {primary.port} 1"], sentinel=True)
    sentinel = await failure(f"redis://127.0.0.1:{watcher.port}")
    assert isinstance(sentinel, UnsupportedError)
    assert "redis+sentinel://" in sentinel.hint


async def test_a_cluster_node_is_read_where_the_adapter_can(make_valkey: MakeValkey) -> None:
    context = Context(collector="test", timeout=2)
    reader = RedisReader(
        context, RedisOptions(url=SecretUrl(make_valkey(["cluster-enabled yes"]).url)), cluster=True
    )
    assert await reader.ask(read("DBSIZE")) == [0]
    await reader.close()


async def test_sentinels_are_asked_in_order_and_dead_ones_passed_over(
    make_valkey: MakeValkey, free_port: Any
) -> None:
    primary = make_valkey(password="data-pw")
    watcher = make_valkey(
        [f"sentinel monitor main 127.0.0.1 {primary.port} 1", "sentinel auth-pass main data-pw"],
        sentinel=True,
    )
    with redis.Redis.from_url(primary.url) as client:
        client.rpush("jobs", "1")
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{watcher.port}"
    async with reading(f"redis+sentinel://:data-pw@{hosts}/main/0") as reader:
        assert await reader.ask(read("LLEN", "jobs")) == [1]
        assert reader.server.role == "master"
    error = await failure(f"redis+sentinel://:data-pw@{hosts}/other")
    assert "no Sentinel names a primary" in error.why
    assert ": refused" in error.hint
    assert "knows no primary 'other'" in error.hint


async def test_something_that_is_not_redis_is_said_to_be_none() -> None:
    async def other(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stream.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    error = await failure(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert isinstance(error, AnswerError)
    assert "not Redis" in error.why


@pytest.mark.parametrize(
    "junk",
    [
        b"$-7\r\n",
        b":x\r\n",
        b"*3\r\n:1\r\n",
        b"*1\r\n" * 50000,
        b"$999999999999\r\n",
        b"-\xff\xfe bad\r\n",
        b"\r\n",
    ],
)
async def test_a_hostile_server_is_an_error_of_ours_within_the_deadline(junk: bytes) -> None:
    async def hostile(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stream.read(10)
        writer.write(junk)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hostile, "127.0.0.1", 0)
    started = asyncio.get_running_loop().time()
    error = await failure(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", within=0.3)
    server.close()
    assert isinstance(error, SourceError)
    assert asyncio.get_running_loop().time() - started < 1.5


async def test_a_huge_answer_is_refused_and_the_next_one_read(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("list", b"x" * (17 * 2**20))
        async with reading(valkey_db) as reader:
            with pytest.raises(AnswerError, match="16 MiB"):
                await reader.ask(read("LINDEX", "list", 0))
            assert await reader.ask(read("LLEN", "list")) == [1]
            client.delete("list")
            client.rpush("list", b"x" * (7 * 2**20))
            for _ in range(3):
                await reader.ask(read("LINDEX", "list", 0))
        client.flushall()


def certificates(folder: Path) -> tuple[Any, Any]:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("client").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    return authority, authority.issue_cert("localhost", "127.0.0.1")


@asynccontextmanager
async def tls_front(server: Valkey, folder: Path, *, want_client: bool = False) -> AsyncIterator[int]:
    """TLS in front of a real server, as stunnel does it: the bundled one is built without."""
    import ssl

    authority, own = certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.configure_cert(context)
    if want_client:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    async def pipe(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(str(server.socket))
        await asyncio.gather(pump(stream, outer), pump(inner, writer))

    front = await asyncio.start_server(pipe, "127.0.0.1", 0, ssl=context)
    try:
        yield front.sockets[0].getsockname()[1]
    finally:
        front.close()


async def test_tls_is_verified_against_the_named_authority(
    valkey: Valkey, valkey_db: str, tmp_path: Path
) -> None:
    async with tls_front(valkey, tmp_path) as port:
        url = f"rediss://localhost:{port}/0"
        error = await failure(url)
        assert error.why.startswith("TLS: unable to get local issuer")
        assert "ca_file" in error.hint
        async with reading(url, ca_file=str(tmp_path / "ca.pem")) as reader:
            assert await reader.ask(read("DBSIZE")) == [0]
        plain = await failure(
            f"rediss://127.0.0.1:{valkey.port}/0", ca_file=str(tmp_path / "ca.pem"), within=0.3
        )
        assert isinstance(plain, TimedOutError), "a server without TLS waits for the end of a line"
        assert "does not speak TLS" in plain.hint
        missing = await failure(url, ca_file=str(tmp_path / "none.pem"))
        assert "none.pem: No such file" in missing.why


async def test_a_client_certificate_is_shown_where_one_is_wanted(
    valkey: Valkey, valkey_db: str, tmp_path: Path
) -> None:
    async with tls_front(valkey, tmp_path, want_client=True) as port:
        url = f"rediss://localhost:{port}/0"
        assert isinstance(await failure(url, ca_file=str(tmp_path / "ca.pem")), SourceError)
        more: dict[str, Any] = {
            "ca_file": str(tmp_path / "ca.pem"),
            "client_cert": str(tmp_path / "client.pem"),
        }
        async with reading(url, **more) as reader:
            assert await reader.ask(read("DBSIZE")) == [0]


# pure parts


def test_urls_are_read_and_refused() -> None:
    plain = parse_address(SecretUrl("redis://user:p%40ss@host:6380/3"))
    assert (plain.db, plain.login.user, plain.tls) == (3, "user", False)
    assert plain.login.password is not None
    assert plain.login.password.reveal() == "p@ss"
    assert parse_address(SecretUrl("unix:///run/redis.sock?db=2")).db == 2
    many = parse_address(SecretUrl("rediss+sentinel://u:p@h1:1,[::1],h3/main/4?sentinel_password=q"))
    assert [url.reveal() for url in many.sentinels] == [
        "redis://h1:1",
        "redis://[::1]:26379",
        "redis://h3:26379",
    ]
    assert (many.primary, many.db, many.tls) == ("main", 4, True)
    assert "q" not in str(many.url.shown).partition("sentinel_password=")[2]
    for wrong in (
        "http://host",
        "redis://host/notanumber",
        "redis+sentinel://host",
        "rediss://host?ssl_cert_reqs=none",
        "rediss://host?ssl_check_hostname=false",
    ):
        with pytest.raises(OptionsError):
            parse_address(SecretUrl(wrong))


@given(st.binary(max_size=300))
def test_info_is_read_whatever_it_says(text: bytes) -> None:
    assert all(isinstance(value, str) for value in parse_info(text).values())


def test_answers_become_values() -> None:
    assert parse_info(b"# Server\r\nrun_id:ab:c\r\n\r\nx:1\r\n") == {"run_id": "ab:c", "x": "1"}
    assert pairs([b"name", b"g", b"lag", None, b"odd"]) == {b"name": b"g", b"lag": None}
    assert pairs(None) == {}
    assert [number(value) for value in (b"1.5", "2", 3, b"nan", b"inf", b"x", None, True)] == [
        1.5, 2.0, 3.0, None, None, None, None, None,
    ]  # fmt: skip


@given(st.binary(min_size=1, max_size=12))
async def test_an_escaped_name_matches_itself_alone(valkey: Valkey, name: bytes) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
        client.set(b"k:" + name, 1)
        client.set(b"k:" + name + b"x", 1)
        assert list(client.scan_iter(b"k:" + glob_escape(name))) == [b"k:" + name]


async def test_scan_finds_by_pattern_and_type_within_bounds(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        for index in range(30):
            client.rpush(f"jobs:{index:02}", "x")
            client.set(f"jobs:text:{index}", "x")
        client.rpush("other", "x")
    async with reading(valkey_db) as reader:
        keys, whole = await scan(reader, ["jobs:*", "other", "absent"], "list")
        assert keys == sorted([f"jobs:{index:02}".encode() for index in range(30)] + [b"other"])
        assert whole
        assert await scan(reader, ["jobs:text:1"], "list") == ([], True)
        some, whole = await scan(reader, ["*"], "list", most_keys=5)
        assert (len(some), whole) == (5, False)
        assert await scan(reader, ["jobs:01", "jobs:02"], "list", most_keys=1) == ([b"jobs:01"], False)
        with client.pipeline() as pipe:
            for index in range(3000):
                pipe.set(f"text:{index}", "x")
            pipe.execute()
        assert (await scan(reader, ["nothing*"], "list", most_steps=2))[1] is False
        assert await scan(reader, ["nothing*"], "list") == ([], True)


async def test_servers_whose_scan_would_count_hits_are_asked_for_types_instead(
    valkey_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = redis_link._server
    monkeypatch.setattr(redis_link, "_server", lambda *given: replace(told(*given), version=(7, 0, 15)))
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("jobs:a", "x")
        client.set("jobs:b", "x")
        async with reading(valkey_db) as reader:
            await reader.ask(read("DBSIZE"))
            assert await scan(reader, ["jobs:*"], "list") == ([b"jobs:a"], True)
            assert (reader.probes.hits, reader.probes.misses) == counters(client) == (2, 0)


async def test_after_a_failover_the_new_primary_is_read(make_valkey: MakeValkey) -> None:
    primary = make_valkey()
    replica = make_valkey([f"replicaof 127.0.0.1 {primary.port}"])
    watcher = make_valkey(
        [
            f"sentinel monitor main 127.0.0.1 {primary.port} 1",
            "sentinel down-after-milliseconds main 300",
            "sentinel failover-timeout main 3000",
        ],
        sentinel=True,
    )
    with redis.Redis.from_url(primary.url) as client, redis.Redis.from_url(watcher.url) as sentinel:
        client.rpush("jobs", "1", "2")
        client.wait(1, 5000)
        await wait_until_async(lambda: sentinel.sentinel_slaves("main"), 15, "the replica is known")
        async with reading(f"redis+sentinel://127.0.0.1:{watcher.port}/main") as reader:
            assert await reader.ask(read("LLEN", "jobs")) == [2]
            first = reader.server.run_id
            primary.kill()

            async def again() -> bool:
                try:
                    return await reader.ask(read("LLEN", "jobs")) == [2] and reader.server.run_id != first
                except SourceError:
                    return False

            await wait_until_async(again, 30, "the promoted replica answers")
            assert reader.server.role == "master"
    assert replica.running
