import os
from typing import Any

import pytest

from collectors.pools.postgres import PostgresPool, signalling
from tests.collectors import acting
from tests.collectors.pools.database import collector, holding, make_role, shop
from tests.collectors.pools.signals import SERVER, cut_after, pid_of, terminate
from tests.servers.waiting import wait_until_async


@pytest.mark.parametrize(
    ("key", "said", "why"),
    [
        (SERVER, {}, "say which: the pid of a session, or idle"),
        (SERVER, {"pid": "12; drop"}, "pid: 12; drop is no process id"),
        (SERVER, {"pid": "99999999999"}, "pid: 99999999999 is no process id"),
        (SERVER, {"pid": "1"}, "no session has the pid 1: it is gone"),
        (SERVER, {"pid": "1", "idle": "60s"}, "say either pid or idle, not both"),
        (SERVER, {"idle": "60s"}, "say whose sessions: application"),
        (b"catalog", {"idle": "60s", "application": "orders"}, "this is the row of catalog"),
        (b"catalog", {"idle": "soon"}, "idle must be a duration such as"),
        (b"catalog", {"idle": "10ms"}, "idle must be 1 s or longer"),
        (b"catalog", {"idle": "60s"}, "no session of catalog is idle in transaction for longer than 60 s"),
    ],
)
async def test_what_cannot_be_meant_is_refused_in_words(
    postgres_db: str, key: bytes, said: dict[str, str], why: str
) -> None:
    async with shop(postgres_db) as (pool, _url):
        made = await terminate(pool, key, **said)
        assert any(why in refusal for refusal in made.refusals)
        assert made.count.value == 0


async def test_the_row_decides_whose_sessions_they_are(postgres_db: str) -> None:
    async with (
        shop(postgres_db) as (pool, url),
        holding(url, "orders", 2) as held,
        holding(url, "", 1) as (nameless,),
    ):
        cut_off = await cut_after(postgres_db, "orders")
        made = await terminate(pool, b"catalog", pid=str(pid_of(held[0])))
        assert made.refusals == (f"pid {pid_of(held[0])} is a session of orders, not of catalog",)
        made = await terminate(pool, idle="1s", application="orders", cut_off=cut_off)
        assert not made.refusals
        assert made.count.value == 2
        assert made.service == "orders"
        made = await terminate(pool, idle="1s", application="orders", cut_off=cut_off, maximum=1)
        assert "it would hit 2 sessions, and 1 is the most" in made.refusals[0]
        cut_off = await cut_after(postgres_db, "")
        made = await terminate(pool, idle="1s", application="(no name)", cut_off=cut_off)
        assert made.sample[0].startswith(str(pid_of(nameless)))


async def test_what_the_reader_may_not_see_or_do_is_refused(postgres_db: str) -> None:
    reader = await make_role(postgres_db, "looks", "pg_monitor")
    stranger = await make_role(postgres_db, "stranger")
    clients = await make_role(postgres_db, "shop")
    async with (
        collector(reader) as pool,
        collector(stranger) as blind,
        holding(clients, "catalog", 1) as (held,),
        holding(postgres_db, "orders", 1) as (admin,),
    ):
        made = await terminate(pool, pid=str(pid_of(held)))
        assert made.refusals == (
            "looks may not signal sessions of shop: grant pg_signal_backend to it, or give act_url",
        )
        made = await terminate(pool, pid=str(pid_of(admin)))
        assert "a superuser's session is signalled by superusers alone" in made.refusals[0]
        for made in (
            await terminate(blind, pid=str(pid_of(held))),
            await terminate(blind, b"catalog", idle="1s"),
        ):
            assert "grant pg_monitor to it" in made.refusals[0]
        await pool.collect()
        ours = await admin.fetchval(
            "select pid from pg_stat_activity where application_name = 'quarterdeck' and usename = 'looks'"
        )
        made = await terminate(pool, pid=str(ours))
        assert made.refusals == ("it is a session of this console",)


async def test_on_a_standby_nothing_is_signalled(make_postgres: Any) -> None:
    server = make_postgres({"wal_level": "replica"})
    async with shop(server.url()) as (pool, url):
        primary = await terminate(pool, pid="1")
        folder = server.folder / "data"
        (folder / "standby.signal").touch()
        owner = (folder / "PG_VERSION").stat()
        os.chown(folder / "standby.signal", owner.st_uid, owner.st_gid)
        server.restart()
        async with holding(url, "catalog", 1) as (held,):
            await wait_until_async(lambda: in_recovery(pool))
            for made in (
                await terminate(pool, pid=str(pid_of(held))),
                await terminate(pool, b"catalog", idle="1s"),
            ):
                assert made.refusals[0] == signalling.STANDBY
                assert " standby since " in made.server
            assert primary.server.partition(" ")[0] == made.server.partition(" ")[0]
            (reading, *_others) = (await pool.collect()).readings
            assert acting.find(pool, "pools.cancel").unfit(reading) == signalling.STANDBY


async def in_recovery(pool: PostgresPool) -> bool:
    async with pool.planning() as reader:
        return (await reader.identity()).standby
