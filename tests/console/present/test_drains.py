"""How drains read: the screen, the facts of one, the fleet's cell, the limits, what is told as a change."""

from dataclasses import replace
from typing import Any

import pytest

from collectors.model.drains import DrainReading, Phase
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit, about, at_least, exact, needs_samples, unknown
from collectors.model.reading import Part
from collectors.model.sweep import Sweep
from collectors.text import Shown
from console.engine.changes import changes
from console.engine.history import History
from console.engine.limits import judge_hard
from console.present import fleet, practice
from console.present.gauges import reaches
from console.present.practices import VIEWS
from console.settings import Service
from tests.console.findings.readings import queue, subject_of
from tests.console.present.scene import NOW, pictured, row, same_as_golden, snapshot


def drain(key: str = "web-1", **changed: Any) -> DrainReading:
    told: dict[str, Any] = {"phase": Phase.SERVING, "ready": True, "in_flight": exact(2)}
    return DrainReading(subject=subject_of(Practice.DRAINS, "orders", key, "drain"), **(told | changed))


def seconds(value: float) -> Quantity:
    return exact(value, Unit.SECONDS)


HTTP = drain(
    "orders-web",
    word=Shown("503 draining"),
    phase=Phase.DRAINING,
    ready=False,
    in_flight=at_least(3),
    traffic=about(0.5, 0.5, Unit.PER_SECOND),
    streams=exact(2),
    elapsed=about(12, 1, Unit.SECONDS),
    note=Shown("our own look may be among those in flight: say so by `counts_us`"),
)
UNIT = drain(
    "orders.service",
    word=Shown("deactivating (stop-sigterm)"),
    phase=Phase.STOPPING,
    ready=False,
    in_flight=unknown(),
    sessions=exact(7),
    queued=exact(0),
    grace=seconds(90),
    elapsed=seconds(76),
    uptime=seconds(86400),
    exit=Shown("code 0"),
    parts=(Part(name=Shown("process"), word=Shown("4711 uvicorn")),),
)
SERVER = drain(
    "shop/web-1",
    word=Shown("no check"),
    sessions=exact(2),
    queued=exact(0),
    traffic=exact(14, Unit.PER_SECOND),
    ready_peers=exact(2),
    peers=exact(3),
)
DOWN = replace(SERVER, word=Shown("DOWN"), phase=Phase.NOT_READY, ready=False)
DRAINED = replace(SERVER, word=Shown("DRAIN"), phase=Phase.DRAINING, ready=False)
WORKER = drain(
    "mailer",
    word=Shown("busy"),
    in_flight=exact(1),
    lost=Shown("shop.mail(17): RQ would give it up as abandoned"),
    extra=(("rq.last_beat", seconds(3)),),
)
KILLED = drain(
    "orders.pid",
    word=Shown("exited"),
    phase=Phase.EXITED,
    ready=False,
    in_flight=unknown(),
    exit=Shown("killed by SIGKILL at the deadline"),
    killed=True,
    elapsed=seconds(20),
)
ALL = (HTTP, UNIT, SERVER, WORKER, KILLED)


def judged(reading: DrainReading) -> tuple[Level, str]:
    found = max(judge_hard(reading), key=lambda one: one.level.rank, default=None)
    return (found.level, found.reason) if found else (Level.NONE, "")


def test_the_screen() -> None:
    rows = [row(reading, *judged(reading)) for reading in ALL]
    columns, told = practice.table(snapshot(rows), History(), Practice.DRAINS)
    same_as_golden("practice_drains.txt", pictured(columns, told))


def test_the_facts_of_one() -> None:
    facts = [
        f"{name}: {cell.text}"
        for reading in (UNIT, WORKER)
        for name, cell in practice.facts(row(reading, *judged(reading)), NOW)
    ]
    same_as_golden("facts_drains.txt", "\n".join(facts) + "\n")


def test_a_narrow_screen_keeps_what_counts() -> None:
    columns, _rows = practice.table(snapshot([row(UNIT)]), History(), Practice.DRAINS, width=100)
    keys = [column.key for column in columns]
    assert {"subject", "state", "in_flight", "sessions", "left", "because"} <= set(keys)
    assert sum(column.width + 1 for column in columns) <= 100


@pytest.mark.parametrize(
    ("readings", "text", "short"),
    [
        ((SERVER, drain("b", in_flight=exact(5))), "7 in flight", "7"),
        ((drain(in_flight=unknown()),), "1 serving", "1"),
        ((HTTP,), "1 leaving ≥3 left", "1↓"),
        ((HTTP, SERVER), "1 leaving ≥3 left", "1↓"),
        ((UNIT, SERVER), "1 leaving", "1↓"),
        ((KILLED, SERVER), "1 exited", "1!"),
        ((drain(phase=Phase.NOT_READY), drain("b", phase=Phase.GONE)), "1 not ready", "1!"),
        ((drain(phase=Phase.GONE),), "1 gone", "1!"),
    ],
)
def test_the_fleets_cell(readings: tuple[DrainReading, ...], text: str, short: str) -> None:
    told = VIEWS[Practice.DRAINS].summary([row(reading) for reading in readings])
    assert told[:2] == (text, short)
    assert len(short) <= 4


def test_the_column_comes_with_the_first_collector() -> None:
    services = {"orders": Service("orders")}
    columns, _rows = fleet.table(snapshot([row(queue())]), History(), services, 140)
    assert "drains" not in [column.key for column in columns]
    columns, rows = fleet.table(snapshot([row(queue()), row(SERVER)]), History(), services, 140)
    keys = [column.key for column in columns]
    assert rows[0].cells[keys.index("drains")].text == "2 in flight"


@pytest.mark.parametrize(
    ("reading", "level", "words"),
    [
        (SERVER, Level.OK, "it is no check"),
        (HTTP, Level.OK, "it is 503 draining"),
        (drain(phase=Phase.GONE, ready=False), Level.NONE, ""),
        (drain(phase=Phase.UNKNOWN), Level.NONE, ""),
        (UNIT, Level.CRITICAL, "7 connections and SIGKILL in 14 s"),
        (replace(UNIT, elapsed=seconds(50)), Level.WARNING, "7 connections and SIGKILL in 40 s"),
        (replace(UNIT, elapsed=seconds(10)), Level.OK, "it is deactivating (stop-sigterm)"),
        (replace(UNIT, in_flight=exact(0)), Level.OK, "it is deactivating (stop-sigterm)"),
        (
            replace(UNIT, in_flight=exact(2), streams=exact(1)),
            Level.CRITICAL,
            "2 in flight, 1 long-lived and SIGKILL in 14 s",
        ),
        (replace(UNIT, sessions=exact(0)), Level.OK, "it is deactivating (stop-sigterm)"),
        (replace(UNIT, grace=unknown(Unit.SECONDS)), Level.OK, "it is deactivating (stop-sigterm)"),
        (replace(DOWN, ready_peers=exact(0)), Level.CRITICAL, "none of 3 in its group takes new work"),
        (replace(DRAINED, ready_peers=exact(0)), Level.WARNING, "none of 3 in its group takes new work"),
        (replace(SERVER, ready_peers=unknown()), Level.OK, "it is no check"),
        (KILLED, Level.WARNING, "it did not end by itself: killed by SIGKILL at the deadline"),
        (replace(KILLED, phase=Phase.SERVING), Level.OK, "it is exited"),
    ],
)
def test_hard_limits(reading: DrainReading, level: Level, words: str) -> None:
    assert judged(reading) == (level, words)


def told(before: DrainReading, after: DrainReading) -> list[tuple[str, str]]:
    known = {before.subject.id: before}
    events = changes(known, Sweep((after,), 1.0, 1.0), ran_before=True)
    return [(event.kind, event.text) for event in events]


def test_what_changes_is_told() -> None:
    assert told(SERVER, replace(SERVER, phase=Phase.DRAINING, word=Shown("DRAIN"))) == [
        ("drain", "shop/web-1: no check → DRAIN")
    ]
    assert told(SERVER, replace(SERVER, word=Shown("UP"))) == []
    stopped = replace(SERVER, phase=Phase.EXITED, exit=Shown("code 0"))
    assert told(SERVER, stopped) == [("exit", "shop/web-1 has exited: code 0")]
    assert told(stopped, SERVER) == [("drain", "shop/web-1: no check → no check")]
    assert told(SERVER, replace(SERVER, phase=Phase.UNKNOWN)) == []


def test_the_time_left_is_known_while_it_stops() -> None:
    assert UNIT.left() == seconds(14)
    assert replace(UNIT, elapsed=seconds(100)).left() == seconds(0)
    assert replace(UNIT, elapsed=about(76, 2, Unit.SECONDS)).left() == about(14, 2, Unit.SECONDS)
    assert replace(UNIT, elapsed=at_least(76, Unit.SECONDS)).left().known is Known.ABOUT
    for other in (Phase.SERVING, Phase.DRAINING, Phase.EXITED):
        assert not replace(UNIT, phase=other).left().is_known
    assert not replace(UNIT, elapsed=unknown(Unit.SECONDS)).left().is_known


def test_gauges_of_peers_and_of_the_grace() -> None:
    assert [(one.label, one.value.value) for one in reaches(row(SERVER))] == [("peers up", 2)]
    assert [(one.label, one.value.value) for one in reaches(row(UNIT))] == [("grace used", 76)]
    assert reaches(row(HTTP)) == ()


def test_a_state_is_the_sources_word_and_else_the_phase() -> None:
    assert drain(word=Shown("UP")).state == "UP"
    assert drain().state == "serving"
    assert VIEWS[Practice.DRAINS].words(row(drain(ready=None)))["ready"] == "?"
    assert needs_samples() == drain(traffic=needs_samples()).traffic
