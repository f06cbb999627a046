import json
import os
import signal
import time
import tomllib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import asyncpg
import httpx
import pytest
import redis

from collectors.transport.read.redis import READS
from console.lab.run import Lab
from console.lab.shop.wiring import Wiring
from tests.servers.processes import cpu_seconds, tree
from tests.servers.waiting import wait_until

SERVICES = {"catalog", "orders", "payments"}


@pytest.fixture(scope="module")
def wiring(lab: Lab) -> Wiring:
    return Wiring.load(lab.folder / "wiring.json")


@pytest.fixture(scope="module")
def settings(lab: Lab) -> dict[str, Any]:
    return tomllib.loads(lab.config_path.read_text())


def test_catalog_tells_its_health_as_spring_boot_does(wiring: Wiring) -> None:
    assert httpx.get(wiring.url("catalog") + "/health/live").json() == {"status": "UP"}
    answer = httpx.get(wiring.url("catalog") + "/health/ready")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "UP")
    assert body["components"] == {"db": {"status": "UP"}, "cache": {"status": "UP"}}
    assert (body["version"], answer.headers["x-version"]) == ("2.4.1", "2.4.1")
    assert body["started_at"].endswith("+00:00")


@pytest.mark.parametrize("instance", ["orders-1", "orders-2"])
def test_orders_tells_its_health_as_kubernetes_does(wiring: Wiring, instance: str) -> None:
    assert httpx.get(wiring.url(instance) + "/livez").text == "ok"
    answer = httpx.get(wiring.url(instance) + "/readyz?verbose")
    assert answer.text.splitlines() == [
        "[+]ping ok",
        "[+]db ok",
        "[+]cache ok",
        "[+]queue ok",
        "readyz check passed",
    ]
    assert httpx.get(wiring.url(instance) + "/readyz").text == "ok"


def test_payments_tells_its_health_as_the_ietf_draft_does(wiring: Wiring) -> None:
    answer = httpx.get(wiring.url("payments") + "/health/ready")
    assert answer.headers["content-type"].startswith("application/health+json")
    body = answer.json()
    assert (body["status"], body["releaseId"], body["serviceId"]) == ("pass", "2.4.1", "payments")
    assert set(body["checks"]) == {"postgres:connections", "valkey:responseTime", "gateway:responseTime"}


def test_version_1_announces_its_end(wiring: Wiring) -> None:
    old = httpx.get(wiring.url("catalog") + "/v1/products/7")
    assert old.json()["price"] == pytest.approx(7.59)
    assert old.headers["deprecation"].startswith("@1")
    assert parsedate_to_datetime(old.headers["sunset"]).year == 2027
    assert old.headers["link"] == '</v2/products/7>; rel="successor-version"'
    new = httpx.get(wiring.url("catalog") + "/v2/products/7")
    assert new.json()["price_cents"] == 759
    assert "deprecation" not in new.headers


async def test_orders_are_bought_and_worked_on(wiring: Wiring) -> None:
    with redis.Redis.from_url(wiring.queues, decode_responses=True) as broker:
        wait_until(lambda: broker.zcard("rq:finished:mail"), 30, "a mail is sent")
        wait_until(lambda: broker.zcard("rq:finished:invoices"), 30, "an invoice is written")
        wait_until(lambda: broker.xinfo_groups("shop:events")[0]["entries-read"], 30, "the ledger reads")
        assert broker.zcard("rq:failed:mail") == 0
    connection = await asyncpg.connect(wiring.databases["orders"])
    assert await connection.fetchval("select count(*) from orders") > 0
    await connection.close()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_cache_is_hit(wiring: Wiring, service: str) -> None:
    with redis.Redis.from_url(wiring.caches[service]) as cache:
        wait_until(lambda: cache.info("stats")["keyspace_hits"] > 2, 40, f"hits in the cache of {service}")


def test_one_trace_runs_through_three_logs(wiring: Wiring) -> None:
    def charged() -> str:
        for line in wiring.log("payments.log").read_text().splitlines():
            fields = dict(pair.split("=", 1) for pair in line.split(" ") if "=" in pair)
            if fields.get("event") == "request.finished" and fields["status"] == "200":
                return fields["trace_id"]
        return ""

    trace = wait_until(charged, 30, "a charge in the log of payments")
    files = ("catalog.jsonl", "orders-1.jsonl", "orders-2.jsonl")
    wait_until(
        lambda: sum(trace in wiring.log(name).read_text() for name in files) == 2,
        10,
        "the same trace in the logs of catalog and of one of the orders",
    )


def test_json_lines_carry_what_questions_ask_for(wiring: Wiring) -> None:
    def requests() -> list[dict[str, Any]]:
        whole = wiring.log("catalog.jsonl").read_text().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if line["event"] == "request.finished"]

    line = wait_until(requests, 30, "a request in the log of catalog")[0]
    assert line["timestamp"].endswith("Z")
    assert {
        "level",
        "logger",
        "request_id",
        "trace_id",
        "region",
        "duration_ms",
        "status",
        "api_version",
    } <= set(line)


def test_failed_logins_are_logged_with_their_user(wiring: Wiring) -> None:
    url = wiring.url("orders-1") + "/v2/login"
    assert httpx.post(url, json={"user": "mallory", "password": "guess"}).status_code == 401
    # the last line may be half written
    whole = wiring.log("orders-1.jsonl").read_text().rpartition("\n")[0]
    lines = [json.loads(line) for line in whole.splitlines()]
    failed = [line for line in lines if line["event"] == "login.failed" and line["user_id"] == "mallory"]
    assert [line["level"] for line in failed] == ["warning"]


def test_the_configuration_covers_six_practices_for_each_service(settings: dict[str, Any]) -> None:
    covered: dict[str, set[str]] = {}
    for collector in settings["collectors"].values():
        practice = collector["type"].partition(".")[0]
        owners = {collector["service"], *collector.get("attribute", {}).values()}
        covered.setdefault(practice, set()).update(owners)
        assert collector["every"] == "2s"
    assert set(covered) == {"health", "queues", "caches", "pools", "logs", "drains"}
    for practice, services in covered.items():
        assert services >= SERVICES, practice


def test_the_configuration_is_private(lab: Lab, settings: dict[str, Any]) -> None:
    assert settings["console"] == {"name": "shop", "environment": "lab"}
    assert lab.config_path.stat().st_mode & 0o777 == 0o600
    assert lab.folder.stat().st_mode & 0o777 == 0o700


def test_the_console_may_read_the_servers_and_not_write(settings: dict[str, Any]) -> None:
    for name in ("jobs", "catalog-cache"):
        with redis.Redis.from_url(settings["collectors"][name]["url"]) as reader:
            assert reader.info("stats")
            assert reader.scard("rq:queues") >= 0
            with pytest.raises(redis.exceptions.NoPermissionError):
                reader.set("a", "b")


@pytest.mark.parametrize("command", sorted(READS))
def test_the_reader_may_send_what_collectors_send(wiring: Wiring, command: str) -> None:
    with redis.Redis.from_url(wiring.queues) as server:

        def dry_run(arguments: int) -> object:
            try:
                words = [*command.split(), *["a"] * arguments]
                return server.execute_command("ACL", "DRYRUN", "quarterdeck", *words)
            except redis.ResponseError:
                return None

        assert b"OK" in [dry_run(arguments) for arguments in range(4)]


@pytest.mark.parametrize("name", ["jobs", "webhooks", "events", "catalog-cache", "orders-cache"])
def test_the_operator_may_write_and_not_empty_the_server(settings: dict[str, Any], name: str) -> None:
    table = settings["collectors"][name]
    with redis.Redis.from_url(table["act_url"]) as operator:
        assert operator.acl_whoami() == "operator"
        assert operator.set("operators-own", "1", px=100)
        assert operator.eval("return redis.call('del', KEYS[1])", 1, "operators-own") == 1
        forbidden = ("FLUSHALL", "FLUSHDB", "KEYS *", "SWAPDB 0 1", "CONFIG GET *", "DEBUG HELP", "SHUTDOWN")
        for words in (*forbidden, "ACL SETUSER operator +flushall", "REPLICAOF 127.0.0.1 1"):
            answer = operator.execute_command("ACL", "DRYRUN", "operator", *words.split())
            assert b"has no permissions to run the" in answer, words
        with pytest.raises(redis.exceptions.NoPermissionError):
            operator.flushdb()
        with pytest.raises(redis.exceptions.ResponseError, match="ACL failure in script"):
            operator.eval("return redis.call('flushall')", 0)


def test_what_can_act_has_a_way_of_its_own(settings: dict[str, Any]) -> None:
    acting = {table["type"] for table in settings["collectors"].values() if "act_url" in table}
    redis_types = {"queues.rq", "queues.redis", "queues.streams", "caches.redis", "drains.rq"}
    assert acting == {*redis_types, "pools.postgres"}


async def test_the_operator_may_end_sessions_and_reads_no_table(wiring: Wiring) -> None:
    connection = await asyncpg.connect(wiring.operator["database"])
    roles = ("pg_monitor", "pg_signal_backend")
    for role in roles:
        assert await connection.fetchval("select pg_has_role($1, 'usage')", role)
    other = await asyncpg.connect(
        wiring.databases["catalog"], server_settings={"application_name": "lingerer"}
    )
    ended = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'lingerer'"
    assert await connection.fetchval(ended) is True
    # the driver may not have noticed yet that it was cut off
    cut_off = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    with pytest.raises(cut_off):
        await other.fetchval("select 1")
    other.terminate()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from orders")
    await connection.close()


async def test_the_console_sees_every_session_and_no_table(settings: dict[str, Any]) -> None:
    connection = await asyncpg.connect(settings["collectors"]["shop-db"]["url"])
    names = await connection.fetch(
        "select distinct application_name from pg_stat_activity where datname = 'shop'"
    )
    assert {row[0] for row in names} >= {"catalog", "orders-1", "orders-2", "payments"}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from orders")
    await connection.close()


def test_what_ends_by_itself_is_started_again(lab: Lab, wiring: Wiring) -> None:
    pids = [pid for pid, line in tree(lab.process.pid).items() if line.endswith("orders-2")]
    assert len(pids) == 1
    os.kill(pids[0], signal.SIGKILL)

    def answers() -> bool:
        try:
            return httpx.get(wiring.url("orders-2") + "/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(lambda: not answers(), 5, "orders-2 gone")
    wait_until(answers, 20, "orders-2 is back")


def test_the_shop_costs_little(lab: Lab) -> None:
    before = set(tree(lab.process.pid))
    used = cpu_seconds(before)
    begin = time.monotonic()
    time.sleep(4)
    share = (cpu_seconds(before) - used) / (time.monotonic() - begin)
    # 7 % measured in calm; the machine that runs the suite is not calm
    assert share < 0.45


def test_a_calm_shop_logs_no_error(lab: Lab, wiring: Wiring) -> None:
    # after a quiet time of 5 s a consumer with a time-out would complain
    born = wiring.log("payments.log").read_text().split(maxsplit=1)[0].removeprefix("timestamp=")
    age = datetime.now(UTC) - datetime.fromisoformat(born)
    time.sleep(max(0.0, 8 - age.total_seconds()))
    assert "level=error" not in wiring.log("payments.log").read_text()
    assert '"level": "error"' not in wiring.log("catalog.jsonl").read_text()
    assert " ERROR " not in wiring.log("worker.log").read_text()
