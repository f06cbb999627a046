import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from collectors.base import Context
from collectors.errors import AccessError, SourceError
from collectors.hands import SessionGuard
from collectors.pools.postgres import COLLECTOR, Options
from collectors.pools.postgres.sessions import HELD
from collectors.secret import SecretUrl
from collectors.transport.read.postgres_session import SaturatedError
from collectors.transport.write.postgres import Hands, open_hands
from tests.collectors import acting
from tests.collectors.pools.database import as_role, collector, holding, is_alive, make_role, session, shop
from tests.servers.fixtures import MakeDatabase
from tests.servers.waiting import wait_until_async

NEEDS = ("pg_signal_backend", "pg_read_all_stats")


@asynccontextmanager
async def hands(url: str, within: float = 3.0) -> AsyncIterator[Hands]:
    context = Context(collector="main-db", service="database", timeout=within)
    made = await open_hands(COLLECTOR(Options(url=SecretUrl(url)), context))
    try:
        yield made
    finally:
        await made.close()


async def seen(url: str, pid: int) -> dict[str, Any]:
    async with session(url, "check") as check:
        text = "select *, extract(epoch from backend_start)::float8 as started from pg_stat_activity"
        return dict(await check.fetchrow(f"{text} where pid = $1", pid) or {})


async def test_a_session_is_signalled_by_pid_and_start_together(postgres_db: str) -> None:
    async with hands(postgres_db) as acts, session(postgres_db, "catalog") as client:
        pid = client.get_server_pid()
        started = (await seen(postgres_db, pid))["started"]
        assert await acts.signal("terminate", pid, started - 0.000001) == "gone"
        assert await acts.signal("terminate", pid, started + 1) == "gone"
        assert await acts.signal("terminate", 2**31 - 1, started) == "gone"
        assert await is_alive(client)
        assert await acts.signal("terminate", pid, started) == "done"
        assert not await is_alive(client)
        with pytest.raises(ValueError, match="kill"):
            await acts.signal("kill", pid, started)


async def test_every_condition_of_the_guard_must_hold(postgres_db: str) -> None:
    async with hands(postgres_db) as acts, holding(postgres_db, "catalog", 1) as (client,):
        row = await seen(postgres_db, client.get_server_pid())
        pid, started, changed = row["pid"], row["started"], row["state_change"].timestamp()
        for guard in (
            SessionGuard(states=("active", "idle")),
            SessionGuard(states=HELD, changed_by=changed - 0.01),
            SessionGuard(transaction=row["xact_start"].timestamp() + 0.01),
            SessionGuard(query=row["query_start"].timestamp() - 0.01),
        ):
            assert await acts.signal("terminate", pid, started, guard) == "not in that state"
        assert await is_alive(client)
        await client.execute("rollback")
        # without a transaction its start is null, which is not equal to anything
        guard = SessionGuard(transaction=row["xact_start"].timestamp())
        assert await acts.signal("terminate", pid, started, guard) == "not in that state"
        assert await is_alive(client)
        assert await acts.signal("terminate", pid, started, SessionGuard(states=("idle",))) == "done"


async def test_our_own_session_and_what_is_no_client_are_never_signalled(make_postgres: Any) -> None:
    server = make_postgres({"wal_level": "replica", "max_wal_senders": "2"})
    url = server.url()
    sender = await asyncpg.connect(
        url, server_settings={"application_name": "replica", "replication": "database"}
    )
    try:
        async with hands(url) as acts:
            ours = await seen(url, acts._session.connection.get_server_pid())
            answer = await acts.signal("terminate", ours["pid"], ours["started"])
            assert answer == "refused: it is our own session"
            row = await seen(url, sender.get_server_pid())
            answer = await acts.signal("terminate", row["pid"], row["started"])
            assert answer == "refused: it is no client's session but a walsender"
            assert await acts.signal("terminate", row["pid"], row["started"]) == answer
    finally:
        sender.terminate()


async def test_missing_rights_are_named_before_and_at_the_signal(postgres_db: str) -> None:
    watcher = await make_role(postgres_db, "watches", "pg_monitor")
    operator = await make_role(postgres_db, "operates", "pg_monitor", "pg_signal_backend")
    blind = await make_role(postgres_db, "signals", "pg_signal_backend")
    clients = await make_role(postgres_db, "shop")
    async with (
        hands(watcher) as watches,
        hands(operator) as operates,
        hands(blind) as signals,
        hands(postgres_db) as superuser,
        session(clients, "catalog") as client,
        session(postgres_db, "admin") as admin,
    ):
        assert "watches is no member of pg_signal_backend: grant it" in await watches.why_not(NEEDS)
        assert "signals is no member of pg_read_all_stats: grant it" in await signals.why_not(NEEDS)
        assert "no member of nonsense" in await operates.why_not((*NEEDS, "nonsense"))
        assert await operates.why_not(NEEDS) == ""
        assert await superuser.why_not(NEEDS) == ""
        row, above = [await seen(postgres_db, one.get_server_pid()) for one in (client, admin)]
        answer = await watches.signal("terminate", row["pid"], row["started"])
        assert answer.startswith("refused: ")
        assert "pg_signal_backend" in answer
        answer = await signals.signal("terminate", row["pid"], row["started"])
        assert answer.startswith("refused: what it does is hidden from this role")
        answer = await operates.signal("terminate", above["pid"], above["started"])
        assert answer.startswith("refused: ")
        assert "SUPERUSER" in answer
        assert await is_alive(client)
        assert await is_alive(admin)
        # a refusal is an answer: the hands are as good as before
        assert await operates.signal("terminate", row["pid"], row["started"]) == "done"


async def test_a_role_acts_on_its_own_sessions_without_any_grant(postgres_db: str) -> None:
    clients = await make_role(postgres_db, "shop")
    async with hands(clients) as acts:
        assert "shop is no member of" in await acts.why_not(NEEDS)
        async with session(clients, "catalog") as client:
            assert await acts.why_not(NEEDS) == ""
            row = await seen(postgres_db, client.get_server_pid())
            assert await acts.signal("terminate", row["pid"], row["started"]) == "done"


async def test_two_consoles_keep_apart_and_one_names_the_other(make_database: MakeDatabase) -> None:
    one, other = make_database(), make_database()
    async with hands(one) as ada, hands(one) as bob, hands(other) as eve:
        assert await ada.hold("main-db/catalog", "ada@jump-1", 60) == ""
        assert await ada.hold("main-db/catalog", "ada@jump-1", 60) == ""
        assert await bob.hold("main-db/catalog", "bob@jump-2", 60) == "ada@jump-1"
        assert await eve.hold("main-db/catalog", "eve@jump-3", 60) == "ada@jump-1"
        assert await bob.hold("main-db/orders", "bob@jump-2", 60) == ""
        await bob.let_go("main-db/catalog", "bob@jump-2")
        assert await bob.hold("main-db/catalog", "bob@jump-2", 60) == "ada@jump-1"
        await ada.let_go("main-db/catalog", "ada@jump-1")
        assert await eve.hold("main-db/catalog", "eve@jump-3", 60) == ""
        await eve.close()
        async with hands(one) as late:
            await wait_until_async(lambda: is_ours(late))


async def is_ours(acts: Hands) -> bool:
    return await acts.hold("main-db/catalog", "ada@jump-1", 60) == ""


async def test_the_session_that_acts_can_neither_write_nor_wait_long(postgres_db: str) -> None:
    async with hands(postgres_db) as acts:
        for name, value in (
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "3s"),
            ("lock_timeout", "500ms"),
            ("application_name", "quarterdeck"),
        ):
            assert await acts._session.connection.fetchval(f"show {name}") == value


async def test_hands_and_plans_name_the_server_in_the_same_words(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, url), holding(url, "catalog", 1) as (client,), hands(url) as acts:
        made = await acting.plan(pool, "pools.terminate", b"server", pid=str(client.get_server_pid()))
        assert made.server == acts.server
        assert " primary since 20" in acts.server


async def test_where_the_system_identifier_is_forbidden_the_start_names_the_server(
    make_postgres: Any,
) -> None:
    server = make_postgres()
    url = await make_role(server.url(), "looks", "pg_monitor")
    server.execute("revoke execute on function pg_control_system() from public")
    async with hands(url) as acts, collector(url) as pool, pool.planning() as reader:
        assert acts.server.startswith("primary since 20")
        assert acts.server == str(await reader.identity())


async def test_no_answer_leaves_it_unknown_and_the_connection_is_given_up(postgres_db: str) -> None:
    async with hands(postgres_db, within=0.5) as acts, session(postgres_db, "catalog") as client:
        row = await seen(postgres_db, client.get_server_pid())
        pid = acts._session.connection.get_server_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(SourceError, match="no answer within"):
                await acts.signal("terminate", row["pid"], row["started"])
        finally:
            os.kill(pid, signal.SIGCONT)
        with pytest.raises(SourceError, match="given up"):
            await acts.signal("terminate", row["pid"], row["started"])


async def test_act_url_acts_and_a_wrong_one_says_so(postgres_db: str) -> None:
    async with shop(postgres_db) as (pool, _url):
        acts = await open_hands(pool)
        assert await acts.why_not(NEEDS) == ""
        await acts.close()
        reader = pool.options.url.reveal()
    async with collector(reader, as_role(postgres_db, "acts", "wrong-password")) as pool:
        with pytest.raises(AccessError, match="login refused") as refused:
            await open_hands(pool)
        assert "wrong-password" not in str(refused.value)


async def test_on_a_full_server_the_operator_still_comes_in(make_postgres: Any) -> None:
    server = make_postgres(
        {"max_connections": "12", "superuser_reserved_connections": "2", "reserved_connections": "2"}
    )
    reserved = ("pg_monitor", "pg_signal_backend", "pg_use_reserved_connections")
    async with shop(server.url(), acts=reserved) as (pool, url):
        await pool.collect()
        async with holding(url, "catalog", 7) as held:
            with pytest.raises(asyncpg.PostgresError):
                await asyncpg.connect(url)
            made = await acting.plan(pool, "pools.terminate", b"server", pid=str(held[0].get_server_pid()))
            assert not made.refusals
            poor = COLLECTOR(Options(url=pool.options.url), pool.context)
            with pytest.raises(SaturatedError) as full:
                await open_hands(poor)
            assert "pg_use_reserved_connections" in full.value.hint
            assert (await acting.run(pool, made)).count == 1
