"""A collector on a real database, sessions beside it, and roles."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from collectors.base import Context
from collectors.model.pools import PoolReading
from collectors.pools.postgres import COLLECTOR, Options, PostgresPool
from collectors.secret import SecretUrl

ATTRIBUTE = (("catalog*", "catalog"), ("orders*", "orders"), ("payments*", "payments"))


@asynccontextmanager
async def collector(url: str, act_url: str = "", **options: Any) -> AsyncIterator[PostgresPool]:
    options["act_url"] = SecretUrl(act_url) if act_url else None
    context = Context(collector="main-db", service="database", attribute=ATTRIBUTE, timeout=3.0)
    made = COLLECTOR(Options(url=SecretUrl(url), **options), context)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def session(url: str, application: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url, server_settings={"application_name": application})
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def shop(url: str, **grants: tuple[str, ...]) -> AsyncIterator[tuple[PostgresPool, str]]:
    """A collector with a reader and an operator of its own, and the URL by which the shop's clients come."""
    reader = await make_role(url, "looks", *grants.get("looks", ("pg_monitor",)))
    operator = await make_role(url, "acts", *grants.get("acts", ("pg_monitor", "pg_signal_backend")))
    clients = await make_role(url, "shop")
    async with collector(reader, operator) as pool:
        yield pool, clients


@asynccontextmanager
async def holding(url: str, application: str, count: int) -> AsyncIterator[list[Any]]:
    """Clients that have begun a transaction, asked something, and do nothing more."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(session(url, application)) for _ in range(count)]
        for client in clients:
            await client.execute("begin; select 1")
        yield clients


async def is_alive(client: Any) -> bool:
    """Whether a client's session still answers."""
    try:
        return bool(await client.fetchval("select true"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return False


async def alive(clients: Sequence[Any]) -> int:
    """How many clients' sessions still answer."""
    return sum([await is_alive(client) for client in clients])


def own(readings: Any) -> PoolReading:
    return next(one for one in pools(readings) if one.subject.id.key == b"server")


def pools(readings: Any) -> list[PoolReading]:
    return list(readings)


def as_role(url: str, user: str, password: str = "pw") -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


async def make_role(url: str, name: str, *grants: str) -> str:
    async with session(url, "setup") as admin:
        await admin.execute(f"drop role if exists {name}")
        await admin.execute(f"create role {name} login password 'pw'")
        for grant in grants:
            await admin.execute(f"grant {grant} to {name}")
    return as_role(url, name)
