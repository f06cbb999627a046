import asyncio
import os
import signal
from typing import Any

import asyncpg
import pytest

from collectors.action import Plan, Result, Risk, StoppedError
from collectors.pools.postgres import PostgresPool, signalling
from tests.collectors import acting
from tests.collectors.acting import KeepingControl
from tests.collectors.pools.database import alive, holding, is_alive, session, shop
from tests.collectors.pools.signals import after_a_kill, cancel, cut_after, pid_of, runs, terminate
from tests.servers.waiting import wait_until_async


async def test_a_cancelled_query_ends_and_its_session_lives(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), session(url, "catalog-1") as client:
        query = asyncio.create_task(client.execute("select pg_sleep(60)"))
        await wait_until_async(lambda: runs(postgres_db, pid_of(client), "pg_sleep"))
        made = await cancel(pool, pid_of(client), b"catalog-1")
        assert not made.refusals
        assert made.level is Risk.DISRUPTIVE
        assert made.count.value == 1
        assert made.service == "catalog"
        assert str(made.sample[0]).startswith(f"{pid_of(client)} shop catalog-1: active for ")
        assert made.sample[0].endswith("select pg_sleep(60)")
        outcome = await acting.run(pool, made)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        with pytest.raises(asyncpg.QueryCanceledError):
            await query
        assert await is_alive(client)
        assert "over: cancelled, or ended by itself" in (await after_a_kill(pool, made)).words


async def test_cancel_names_the_verb_that_works_where_it_does_not(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "orders", 1) as (held,):
        made = await cancel(pool, pid_of(held))
        assert "terminate is the verb that works here" in made.refusals[0]
        await held.execute("rollback")
        made = await cancel(pool, pid_of(held))
        assert made.refusals == ("it is idle: there is no query to cancel",)


async def test_another_query_of_the_same_session_is_never_cancelled(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), session(url, "catalog") as client:
        query = asyncio.create_task(client.execute("select 'first', pg_sleep(60)"))
        await wait_until_async(lambda: runs(postgres_db, pid_of(client), "first"))
        made = await cancel(pool, pid_of(client))
        await acting.run(pool, await cancel(pool, pid_of(client)))
        with pytest.raises(asyncpg.QueryCanceledError):
            await query
        before = await cut_after(postgres_db, "catalog") - 1
        second = asyncio.create_task(client.execute("select 'second', pg_sleep(2)"))
        await wait_until_async(lambda: runs(postgres_db, pid_of(client), "second"))
        outcome = await acting.run(pool, made)
        assert outcome.result is Result.FAILED
        assert outcome.skipped == {"not in that state": 1}
        late = await cancel(pool, pid_of(client), cut_off=before)
        assert late.refusals == ("its query began after the sessions were looked at: look again",)
        assert await second == "SELECT 1"


async def test_a_terminated_transaction_gives_its_locks_back(postgres_db: str) -> None:
    async with (
        shop(postgres_db) as (pool, url),
        session(postgres_db, "setup") as admin,
        holding(url, "orders", 1) as (held,),
    ):
        await admin.execute("create table goods (id int); grant all on goods to shop")
        await held.execute("lock table goods")
        made = await terminate(pool, b"orders", pid=str(pid_of(held)))
        assert made.level is Risk.DESTRUCTIVE
        assert not made.refusals
        assert "is rolled back; this cannot be undone" in made.warnings[0]
        assert not made.undo
        outcome = await acting.run(pool, made)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        assert not await is_alive(held)
        await admin.execute("set lock_timeout = 2000; select * from goods")
        again = await acting.run(pool, made)
        assert (again.result, again.count, again.skipped) == (Result.DONE, 0, {"gone": 1})
        assert (await terminate(pool, pid=str(pid_of(held)))).refusals[0].endswith("it is gone")


async def test_a_session_that_came_back_to_life_is_left_alone(postgres_db: str) -> None:
    async with (
        shop(postgres_db) as (pool, url),
        holding(url, "orders", 1) as (held,),
        session(url, "catalog") as idle,
    ):
        await idle.execute("select 1")
        plans = [await terminate(pool, pid=str(pid_of(client))) for client in (held, idle)]
        assert "no transaction open" in plans[1].warnings[0]
        await held.execute("select 2")
        await idle.execute("begin")
        for made in plans:
            outcome = await acting.run(pool, made)
            assert outcome.result is Result.FAILED
            assert outcome.skipped == {"not in that state": 1}
        assert await alive([held, idle]) == 2


async def test_a_busy_session_ends_at_whatever_it_does(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), session(url, "catalog") as client:
        query = asyncio.create_task(client.execute("select pg_sleep(60)"))
        await wait_until_async(lambda: runs(postgres_db, pid_of(client), "pg_sleep"))
        made = await terminate(pool, pid=str(pid_of(client)))
        assert "whichever is open then is rolled back" in made.warnings[0]
        await acting.run(pool, await cancel(pool, pid_of(client)))
        with pytest.raises(asyncpg.QueryCanceledError):
            await query
        assert (await acting.run(pool, made)).count == 1
        assert not await is_alive(client)


async def test_a_leak_is_drained_and_nothing_else_is_touched(postgres_db: str) -> None:
    async with (
        shop(postgres_db) as (pool, url),
        holding(url, "catalog", 20) as leaked,
        holding(url, "orders", 3) as others,
    ):
        cut_off = await cut_after(postgres_db, "catalog")
        async with holding(url, "catalog", 2) as young:
            made = await terminate(pool, b"catalog", idle="1s", cut_off=cut_off)
            assert not made.refusals
            assert made.count.value == 20
            assert made.target == "sessions of catalog idle in transaction over 1 s on main-db"
            assert len(made.sample) == 5
            assert len(made.items) == 20
            assert "idle in transaction for" in made.sample[0]
            assert made.warnings[1] == "2 that are idle in transaction for less are left alone"
            before = await after_a_kill(pool, made)
            assert (before.result, before.count) == (Result.FAILED, 0)
            assert before.words == "not terminated: all 20 are still there as planned"
            control = KeepingControl()
            outcome = await acting.run(pool, made, control)
            assert (outcome.result, outcome.count, outcome.skipped) == (Result.DONE, 20, {})
            assert control.reports[-1][0] == 20
            assert outcome.words == "20 of 20 sessions terminated"
            assert await alive(leaked) == 0
            assert await alive(others) == 3
            assert await alive(young) == 2
        ended = await after_a_kill(pool, made)
        assert (ended.result, ended.count) == (Result.DONE, 20)


async def test_what_came_after_the_cut_off_is_left_alone_however_old_it_is_by_now(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 2):
        cut_off = await cut_after(postgres_db, "catalog")
        async with holding(url, "catalog", 1) as (young,):
            later = await cut_after(postgres_db, "catalog")
            assert (await terminate(pool, b"catalog", idle="1s", cut_off=cut_off)).count.value == 2
            assert (await terminate(pool, b"catalog", idle="1s", cut_off=later)).count.value == 3
            made = await terminate(pool, pid=str(pid_of(young)), cut_off=cut_off - 1)
            assert made.refusals == ("it began after the sessions were looked at: look again",)


async def test_each_client_has_time_to_dial_anew(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 3):
        cut_off = await cut_after(postgres_db, "catalog")
        slow = await terminate(pool, b"catalog", idle="1s", cut_off=cut_off, rate=1000.0)
        control = Waits()
        assert (await acting.run(pool, slow, control)).count == 3
        assert control.waited == []
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 3):
        cut_off = await cut_after(postgres_db, "catalog")
        made = await terminate(pool, b"catalog", idle="1s", cut_off=cut_off)
        assert (await acting.run(pool, made, control)).count == 3
        assert control.waited == [1 / signalling.RATE] * 2


class Waits(KeepingControl):
    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.waited.append(seconds)


async def test_each_is_looked_at_again_where_it_is_terminated(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 4) as held:
        cut_off = await cut_after(postgres_db, "catalog")
        made = await terminate(pool, b"catalog", idle="1s", cut_off=cut_off)
        await held[0].execute("commit")
        await held[1].execute("select 2")
        await held[2].close()
        outcome = await acting.run(pool, made)
        assert (outcome.result, outcome.count) == (Result.DONE, 1)
        assert outcome.skipped == {"not in that state": 2, "gone": 1}
        assert await alive(held) == 2


async def test_a_stopped_run_leaves_the_rest_and_the_next_start_counts_it(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 8) as held:
        cut_off = await cut_after(postgres_db, "catalog")
        made = await terminate(pool, b"catalog", idle="1s", cut_off=cut_off)
        control = KeepingControl(stop_after=3)
        with pytest.raises(StoppedError):
            await acting.run(pool, made, control)
        assert control.reports[-1][0] == 3

        async def counted() -> bool:
            outcome = await after_a_kill(pool, made)
            return (outcome.result, outcome.count) == (Result.FAILED, 3)

        await wait_until_async(counted)
        assert (await after_a_kill(pool, made)).words == (
            "3 of 8 gone: terminated, or ended by themselves; 5 still there as planned"
        )
        assert await alive(held) == 5


async def test_a_server_that_was_started_anew_is_not_the_one_of_the_plan(make_postgres: Any) -> None:
    server = make_postgres()
    async with shop(server.url()) as (pool, url):
        async with holding(url, "catalog", 1) as (held,):
            made = await terminate(pool, pid=str(pid_of(held)))
            server.restart()
        outcome = await after_a_kill(pool, made)
        assert outcome.result is Result.UNKNOWN
        assert "was started anew" in outcome.words


async def test_lines_of_a_plan_are_short_safe_and_without_secrets(postgres_db: str) -> None:
    query = "select 1 as password_is, 'password=hunter2hunter2' \n\n, '\x1b[31m', '" + "x" * 500 + "'"
    async with shop(postgres_db) as (pool, url), session(url, "catalog") as client:
        await client.execute("begin; " + query)
        made = await terminate(pool, pid=str(pid_of(client)))
        (line,) = made.sample
        assert "hunter2" not in line
        assert "\x1b" not in line
        assert "\n" not in line
        assert len(line) <= 200


async def test_a_session_that_does_not_end_is_unknown(
    postgres_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signalling, "GONE_WITHIN", 0.3)
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 1) as (held,):
        made = await terminate(pool, pid=str(pid_of(held)))
        os.kill(pid_of(held), signal.SIGSTOP)
        try:
            outcome = await acting.run(pool, made)
            assert (outcome.result, outcome.count) == (Result.UNKNOWN, 1)
            assert "1 of them not gone after 0.3 s" in outcome.words
            assert outcome.lines[0].startswith(str(pid_of(held)))
        finally:
            os.kill(pid_of(held), signal.SIGCONT)
        await wait_until_async(lambda: gone(pool, made))


async def gone(pool: PostgresPool, made: Plan) -> bool:
    return (await after_a_kill(pool, made)).result is Result.DONE


async def test_the_sessions_of_a_row_tell_pids_and_who_waits_for_whom(postgres_db: str) -> None:
    async with (
        shop(postgres_db) as (pool, url),
        session(postgres_db, "setup") as admin,
        holding(url, "orders", 1) as (holder,),
        session(url, "catalog") as waiter,
    ):
        await admin.execute("create table goods (id int); grant all on goods to shop")
        await holder.execute("lock table goods")
        query = asyncio.create_task(waiter.execute("select * from goods"))
        await wait_until_async(lambda: runs(postgres_db, pid_of(waiter), "goods"))
        row = next(one for one in (await pool.collect()).readings if one.subject.id.key == b"catalog")

        async def waits() -> bool:
            detail = await pool.detail(row.subject.id, "sessions")
            (told,) = [dict(zip(detail.columns, line, strict=True)) for line in detail.rows]
            assert (told["pid"], told["application"]) == (str(pid_of(waiter)), "catalog")
            return told["waits for"] == str(pid_of(holder))

        await wait_until_async(waits)
        await holder.execute("rollback")
        await query
