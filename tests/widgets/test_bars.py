from typing import Any

from textual.app import App, ComposeResult

from collectors.model.level import Level
from widgets.bars import HintLine, StatusLine
from widgets.cell import Cell

LEFT = [Cell("quarterdeck"), Cell("shop · production", dim=True)]
RIGHT = [
    Cell("9 ok", Level.OK, short="9"),
    Cell("1 critical", Level.CRITICAL, short="1"),
    Cell("14:03:22 UTC"),
]


class Shell(App[None]):
    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__()
        self.status, self.hint = StatusLine(ascii_only=ascii_only), HintLine(ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.hint


async def test_words_at_both_ends() -> None:
    app = Shell()
    async with app.run_test(size=(80, 4)):
        app.status.show(LEFT, RIGHT)
        line = app.status.render_line(0).text
        assert line.startswith(" quarterdeck  shop · production ")
        assert line.endswith("● 9 ok  ✖ 1 critical  14:03:22 UTC ")
        assert len(line) == 80


async def test_where_room_is_short_the_right_words_shorten_and_the_environment_stays() -> None:
    app = Shell()
    async with app.run_test(size=(60, 4)):
        app.status.show(LEFT, RIGHT)
        line = app.status.render_line(0).text
        assert "shop · production" in line
        assert line.endswith("● 9  ✖ 1  14:03:22 UTC ")


async def test_a_clock_tick_sends_the_digit_that_changed(regions_of: Any) -> None:
    app = Shell()
    async with app.run_test(size=(80, 4)) as pilot:
        app.status.show(LEFT, [Cell("14:03:22 UTC")])
        await pilot.pause()
        asked = regions_of(app.status)
        app.status.show(LEFT, [Cell("14:03:22 UTC")])
        assert asked == []
        app.status.show(LEFT, [Cell("14:03:23 UTC")])
        assert [region.width for region in asked] == [1]


async def test_the_hint_says_the_cell_in_words() -> None:
    app = Shell()
    async with app.run_test(size=(80, 4)):
        app.hint.show_cell(Cell("8.2k", Level.CRITICAL, hint="312 dead jobs in mail"))
        assert app.hint.render_line(0).text.strip() == "✖ 312 dead jobs in mail"
        app.hint.show_cell(Cell("v2"))
        assert app.hint.render_line(0).text.strip() == "v2"
        app.hint.show_cell(None)
        assert app.hint.render_line(0).text.strip() == ""


async def test_ascii_only_and_tiny() -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(80, 4)) as pilot:
        app.status.show(LEFT, RIGHT)
        assert app.status.render_line(0).text.isascii()
        for width in (20, 5, 1):
            await pilot.resize_terminal(width, 2)
            assert app.status.render_line(0).cell_length == app.status.size.width
