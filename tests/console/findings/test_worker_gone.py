import pytest

from collectors.model.level import Level
from console.engine.state import Freshness
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import queue


def test_workers_that_are_gone_with_jobs_waiting_are_critical() -> None:
    film = Film()
    film.calm(queue(workers=1))
    assert film.show(queue(workers=0, ready=4)) == ()
    (found,) = film.show(queue(workers=0, ready=6))
    assert rules((found,)) == [("worker-gone", "orders", Level.CRITICAL)]
    assert found.reason == "no worker serves mail: 6 jobs ready"
    since = found.since
    (found,) = film.show(queue(workers=0, ready=7))
    assert found.since == since
    assert film.show(queue(workers=1, ready=7)) == ()


def test_a_worker_that_restarts_within_one_pass_is_no_finding() -> None:
    film = Film()
    film.calm(queue(workers=1))
    assert film.show(queue(workers=0, ready=1)) == ()
    film.calm(queue(workers=1, ready=1))


def test_a_queue_that_lost_its_workers_while_nothing_waits_is_a_warning() -> None:
    film = Film()
    film.calm(queue(workers=2))
    film.show(queue(workers=0))
    (found,) = film.show(queue(workers=0))
    assert found.level is Level.WARNING
    assert found.reason == "no worker serves mail: nothing is ready yet"


def test_a_queue_that_never_had_workers_and_holds_nothing_is_well() -> None:
    Film().calm(queue(workers=0), passes=50)


def test_jobs_without_any_worker_are_found_without_a_past() -> None:
    film = Film()
    film.show(queue(workers=0, ready=3))
    assert film.show(queue(workers=0, ready=3))


def test_workers_are_forgotten_after_half_an_hour_where_nothing_waits() -> None:
    film = Film(every=60.0)
    film.calm(queue(workers=1), passes=3)
    film.show(queue(workers=0))
    shown = [bool(film.show(queue(workers=0))) for _ in range(40)]
    assert shown == [True] * 29 + [False] * 11


@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        (queue(workers=None, ready=9), {}),
        (queue(workers=0, ready=9), {"freshness": Freshness.STALE}),
        (queue(workers=0, ready=9), {"muted": True}),
    ],
    ids=["unknown", "stale", "muted"],
)
def test_what_is_not_known_or_not_wanted_is_not_judged(reading: object, changed: dict[str, object]) -> None:
    film = Film()
    film.calm(queue(workers=1))
    for _ in range(4):
        assert film.show(reading, **changed) == ()  # type: ignore[arg-type]  # readings by parameter


def test_queues_of_one_service_stand_on_one_line_the_deepest_first() -> None:
    film = Film()
    names = [f"q{number}" for number in range(5)]
    film.calm(*(queue(name) for name in names), queue("reports", "catalog"))
    for _ in range(2):
        found = film.show(
            *(queue(name, workers=0, ready=float(depth)) for depth, name in enumerate(names)),
            queue("reports", "catalog", workers=0),
        )
    assert rules(found) == [
        ("worker-gone", "orders", Level.CRITICAL),
        ("worker-gone", "catalog", Level.WARNING),
    ]
    assert found[0].reason == "no worker serves q4, q3, q2 and 2 more: 10 jobs ready"
