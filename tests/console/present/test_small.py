"""Sorting, filtering, fitting, sparks and gauges."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.level import Level
from collectors.model.quantity import Unit, exact, unknown
from console.engine.history import History
from console.engine.state import Freshness
from console.present import practice
from console.present.cells import BARS, age_words, bars, covering, level_cell, quantity_cell, spark_of
from console.present.filtering import Filter
from console.present.fitting import fitted
from console.present.gauges import reaches
from console.present.sorting import next_column, ordered
from tests.console.findings.readings import cache, health, pool, queue
from tests.console.present.scene import NOW, WALL, past, row, snapshot
from tests.console.present.shop import CACHE, POOL
from widgets.cell import Cell, Column
from widgets.cell import Row as TableRow


@pytest.mark.parametrize(
    ("text", "row_text", "kept"),
    [
        ("", "orders mail", True), ("  ", "orders", True), ("MAIL", "orders mail", True),
        ("mail orders", "orders mail", True), ("mail catalog", "orders mail", False),
        ("!mail", "orders mail", False), ("! mail", "orders", True), ("!mail catalog", "orders mail", True),
        ("[/]", "a [/] b", True), ("!", "orders", False),
    ],
)  # fmt: skip
def test_a_filter_keeps_rows_with_all_its_words(text: str, row_text: str, kept: bool) -> None:
    assert Filter(text).keeps(row_text) is kept


def test_sorting_puts_the_greatest_first_and_what_is_not_known_last() -> None:
    rows = [
        row(queue("a", ready=None)),
        row(queue("b", ready=2)),
        row(queue("c", ready=30)),
        row(queue("d", ready=0)),
    ]
    snap = snapshot(rows)
    columns, table = practice.table(snap, History(), rows[0].reading.practice)
    told = ordered(table, columns, "ready", snap)
    assert [one.cells[1].text for one in told] == ["c", "b", "d", "a"]
    assert [one.cells[1].text for one in ordered(table, columns, "subject", snap)] == ["a", "b", "c", "d"]


def test_the_next_column_comes_round_to_worst_first() -> None:
    columns = (Column("a", "a"), Column("b", "b"))
    told = [""]
    for _ in range(3):
        told.append(next_column(columns, told[-1]))
    assert told == ["", "a", "b", ""]
    assert next_column((), "") == ""
    assert next_column(columns, "left") == "a"


def test_the_columns_that_matter_least_leave_first() -> None:
    columns = tuple(Column(name, name, 10) for name in "abcd")
    rows = (TableRow("key", tuple(Cell(name) for name in "abcd")),)
    for width, kept in ((44, "abcd"), (43, "abd"), (32, "ad"), (5, "ad")):
        told, lines = fitted(columns, rows, ("c", "b"), width)
        assert "".join(column.key for column in told) == kept
        assert "".join(cell.text for cell in lines[0].cells) == kept


@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), max_size=20))
def test_bars_stand_between_the_least_and_the_greatest(values: list[float | None]) -> None:
    told = bars(values)
    known = [value for value in values if value is not None]
    if not known:
        assert told == ""
        return
    assert len(told) == len(values)
    for value, char in zip(values, told, strict=True):
        assert (char == " ") is (value is None)
        assert char in BARS + " "
    if max(known) > 0:
        assert told[values.index(max(known))] == BARS[7]


def test_a_spark_covers_what_is_known_with_the_greatest_of_each_slot() -> None:
    history, one = History(), queue()
    past(history, one, "ready", [exact(value) for value in (0, 0, 9, 0, 0, 0, 9, 0)], every=7.0)
    assert spark_of(history, row(one), "ready", WALL, 8) == " ▁▁█▁▁▁█"
    assert spark_of(history, row(one), "dead", WALL) == ""
    assert spark_of(history, row(queue("other")), "ready", WALL) == ""


def test_two_samples_or_unknown_ones_are_no_past() -> None:
    history, one = History(), queue()
    past(history, one, "ready", [unknown(), exact(1), unknown(), exact(2)])
    assert spark_of(history, row(one), "ready", WALL) == ""


def test_the_least_span_that_holds_what_is_known_is_shown() -> None:
    assert [covering(seconds) for seconds in (1, 60, 61, 899, 5000)] == [60, 60, 120, 900, 900]


def test_a_quantity_without_a_value_is_dim_and_not_zero() -> None:
    assert quantity_cell(unknown()) == Cell("?", short="?", dim=True)
    assert quantity_cell(exact(0)).text == "0"


def test_a_level_is_a_shape_beside_its_colour() -> None:
    marks = {level_cell(level, "x").mark for level in Level}
    assert len(marks) == 5


def test_ages_are_words() -> None:
    assert age_words(row(queue()), NOW) == "live"
    assert age_words(row(queue(), freshness=Freshness.GONE, age=120.0), NOW) == "gone 2 min"


def test_gauges_show_what_has_a_known_maximum() -> None:
    told = {reach.label: (reach.value.value, reach.maximum.value) for reach in reaches(row(POOL))}
    assert told == {"slots": (31, 97)}
    assert [reach.label for reach in reaches(row(pool()))] == []
    limited = replace(CACHE, memory_max=exact(32 * 2**20, Unit.BYTES))
    assert [reach.label for reach in reaches(row(limited))] == ["hits", "memory"]
    assert reaches(row(health())) == ()
    assert [reach.label for reach in reaches(row(cache(0.5)))] == ["hits"]
