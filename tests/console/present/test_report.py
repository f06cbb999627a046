import json
from dataclasses import replace
from typing import Any

import pytest

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, about, at_least, exact, needs_samples, unknown
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.text import Shown, one_line
from console.engine.state import Freshness, Snapshot
from console.present.report import EXIT, level_of, quantities_json, report
from console.settings import Service
from tests.console.findings.readings import health, queue
from tests.console.present.scene import finding, row, same_as_golden, snapshot, source
from tests.console.present.shop import SERVICES, shop


def dumped(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=True, indent=1)


def test_the_whole_report() -> None:
    same_as_golden("report.json", dumped(report(shop(), "lab", SERVICES)) + "\n")


def test_one_practice_is_a_part_of_it() -> None:
    told = report(shop(), "lab", SERVICES, Practice.QUEUES)
    assert {reading["practice"] for reading in told["readings"]} == {"queues"}
    assert {failure["practice"] for failure in told["failures"]} == {"queues"}
    assert [verdict["rule"] for verdict in told["verdicts"]] == ["dead-letters"]
    assert report(shop(), "lab", SERVICES, Practice.CACHES)["level"] == "unknown"
    assert report(shop(), "lab", SERVICES, Practice.LOGS)["level"] == "ok"


@pytest.mark.parametrize(
    ("quantity", "told"),
    [
        (exact(3), {"value": 3, "unit": "count", "known": "exact"}),
        (exact(0), {"value": 0, "unit": "count", "known": "exact"}),
        (exact(0.25, Unit.RATIO), {"value": 0.25, "unit": "ratio", "known": "exact"}),
        (exact(2.0**60, Unit.BYTES), {"value": 2.0**60, "unit": "B", "known": "exact"}),
        (about(5.5, 0.5), {"value": 5.5, "unit": "count", "known": "about", "margin": 0.5}),
        (about(5, None), {"value": 5, "unit": "count", "known": "about"}),
        (at_least(42, Unit.SECONDS), {"value": 42, "unit": "s", "known": "at least"}),
        (unknown(), {"value": None, "unit": "count", "known": "unknown"}),
        (needs_samples(), {"value": None, "unit": "1/s", "known": "needs 2 samples"}),
    ],
)
def test_a_quantity_says_its_unit_and_how_well_it_is_known(quantity: Quantity, told: dict[str, Any]) -> None:
    assert quantities_json([("x", quantity)]) == {"x": told}


HOSTILE = "\x1b]0;owned\x07\x9b2J\u202e[/]<b>\n\x00\ud800'\"\\\ud83d"


def test_hostile_text_survives_as_data_and_nothing_else() -> None:
    key = b"\xff\x00\x1b[2J/%?#\n"
    subject = Subject(SubjectId(Practice.QUEUES, "jobs", "", key), "orders", one_line(HOSTILE))
    reading = QueueReading(subject=subject, word=one_line(HOSTILE), note=Shown(HOSTILE))
    failed = source("broken", Practice.QUEUES, why=HOSTILE, answered=None)
    found = finding("dead-letters", "orders", HOSTILE, of=reading, evidence=(Shown(HOSTILE),))
    snap = snapshot([row(reading, Level.CRITICAL, HOSTILE)], [failed], findings=(found,))
    text = dumped(report(snap, "lab", {}))
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
    told = json.loads(text)
    (one,) = told["readings"]
    assert one["key"] == "%FF%00%1B%5B2J%2F%25%3F%23%0A"
    assert told["verdicts"][0]["subject"] == one["key"]
    for shown in (one["subject"], one["word"], one["note"], one["because"], told["failures"][0]["why"]):
        assert shown.isprintable()
        assert "␛" in shown
        assert "[/]<b>" in shown


def test_what_is_stale_or_gone_says_so() -> None:
    rows = [row(queue("a"), freshness=Freshness.STALE), row(queue("b"), freshness=Freshness.GONE)]
    told = report(snapshot(rows), "lab", {})["readings"]
    assert [(one["subject"], one["freshness"]) for one in told] == [("a", "stale"), ("b", "gone")]
    assert told[0]["taken"] == "2026-03-04T14:03:21.000Z"


def level(snap: Snapshot) -> Level:
    return level_of(snap, {"orders": Service("orders", quorum=1)})


def test_the_exit_status_is_the_worst_levels() -> None:
    assert EXIT == {Level.NONE: 0, Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2, Level.UNKNOWN: 3}
    assert level(snapshot()) is Level.OK
    assert level(snapshot([row(queue(), Level.NONE)])) is Level.OK
    assert level(snapshot([row(queue(), Level.WARNING), row(queue("b"))])) is Level.WARNING
    assert level(snapshot([row(queue(), Level.CRITICAL, muted=True)])) is Level.OK
    found = finding("x", "orders", "y")
    assert level(snapshot([row(queue(), Level.WARNING)], findings=(found,))) is Level.CRITICAL


def test_what_is_not_known_is_never_ok() -> None:
    failed = source("jobs", Practice.QUEUES, why="refused", answered=None)
    never = source("jobs", Practice.QUEUES, answered=None)
    well = row(queue())
    assert level(snapshot([well], [failed])) is Level.UNKNOWN
    assert level(snapshot([well], [never])) is Level.UNKNOWN
    assert level(snapshot([row(queue(), freshness=Freshness.STALE)])) is Level.UNKNOWN
    assert level(snapshot([row(queue(), Level.CRITICAL)], [never])) is Level.CRITICAL


def test_a_quorum_softens_the_exit_status_too() -> None:
    rows = [row(health(instance=f"web-{n}"), Level.CRITICAL if n else Level.OK) for n in range(3)]
    assert level(snapshot(rows)) is Level.WARNING
    assert level(snapshot([replace(one, muted=True) for one in rows])) is Level.OK
