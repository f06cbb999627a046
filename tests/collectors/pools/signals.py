"""Plans of both verbs, and what the server says of the clients meanwhile."""

import dataclasses
import json
import time
from typing import Any

from collectors.action import Outcome, Plan
from collectors.pools.postgres import PostgresPool
from tests.collectors import acting
from tests.collectors.pools.database import session
from tests.servers.waiting import wait_until_async

SERVER = b"server"


async def cancel(pool: PostgresPool, pid: int, key: bytes = SERVER, **more: Any) -> Plan:
    return await acting.plan(pool, "pools.cancel", key, pid=str(pid), **more)


async def terminate(pool: PostgresPool, key: bytes = SERVER, **more: Any) -> Plan:
    return await acting.plan(pool, "pools.terminate", key, **more)


async def after_a_kill(pool: PostgresPool, made: Plan) -> Outcome:
    """What the next start says of a run, by the plan that the journal has kept."""
    kept = dataclasses.replace(made, items=(), detail=json.loads(json.dumps(made.detail)))
    return await acting.find(pool, made.spec.id).reconcile(kept, [])


def pid_of(client: Any) -> int:
    return int(client.get_server_pid())


async def runs(url: str, pid: int, query: str) -> bool:
    async with session(url, "check") as check:
        row = await check.fetchrow("select state, query from pg_stat_activity where pid = $1", pid)
        return bool(row) and row["state"] == "active" and query in row["query"]


async def idle_for(url: str, application: str, seconds: float) -> bool:
    async with session(url, "check") as check:
        table = "pg_stat_activity where application_name = $1 and state is not null"
        age = await check.fetchval(f"select min(now() - state_change) from {table}", application)
        return age is not None and age.total_seconds() > seconds


async def cut_after(url: str, application: str) -> float:
    """A cut-off at which all of an application have been idle for more than a second."""
    await wait_until_async(lambda: idle_for(url, application, 1.05))
    return time.time()
