import random

import pytest

from collectors.model.level import Level
from collectors.model.verdict import Verdict
from console.engine.state import Freshness
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import cache


def cold(film: Film, passes: int = 3) -> tuple[Verdict, ...]:
    for _ in range(passes):
        film.show(cache(0.1))
    return film.findings


def test_a_ratio_that_falls_far_below_its_past_is_found_and_says_why() -> None:
    film = Film()
    film.calm(cache(0.95))
    film.show(cache(0.4, keys=3))
    (found,) = film.show(cache(0.1, keys=3))
    assert rules((found,)) == [("cache-cold", "catalog", Level.CRITICAL)]
    assert found.reason == "hit ratio 10 %, usually 95 %: 3 keys, usually 100: it was emptied"
    for _ in range(3):
        film.show(cache(0.9))
    assert film.findings == ()


def test_a_lesser_fall_is_a_warning() -> None:
    film = Film()
    film.calm(cache(0.95))
    for _ in range(3):
        film.show(cache(0.5))
    assert [one.level for one in film.findings] == [Level.WARNING]


def test_fifteen_seconds_of_calm_are_past_enough() -> None:
    film = Film()
    film.calm(cache(0.97, 4.0), passes=7)
    found = [bool(film.show(cache(0.2, 4.0))) for _ in range(5)]
    assert found[-1]


def test_a_cold_start_without_past_is_none() -> None:
    film = Film()
    for ratio in (None, 0.0, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.8):
        assert film.show(cache(ratio)) == ()


def test_without_load_a_ratio_says_nothing() -> None:
    film = Film(every=5.0)
    film.calm(cache(1.0, 0.02), passes=200)
    for _ in range(20):
        assert film.show(cache(0.0, 0.02)) == ()
    for _ in range(20):
        assert film.show(cache(None, 0.0)) == ()


def test_a_cache_that_never_served_well_does_not_go_cold() -> None:
    film = Film()
    film.calm(cache(0.25, 1000.0), passes=60)
    for _ in range(10):
        assert film.show(cache(0.0, 1000.0)) == ()


def test_a_small_fall_is_none_however_sure_it_is() -> None:
    film = Film()
    film.calm(cache(0.9, 1000.0))
    for _ in range(10):
        assert film.show(cache(0.66, 1000.0)) == ()


def test_look_ups_of_long_ago_are_not_joined() -> None:
    film = Film(every=5.0)
    film.calm(cache(0.95, 0.12), passes=200)
    for _ in range(60):
        assert film.show(cache(0.0, 0.12)) == ()


@pytest.mark.parametrize(("usual", "lookups"), [(0.6, 1.0), (0.8, 2.0), (0.5, 5.0), (0.95, 0.3)])
def test_chance_alone_is_hardly_ever_found(usual: float, lookups: float) -> None:
    chance = random.Random(7)
    film = Film(every=5.0)
    alarms = 0
    for _ in range(1500):
        asked = round(5 * lookups + chance.random() - 0.5)
        hits = sum(chance.random() < usual for _ in range(asked))
        alarms += bool(film.show(cache(hits / asked if asked else None, asked / 5)))
    assert alarms <= 12


def test_it_stays_found_however_long_it_lasts() -> None:
    film = Film(every=10.0)
    film.calm(cache(0.95), passes=10)
    cold(film, 3)
    for passed in range(1000):
        assert cold(film, 1), passed


def test_a_pass_without_look_ups_does_not_end_it() -> None:
    film = Film()
    film.calm(cache(0.95))
    assert cold(film)
    assert film.show(cache(None, 0.0))


@pytest.mark.parametrize("changed", [{"freshness": Freshness.STALE}, {"muted": True}], ids=["stale", "muted"])
def test_what_is_stale_or_muted_is_not_judged(changed: dict[str, object]) -> None:
    film = Film()
    film.calm(cache(0.95))
    for _ in range(5):
        assert film.show(cache(0.1), **changed) == ()  # type: ignore[arg-type]  # flags by parameter


def test_one_bad_sample_of_a_busy_cache_is_judged_by_what_it_rests_on() -> None:
    film = Film()
    film.calm(cache(0.95, 1000.0))
    (found,) = film.show(cache(0.1, 1000.0))
    assert found.since == film.now - 2
