from dataclasses import replace

from collectors.model.health import HealthReading
from collectors.model.quantity import Quantity, at_least, exact, unknown
from collectors.model.reading import Reading
from collectors.model.sweep import Sweep
from collectors.text import Shown
from console.engine.changes import changes
from tests.console.findings.readings import health, queue

NOW = 1_700_000_000.0


def told(
    before: tuple[Reading, ...], after: tuple[Reading, ...], *, ran_before: bool = True, complete: bool = True
) -> list[tuple[str, str, str]]:
    known = {reading.subject.id: reading for reading in before}
    events = list(changes(known, Sweep(after, NOW, 1.0, complete), ran_before=ran_before))
    assert all(event.at == NOW for event in events)
    return [(event.kind, event.service, event.text) for event in events]


def version(name: str, restarts: Quantity | None = None) -> HealthReading:
    return replace(health(), version=Shown(name), restarts=restarts or unknown())


def test_the_first_pass_changes_nothing() -> None:
    assert told((), (queue(),), ran_before=False) == []


def test_what_appears_and_leaves_is_told() -> None:
    assert told((queue("a"), queue("b")), (queue("b"), queue("c", "catalog"))) == [
        ("new", "catalog", "c appeared"),
        ("gone", "orders", "a is gone"),
    ]


def test_what_a_partial_pass_leaves_out_is_not_gone() -> None:
    assert told((queue("a"), queue("b")), (queue("b"),), complete=False) == []


def test_another_version_is_a_change_and_an_unknown_one_is_none() -> None:
    assert told((version("v1"),), (version("v2"),)) == [("version", "orders", "orders-ready: v1 → v2")]
    assert told((version("v1"),), (version("v1"),)) == []
    assert told((version("v1"),), (version(""),)) == []
    assert told((version(""),), (version("v2"),)) == []


def test_a_restart_is_one_that_was_counted() -> None:
    restarted = [("restart", "orders", "orders-ready restarted")]
    assert told((version("", exact(0)),), (version("", exact(1)),)) == restarted
    assert told((version("", exact(0)),), (version("", at_least(1)),)) == restarted
    assert told((version("", exact(1)),), (version("", exact(1)),)) == []
    assert told((version("", exact(3)),), (version("", exact(0)),)) == []


def test_a_count_that_becomes_known_is_no_restart() -> None:
    assert told((version("", unknown()),), (version("", exact(7)),)) == []
    assert told((version("", exact(7)),), (version("", unknown()),)) == []
