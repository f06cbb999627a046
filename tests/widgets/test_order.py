from collections.abc import Hashable
from typing import Any

from widgets.cell import Cell, Row
from widgets.order import held, unfolded


def row(key: str, indent: int = 0, **others: Any) -> Row:
    return Row(key, (Cell(key),), indent, **others)


def keys(rows: tuple[Row, ...]) -> list[Any]:
    return [shown.key for shown in rows]


def test_what_stands_below_a_closed_fold_is_hidden_at_any_depth() -> None:
    rows = [row("a", fold=True, open=False), row("a1", 1), row("a2", 2), row("b", fold=True), row("b1", 1)]
    assert keys(unfolded(rows)) == ["a", "b", "b1"]


def test_a_repeated_key_shows_once() -> None:
    assert keys(unfolded([row("a"), row("a"), row("b")])) == ["a", "b"]


def test_held_rows_keep_their_places_and_newcomers_go_last() -> None:
    places: dict[Hashable, int] = {"a": 0, "b": 1, "c": 2}
    assert keys(held([row("new"), row("c"), row("a")], places)) == ["a", "c", "new"]


def test_children_move_with_their_parent_and_new_ones_go_last_among_them() -> None:
    places: dict[Hashable, int] = {"a": 0, "a1": 1, "b": 2, "b1": 3, "b2": 4}
    rows = [
        row("b"),
        row("b9", 1),
        row("b2", 1),
        row("b1", 1),
        row("a"),
        row("a1", 1),
        row("c"),
        row("c1", 1),
    ]
    assert keys(held(rows, places)) == ["a", "a1", "b", "b1", "b2", "b9", "c", "c1"]
