import pytest

from collectors.model.level import Level
from collectors.model.pools import PoolReading
from console.engine.state import Freshness
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import pool


def test_sessions_that_pile_up_idle_in_transaction_are_found() -> None:
    film = Film()
    film.calm(pool(0, 0))
    assert film.show(pool(2, 4)) == ()
    (found,) = film.show(pool(4, 6))
    assert rules((found,)) == [("pool-leak", "catalog", Level.WARNING)]
    assert found.reason == (
        "catalog holds 4 sessions idle in transaction, the longest for 6 s: "
        "they are opened and not given back, 30 % of all slots"
    )
    assert found.press == "4, then a on catalog: terminate idle in transaction"
    assert found.since == film.now - 6
    (found,) = film.show(pool(12, 8))
    assert found.level is Level.CRITICAL
    assert film.show(pool(0, 0)) == ()


def test_few_slots_left_make_it_critical() -> None:
    film = Film()
    film.calm(pool(0, 0))
    (found,) = film.show(pool(4, 6, fill=0.85))
    assert found.level is Level.CRITICAL


def test_one_debugger_that_sits_in_a_transaction_is_none() -> None:
    film = Film()
    film.calm(pool(0, 0))
    for minute in range(60):
        assert film.show(pool(1, 60.0 * minute)) == ()


def test_transactions_that_are_idle_for_moments_are_none() -> None:
    Film().calm(pool(20, 0.4), passes=50)


def test_what_is_usual_for_an_application_is_none() -> None:
    film = Film(every=10.0)
    film.calm(pool(6, 3), passes=100)
    assert film.show(pool(8, 30)) == ()
    assert film.show(pool(13, 40)) != ()


def test_a_leak_stays_found_however_long_it_lasts() -> None:
    film = Film(every=10.0)
    film.calm(pool(0, 0), passes=10)
    film.show(pool(20, 10))
    for passed in range(2, 1000):
        assert film.show(pool(20, 10.0 * passed)), passed


def test_a_leak_whose_sessions_are_renewed_stays_found() -> None:
    film = Film(every=10.0)
    film.calm(pool(0, 0), passes=10)
    for passed in range(1000):
        assert film.show(pool(20, 12)), passed


def test_a_fresh_console_finds_a_leak_without_a_past() -> None:
    (found,) = Film().show(pool(15, 300))
    assert "no past to compare" in found.evidence


@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        (pool(None, 300), {}),
        (pool(20, None), {}),
        (pool(20, 300), {"freshness": Freshness.STALE}),
        (pool(20, 300), {"muted": True}),
    ],
    ids=["sessions hidden", "ages hidden", "stale", "muted"],
)
def test_what_is_not_known_or_not_wanted_is_not_judged(
    reading: PoolReading, changed: dict[str, object]
) -> None:
    film = Film()
    film.calm(pool(0, 0))
    assert film.show(reading, **changed) == ()  # type: ignore[arg-type]  # flags by parameter


def test_the_servers_own_row_is_silent_where_an_application_explains_it() -> None:
    film = Film()
    own = pool(20, 60, key="server", service="")
    (found,) = film.show(own, pool(20, 60))
    assert found.service == "catalog"
    (found,) = film.show(own, pool(0, 0))
    assert found.reason.startswith("server holds 20 sessions")
