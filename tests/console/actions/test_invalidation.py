"""Cached values go by the runner's road: chance is no drift, a stop stops, what broke off is found out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from collectors.action import RefusedError, Result
from collectors.caches.redis import RedisCacheOptions
from collectors.caches.redis.unlinking import MOST
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, about, exact, unknown
from collectors.model.subject import SubjectId
from collectors.secret import SecretUrl
from console.actions import planner as planning
from console.actions.arming import Arming
from console.actions.guard import drifted
from console.actions.journal import FILE, Journal
from console.actions.planner import Planned, Planner
from console.actions.run import Run
from console.actions.runner import Runner
from console.actions.undo import UndoStore
from console.actions.who import Who
from console.engine.core import Core
from console.settings import CollectorSettings, Service, Settings
from tests.collectors.caches.invalidating import fill, names
from tests.servers.waiting import wait_until_async

SUBJECT = SubjectId(Practice.CACHES, "cache", "", b"db0")


@asynccontextmanager
async def runner(folder: Path, url: str) -> AsyncIterator[Runner]:
    options = RedisCacheOptions(url=SecretUrl(url))
    cache = CollectorSettings(
        name="cache", type="caches.redis", practice=Practice.CACHES, options=options, service="catalog"
    )
    services = {"catalog": Service("catalog")}
    core = Core(
        Settings(name="test", environment="lab", protected=False, services=services, collectors=(cache,))
    )
    arming = Arming(core.clock, protected=False)
    made = Runner(Planner(core, arming), Journal(folder / FILE), UndoStore(folder), Who("ada", "ada", "", ""))
    try:
        yield made
    finally:
        await made.close(5.0)
        await core.stop()


async def planned(made: Runner, **arguments: str) -> Planned:
    return await made.planner.plan(SUBJECT, "caches.invalidate", arguments)


async def ended(run: Run) -> Run:
    await wait_until_async(run.finished.is_set, 60, "the run has ended")
    return run


async def test_an_estimate_that_differs_by_chance_is_no_drift(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    monkeypatch.setattr(planning, "AGED", 0.0)
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3000, user=30_000)
        async with runner(tmp_path, valkey_db) as made:
            plan = await planned(made, pattern="frag:*")
            assert plan.phrase == "lab/db0"
            assert plan.plan.count.margin
            run = await ended(await made.start(plan, plan.phrase))
            assert run.outcome is not None
            assert (run.outcome.result, run.outcome.count) == (Result.DONE, 3000)
            assert run.state.words.startswith("3000 keys invalidated")
        assert names(client, "frag:*") == names(client, "quarterdeck:*") == set()
        assert client.dbsize() == 30_000


@pytest.mark.parametrize(
    ("before", "now", "drift"),
    [
        (exact(400), exact(440), ""),
        (exact(400), exact(441), "it would hit 441 now, not 400"),
        (about(400, 90), about(600, 110), ""),
        (about(400, 90), about(641, 110), "it would hit 641 now, not 400"),
        (about(400, None), exact(300), "it would hit 300 now, not 400"),
        (exact(400), unknown(), ""),
    ],
)
async def test_drift_is_more_than_a_tenth_and_the_margins(
    before: Quantity, now: Quantity, drift: str, tmp_path: Path, valkey_db: str
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=3)
    async with runner(tmp_path, valkey_db) as made:
        plan = (await planned(made, pattern="frag:*")).plan
    assert drifted(replace(plan, count=before), replace(plan, count=now)) == drift


async def test_a_count_that_differs_is_drift(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    monkeypatch.setattr(planning, "AGED", 0.0)
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=400)
        async with runner(tmp_path, valkey_db) as made:
            plan = await planned(made, pattern="frag:*")
            assert plan.plan.count == exact(400)
            fill(client, frag=450)
            with pytest.raises(RefusedError, match="450 now, not 400"):
                await made.start(plan, plan.phrase)
        assert client.dbsize() == 450


async def test_the_stop_key_stops_within_one_batch_and_the_journal_has_the_count(
    tmp_path: Path, valkey_db: str
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=15_000)
        async with runner(tmp_path, valkey_db) as made:
            plan = await planned(made, pattern="frag:*")
            run = await made.start(plan, plan.phrase)
            await wait_until_async(lambda: run.state.done > 500, 60, "some have gone")
            told = run.state.done
            made.stop(run.state.id)
            await ended(run)
            outcome = list(made.journal.records())[-1]
        assert told <= 15_000 - client.dbsize() <= told + MOST
    assert (outcome["outcome"], outcome["count"]) == ("failed", 15_000 - len(names_left(valkey_db)))


def names_left(url: str) -> set[bytes]:
    with redis.Redis.from_url(url) as client:
        return names(client, "frag:*")


async def test_a_run_that_nobody_saw_end_is_found_out_from_the_journal(
    tmp_path: Path, valkey_db: str
) -> None:
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=1000)
        async with runner(tmp_path, valkey_db) as made:
            plan = await planned(made, pattern="frag:*")
            (await made._noted(plan.plan, "")).close()
        client.delete(*(f"frag:{number}" for number in range(1, 701)))
        async with runner(tmp_path, valkey_db) as made:
            [past] = await made.reconcile()
    assert past.outcome is not None
    assert (past.outcome["outcome"], past.outcome["count"]) == ("failed", 700)
    assert "300 keys still match of 1000 planned" in past.outcome["words"]


async def test_what_it_cost_is_told_afterwards(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_db: str
) -> None:
    monkeypatch.setattr("console.actions.runner.WATCHED", 0.2)
    with redis.Redis.from_url(valkey_db) as client:
        fill(client, frag=50)
        async with runner(tmp_path, valkey_db) as made:
            plan = await planned(made, pattern="frag:*")
            run = await ended(await made.start(plan, plan.phrase))
            await wait_until_async(lambda: list(made.journal.records())[-1]["phase"] == "aftermath", 30)
            told = list(made.journal.records())[-1]
            assert told["id"] == run.state.id
            assert told["words"].startswith("after caches.invalidate")
            assert made.journal.verify().broken == ()
