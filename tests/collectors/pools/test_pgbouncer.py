import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collectors.action import Result
from collectors.base import Context
from collectors.model.pools import PoolReading
from collectors.pools.postgres import COLLECTOR, Options
from collectors.secret import SecretUrl
from collectors.transport.write.postgres import open_hands
from tests.collectors import acting
from tests.collectors.pools.database import is_alive, session
from tests.servers.debian import program
from tests.servers.waiting import wait_until


@pytest.fixture
def bouncer(postgres_db: str, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[str]:
    """A PgBouncer in transaction mode before a real PostgreSQL; its URL."""
    binary = program("pgbouncer", "pgbouncer")
    server, port = urlsplit(postgres_db), free_port()
    users = tmp_path / "users.txt"
    users.write_text(f'"{server.username}" "{server.password or ""}"\n')
    ini = tmp_path / "pgbouncer.ini"
    login = f"user={server.username}" + (f" password={server.password}" if server.password else "")
    ini.write_text(
        f"[databases]\n* = host={server.hostname} port={server.port} {login}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"auth_file = {users}\npool_mode = transaction\nunix_socket_dir =\n"
    )
    for path in (tmp_path, users, ini, *list(tmp_path.parents)[:2]):
        path.chmod(path.stat().st_mode | 0o055)
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([binary, *user, str(ini)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    url = f"postgresql://{server.username}@127.0.0.1:{port}{server.path}"
    try:
        wait_until(lambda: listens(port, process), 10.0)
        yield url
    finally:
        process.kill()
        process.communicate()


def listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


async def test_behind_pgbouncer_every_statement_brings_its_own_limits(bouncer: str) -> None:
    context = Context(collector="db", service="database", timeout=3.0)
    pool = COLLECTOR(Options(url=SecretUrl(bouncer)), context)
    try:
        for _ in range(3):
            sweep = await pool.collect()
            (reading,) = sweep.readings
            assert isinstance(reading, PoolReading)
            assert reading.in_use.value
        reader = await pool._open_reader()
        async with reader._lease.hold() as session:
            assert session.pooled
            (row,) = await reader._run(session, "select current_setting('statement_timeout') as limit_of_it")
            assert row["limit_of_it"] == "3s"
            (row,) = await reader._run(
                session, "select current_setting('transaction_read_only') as read_only"
            )
            assert row["read_only"] == "on"
            assert await session.connection.fetchval("show statement_timeout") == "0"
        details = await asyncio.gather(
            *(pool.detail(reading.subject.id, name) for name in ("locks", "sessions"))
        )
        assert [detail.spec.name for detail in details] == ["locks", "sessions"]
    finally:
        await pool.close()


async def test_behind_pgbouncer_sessions_are_signalled_and_no_lease_is_kept(
    bouncer: str, postgres_db: str
) -> None:
    context = Context(collector="db", service="database", timeout=3.0)
    pool = COLLECTOR(Options(url=SecretUrl(bouncer)), context)
    try:
        async with session(postgres_db, "orders") as client:
            await client.execute("begin; select 1")
            made = await acting.plan(pool, "pools.terminate", b"server", pid=str(client.get_server_pid()))
            assert not made.refusals
            hands = await open_hands(pool)
            try:
                assert hands.server == made.server
                assert await hands.hold("db/orders", "ada@jump-1", 60) is None
            finally:
                await hands.close()
            outcome = await acting.run(pool, made)
            assert (outcome.result, outcome.count) == (Result.DONE, 1)
            assert not await is_alive(client)
    finally:
        await pool.close()
