"""Three hundred services: what a snapshot and a report cost, counted in calls and not in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from collectors import registry
from collectors.base import Collector
from collectors.clock import SystemClock
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep
from collectors.registry import TypeInfo
from console.engine.core import Core
from console.present.plain import fleet_lines
from console.present.report import report
from console.settings import CollectorSettings, Service, Settings

MANY = 300


class Fleet(Collector[int]):
    """One source of as many services as its options say."""

    practice = Practice.QUEUES

    async def collect(self) -> Sweep:
        names = [f"service-{number:03}" for number in range(self.options)]
        return self.sweep(
            QueueReading(subject=self.context.subject(self.practice, name.encode()), ready=exact(7))
            for name in names
        )


def core_of(monkeypatch: pytest.MonkeyPatch, count: int, sources: int = 1) -> Core:
    monkeypatch.setattr(registry, "types", lambda: {"queues.fleet": TypeInfo("queues.fleet")})
    monkeypatch.setattr(registry, "load", lambda _name: Fleet)
    names = [f"service-{number:03}" for number in range(count)]
    attribute = tuple((name, name) for name in names)
    collectors = tuple(
        CollectorSettings(
            name=f"fleet-{number}",
            type="queues.fleet",
            practice=Practice.QUEUES,
            options=count,
            attribute=attribute,
        )
        for number in range(sources)
    )
    settings = Settings(services={name: Service(name) for name in names}, collectors=collectors)
    return Core(settings, clock=SystemClock())


def calls(work: Callable[[], Any]) -> int:
    """How many Python functions `work` calls."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


async def test_a_snapshot_of_what_has_not_changed_builds_no_row_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, MANY)
    await core.once()
    first = core.store.snapshot()
    assert len(first.rows) == MANY
    assert {row.reading.subject.service for row in first.rows} == set(core.settings.services)
    second = core.store.snapshot()
    assert all(one is other for one, other in zip(first.rows, second.rows, strict=True))
    few = core_of(monkeypatch, 3)
    await few.once()
    few.store.snapshot()
    assert calls(core.store.snapshot) == calls(few.store.snapshot)
    await core.stop()
    await few.stop()


async def test_a_sweep_of_one_source_rebuilds_its_own_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(monkeypatch, 30, sources=10)
    await core.once()
    before = {id(row) for row in core.store.snapshot().rows}
    source = next(iter(core.store.snapshot().sources)).id
    await core._sources[source].once()
    after = core.store.snapshot().rows
    assert len(after) == 300
    assert {row.source for row in after if id(row) not in before} == {source}
    await core.stop()


@pytest.mark.parametrize("words", ["json", "text"])
async def test_a_report_costs_the_same_for_each_service(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    costs = {}
    for count in (30, MANY):
        core = core_of(monkeypatch, count)
        await core.once()
        snapshot, services = core.store.snapshot(), core.settings.services

        def tell() -> object:
            if words == "json":
                return report(snapshot, "", services)  # noqa: B023 - called in this round
            return list(fleet_lines(snapshot, services))  # noqa: B023 - the same

        tell()
        costs[count] = calls(tell) / count
        await core.stop()
    assert costs[MANY] < 1.2 * costs[30]
    assert costs[MANY] < 150
