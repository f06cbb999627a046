import pytest

from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.level import Level
from collectors.model.pools import PoolReading
from console.engine.state import Freshness
from console.settings import Service
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import health, pool

READY = health()
SERVICES = {"orders": Service("orders", depends_on=("payments",)), "payments": Service("payments")}


def of_orders(
    waiting: float = 0, active: float = 0, *, key: str = "orders-1", saturated: bool = False
) -> PoolReading:
    return pool(waiting=waiting, active=active, service="orders", key=key, saturated=saturated)


def test_readiness_that_passes_while_every_session_waits_is_a_lie() -> None:
    film = Film()
    film.calm(READY, of_orders(active=2))
    for _ in range(2):
        assert film.show(READY, of_orders(2, 2)) == ()
    for _ in range(2):
        film.show(READY, of_orders(2, 2))
    (found,) = film.findings
    assert rules((found,)) == [("lying-health", "orders", Level.CRITICAL)]
    assert found.reason == (
        "orders says ready, yet its sessions (orders-1) wait for a lock and little else works: "
        "do not believe this check"
    )
    assert found.subject == READY.subject.id


def test_the_instances_of_a_service_are_seen_together() -> None:
    film = Film()
    one, two = of_orders(1, 1), of_orders(1, 1, key="orders-2")
    calm_one, calm_two = of_orders(), of_orders(key="orders-2")
    for pools in ((one, calm_two), (calm_one, calm_two), (calm_one, two), (one, calm_two)):
        film.show(READY, *pools)
    (found,) = film.findings
    assert "(orders-1, orders-2)" in found.reason


def test_it_stands_until_no_poll_finds_one_waiting() -> None:
    film = Film()
    for _ in range(4):
        film.show(READY, of_orders(1, 1))
    shown = [bool(film.show(READY, of_orders())) for _ in range(8)]
    assert shown == [True] * 5 + [False] * 3


def test_a_few_that_wait_among_many_that_work_are_none() -> None:
    Film().calm(READY, of_orders(2, 20), passes=20)


def test_one_long_wait_is_none() -> None:
    film = Film()
    film.calm(READY, of_orders())
    film.show(READY, of_orders(1, 1))
    assert film.show(READY, of_orders(1, 1)) == ()
    film.calm(READY, of_orders())


def test_a_server_without_a_free_slot_contradicts_readiness_at_once() -> None:
    (found,) = Film().show(READY, of_orders(saturated=True))
    assert "orders-1 has no free slot" in found.evidence


def test_a_dependency_that_is_down_contradicts_readiness() -> None:
    film = Film(services=SERVICES)
    down = health(state=HealthState.DOWN, service="payments")
    film.calm(READY, health(service="payments"))
    (found,) = film.show(READY, down)
    assert found.evidence == ("payments, on which it depends, is down",)
    up_again = health(service="payments", key="live")
    assert film.show(READY, down, up_again) == ()


def test_a_dependency_that_nobody_watches_proves_nothing() -> None:
    Film(services=SERVICES).calm(READY)


@pytest.mark.parametrize("state", [HealthState.DOWN, HealthState.DEGRADED, HealthState.DRAINING])
def test_a_readiness_that_is_not_up_does_not_lie(state: HealthState) -> None:
    film = Film(services=SERVICES)
    down = health(state=HealthState.DOWN, service="payments")
    film.calm(health(state=state), of_orders(2, 2), down, of_orders(saturated=True, key="x"), passes=6)


def test_one_instance_that_is_down_already_says_it() -> None:
    other = health(state=HealthState.DOWN, key="ready-2")
    Film().calm(READY, other, of_orders(2, 2), passes=6)


def test_liveness_promises_nothing_about_others() -> None:
    Film().calm(health(probe=Probe.LIVENESS), of_orders(2, 2), passes=6)


@pytest.mark.parametrize("changed", [{"freshness": Freshness.STALE}, {"muted": True}], ids=["stale", "muted"])
@pytest.mark.parametrize("reading", [READY])
def test_what_is_stale_or_muted_is_not_judged(reading: HealthReading, changed: dict[str, object]) -> None:
    film = Film()
    for _ in range(5):
        assert film.show(reading, of_orders(2, 2, saturated=True), **changed) == ()  # type: ignore[arg-type]  # flags by parameter
