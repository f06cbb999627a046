"""The whole shop: everything is live in calm, and a server that freezes takes its own rows alone."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collectors.model.practice import Practice
from console.engine.backoff import CAP
from console.engine.core import Core
from console.engine.state import Freshness, Row, Snapshot, SourceId, SourceState
from console.lab.run import Lab
from console.settings import Source, load
from tests.console.verbs.schema import check_report
from tests.must.processes import frozen, listener
from tests.project.program import Ran, quarterdeck
from tests.servers.waiting import wait_until, wait_until_async

SERVICES = ("catalog", "orders", "payments")
PRACTICES = ("health", "queues", "caches", "pools", "logs", "drains")
QUEUES = {"jobs", "webhooks", "events", "worker-drain"}
DATABASE = {"shop-db"}
MARK_WITHIN = 1.0
"""Seconds after its deadline by which a value must be marked stale."""


@pytest.fixture(scope="module")
def calm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    home = tmp_path_factory.mktemp("home")
    # the shop's first seconds are no calm yet: caches are cold, workers have not spoken
    told: list[Ran] = []

    def is_calm() -> bool:
        told.append(quarterdeck("check", "--config", lab.config_path, "--json", "--for", "4s", home=home))
        return told[-1].code == 0

    wait_until(is_calm, 60, "the shop is calm")
    return told[-1]


def test_in_calm_everything_is_ok_and_nothing_failed(calm: Ran) -> None:
    check_report(calm.json)
    assert (calm.code, calm.err, calm.json["level"]) == (0, "", "ok")
    assert calm.json["failures"] == []
    assert {one["freshness"] for one in calm.json["readings"]} == {"live"}


@pytest.mark.parametrize("practice", PRACTICES)
@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_live_readings_in_each_practice(calm: Ran, service: str, practice: str) -> None:
    found = [one for one in calm.json["readings"] if (one["service"], one["practice"]) == (service, practice)]
    assert found
    assert {one["level"] for one in found} <= {"ok", "none"}
    assert any(quantity["value"] is not None for one in found for quantity in one["quantities"].values())


def test_every_collector_of_the_configuration_has_told_something(calm: Ran, lab: Lab) -> None:
    configured = tomllib.loads(lab.config_path.read_text())["collectors"]
    assert {one["collector"] for one in calm.json["readings"]} == configured.keys()


def test_no_password_of_the_lab_is_told(calm: Ran, lab: Lab) -> None:
    words = [urlsplit(url).password for url in _urls(lab)]
    assert len([word for word in words if word]) >= 7
    for word in filter(None, words):
        assert word not in calm.all


def _urls(lab: Lab) -> list[str]:
    tables = tomllib.loads(lab.config_path.read_text())["collectors"].values()
    return [table["url"].replace("$$", "$") for table in tables if "url" in table]


def port_of(lab: Lab, collector: str) -> int:
    table = tomllib.loads(lab.config_path.read_text())["collectors"][collector]
    return urlsplit(str(table["url"])).port or 0


class Watch:
    """A core over the lab, and what was seen of it."""

    def __init__(self, core: Core) -> None:
        self.core = core

    @property
    def snapshot(self) -> Snapshot:
        return self.core.store.snapshot()

    def rows(self, collectors: set[str]) -> list[Row]:
        return [row for row in self.snapshot.rows if row.source.collector in collectors]

    def source(self, name: str) -> SourceState:
        found = self.snapshot.source(SourceId(name))
        assert found is not None
        return found

    def others_that_are_not_live(self, collectors: set[str]) -> list[str]:
        return [
            f"{row.source.text} {row.freshness}: {row.verdict.reason}"
            for row in self.snapshot.rows
            if row.source.collector not in collectors and row.freshness is not Freshness.LIVE
        ]

    def all_live(self) -> bool:
        snapshot = self.snapshot
        return all(
            source.sweep is not None and source.failure is None for source in snapshot.sources
        ) and all(row.freshness is Freshness.LIVE for row in snapshot.rows)


@asynccontextmanager
async def watching(lab: Lab) -> AsyncIterator[Watch]:
    core = Core(load(Source(lab.config_path), {}), seed=1)
    watch = Watch(core)
    await core.start()
    try:
        await wait_until_async(watch.all_live, 30, "every row is live")
        yield watch
    finally:
        await core.stop()


def values(rows: list[Row]) -> dict[str, str]:
    return {
        f"{row.source.text} {row.reading.subject.label}": json.dumps(
            {name: str(quantity) for name, quantity in row.reading.quantities().items()}
        )
        for row in rows
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("collectors", "practices"),
    [(QUEUES, {Practice.QUEUES, Practice.DRAINS}), (DATABASE, {Practice.POOLS})],
    ids=["valkey", "postgres"],
)
async def test_a_frozen_server_takes_its_own_rows_alone_and_they_come_back(
    lab: Lab, calm: Ran, collectors: set[str], practices: set[Practice]
) -> None:
    async with watching(lab) as watch:
        server = listener(port_of(lab, min(collectors)))
        assert {row.reading.practice for row in watch.rows(collectors)} == practices
        with frozen(server):
            last = await stale_in_time(watch, collectors)
            # the last good values stay as long as it takes
            for row in watch.rows(collectors):
                assert row.verdict.reason.startswith("stale")
            assert values(watch.rows(collectors)) == last
            assert watch.others_that_are_not_live(collectors) == []
        # back by itself, within the longest back-off and one more time-out
        patience = CAP + max(watch.source(name).timeout for name in collectors) + MARK_WITHIN
        await wait_until_async(watch.all_live, 3 * patience, "every row is live again")
        for name in collectors:
            assert watch.source(name).failure is None


async def stale_in_time(watch: Watch, collectors: set[str]) -> dict[str, str]:
    """Look whenever the store wakes us, until all rows of these collectors are stale; what they last told.

    All the while every other row must be live.
    """
    woken = asyncio.Event()
    watch.core.store.on_wake = woken.set
    last: dict[str, str] = {}
    deadlines: dict[str, float] = {}
    seen: dict[str, float] = {}
    async with asyncio.timeout(60):
        while not deadlines or seen.keys() < deadlines.keys():
            woken.clear()
            watch.core.store.clear()
            assert watch.others_that_are_not_live(collectors) == []
            for row in watch.rows(collectors):
                name = row.source.collector
                if row.freshness is Freshness.LIVE:
                    last |= values([row])
                    deadlines[name] = watch.source(name).deadline or 0.0
                else:
                    seen.setdefault(name, watch.core.clock.boottime())
            await woken.wait()
    assert seen.keys() == collectors
    for name, moment in seen.items():
        assert moment - deadlines[name] <= MARK_WITHIN, name
    return last


def test_the_lab_was_left_as_it_was(lab: Lab, tmp_path: Path) -> None:
    def well() -> bool:
        return quarterdeck("check", "--config", lab.config_path, "--for", "2s", home=tmp_path).code in (0, 1)

    wait_until(well, 60, "the shop has recovered")
