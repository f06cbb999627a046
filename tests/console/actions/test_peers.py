"""The last ready instance is not taken away: counted by drains and by readiness, overridden by min_ready."""

from collections.abc import Mapping

import pytest

from collectors.action import ActionSpec, Plan, Request, Risk
from collectors.model.drains import DrainReading
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.reading import Reading
from collectors.model.subject import Subject, SubjectId
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.actions.peers import COUNTED, bereft, unseen
from console.engine.state import Freshness, Row, Snapshot, SourceId, SourceState
from console.settings import Service

ALONE = "the last ready instance of orders: [services.orders] min_ready = 0 allows it"


def drain(
    instance: str,
    ready: bool | None,
    *,
    collector: str = "",
    service: str = "orders",
    kind: str = "drains.http",
) -> tuple[Reading, str]:
    name = collector or f"{instance}-drain"
    subject = Subject(SubjectId(Practice.DRAINS, name, instance, b"x"), service, Shown("x"))
    return DrainReading(subject=subject, ready=ready), kind


def health(instance: str, state: HealthState, probe: Probe = Probe.READINESS) -> tuple[Reading, str]:
    subject = Subject(SubjectId(Practice.HEALTH, f"{instance}-ready", instance, b"x"), "orders", Shown("x"))
    return HealthReading(subject=subject, state=state, probe=probe), "health.http"


def snapshot(*told: tuple[Reading, str], stale: tuple[int, ...] = ()) -> Snapshot:
    rows, sources = [], []
    for index, (reading, kind) in enumerate(told):
        subject = reading.subject.id
        source = SourceId(subject.collector, subject.instance)
        verdict = Verdict(Level.OK, "", "orders", subject.practice, Shown(""))
        fresh = Freshness.STALE if index in stale else Freshness.LIVE
        rows.append(Row(source, reading, fresh, 0.0, 0.0, verdict))
        sources.append(SourceState(source, kind, subject.practice, "orders", 5.0, 2.0))
    return Snapshot(0.0, 0.0, 1, sources=tuple(sources), rows=tuple(rows))


def plan(reading: Reading, action: str = "drains.drain", **detail: object) -> Plan:
    spec = ActionSpec(action, "drain", Risk.DISRUPTIVE)
    request = Request(subject=reading.subject.id, cut_off=0.0)
    service = reading.subject.service
    return Plan(spec=spec, request=request, target=Shown("x"), service=service, server="", detail=detail)


FIRST = drain("orders-1", True)


def against(
    *others: tuple[Reading, str],
    first: tuple[Reading, str] = FIRST,
    services: Mapping[str, Service] | None = None,
    stale: tuple[int, ...] = (),
) -> tuple[str, str]:
    """What refuses it, and what is warned of."""
    told = snapshot(first, *others, stale=stale)
    made, known = plan(first[0]), services or {}
    return "; ".join(bereft(made, told, known)), "; ".join(unseen(made, told, known))


@pytest.mark.parametrize(
    "others",
    [
        (drain("orders-2", True),),
        (health("orders-2", HealthState.UP),),
        (drain("orders-2", None), health("orders-2", HealthState.DEGRADED)),
        (drain("orders-2", False), drain("orders-3", True)),
    ],
)
def test_with_another_that_is_ready_it_may(others: tuple[tuple[Reading, str], ...]) -> None:
    assert against(*others) == ("", "")


@pytest.mark.parametrize(
    "others",
    [
        (),
        (drain("orders-2", False),),
        (health("orders-2", HealthState.DOWN),),
        (health("orders-2", HealthState.UP, Probe.LIVENESS),),
        (drain("orders-2", True), health("orders-2", HealthState.DRAINING)),
        (drain("orders-2", True, service="catalog"),),
        (drain("", True, collector="worker", kind="drains.rq"),),
        (health("orders-1", HealthState.UP),),
    ],
)
def test_the_last_ready_one_is_refused(others: tuple[tuple[Reading, str], ...]) -> None:
    assert against(*others) == (ALONE, "")


def test_one_that_is_not_live_is_not_counted_on() -> None:
    assert against(drain("orders-2", True), stale=(1,)) == (ALONE, "")


def test_min_ready_asks_for_more_and_for_none() -> None:
    many = {"orders": Service("orders", min_ready=2)}
    others = drain("orders-2", True), drain("orders-3", False)
    told = "only 1 of orders would be ready, and 2 must be: [services.orders] min_ready = 1 allows it"
    assert against(*others, services=many) == (told, "")
    assert against(*others, drain("orders-4", True), services=many) == ("", "")
    assert against(services={"orders": Service("orders", min_ready=0)}) == ("", "")


def test_where_nothing_is_known_of_the_others_it_is_said() -> None:
    services = {"orders": Service("orders", instances=("orders-1", "orders-2"))}
    said = "whether orders-2 of orders would take the load is not known"
    assert against(services=services) == ("", said)
    assert against(drain("orders-2", None)) == ("", said)
    refused, _said = against(drain("orders-2", None), drain("orders-3", False))
    assert "only 0 of orders would be ready, and 1 must be; nothing is known of orders-2" in refused


def test_the_balancers_own_count_comes_first() -> None:
    subject = Subject(SubjectId(Practice.DRAINS, "lb", "", b"orders/orders-1"), "orders", Shown("x"))
    for ready, refused in ((2.0, ""), (1.0, ALONE)):
        reading = DrainReading(subject=subject, ready=True, ready_peers=exact(ready), peers=exact(3))
        assert against(first=(reading, "drains.haproxy"))[0] == refused


def test_other_actions_and_adapters_that_counted_are_let_through() -> None:
    told = snapshot(FIRST)
    assert not list(bereft(plan(FIRST[0], "drains.ready"), told, {}))
    assert not list(bereft(plan(FIRST[0], "drains.drain", **{COUNTED: True}), told, {}))
    assert list(bereft(plan(FIRST[0], "drains.maint"), told, {}))
