"""The practices read through a server, with the real things behind a real sshd."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme
from rq import Queue

from collectors.base import Collector, Context
from collectors.caches.redis import RedisCache
from collectors.errors import SourceError
from collectors.health.http import HttpHealth
from collectors.health.tcp import TcpHealth
from collectors.model.caches import CacheReading
from collectors.model.health import HealthReading, HealthState
from collectors.model.pools import PoolReading
from collectors.model.sweep import Sweep
from collectors.pools.postgres import PostgresPool
from collectors.queues.rq import RqCollector
from collectors.secret import SecretUrl
from collectors.transport.endpoint import Dialer, Endpoint, TcpDial, UnixDial
from collectors.transport.servers.pool import Servers
from collectors.transport.servers.state import ServerError
from tests.collectors.queues.looking import by_key, looking, value
from tests.servers.postgres_tls import TlsPostgres
from tests.servers.reaching import at, reaching, through
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async
from tests.servers.web import raw_server

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CONNECT_AS = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except PermissionError:
    print("denied")
else:
    print("in")
"""


@pytest.fixture
async def servers(operator: Operator, sshd: Sshd) -> AsyncIterator[Servers]:
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        await servers.host("web-1").run(["true"], timeout=20)
        yield servers


@pytest.fixture
def context(servers: Servers) -> Context:
    return through(servers, timeout=10.0)


@pytest.fixture(scope="module")
def tls_postgres() -> Iterator[TlsPostgres]:
    with TlsPostgres("db.internal") as server:
        yield server


async def look(kind: type[Collector[Any]], context: Context, url: str, **options: Any) -> Sweep:
    async with looking(kind, context, url=SecretUrl(url), **options) as collector:
        return await collector.collect()


async def health(kind: type[Collector[Any]], context: Context, url: str, **options: Any) -> HealthReading:
    [reading] = (await look(kind, context, url, **options)).readings
    assert isinstance(reading, HealthReading)
    return reading


async def test_five_practices_at_once(
    context: Context, valkey_db: str, postgres_db: str, servers: Servers
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        queue = Queue("mail", connection=client)
        for number in range(3):
            queue.enqueue(print, number)
        path = client.config_get("unixsocket")["unixsocket"]
    async with raw_server(OK) as web:
        stream = await servers.host("web-1").stream(["printf", "a line\n"])
        jobs, cache, of_socket, pool, alive, line = await asyncio.gather(
            look(RqCollector, context, valkey_db),
            look(RedisCache, context, valkey_db),
            look(RedisCache, context, f"redis+unix://{path}"),
            look(PostgresPool, context, postgres_db),
            health(HttpHealth, context, web.url("/readyz")),
            stream.read(),
        )
        await stream.close()
    assert value(by_key(jobs)[b"mail"].ready) == 3
    for sweep in (cache, of_socket):
        assert any(isinstance(reading, CacheReading) and reading.memory.value for reading in sweep.readings)
    assert any(isinstance(reading, PoolReading) and reading.in_use.value for reading in pool.readings)
    assert alive.state is HealthState.UP
    assert b"host: 127.0.0.1:%d" % web.port in web.heads[0].lower()
    assert line == b"a line\n"


async def test_https_is_verified_by_the_name_in_the_url(context: Context, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    asked: list[str] = []
    for name, expected in (("localhost", HealthState.UP), ("elsewhere.internal", HealthState.DOWN)):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(server)
        server.sni_callback = lambda _socket, sent, _context: asked.append(sent)
        async with raw_server(OK, server) as web:
            url = f"https://localhost:{web.port}/readyz"
            reading = await health(HttpHealth, context, url, ca_file=str(tmp_path / "ca.pem"))
            assert reading.state is expected
            if expected is HealthState.UP:
                assert b"host: localhost:%d" % web.port in web.heads[0].lower()
                assert value(reading.tls_expires) > 0
            else:
                assert reading.word.startswith("TLS: Hostname mismatch")
    assert set(asked) == {"localhost"}


async def test_what_listens_there_is_told_from_what_does_not(
    context: Context, free_port: Callable[[], int], sshd: Sshd
) -> None:
    reading = await health(TcpHealth, context, f"tcp://127.0.0.1:{sshd.port}")
    assert (reading.state, reading.word) == (HealthState.UP, "accepts")
    port = free_port()
    nobody = f"nothing listens on 127.0.0.1:{port} through web-1"
    for kind, scheme in ((HttpHealth, "http"), (TcpHealth, "tcp")):
        reading = await health(kind, context, f"{scheme}://127.0.0.1:{port}")
        assert (reading.state, reading.word) == (HealthState.DOWN, "refused")
    with pytest.raises(SourceError, match="refused") as refusal:
        await look(RedisCache, context, f"redis://127.0.0.1:{port}")
    assert refusal.value.hint == nobody
    with pytest.raises(SourceError, match="refused") as refusal:
        await look(PostgresPool, context, f"postgres://u@127.0.0.1:{port}/db")
    assert refusal.value.hint == nobody


async def test_a_postgres_that_demands_tls_is_verified_by_its_name(
    context: Context, tls_postgres: TlsPostgres
) -> None:
    ca = tls_postgres.authority
    plain = f"postgres://postgres@localhost:{tls_postgres.port}/postgres"
    with pytest.raises(SourceError, match="no encryption"):
        await look(PostgresPool, context, plain)
    with pytest.raises(SourceError, match="TLS: Hostname mismatch"):
        await look(PostgresPool, context, f"{plain}?sslmode=verify-full&sslrootcert={ca}")
    with pytest.raises(SourceError, match=r"/none/ca\.pem: No such file"):
        await look(PostgresPool, context, f"{plain}?sslmode=verify-ca&sslrootcert=/none/ca.pem")
    named = Named(context.dialer, "db.internal", tls_postgres.port)
    url = f"postgres://postgres@db.internal:5432/postgres?sslmode=verify-full&sslrootcert={ca}"
    sweep = await look(PostgresPool, replace(context, dialer=named), url)
    assert any(isinstance(reading, PoolReading) and reading.in_use.value for reading in sweep.readings)
    [dial] = named.given
    assert (dial.host, dial.name) == ("127.0.0.1", "db.internal")
    with pytest.raises(ConnectionRefusedError):
        # the port was for one login, and is closed since
        socket.create_connection((dial.host, dial.port), 5)
    assert (await look(PostgresPool, context, f"{plain}?sslmode=verify-ca&sslrootcert={ca}")).complete


class Named:
    """A dialer for a name that only the server could look up; here it is 127.0.0.1."""

    def __init__(self, dialer: Dialer, name: str, port: int) -> None:
        self._dialer = dialer
        self._name = name
        self._port = port
        self.given: list[TcpDial] = []
        self.host = dialer.host

    async def dial(self, endpoint: Endpoint) -> TcpDial:
        url = endpoint.url.reveal().replace(f"{self._name}:5432", f"127.0.0.1:{self._port}")
        found = await self._dialer.dial(replace(endpoint, url=SecretUrl(url)))
        assert isinstance(found, TcpDial)
        self.given.append(replace(found, name=self._name))
        return self.given[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_local_user_cannot_use_the_sockets(context: Context, sshd: Sshd) -> None:
    dial = await context.dialer.dial(context.endpoint(SecretUrl(f"http://127.0.0.1:{sshd.port}/")))
    assert isinstance(dial, UnixDial)
    said = {}
    for user in ("65534", "0"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", CONNECT_AS, dial.path, user), stdout=subprocess.PIPE, cwd="/"
        )
        said[user] = (await process.communicate())[0]
    assert said == {"65534": b"denied\n", "0": b"in\n"}


async def test_while_the_server_is_lost_its_words_are_everybodys(
    context: Context, sshd: Sshd, valkey_db: str, postgres_db: str
) -> None:
    async with (
        looking(RedisCache, context, url=SecretUrl(valkey_db)) as cache,
        looking(PostgresPool, context, url=SecretUrl(postgres_db)) as pool,
    ):
        assert (await cache.collect()).complete
        assert (await pool.collect()).complete
        sshd.stop()
        try:
            for collector in (cache, pool):
                await wait_until_async(partial(refused, collector), 20, "the server's words")
        finally:
            sshd.start()
        for collector in (cache, pool):
            await wait_until_async(partial(complete, collector), 40, "it is read again")


async def refused(collector: Collector[Any]) -> bool:
    """Whether it gives the server's words; what broke under its hands may come first."""
    try:
        await collector.collect()
    except ServerError as error:
        return error.why.startswith("web-1: connection")
    except SourceError:
        return False
    return False


async def complete(collector: Collector[Any]) -> bool:
    """Whether it can be read."""
    try:
        return (await collector.collect()).complete
    except SourceError:
        return False
