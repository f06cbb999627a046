from dataclasses import replace

import pytest

from collectors.model.health import HealthReading
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.state import Freshness, Row
from console.present.fold import Folded, fold_all, owner
from console.settings import Service
from tests.console.findings.readings import cache, health, pool, queue
from tests.console.present.scene import row, snapshot, source

GONE, STALE = Freshness.GONE, Freshness.STALE


def web(number: int) -> HealthReading:
    return health(instance=f"web-{number}")


def webs(*levels: Level | Freshness) -> list[Row]:
    return [
        row(web(number), level=level) if isinstance(level, Level) else row(web(number), freshness=level)
        for number, level in enumerate(levels, 1)
    ]


def folded(rows: list[Row], quorum: int | None = None, **changed: object) -> Folded:
    services = {"orders": Service("orders", quorum=quorum)}
    return fold_all(snapshot(rows, **changed), services)["orders", rows[0].reading.practice]  # type: ignore[arg-type]  # fields by name


def test_the_worst_subject_decides_and_is_counted() -> None:
    told = folded(
        [
            row(queue("a")),
            row(queue("b"), Level.WARNING, worth=5),
            row(queue("c"), Level.WARNING, worth=9),
            row(queue("d"), Level.NONE),
        ]
    )
    assert (told.level, told.bad, told.total) == (Level.WARNING, 2, 4)
    assert told.worst is not None
    assert told.worst.reading.subject.label == "c"


def test_precedence_is_critical_unknown_warning_ok_none() -> None:
    order = [Level.NONE, Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL]
    for count in range(1, 6):
        assert folded([row(queue(str(level)), level) for level in order[:count]]).level is order[count - 1]


def test_what_is_gone_counts_nowhere() -> None:
    told = folded([row(queue("a")), row(queue("b"), Level.CRITICAL, freshness=GONE)])
    assert (told.level, told.bad, told.total, len(told.rows)) == (Level.OK, 0, 1, 2)


def test_what_is_muted_is_there_but_does_not_shout() -> None:
    told = folded([row(queue("a")), row(queue("b"), Level.CRITICAL, muted=True)])
    assert (told.level, told.bad, told.total) == (Level.OK, 0, 2)
    told = folded([row(queue("b"), Level.CRITICAL, muted=True)])
    assert (told.level, told.worst) == (Level.NONE, None)


def test_stale_values_are_unknown() -> None:
    told = folded([row(queue("a")), row(queue("b"), freshness=STALE)])
    assert (told.level, told.bad, told.stale) == (Level.UNKNOWN, 1, 1)


OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL


@pytest.mark.parametrize(
    ("states", "quorum", "level"),
    [
        ((OK, OK, OK), 2, OK),
        ((OK, OK, WARNING), 3, WARNING),
        # one of four is muted: what is left is well enough
        ((OK, OK, WARNING), 4, WARNING),
        ((OK, OK, CRITICAL), None, CRITICAL),
        ((OK, OK, CRITICAL), 2, WARNING),
        ((OK, WARNING, CRITICAL), 2, WARNING),
        ((OK, CRITICAL, CRITICAL), 2, CRITICAL),
        ((OK, OK, STALE), 2, WARNING),
        # too few are known to be fine, but the silent one may be
        ((OK, STALE, CRITICAL), 2, Level.UNKNOWN),
        ((STALE, CRITICAL, CRITICAL), 2, CRITICAL),
        ((STALE, STALE, STALE), 2, Level.UNKNOWN),
        ((OK, GONE, GONE), 2, OK),
        ((OK, CRITICAL, GONE), 1, WARNING),
    ],
)
def test_a_quorum_of_instances_decides_on_health(
    states: tuple[Level | Freshness, ...], quorum: int | None, level: Level
) -> None:
    assert folded(webs(*states), quorum).level is level


def test_every_check_of_an_instance_must_be_fine() -> None:
    live = [row(health(key="live", instance=f"web-{number}")) for number in (1, 2)]
    told = folded([*webs(OK, CRITICAL), *live], quorum=2)
    assert (told.level, told.bad, told.total) == (CRITICAL, 1, 4)


def test_an_instance_whose_source_fails_may_be_fine() -> None:
    silent = source("orders-ready", Practice.HEALTH, "orders", instance="web-3", why="refused", answered=None)
    rows = webs(OK, CRITICAL)
    assert folded(rows, 2, sources=[silent]).level is Level.UNKNOWN
    assert folded(rows, 1, sources=[silent]).level is WARNING


def test_a_quorum_speaks_of_health_alone() -> None:
    assert folded([row(queue("a")), row(queue("b"), CRITICAL)], quorum=1).level is CRITICAL


def test_a_source_that_fails_without_a_row_is_unknown_in_its_place() -> None:
    failed = source("jobs", Practice.QUEUES, "orders", why="refused", answered=None)
    told = fold_all(snapshot(sources=[failed]), {})["orders", Practice.QUEUES]
    assert (told.level, told.rows, told.failed) == (Level.UNKNOWN, (), (failed,))
    told = folded([row(queue("a"))], sources=[failed])
    assert (told.level, told.failed) == (Level.UNKNOWN, (failed,))
    assert folded([row(queue("a"), CRITICAL)], sources=[failed]).level is CRITICAL


@pytest.mark.parametrize("rows", [[], [row(queue("left", "orders"), freshness=GONE)]])
def test_a_source_that_knew_no_subject_and_fails_is_unknown_too(rows: list[Row]) -> None:
    failed = source("source", Practice.QUEUES, "orders", why="refused", answered=60.0)
    told = fold_all(snapshot(rows, [failed]), {})["orders", Practice.QUEUES]
    assert (told.level, told.failed, told.total) == (Level.UNKNOWN, (failed,), 0)


def test_a_source_that_has_not_answered_yet_waits() -> None:
    waiting = source("jobs", Practice.QUEUES, "orders", answered=None)
    told = fold_all(snapshot(sources=[waiting]), {})["orders", Practice.QUEUES]
    assert (told.level, told.waiting) == (Level.NONE, (waiting,))


def test_a_source_that_fails_with_rows_is_told_by_its_rows() -> None:
    failed = source("source", Practice.QUEUES, "orders", why="refused", answered=60.0)
    told = fold_all(snapshot([row(queue("a"), freshness=STALE)], [failed]), {})["orders", Practice.QUEUES]
    assert (told.level, told.failed, told.stale) == (Level.UNKNOWN, (), 1)


def test_subjects_stand_with_the_service_that_they_are_attributed_to() -> None:
    rows = [row(pool(key="catalog")), row(pool(key="orders", service="orders"), CRITICAL)]
    told = {key: one.level for key, one in fold_all(snapshot(rows), {}).items()}
    assert told == {("catalog", Practice.POOLS): OK, ("orders", Practice.POOLS): CRITICAL}


def test_what_belongs_to_no_service_stands_in_its_sources_own_row() -> None:
    own = row(pool(key="server", service=""), WARNING)
    assert owner(own) == "shop-db"
    told = fold_all(snapshot([own, row(cache(0.9))]), {"catalog": Service("catalog")})
    assert set(told) == {("shop-db", Practice.POOLS), ("catalog", Practice.CACHES)}
    silent = source("broker", Practice.QUEUES, why="refused", answered=None)
    assert set(fold_all(snapshot(sources=[silent]), {})) == {("broker", Practice.QUEUES)}


def test_twelve_instances_and_forty_queues_fold_into_two_places() -> None:
    rows = webs(*[CRITICAL if number == 7 else OK for number in range(1, 13)])
    rows += [row(queue(f"q{number}"), WARNING if number % 10 == 0 else OK) for number in range(40)]
    told = fold_all(snapshot(rows), {"orders": Service("orders", quorum=8)})
    assert set(told) == {("orders", Practice.HEALTH), ("orders", Practice.QUEUES)}
    checks, queues = told["orders", Practice.HEALTH], told["orders", Practice.QUEUES]
    assert (checks.level, checks.bad, checks.total) == (WARNING, 1, 12)
    assert checks.worst is not None
    assert checks.worst.reading.subject.instance == "web-7"
    assert (queues.level, queues.bad, queues.total) == (WARNING, 4, 40)


def test_a_place_is_no_better_than_what_was_found_there() -> None:
    rows = [row(queue("mail"), Level.WARNING)]
    found = Verdict(Level.CRITICAL, "dead-letters", "orders", Practice.QUEUES, Shown("12 dead jobs"))
    assert folded(rows, findings=(found,)).level is Level.CRITICAL
    elsewhere = replace(found, practice=Practice.CACHES)
    assert folded(rows, findings=(elsewhere,)).level is Level.WARNING
    milder = replace(found, level=Level.OK)
    assert folded(rows, findings=(milder,)).level is Level.WARNING
