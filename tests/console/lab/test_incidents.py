import json
import tomllib
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
import redis

from console.keys import KEYS
from console.lab import control
from console.lab.incidents import INCIDENTS
from console.lab.processes import LabError
from console.lab.run import Lab
from console.lab.shop.wiring import Wiring
from tests.servers.retrying import retry_dead
from tests.servers.waiting import wait_until, wait_until_async


@pytest.fixture(scope="module")
def wiring(lab: Lab) -> Wiring:
    return Wiring.load(lab.folder / "wiring.json")


@pytest.fixture
async def calm(lab: Lab) -> AsyncIterator[Lab]:
    yield lab
    for name in await control.active(lab.folder):
        await control.stop(name, lab.folder)


@pytest.fixture
async def database(lab: Lab) -> AsyncIterator[Any]:
    settings = tomllib.loads(lab.config_path.read_text())
    connection = await asyncpg.connect(settings["collectors"]["shop-db"]["url"])
    yield connection
    await connection.close()


def count(sql: str, database: Any) -> Callable[[], Any]:
    async def ask() -> Any:
        return await database.fetchval(sql)

    return ask


async def test_dead_letters(calm: Lab, wiring: Wiring) -> None:
    await control.start("dead-letters", calm.folder)
    with redis.Redis.from_url(wiring.queues) as broker:
        job = wait_until(lambda: broker.zrange("rq:failed:mail", 0, 0), 30, "a dead mail job")[0].decode()
        assert broker.hget(f"rq:job:{job}", "origin") == b"mail"
        wait_until(
            lambda: "SMTPServerDisconnected" in wiring.log("worker.log").read_text(), 5, "the traceback"
        )
        await control.stop("dead-letters", calm.folder)
        assert broker.zscore("rq:failed:mail", job) is not None
        assert retry_dead(wiring.operator["queues"], "mail") > 0
        wait_until(lambda: broker.zcard("rq:failed:mail") == 0, 10, "no dead job")
        wait_until(lambda: broker.zscore("rq:finished:mail", job) is not None, 10, "the mail is sent")


async def test_worker_gone(calm: Lab, wiring: Wiring) -> None:
    with redis.Redis.from_url(wiring.queues) as broker:
        await control.start("worker-gone", calm.folder)
        assert broker.smembers("rq:workers") == set()
        wait_until(lambda: broker.llen("rq:queue:mail") > 1, 30, "mail jobs pile up")
        await control.stop("worker-gone", calm.folder)
        wait_until(lambda: broker.smembers("rq:workers"), 10, "a worker")
        wait_until(lambda: broker.llen("rq:queue:mail") == 0, 15, "the backlog is worked off")


async def test_pool_leak(calm: Lab, wiring: Wiring, database: Any) -> None:
    idle = count(
        "select count(*) from pg_stat_activity"
        " where application_name = 'catalog' and state = 'idle in transaction'",
        database,
    )
    assert await idle() < 3
    await control.start("pool-leak", calm.folder)
    # customers alone would need half a minute
    async with httpx.AsyncClient() as client:

        async def leaked() -> bool:
            await client.get(f"{wiring.url('catalog')}/v2/products/30")
            return bool(await idle() >= 15)

        await wait_until_async(leaked, 20, "most sessions are in open transactions")

        async def refused() -> httpx.Response | None:
            await client.get(f"{wiring.url('catalog')}/v2/products/30")
            answer = await client.get(wiring.url("catalog") + "/health/ready")
            return answer if answer.status_code != 200 else None

        answer = await wait_until_async(refused, 20, "the catalog is not ready")
        assert answer is not None
        assert (answer.status_code, answer.json()["components"]["db"]["status"]) == (503, "DOWN")
    await control.stop("pool-leak", calm.folder)
    await wait_until_async(lambda: ended(idle), 10, "the leaked sessions are closed")
    wait_until(
        lambda: httpx.get(wiring.url("catalog") + "/health/ready").status_code == 200, 10, "ready again"
    )


async def ended(ask: Callable[[], Any]) -> bool:
    return bool(await ask() == 0)


async def test_cache_cold(calm: Lab, wiring: Wiring) -> None:
    with redis.Redis.from_url(wiring.caches["catalog"]) as cache:

        def ratio() -> float:
            before = cache.info("stats")
            for number in range(1, 11):
                httpx.get(f"{wiring.url('catalog')}/v2/products/{number}")
            after = cache.info("stats")
            hits, misses = (after[key] - before[key] for key in ("keyspace_hits", "keyspace_misses"))
            return float(hits / (hits + misses))

        ratio()
        assert ratio() > 0.8
        await control.start("cache-cold", calm.folder)
        wait_until(lambda: ratio() < 0.5, 5, "hits are rare")
        await control.stop("cache-cold", calm.folder)
        wait_until(lambda: ratio() > 0.8, 10, "the cache is warm")


async def test_gateway_slow(calm: Lab, wiring: Wiring) -> None:
    def ready() -> tuple[str, float]:
        answer = httpx.get(wiring.url("payments") + "/health/ready", timeout=10)
        return answer.json()["status"], answer.elapsed.total_seconds()

    await control.start("gateway-slow", calm.folder)
    wait_until(lambda: ready() > ("warn", 1), 10, "readiness warns after seconds")
    wait_until(lambda: "event=gateway.retry" in wiring.log("payments.log").read_text(), 60, "a retry")
    await control.stop("gateway-slow", calm.folder)
    wait_until(lambda: ready()[0] == "pass", 10, "payments is calm")


async def test_lying_health(calm: Lab, wiring: Wiring, database: Any) -> None:
    def order() -> int:
        login = httpx.post(wiring.url("orders-1") + "/v2/login", json={"user": "u1", "password": "secret-u1"})
        wish = {"session": login.json()["session"], "product": 1}
        return httpx.post(wiring.url("orders-1") + "/v2/orders", json=wish, timeout=15).status_code

    def ready() -> str:
        return httpx.get(wiring.url("orders-1") + "/readyz").text

    assert order() == 201
    await control.start("lying-health", calm.folder)
    assert order() == 503
    assert ready() == "ok"
    holder = count(
        "select count(*) from pg_stat_activity where application_name = 'orders-migrate'", database
    )
    assert await holder() == 1
    log = [json.loads(line) for line in wiring.log("orders-1.jsonl").read_text().splitlines()]
    assert any(line["event"] == "dependency.failed" and line["level"] == "error" for line in log)
    await control.stop("lying-health", calm.folder)
    wait_until(lambda: order() == 201, 10, "orders go through")
    assert await holder() == 0


async def test_lying_health_may_be_ended_by_an_operator(calm: Lab, wiring: Wiring, database: Any) -> None:
    await control.start("lying-health", calm.folder)
    of_migration = "from pg_stat_activity where application_name = 'orders-migrate'"
    operator = await asyncpg.connect(wiring.operator["database"])
    assert await operator.fetchval(f"select pg_terminate_backend(pid) {of_migration}")
    await operator.close()
    holder = count(f"select count(*) {of_migration}", database)
    await wait_until_async(lambda: ended(holder), 5, "the migration's session is ended")
    await control.stop("lying-health", calm.folder)
    await control.stop("lying-health", calm.folder)
    assert await control.active(calm.folder) == ()


async def test_active_incidents_are_told(calm: Lab) -> None:
    assert await control.active(calm.folder) == ()
    await control.start("gateway-slow", calm.control_socket)
    await control.start("gateway-slow", calm.control_socket)
    assert await control.active(calm.control_socket) == ("gateway-slow",)


async def test_an_unknown_incident_is_refused_with_the_known_ones(calm: Lab) -> None:
    with pytest.raises(LabError, match="no incident 'flood'; there are dead-letters, worker-gone"):
        await control.start("flood", calm.folder)


async def test_no_lab_is_told_in_a_sentence(tmp_path: Any) -> None:
    with pytest.raises(LabError, match=r"no lab answers at .*control\.sock"):
        await control.active(tmp_path)


ACTIONS = {"retry", "terminate", "cancel", "invalidate", "drain"}


def test_every_incident_says_what_happened_and_what_one_sees_and_presses() -> None:
    infos = control.list_incidents()
    assert [info.name for info in infos] == list(INCIDENTS)
    for info in infos:
        assert info.title.endswith(".")
        assert info.sees.endswith(".")
        assert info.press.endswith((".", ").")), info.press
        first, rest = info.press.split(", then ", 1)
        assert first in {key for one in KEYS for key in one.keys}
        what, _, words = rest.partition(": ")
        assert what.startswith(("a on ", "Enter on "))
        assert not what.startswith("a on ") or words.split()[0].strip(",") in ACTIONS
