import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from collectors.errors import AccessError, SourceError, UnreachableError
from collectors.model.practice import Practice
from collectors.model.quantity import Known
from collectors.model.subject import SubjectId
from collectors.pools._trees import tree
from collectors.pools.postgres import PostgresPool
from tests.collectors.pools.database import as_role, collector, make_role, own, pools, session
from tests.servers.waiting import wait_until_async


async def test_slots_states_and_applications_are_what_the_server_has(postgres_db: str) -> None:
    async with (
        collector(postgres_db) as pool,
        session(postgres_db, "catalog-1") as idle,
        session(postgres_db, "orders") as held,
    ):
        await idle.execute("select 1")
        transaction = held.transaction()
        await transaction.start()
        await held.execute("select 1")
        readings = pools((await pool.collect()).readings)
        server = own(readings)
        truth = await idle.fetchval(
            "select count(*) from pg_stat_activity where backend_type = 'client backend'"
        )
        limit = int(await idle.fetchval("show max_connections")) - int(
            await idle.fetchval("show superuser_reserved_connections")
        )
        assert server.in_use.value == truth
        assert server.capacity.value == limit
        assert server.fill.value == pytest.approx(truth / limit)
        assert server.idle_in_transaction.value == 1
        assert not server.partial
        assert {one.subject.service: one.in_use.value for one in readings} == {
            "database": truth,
            "catalog": 1,
            "orders": 1,
        }
        orders = next(one for one in readings if one.subject.service == "orders")
        assert orders.idle_in_transaction.value == 1
        assert orders.oldest_idle_in_transaction.value is not None


async def test_what_no_service_owns_stands_in_the_servers_row_alone(postgres_db: str) -> None:
    async with collector(postgres_db) as pool, session(postgres_db, "psql"):
        readings = (await pool.collect()).readings
        assert [one.subject.id.key for one in readings] == [b"server"]
        assert "psql" in {str(part.name) for part in readings[0].parts}


async def test_the_lock_tree_names_who_really_blocks(postgres_db: str) -> None:
    async with (
        collector(postgres_db) as pool,
        session(postgres_db, "holder") as holder,
        session(postgres_db, "migration") as migration,
        session(postgres_db, "reader") as reader,
    ):
        await holder.execute("create table goods (id int)")
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select * from goods")
        alter = asyncio.create_task(migration.execute("alter table goods add column name text"))
        await wait_until_async(lambda: waiting(pool, 1))
        select = asyncio.create_task(reader.execute("select * from goods"))
        await wait_until_async(lambda: waiting(pool, 2))
        detail = await pool.detail(own((await pool.collect()).readings).subject.id, "locks")
        names = [str(row[1]) for row in detail.rows]
        assert names == ["holder", "migration", "reader"]
        assert detail.indent == (0, 1, 2)
        assert own((await pool.collect()).readings).waiting.value == 2
        await transaction.rollback()
        await asyncio.wait_for(asyncio.gather(alter, select), 5)


async def fill(url: str, taken: list[Any]) -> None:
    while len(taken) < 20:
        taken.append(await asyncpg.connect(url))


async def waiting(pool: PostgresPool, count: int) -> bool:
    return own((await pool.collect()).readings).waiting.value == count


async def test_short_sessions_are_counted_though_nobody_sees_them(postgres_db: str) -> None:
    async with collector(postgres_db) as pool:
        first = own((await pool.collect()).readings)
        assert first.session_rate.known is Known.NEEDS_SAMPLES
        for _ in range(20):
            async with session(postgres_db, "orders"):
                pass

        async def seen() -> bool:
            rate = own((await pool.collect()).readings).session_rate
            return rate.value is not None and rate.value > 1

        await wait_until_async(seen)


async def test_without_pg_monitor_nothing_is_invented(postgres_db: str) -> None:
    url = await make_role(postgres_db, "stranger")
    async with collector(url) as pool, session(postgres_db, "orders") as other:
        await other.execute("select 1")
        server = own((await pool.collect()).readings)
        assert server.partial
        assert "pg_monitor" in server.note
        assert server.idle.known is Known.UNKNOWN
        assert server.in_use.known is Known.ABOUT
        assert (server.in_use.value or 0) >= 2


async def test_pg_monitor_is_enough(postgres_db: str) -> None:
    url = await make_role(postgres_db, "watcher", "pg_monitor")
    async with collector(url) as pool, session(postgres_db, "orders"):
        server = own((await pool.collect()).readings)
        assert not server.partial
        assert (server.idle.value or 0) >= 1
        assert (await pool.detail(server.subject.id, "sessions")).rows


async def test_a_full_server_is_a_reading_and_not_a_failure(make_postgres: Any) -> None:
    server = make_postgres(settings={"max_connections": "8", "superuser_reserved_connections": "2"})
    url = await make_role(server.url(), "visitor", "pg_monitor")
    taken: list[Any] = []
    try:
        with pytest.raises(asyncpg.PostgresError):
            await fill(url, taken)
        async with collector(url) as pool:
            sweep = await pool.collect()
            reading = own(sweep.readings)
            assert reading.saturated
            assert not sweep.complete
            assert not reading.in_use.is_known
            taken.pop().terminate()

            async def back() -> bool:
                return own((await pool.collect()).readings).in_use.is_known

            await wait_until_async(back)
    finally:
        for connection in taken:
            connection.terminate()


async def test_a_replication_slot_that_nobody_reads_holds_the_log(make_postgres: Any) -> None:
    server = make_postgres(settings={"wal_level": "replica", "max_replication_slots": "2"})
    async with collector(server.url()) as pool, session(server.url(), "setup") as admin:
        assert not own((await pool.collect()).readings).wal_held.is_known
        await admin.execute("select pg_create_physical_replication_slot('forgotten', true)")
        await admin.execute("create table t as select generate_series(1, 20000) as id")
        held = own((await pool.collect()).readings).wal_held
        assert held.value is not None
        assert held.value > 100_000


async def test_the_session_cannot_write_nor_wait_long(postgres_db: str) -> None:
    async with collector(postgres_db) as pool:
        await pool.collect()
        async with session(postgres_db, "check") as admin:
            row = await admin.fetchrow(
                "select * from pg_stat_activity where application_name = 'quarterdeck'"
            )
            assert row is not None
        reader = await pool._open_reader()
        async with reader._lease.hold() as held:
            assert await held.connection.fetchval("show default_transaction_read_only") == "on"
            assert await held.connection.fetchval("show statement_timeout") == "3s"
            assert await held.connection.fetchval("show lock_timeout") == "500ms"


async def test_refusals_have_their_own_words(postgres_db: str, free_port: Callable[[], int]) -> None:
    async with collector(f"postgresql://nobody@127.0.0.1:{free_port()}/x") as pool:
        with pytest.raises(UnreachableError):
            await pool.collect()
    await make_role(postgres_db, "someone")
    async with collector(as_role(postgres_db, "someone", "wrong")) as pool:
        with pytest.raises(SourceError) as refused:
            await pool.collect()
        assert "wrong" not in str(refused.value)
    async with collector(postgres_db.rpartition("/")[0] + "/nowhere") as pool:
        with pytest.raises(AccessError, match="nowhere"):
            await pool.collect()


async def test_a_terminated_session_is_opened_again(postgres_db: str) -> None:
    async with collector(postgres_db) as pool, session(postgres_db, "admin") as admin:
        await pool.collect()
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'quarterdeck'"
        )
        with pytest.raises(UnreachableError):
            await pool.collect()
        assert own((await pool.collect()).readings).in_use.value


async def test_a_stopped_backend_costs_its_deadline_and_no_more(postgres_db: str) -> None:
    async with collector(postgres_db) as pool, session(postgres_db, "admin") as admin:
        await pool.collect()
        pid = await admin.fetchval("select pid from pg_stat_activity where application_name = 'quarterdeck'")
        os.kill(pid, signal.SIGSTOP)
        try:
            began = asyncio.get_running_loop().time()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await pool.collect()
            assert asyncio.get_running_loop().time() - began < 1.5
            assert own((await pool.collect()).readings).in_use.value
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_hostile_application_names_keep_their_bytes_and_lose_their_teeth(postgres_db: str) -> None:
    name = "orders[@click=app.quit]x[/]"
    async with collector(postgres_db) as pool, session(postgres_db, name):
        reading = next(one for one in (await pool.collect()).readings if one.subject.service == "orders")
        assert reading.subject.id == SubjectId(Practice.POOLS, "main-db", "", name.encode())


def test_rings_of_blockers_are_cut_and_every_pid_stands_once() -> None:
    ordered = tree({2: (1,), 3: (2, 1), 4: (5,), 5: (4,)})
    assert [pid for pid, _depth in ordered] == [1, 2, 3, 4, 5]
    assert dict(ordered) == {1: 0, 2: 1, 3: 2, 4: 0, 5: 1}
