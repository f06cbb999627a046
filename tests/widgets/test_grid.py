from widgets.cell import Column
from widgets.grid import lay_out

COLUMNS = (Column("name", "n", 10, grow=True), Column("a", "a", 12, short=5), Column("b", "b", 12, short=5))


def test_a_growing_column_takes_what_is_left() -> None:
    grid = lay_out(COLUMNS, 60)
    assert grid.widths == (60 - 1 - 2 - 24, 12, 12)
    assert grid.total == 60
    assert grid.compact == (False, False, False)


def test_columns_become_narrow_from_the_right_as_many_as_it_takes() -> None:
    assert lay_out(COLUMNS, 36).compact == (False, False, True)
    assert lay_out(COLUMNS, 24).compact == (False, True, True)


def test_what_never_fits_scrolls() -> None:
    grid = lay_out(COLUMNS, 15)
    assert grid.widths == (10, 5, 5)
    assert grid.total > 15
    assert grid.frozen <= 7


def test_the_form_can_be_forced() -> None:
    assert lay_out(COLUMNS, 200, compact=True).compact == (False, True, True)
    assert lay_out(COLUMNS, 10, compact=False).compact == (False, False, False)


def test_column_at() -> None:
    grid = lay_out(COLUMNS, 60)
    assert [grid.column_at(x) for x in (0, 1, 34, 35, 47, 48, 99)] == [0, 0, 0, 1, 1, 2, 2]
    assert lay_out((), 20).column_at(3) == 0
