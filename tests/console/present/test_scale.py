"""300 services in five practices: work grows with what changed, not with its square."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.practice import Practice
from collectors.model.reading import Reading
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Snapshot, SourceId, SourceState
from console.engine.store import Store
from console.findings import find_all
from console.present import fleet, header, needs, practice, report
from console.present.fold import fold_all
from console.settings import Service, Settings
from tests.console.engine.samples import HandClock
from tests.console.findings.readings import cache, health, pool, queue, subject_of


class Big:
    """A console of so many services, each with one source in each of five practices."""

    def __init__(self, services: int) -> None:
        self.clock = HandClock()
        self.store = Store(self.clock)
        self.history = History()
        self.services = {
            f"s{number}": Service(f"s{number}", depends_on=(f"s{(number + 1) % services}",))
            for number in range(services)
        }
        for name in self.services:
            for reading in self.readings(name):
                source = SourceId(reading.subject.collector)
                self.store.put_source(
                    SourceState(source, "x", reading.practice, name, every=30.0, timeout=5.0)
                )

    @staticmethod
    def readings(service: str, ready: float = 3.0) -> list[Reading]:
        made = [
            health(0.01, service=service),
            queue("jobs", service, ready=ready, dead=2),
            cache(0.9, service=service),
            pool(service=service, key=service),
            LogReading(subject=subject_of(Practice.LOGS, service, "log", "log")),
        ]
        return [
            replace(
                one, subject=replace(one.subject, id=one.subject.id._replace(collector=f"{service}-{index}"))
            )
            for index, one in enumerate(made)
        ]

    def answer(self, service: str, ready: float = 3.0, only: Practice | None = None) -> None:
        """One pass of a service's sources."""
        for reading in self.readings(service, ready):
            if only in (None, reading.practice):
                subject = reading.subject.id
                verdict = Verdict(Level.OK, "limits", service, reading.practice, Shown(""), subject=subject)
                self.history.add(subject, self.clock.wall(), reading.quantities())
                sweep = Sweep((reading,), self.clock.wall(), self.clock.boottime())
                self.store.put_sweep(SourceId(subject.collector), sweep, [verdict], 0.01)

    def everybody(self, passes: int = 1) -> None:
        for _ in range(passes):
            self.clock.now += 2.0
            for service in self.services:
                self.answer(service)


@pytest.fixture(scope="module")
def big() -> Big:
    big = Big(300)
    big.everybody(passes=5)
    return big


def test_one_answer_rebuilds_the_rows_of_its_source_alone(big: Big) -> None:
    before = {row.source: row for row in big.store.snapshot().rows}
    assert len(before) == 1500
    big.answer("s7", ready=99.0, only=Practice.QUEUES)
    after = {row.source: row for row in big.store.snapshot().rows}
    assert [source for source, row in after.items() if row is not before[source]] == [SourceId("s7-1")]
    again = big.store.snapshot().rows
    assert all(row is after[row.source] for row in again)


def test_a_calm_fleet_is_judged_without_reading_its_past(big: Big, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    series = History.series

    def counted(self: History, subject: object, field: str, since: float = 0.0) -> object:
        asked.append(field)
        return series(self, subject, field, since)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(History, "series", counted)
    assert find_all(big.store.snapshot(), big.history, big.services) == ()
    # only a heap of dead jobs needs a look back
    assert {field: asked.count(field) for field in set(asked)} == {"dead": 300}


def quickest(call: Callable[[], object]) -> float:
    took = []
    for _ in range(5):
        started = time.perf_counter()
        call()
        took.append(time.perf_counter() - started)
    return min(took)


SHOWN: list[tuple[str, float, Callable[[Big, Snapshot], object]]] = [
    ("snapshot", 0.02, lambda big, _snap: big.store.snapshot()),
    ("findings", 0.1, lambda big, snap: find_all(snap, big.history, big.services)),
    ("folds", 0.05, lambda big, snap: fold_all(replace(snap), big.services)),
    ("fleet", 0.25, lambda big, snap: fleet.table(replace(snap), big.history, big.services, 200)),
    ("header", 0.05, lambda big, snap: header.counts(replace(snap), Settings(services=big.services))),
    ("needs", 0.05, lambda big, snap: needs.needs(replace(snap), big.services)),
    ("practice", 0.1, lambda big, snap: practice.table(snap, big.history, Practice.QUEUES)),
    ("report", 0.2, lambda big, snap: report.report(replace(snap), "lab", big.services)),
]


@pytest.mark.parametrize(("name", "deadline", "call"), SHOWN, ids=[name for name, _deadline, _call in SHOWN])
def test_three_hundred_services_are_shown_in_time(
    big: Big, name: str, deadline: float, call: Callable[[Big, Snapshot], object]
) -> None:
    """The deadlines are three times and more of what it takes."""
    snap = big.store.snapshot()
    assert quickest(lambda: call(big, snap)) < 3 * deadline
