import asyncio
import dataclasses
import json
import os
import signal
import time
from typing import Any

import asyncpg
import pytest

from collectors.action import Outcome, Plan, Result, Risk, StoppedError
from collectors.pools.postgres import PostgresPool, signalling
from tests.collectors import acting
from tests.collectors.acting import KeepingControl
from tests.collectors.pools.database import alive, collector, holding, is_alive, make_role, session, shop
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
