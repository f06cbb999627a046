from dataclasses import replace

import pytest

from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.quantity import Unit, exact
from collectors.model.reading import Part
from collectors.text import Shown
from console.engine.state import Freshness
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import health


def test_answers_that_take_many_times_their_usual_time_are_found() -> None:
    film = Film()
    film.calm(health(0.05))
    assert film.show(health(2.0)) == ()
    (found,) = film.show(health(2.4))
    assert rules((found,)) == [("gateway-slow", "orders", Level.WARNING)]
    assert found.reason == (
        "orders answers its readiness check in 2.4 s, usually 50 ms: "
        "what it calls is slow, or it is short of workers"
    )
    assert found.since == film.now - 2
    (found,) = film.show(health(9.0))
    assert found.level is Level.CRITICAL
    assert film.show(health(0.05)) == ()


def test_the_sub_check_that_is_to_blame_is_named() -> None:
    film = Film()
    film.calm(health(0.05))
    gateway = Part(name=Shown("gateway"), word=Shown("warn"), bad=True)
    slow = Part(name=Shown("gateway:time"), value=exact(1.9, Unit.SECONDS))
    quick = Part(name=Shown("database"), word=Shown("pass"), value=exact(0.01, Unit.SECONDS))
    for _ in range(2):
        film.show(replace(health(2.0), parts=(quick, slow, gateway)))
    (found,) = film.findings
    assert found.evidence == ("gateway says warn", "gateway:time takes 1.9 s")


def test_what_is_slow_but_usually_so_is_none() -> None:
    film = Film()
    film.calm(health(2.0))
    for _ in range(5):
        assert film.show(health(3.5)) == ()


def test_many_times_of_next_to_nothing_is_none() -> None:
    film = Film()
    film.calm(health(0.002))
    for _ in range(5):
        assert film.show(health(0.3)) == ()


def test_without_a_past_nothing_is_unusual() -> None:
    film = Film()
    film.calm(health(3.0), passes=60)


def test_it_stays_found_however_long_it_lasts() -> None:
    film = Film(every=10.0)
    film.calm(health(0.05), passes=10)
    film.show(health(2.0))
    for passed in range(1000):
        assert film.show(health(2.0)), passed


@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        (health(4.0, HealthState.DOWN), {}),
        (health(None), {}),
        (health(4.0), {"freshness": Freshness.STALE}),
        (health(4.0), {"muted": True}),
    ],
    ids=["down", "unknown", "stale", "muted"],
)
def test_what_is_down_unknown_stale_or_muted_is_left_to_others(
    reading: HealthReading, changed: dict[str, object]
) -> None:
    film = Film()
    film.calm(health(0.05))
    for _ in range(3):
        assert film.show(reading, **changed) == ()  # type: ignore[arg-type]  # flags by parameter


def test_of_the_checks_of_one_service_the_slowest_speaks() -> None:
    film = Film()
    film.calm(health(0.05), health(0.01, key="live"))
    for _ in range(2):
        found = film.show(health(2.0), health(3.0, key="live"))
    assert [one.subject for one in found] == [health(key="live").subject.id]
    # another check may become the slowest: since when it is slow stays
    since = found[0].since
    (found_now,) = film.show(health(4.0), health(3.0, key="live"))
    assert (found_now.subject, found_now.since) == (health().subject.id, since)


def test_checks_without_a_service_speak_for_themselves() -> None:
    film = Film()
    one, two = health(0.05, service="", key="a"), health(0.05, service="", key="b")
    film.calm(one, two)
    for _ in range(2):
        found = film.show(health(2.0, service="", key="a"), health(3.0, service="", key="b"))
    assert len(found) == 2
