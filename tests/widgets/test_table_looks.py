from collections.abc import Callable
from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from collectors.model.level import Level
from widgets.cell import Cell, Column, Row
from widgets.rowpaint import Sort
from widgets.table import LiveTable

COLUMNS = (Column("name", "service", 16), *(Column(f"c{i}", f"col {i}", 11) for i in range(6)))


def row(name: str, *texts: str) -> Row:
    cells = [Cell(text, Level.OK) for text in texts or ["12 ms"] * 6]
    return Row(name, (Cell(name), *cells))


def rows(*names: str) -> list[Row]:
    return [row(name) for name in names]


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.live = LiveTable(**options)

    def compose(self) -> ComposeResult:
        yield self.live

    def lines(self) -> list[str]:
        return [self.live.render_line(y).text for y in range(self.live.size.height)]


async def test_a_level_is_always_a_shape() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)):
        cells = tuple(Cell(level.value, level) for level in Level)
        app.live.show(COLUMNS, [Row("a", (Cell("a"), *cells))])
        line = app.lines()[1]
        for text in ("none", "● ok", "▲ warning", "? unknown", "✖ critical"):
            assert text in line


async def test_ascii_only_shows_ascii() -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(60, 10)) as pilot:
        cells = [Cell(f"naïve {level.value} …", level, mark="●", spark="▁█") for level in Level]
        app.live.show(
            COLUMNS, [Row("x", (Cell("a-very-long-name-of-a-thing"), *cells), fold=True)], sort=Sort("name")
        )
        await pilot.press("space")
        assert all(line.isascii() for line in app.lines())


async def test_narrow_screens_leave_marks_and_four_characters() -> None:
    columns = (
        Column("name", "service", 10, grow=True),
        *(Column(f"c{i}", f"col {i}", 12, short=5) for i in range(6)),
    )
    app = Shell()
    async with app.run_test(size=(52, 10)):
        cells = tuple(Cell("12 345 ms", Level.WARNING, short="12 s") for _ in range(6))
        app.live.show(columns, [Row("a", (Cell("catalog-search-worker-7"), *cells))])
        line = app.lines()[1]
        assert line.count("▲12 s") == 6
        assert "›catalog…orker-7 " in line


async def test_wide_characters_keep_the_columns_in_place() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)):
        app.live.show(
            COLUMNS, [row("日本語のとても長いサービス名"), row("🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀"), row("plain")]
        )
        widths = [app.live.render_line(y).cell_length for y in range(4)]
        assert widths == [100] * 4
        strips = [app.live.render_line(y).crop(18, 25).text for y in (1, 2, 3)]
        assert strips == ["● 12 ms"] * 3


@pytest.mark.parametrize("size", [(20, 5), (5, 2), (1, 1), (200, 60)])
async def test_any_size(size: tuple[int, int]) -> None:
    app = Shell()
    async with app.run_test(size=size) as pilot:
        app.live.show(COLUMNS, rows(*(str(i) for i in range(100))))
        await pilot.press("l", "G", "l", "l", "pageup", "space")
        await pilot.resize_terminal(80, 24)
        assert app.live.cursor_key is not None


@pytest.mark.parametrize("hide", ["display", "screen"])
async def test_a_hidden_table_costs_nothing_and_is_right_when_seen(
    hide: str, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)) as pilot:
        app.live.display = hide != "display"
        if hide == "screen":
            await app.push_screen(Screen())
        await pilot.pause()
        drawn: list[int] = []
        draw = app.live._painter._draw

        def drawing(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        monkeypatch.setattr(app.live._painter, "_draw", drawing)
        for name in "abc":
            app.live.show(COLUMNS, rows(name))
            await pilot.pause()
        assert drawn == []
        app.live.display = True
        if hide == "screen":
            await app.pop_screen()
        await until(lambda: drawn)
        assert "c " in app.lines()[1]


async def test_behind_a_dialog_only_changes_are_repainted(regions_of: Callable[..., Any]) -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)) as pilot:
        app.live.show(COLUMNS, rows("a", "b"))
        await app.push_screen(ModalScreen())
        await pilot.pause()
        app.live.show(COLUMNS, rows("a", "b"))
        await pilot.pause()
        asked = regions_of(app.live)
        app.live.show(COLUMNS, [*rows("a"), row("b", "13 ms", *["12 ms"] * 5)])
        assert [region.width for region in asked] == [1]


def style_at(app: Shell, y: int, x: int) -> Style:
    """The style of one cell of the table."""
    (segment,) = app.live.render_line(y).crop(x, x + 1)
    assert segment.style is not None
    return segment.style


async def test_the_cursor_is_bright_only_with_the_focus() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)) as pilot:
        app.live.show(COLUMNS, rows("a", "b", "c"))
        await pilot.press("down", "right")
        plain, row, cell = (style_at(app, y, x).bgcolor for y, x in ((1, 40), (2, 40), (2, 20)))
        assert len({plain, row, cell}) == 3
        app.screen.set_focus(None)
        await pilot.pause()
        assert style_at(app, 2, 40).bgcolor == style_at(app, 2, 20).bgcolor == plain
        assert app.lines()[2].startswith("›b")


async def test_stale_values_are_muted_whatever_their_level() -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)):
        live, stale = Cell("8.2k", Level.CRITICAL), Cell("8.2k", Level.CRITICAL, dim=True)
        app.live.show(COLUMNS, [Row("a", (Cell("a"), live, stale)), Row("b", (Cell("b"), live, stale))])
        assert style_at(app, 2, 18) == app.live.palette.levels[Level.CRITICAL]
        assert style_at(app, 2, 30) == app.live.palette.muted
        assert "✖ 8.2k      ✖ 8.2k" in app.lines()[2]


async def test_another_theme_paints_all_anew(until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(100, 10)) as pilot:
        app.live.show(COLUMNS, rows("a", "b"))
        await pilot.pause()
        before = style_at(app, 2, 20)
        app.theme = "textual-light"
        await until(lambda: style_at(app, 2, 20) != before)
        assert style_at(app, 2, 20) == app.live.palette.text


async def test_fewer_rows_leave_no_blank_behind() -> None:
    app = Shell()
    async with app.run_test(size=(100, 11)) as pilot:
        app.live.show(COLUMNS, rows(*(str(i) for i in range(100))))
        await pilot.pause()
        await pilot.press("G")
        app.live.show(COLUMNS, rows(*(str(i) for i in range(50))))
        await pilot.pause()
        assert app.lines()[-1].split()[0] == "›49"
        app.live.show(COLUMNS, rows("0", "1"))
        await pilot.pause()
        assert [line.split()[0] for line in app.lines()[1:3]] == ["0", "›1"]
