from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message

from collectors.model.level import Level
from widgets.cell import Cell, Column, Row
from widgets.table import LiveTable

COLUMNS = (Column("name", "service", 16), *(Column(f"c{i}", f"col {i}", 11) for i in range(6)))


def row(name: str, *texts: str, **others: Any) -> Row:
    cells = [Cell(text, Level.OK) for text in texts or ["12 ms"] * 6]
    return Row(name, (Cell(name), *cells), **others)


def rows(*names: str) -> list[Row]:
    return [row(name) for name in names]


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.live = LiveTable(**options)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.live

    def on_live_table_cursor_moved(self, event: Message) -> None:
        self.heard.append(event)

    on_live_table_row_opened = on_live_table_cursor_moved
    on_live_table_row_marked = on_live_table_cursor_moved
    on_live_table_fold_toggled = on_live_table_cursor_moved
    on_live_table_header_pressed = on_live_table_cursor_moved

    def lines(self) -> list[str]:
        return [self.live.render_line(y).text for y in range(self.live.size.height)]

    def names(self) -> list[object]:
        return [shown.key for shown in self.live.rows]

    def last(self, kind: type[Message]) -> Any:
        return next((event for event in reversed(self.heard) if type(event) is kind), None)


async def test_shows_titles_cells_and_marks() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)):
        app.live.show(COLUMNS, [Row("orders", (Cell("orders"), Cell("8.2k", Level.CRITICAL, spark="▅█")))])
        title, first = app.lines()[:2]
        assert title.split() == ["service", *(f"col {i}".split()[k] for i in range(6) for k in (0, 1))]
        assert "orders" in first
        assert "✖ 8.2k" in first
        assert "▅█" in first


async def test_one_changed_value_repaints_its_own_cells(regions_of: Callable[..., Any]) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows(*"abcdefgh"))
        await pilot.pause()
        asked = regions_of(app.live)
        app.live.show(
            COLUMNS,
            [
                *rows("a", "b"),
                row("c", "12 ms", "12 ms", "17 ms", "12 ms", "12 ms", "12 ms"),
                *rows(*"defgh"),
            ],
        )
        assert [(region.y, region.width, region.height) for region in asked] == [(3, 1, 1)]


async def test_equal_values_repaint_nothing(regions_of: Callable[..., Any]) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows(*"abc"))
        await pilot.pause()
        asked = regions_of(app.live)
        app.live.show(COLUMNS, rows(*"abc"))
        assert asked == []


async def test_a_moved_row_repaints_only_the_lines_that_differ(regions_of: Callable[..., Any]) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows(*"abcdefgh"))
        await pilot.pause()
        asked = regions_of(app.live)
        app.live.show(COLUMNS, rows(*"abcdefhg"))
        assert {region.y for region in asked} == {7, 8}
        assert sum(region.area for region in asked) <= 4


async def test_value_changes_and_losses_lay_nothing_out() -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows(*"abcdefgh"))
        await pilot.pause()
        laid_out: list[object] = []
        app.screen.screen_layout_refresh_signal.subscribe(app.screen, laid_out.append)
        app.live.show(COLUMNS, [row(name, *["99 s"] * 6) for name in "abcdefg"])
        await pilot.pause()
        await pilot.pause(0.1)
        assert laid_out == []


async def test_the_screen_is_what_a_fresh_table_would_show() -> None:
    """After any sequence of changes what was repainted equals a full painting."""
    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        for step in range(30):
            names = [f"svc-{(step * k) % 23}" for k in range(1, 5 + (step * 7) % 20)]
            app.live.show(COLUMNS, [row(name, *[f"{step} ms"] * (step % 7)) for name in dict.fromkeys(names)])
            await pilot.press(["j", "k", "G", "l", "space", "pageup"][step % 6])
            painted = app.lines()
            app.live._painter._lines.clear()
            assert painted == app.lines()


async def test_the_cursor_stays_with_its_row(clock: Any) -> None:
    app = Shell(clock=clock)
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows("a", "b", "c"))
        await pilot.press("down", "right")
        assert (app.live.cursor_key, app.live.cursor_column) == ("b", "c0")
        clock.advance(6)
        app.live.show(COLUMNS, rows("x", "c", "a", "b"))
        assert app.names() == ["x", "c", "a", "b"]
        assert app.live.cursor_key == "b"
        app.live.show(COLUMNS, rows("x", "c", "a"))
        assert [app.live.cursor_key] == ["a"]


async def test_an_untouched_cursor_stays_on_the_worst_row(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)):
        app.live.show(COLUMNS, rows("a", "b"))
        app.live.show(COLUMNS, rows("b", "a"))
        assert app.live.cursor_key == "b"
        await until(lambda: app.last(LiveTable.CursorMoved) and app.last(LiveTable.CursorMoved).key == "b")


async def test_the_order_holds_still_after_a_key(clock: Any) -> None:
    app = Shell(clock=clock)
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows("a", "b", "c", "d"))
        await pilot.press("down")
        app.live.show(COLUMNS, rows("new", "d", "c", "a"))
        assert app.names() == ["a", "c", "d", "new"]
        clock.advance(4.9)
        app.live.settle()
        assert app.names() == ["a", "c", "d", "new"]
        clock.advance(0.2)
        app.live.settle()
        assert app.names() == ["new", "d", "c", "a"]


async def test_a_held_order_settles_by_itself(clock: Any, until: Any) -> None:
    app = Shell(clock=clock)
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows("a", "b"))
        await pilot.press("down")
        clock.advance(4.9)
        app.live.show(COLUMNS, rows("b", "a"))
        assert app.names() == ["a", "b"]
        clock.advance(1)
        await until(lambda: app.names() == ["b", "a"])


async def test_any_key_holds_the_order(clock: Any) -> None:
    app = Shell(clock=clock)
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows("a", "b"))
        await pilot.press("7")
        app.live.show(COLUMNS, rows("b", "a"))
        assert app.names() == ["a", "b"]


async def test_moving_keys() -> None:
    app = Shell()
    async with app.run_test(size=(100, 11)) as pilot:
        app.live.show(COLUMNS, rows(*(str(i) for i in range(50))))
        await pilot.pause()
        for keys, key, column in (
            ("j", "1", "name"),
            ("down", "2", "name"),
            ("k", "1", "name"),
            ("l", "1", "c0"),
            ("h", "1", "name"),
            ("left", "1", "name"),
            ("pagedown", "10", "name"),
            ("pageup", "1", "name"),
            ("G", "49", "name"),
            ("pagedown", "49", "name"),
            ("home", "0", "name"),
            ("end", "49", "name"),
            ("g", "0", "name"),
            ("up", "0", "name"),
        ):
            await pilot.press(keys)
            assert (app.live.cursor_key, app.live.cursor_column) == (key, column), keys
            pointed = [line for line in app.lines() if line.startswith("›")]
            assert [line.split()[0] for line in pointed] == [f"›{key}"], keys


async def test_opening_marking_and_folding_speak_by_messages(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, [row("group", fold=True), row("child", indent=1), row("other")])
        await pilot.press("enter")
        await until(lambda: app.last(LiveTable.FoldToggled))
        assert (app.last(LiveTable.FoldToggled).key, app.last(LiveTable.FoldToggled).opened) == (
            "group",
            False,
        )
        app.live.show(COLUMNS, [row("group", fold=True, open=False), row("child", indent=1), row("other")])
        assert app.names() == ["group", "other"]
        assert app.lines()[1].startswith("›▸ group")
        app.heard.clear()
        await pilot.press("right")
        await until(lambda: app.last(LiveTable.FoldToggled))
        assert app.last(LiveTable.FoldToggled).opened is True
        await pilot.press("down", "right", "enter")
        await until(lambda: app.last(LiveTable.RowOpened))
        opened = app.last(LiveTable.RowOpened)
        assert (opened.key, opened.column, opened.control) == ("other", "c0", app.live)
        await pilot.press("space")
        await until(lambda: app.last(LiveTable.RowMarked))
        assert app.last(LiveTable.RowMarked).marked is True
        assert app.live.marked == {"other"}
        app.live.show(COLUMNS, rows("group"))
        assert app.live.marked == frozenset()


async def test_mouse(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, rows("a", "b", "c"))
        await pilot.click(LiveTable, offset=(20, 2))
        assert (app.live.cursor_key, app.live.cursor_column) == ("b", "c0")
        await pilot.click(LiveTable, offset=(20, 3), times=2)
        await until(lambda: app.last(LiveTable.RowOpened))
        assert app.last(LiveTable.RowOpened).key == "c"
        await pilot.click(LiveTable, offset=(32, 0))
        await until(lambda: app.last(LiveTable.HeaderPressed))
        assert app.last(LiveTable.HeaderPressed).column == "c1"
        await pilot.click(LiveTable, offset=(5, 15))
        assert app.live.cursor_key == "c"


async def test_an_empty_table_says_why() -> None:
    app = Shell()
    async with app.run_test(size=(100, 20)) as pilot:
        app.live.show(COLUMNS, [], empty="no queues configured")
        await pilot.press("down", "enter", "space", "G")
        assert "no queues configured" in app.lines()[1]
        assert app.live.cursor_key is None
        assert app.live.cursor_cell is None


async def test_a_wide_table_scrolls_sideways_under_its_first_column() -> None:
    app = Shell()
    async with app.run_test(size=(50, 10)) as pilot:
        app.live.show(COLUMNS, [row("orders", *(f"value {i}" for i in range(6)))])
        await pilot.press(*["right"] * 6)
        assert app.live.cursor_column == "c5"
        assert "value 5" in app.lines()[1]
        assert app.lines()[1].startswith("›orders")
        assert "value 0" not in app.lines()[1]
        await pilot.press(*["left"] * 6)
        assert "value 0" in app.lines()[1]


async def test_go_to_and_columns_that_change() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)):
        app.live.show(COLUMNS, rows(*"abc"))
        assert app.live.go_to("c", "c3") is True
        assert app.live.go_to("nobody") is False
        app.live.show((COLUMNS[0], COLUMNS[4]), rows(*"abc"))
        assert (app.live.cursor_key, app.live.cursor_column) == ("c", "c3")
        app.live.show(COLUMNS[:1], rows(*"abc"))
        assert app.live.cursor_column == "name"


async def test_shown_before_it_is_mounted_and_with_broken_rows() -> None:
    app = Shell()
    app.live.show(COLUMNS, [Row("a", ()), Row("a", (Cell("twice"),)), Row("b", (Cell("b"),) * 20)])
    async with app.run_test(size=(100, 10)) as pilot:
        await pilot.press("l", "j", "l")
        assert app.names() == ["a", "b"]
