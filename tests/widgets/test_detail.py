from typing import Any

import pytest
from textual.app import App, ComposeResult

from collectors.model.detail import Detail, DetailSpec
from collectors.model.level import Level
from collectors.model.quantity import Quantity, Unit, exact, unknown
from collectors.model.reading import Part
from collectors.text import Shown
from widgets.cell import Cell
from widgets.detail import DetailView, Facts, Parts, fair_widths


def say(quantity: Quantity) -> str:
    return str(quantity.known) if quantity.value is None else f"{quantity.value:g} {quantity.unit.value}"


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.view = DetailView(say=say, **options)

    def compose(self) -> ComposeResult:
        yield self.view

    def lines(self) -> list[str]:
        return [
            self.view.render_line(y).text.rstrip() for y in range(self.view.scrollable_content_region.height)
        ]


LOCKS = Detail(
    DetailSpec("locks", "lock tree", "who waits for whom"),
    ("session", "app", "waits"),
    (
        (Shown("4711"), Shown("report"), exact(372, Unit.SECONDS)),
        (Shown("4718"), Shown("web"), unknown(Unit.SECONDS)),
    ),
    note=Shown("partial view: other databases are not seen"),
    indent=(0, 1),
)


async def test_a_tree_with_quantities() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.view.show([LOCKS])
        lines = app.lines()
        assert lines[:2] == ["lock tree", "partial view: other databases are not seen"]
        assert lines[2].split() == ["session", "app", "waits"]
        assert lines[3] == "4711     report    372 s"
        assert lines[4] == "  4718   web     unknown"


async def test_facts_and_parts() -> None:
    app = Shell()
    async with app.run_test(size=(40, 20)):
        parts = (
            Part(name=Shown("redis"), word=Shown("refused"), bad=True),
            Part(name=Shown("db"), value=exact(3)),
        )
        facts = Facts("pool", (("slots", Cell("31 of 97", Level.WARNING)), ("query", Cell("select " * 10))))
        app.view.show([facts, Parts("checks", parts)])
        lines = app.lines()
        assert lines[0] == "pool"
        assert lines[1] == "slots  ▲ 31 of 97"
        assert lines[2].startswith("query  select")
        assert lines[3].startswith("       select")
        assert "redis  ✖ refused" in lines
        assert "db     3 count" in lines


async def test_empty_sections_say_so() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.view.show([], empty="move the cursor onto a queue")
        assert app.lines()[0] == "move the cursor onto a queue"
        app.view.show([Detail(LOCKS.spec, LOCKS.columns, ()), Facts("facts", ())])
        assert "nothing to show" in app.lines()
        assert "none" in app.lines()


async def test_scrolling() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.show([Facts("many", tuple((f"fact {i}", Cell(str(i))) for i in range(50)))])
        await pilot.pause()
        app.view.focus()
        for key, first in (
            ("j", "fact 0  0"),
            ("pagedown", "fact 11  11"),
            ("k", "fact 10  10"),
            ("g", "many"),
        ):
            await pilot.press(key)
            assert app.lines()[0].split() == first.split(), key
        await pilot.press("G")
        assert "fact 49  49" in app.lines()
        app.view.show([Facts("few", (("a", Cell("b")),))])
        await pilot.pause()
        assert app.lines()[0] == "few"


async def test_an_unchanged_view_repaints_nothing_and_a_changed_one_little(regions_of: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.show([Facts("t", (("a", Cell("12 ms")), ("b", Cell("x"))))])
        await pilot.pause()
        asked = regions_of(app.view)
        app.view.show([Facts("t", (("a", Cell("12 ms")), ("b", Cell("x"))))])
        assert asked == []
        app.view.show([Facts("t", (("a", Cell("13 ms")), ("b", Cell("x"))))])
        assert [(region.y, region.width) for region in asked] == [(1, 1)]


async def test_ascii_only() -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(30, 12)):
        app.view.show([LOCKS, Facts("größe", (("µ", Cell("größer … " * 9, Level.CRITICAL)),))])
        assert all(line.isascii() for line in app.lines())


@pytest.mark.parametrize(
    ("wanted", "available", "widths"),
    [
        ([5, 5], 20, [5, 5]),
        ([5, 50], 20, [5, 13]),
        ([30, 30], 20, [9, 9]),
        ([10, 30, 50], 44, [10, 15, 15]),
        ([], 20, []),
        ([9, 9, 9], 3, [1, 1, 1]),
    ],
)
def test_the_widest_columns_give_way_first(wanted: list[int], available: int, widths: list[int]) -> None:
    assert fair_widths(wanted, available) == widths


async def test_what_is_unknown_is_muted() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.view.show([LOCKS])
        styles = [next(iter(app.view.render_line(y).crop(20, 21))).style for y in (3, 4)]
        assert styles == [app.view.palette.text, app.view.palette.muted]


def jobs(*rows: tuple[str, float]) -> Detail:
    spec = DetailSpec("jobs", "dead jobs", "what died")
    return Detail(spec, ("id", "age"), tuple((Shown(name), exact(age)) for name, age in rows))


async def test_a_cursor_stays_with_its_row_and_leaves_with_it() -> None:
    app = Shell(with_cursor=True)
    async with app.run_test(size=(40, 12)) as pilot:
        view = app.view
        view.focus()
        view.show([Facts("head", (("a", Cell("b")),)), jobs(("j1", 1), ("j2", 2), ("j3", 3))])
        assert view.row == {}
        assert not any("›" in line for line in app.lines())
        await pilot.press("down", "down")
        assert dict(view.row) == {"id": "j2", "age": "2"}
        assert [line for line in app.lines() if "›" in line] == ["› j2  2 count"]
        view.show([jobs(("j0", 9), ("j1", 1), ("j3", 3), ("j2", 12345678))])
        assert dict(view.row) == {"id": "j2", "age": "12345678"}, "it moved, and its number changed"
        view.show([jobs(("j0", 9), ("j1", 1), ("j3", 3))])
        assert view.row == {}, "no other row is taken for it"
        await pilot.press("end")
        assert view.row["id"] == "j3"
        await pilot.press("up", "up", "up", "up")
        assert view.row["id"] == "j0"


async def test_rows_of_one_name_are_told_apart_by_their_other_words() -> None:
    spec = DetailSpec("groups", "dead jobs by error", "what died")

    def groups(*rows: tuple[str, str]) -> Detail:
        return Detail(spec, ("error", "example"), tuple((Shown(a), Shown(b)) for a, b in rows))

    app = Shell(with_cursor=True)
    async with app.run_test(size=(40, 12)) as pilot:
        app.view.focus()
        app.view.show([groups(("Key", "one"), ("Smtp", "two"))])
        await pilot.press("down", "down")
        app.view.show([groups(("Smtp", "three"), ("Key", "four"))])
        assert app.view.row["example"] == "three", "another example, the same error"
        app.view.show([groups(("Smtp", "three"), ("Smtp", "four"))])
        assert app.view.row == {}, "which of the two it was is not known"
        await pilot.press("down", "down")
        app.view.show([groups(("Smtp", "five"), ("Smtp", "four"), ("Smtp", "three"))])
        assert app.view.row["example"] == "four"


async def test_the_cursor_is_scrolled_to() -> None:
    app = Shell(with_cursor=True)
    async with app.run_test(size=(40, 6)) as pilot:
        app.view.focus()
        app.view.show([jobs(*[(f"job-{n}", n) for n in range(30)])])
        for keys in (["down"] * 9, ["pagedown"], ["end"], ["up"] * 12, ["home"]):
            await pilot.press(*keys)
            assert any(line.startswith("› ") for line in app.lines()), keys
        assert app.lines()[0] == "dead jobs", "the title shows with the first row"


async def test_without_a_cursor_the_arrows_scroll() -> None:
    app = Shell()
    async with app.run_test(size=(40, 6)) as pilot:
        app.view.focus()
        app.view.show([jobs(*[(f"job-{n}", n) for n in range(30)])])
        await pilot.press("down", "down", "down")
        assert app.view.scroll_offset.y == 3
        assert app.view.row == {}
