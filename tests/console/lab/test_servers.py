import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import asyncpg
import pytest
import redis
import redis.asyncio

from console.lab.processes import LOCK, Account, LabError, named_account, reachable, sweep
from console.lab.servers.postgres import Postgres
from console.lab.servers.valkey import Valkey
from tests.servers.fixtures import MakeDatabase, MakePostgres, MakeValkey, missing
from tests.servers.processes import alive
from tests.servers.waiting import wait_until, wait_until_async


def test_valkey_answers_on_tcp_and_on_its_socket(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client, redis.Redis.from_url(valkey.unix_url) as local:
        client.set("seen", "yes")
        assert local.get("seen") == b"yes"
    assert valkey.folder.stat().st_mode & 0o777 == 0o700


def test_a_test_starts_with_an_empty_valkey(valkey_db: str) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        assert client.dbsize() == 0


def test_settings_reach_valkey(make_valkey: MakeValkey) -> None:
    server = make_valkey(["maxmemory 10mb", "user reader on >secret ~* +get"], password="pw with space")
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(10 * 1024 * 1024)}
    with redis.Redis.from_url(server.url_of(user="reader", password="secret")) as reader:
        assert reader.get("nothing") is None
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.set("a", "b")


def test_replica_and_sentinel(make_valkey: MakeValkey) -> None:
    main = make_valkey()
    replica = make_valkey([f"replicaof 127.0.0.1 {main.port}"])
    watcher = make_valkey([f"sentinel monitor main 127.0.0.1 {main.port} 1"], sentinel=True)
    with redis.Redis.from_url(replica.url) as client:
        wait_until(lambda: client.info("replication")["master_link_status"] == "up", 15, "replica linked")
    with redis.Redis.from_url(watcher.url) as client:
        assert client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main") == [
            b"127.0.0.1",
            str(main.port).encode(),
        ]


def test_cluster_mode(make_valkey: MakeValkey) -> None:
    server = make_valkey(["cluster-enabled yes"])
    with redis.Redis.from_url(server.url) as client:
        assert client.info("cluster")["cluster_enabled"] == 1


def test_restart_keeps_the_port(make_valkey: MakeValkey) -> None:
    server = make_valkey()
    port, pid = server.port, server.pid
    server.restart()
    assert (server.port, server.running) == (port, True)
    assert server.pid != pid


def test_a_bad_setting_is_told_with_the_servers_own_words(make_valkey: MakeValkey) -> None:
    with pytest.raises(LabError, match="no-such-setting"):
        make_valkey(["no-such-setting 1"])


@pytest.mark.parametrize("version", [16, 18])
def test_postgres_runs_each_version_with_settings(make_postgres: MakePostgres, version: int) -> None:
    server = make_postgres({"max_connections": "17"}, version=version)
    assert server.execute("show max_connections") == "17"
    assert server.execute("show server_version").startswith(str(version))
    assert server.folder.stat().st_mode & 0o777 == 0o700


async def test_a_database_of_ones_own(postgres_db: str, make_database: MakeDatabase) -> None:
    connection = await asyncpg.connect(postgres_db)
    await connection.execute("create table t (n int); insert into t values (1)")
    name = await connection.fetchval("select current_database()")
    await connection.close()
    copy = await asyncpg.connect(make_database(name))
    assert await copy.fetchval("select n from t") == 1
    await copy.close()


def test_wrong_sql_raises(postgres: Postgres) -> None:
    with pytest.raises(LabError, match="nowhere"):
        postgres.execute("select * from nowhere")


def test_postgres_restart_keeps_data_and_port(make_postgres: MakePostgres) -> None:
    server = make_postgres()
    server.execute("create table kept as select 42 as n")
    port = server.port
    server.restart()
    assert (server.port, server.execute("select n from kept")) == (port, "42")


def test_servers_die_with_a_killed_parent(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import time
        from console.lab.servers.postgres import Postgres
        from console.lab.servers.valkey import Valkey
        with Postgres() as p, Valkey() as v:
            print(p.pid, v.pid, p.folder, v.folder, flush=True)
            time.sleep(60)
    """)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        first, second, *folders = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(int(first)) and not alive(int(second)), 15, "both servers gone")
    for folder in folders:
        assert Path(folder).exists()
        os.utime(Path(folder) / LOCK, (0, 0))

    def swept() -> bool:
        sweep()
        return not any(Path(folder).exists() for folder in folders)

    wait_until(swept, 15, "the folders are swept")


def test_a_living_servers_folder_is_not_swept(valkey: Valkey) -> None:
    os.utime(valkey.folder / LOCK, (0, 0))
    assert valkey.folder not in sweep()
    assert valkey.folder.exists()


def test_wait_until_says_what_did_not_come() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: rain \(last answer: 0\)"):
        wait_until(lambda: 0, 0.02, "rain")


async def test_wait_until_takes_coroutines() -> None:
    answers = iter([0, 0, 3])

    async def condition() -> int:
        return next(answers)

    assert await wait_until_async(condition) == 3


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_server_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no Valkey"):
        missing(LabError("no Valkey"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers change the user")
def test_as_root_each_valkey_is_a_user_of_its_own_and_postgres_is_nobody(
    valkey: Valkey, postgres: Postgres, make_valkey: MakeValkey
) -> None:
    owners = [Path(f"/proc/{server.pid}").stat().st_uid for server in (valkey, make_valkey(), postgres)]
    account = named_account()
    assert account is not None
    assert owners[2] == account.uid
    assert all(61_184 <= owner < 65_520 for owner in owners[:2])
    assert (valkey.folder / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_binaries_that_the_servers_user_cannot_reach_are_copied(
    monkeypatch: pytest.MonkeyPatch, make_valkey: MakeValkey, make_postgres: MakePostgres
) -> None:
    monkeypatch.setattr("console.lab.servers.valkey.reachable", lambda path, account: False)
    monkeypatch.setattr("console.lab.servers.postgres.reachable", lambda path, account: False)
    server, database = make_valkey(), make_postgres()
    for one in (server, database):
        assert Path(f"/proc/{one.pid}/exe").resolve().is_relative_to(one.folder)
    assert database.execute("select 1") == "1"


def test_reachable_looks_at_every_folder_above(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "server"
    program.parent.mkdir()
    program.touch(mode=0o755)
    program.chmod(0o755)
    tmp_path.chmod(0o700)
    assert reachable(program, None)
    assert not reachable(program, Account(65_534, 65_534))
