from dataclasses import replace
from typing import Any

import pytest

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Freshness
from console.present import practice
from console.present.practices import VIEWS
from tests.console.findings.readings import health, pool, queue
from tests.console.present.scene import NOW, pictured, row, same_as_golden, snapshot, source
from tests.console.present.shop import MAIL, history, shop
from widgets.cell import Cell


@pytest.mark.parametrize(
    "shown", [Practice.HEALTH, Practice.QUEUES, Practice.CACHES, Practice.POOLS, Practice.LOGS]
)
def test_a_practices_table(shown: Practice) -> None:
    columns, rows = practice.table(shop(), history(), shown)
    same_as_golden(f"practice_{shown}.txt", pictured(columns, rows))
    assert all(len(one.cells) == len(columns) for one in rows)


def test_a_narrow_table_keeps_subject_and_reason() -> None:
    columns, rows = practice.table(shop(), history(), Practice.QUEUES, width=80)
    keys = [column.key for column in columns]
    assert {"subject", "because", "ready"} <= set(keys)
    assert sum(column.width + 1 for column in columns) <= 80
    assert all(len(one.cells) == len(columns) for one in rows)


def test_the_worst_stand_first_then_by_service_and_label_and_what_is_gone_last() -> None:
    rows = [
        row(queue("b")),
        row(queue("a", "zoo")),
        row(queue("a")),
        row(queue("gone"), Level.CRITICAL, freshness=Freshness.GONE),
        row(queue("bad"), Level.CRITICAL),
        row(queue("without a limit", "zoo"), Level.NONE),
    ]
    told = practice.rows_of(snapshot(rows), Practice.QUEUES)
    assert [(one.reading.subject.service, one.reading.subject.label) for one in told] == [
        ("orders", "bad"),
        ("orders", "a"),
        ("orders", "b"),
        ("zoo", "a"),
        ("zoo", "without a limit"),
        ("orders", "gone"),
    ]
    assert [
        one.reading.subject.label for one in practice.rows_of(snapshot(rows), Practice.QUEUES, "zoo")
    ] == ["a", "without a limit"]


def test_a_sources_own_row_is_found_by_its_sources_name() -> None:
    rows = [row(pool(key="server", service="")), row(pool())]
    (own,) = practice.rows_of(snapshot(rows), Practice.POOLS, "shop-db")
    assert own.reading.subject.label == "server"


def test_a_row_keeps_its_identity_while_its_words_change() -> None:
    before = practice.table(snapshot([row(queue(ready=1))]), History(), Practice.QUEUES)[1][0]
    after = practice.table(
        snapshot([row(queue(ready=9), Level.CRITICAL, "deep")]), History(), Practice.QUEUES
    )
    assert before.key == after[1][0].key == queue().subject.id


@pytest.mark.parametrize("shown", list(Practice))
def test_a_practice_that_nothing_fills_says_what_it_asks_and_what_fills_it(shown: Practice) -> None:
    told = dict(practice.unfilled(shown))
    assert told["asks"].text.endswith("?")
    assert told["filled by"].text.endswith(".")
    assert VIEWS[shown].practice is shown


def told_facts(**changed: Any) -> dict[str, Cell]:
    one = row(
        MAIL, Level.CRITICAL, "dead 312, above the limit of 20", evidence=("oldest age 14 min",), **changed
    )
    return dict(practice.facts(one, NOW))


def test_facts_tell_all_that_a_reading_tells() -> None:
    lines = [f"{name}: {cell.text}" for name, cell in practice.facts(row(MAIL, Level.CRITICAL, "bad"), NOW)]
    same_as_golden("facts_queue.txt", "\n".join(lines) + "\n")


def test_what_is_unknown_is_listed_and_not_said_to_be_nothing() -> None:
    told = told_facts()
    assert "retrying" in told["unknown"].text
    assert "drain rate" not in told["unknown"].text
    assert told["drain rate"].text == "needs 2 samples"


def test_a_live_row_does_not_change_by_itself_and_an_old_one_says_its_age() -> None:
    assert told_facts()["values"].text == "live"
    stale = told_facts(freshness=Freshness.STALE, age=42.0)
    assert (stale["values"].text, stale["values"].dim, stale["ready"].dim) == ("stale, 42 s old", True, True)


def test_the_word_of_a_source_is_not_said_twice() -> None:
    reading = replace(MAIL, word=Shown("paused"))
    assert "says" not in dict(practice.facts(row(reading, Level.WARNING, "paused"), NOW))
    assert dict(practice.facts(row(reading), NOW))["says"].text == "paused"


def test_a_row_is_found_by_its_subject() -> None:
    one = row(queue())
    assert practice.find_row(snapshot([one]), queue().subject.id) is one
    assert practice.find_row(snapshot([one]), queue("x").subject.id) is None


def test_the_hint_says_whose_it_is_why_and_how_old() -> None:
    assert practice.hint_of(row(queue()), NOW) == "orders · mail: no limit is set"
    stale = row(queue(), freshness=Freshness.STALE, age=42.0)
    assert practice.hint_of(stale, NOW) == "orders · mail: stale: refused [42 s old]"


def test_because_says_the_reason_of_what_is_bad_and_the_word_of_what_is_well() -> None:
    def because(**changed: Any) -> str:
        one = row(MAIL, **({"level": Level.OK, "reason": "4 ready"} | changed))
        return practice.table(snapshot([one]), History(), Practice.QUEUES)[1][0].cells[-1].text

    assert because() == "one of two schedulers is alive"
    assert because(level=Level.CRITICAL, reason="deep") == "deep"
    assert because(level=Level.CRITICAL, reason="deep", muted=True) == "muted; deep"
    assert because(freshness=Freshness.STALE, age=42.0) == "stale 42 s: refused"


def test_an_instance_stands_before_the_name_of_its_check() -> None:
    reading = health(instance="web-7")
    (one,) = practice.table(snapshot([row(reading)]), History(), Practice.HEALTH)[1]
    assert one.cells[1].text == "web-7 orders-ready"


def test_a_source_without_a_row_leaves_the_table_empty() -> None:
    failed = source("jobs", Practice.QUEUES, why="refused", answered=None)
    assert practice.table(snapshot(sources=[failed]), History(), Practice.QUEUES)[1] == ()
