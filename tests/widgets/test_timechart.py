"""A chart on which a moment is pointed at, by keys and by the mouse."""

from typing import Any

from textual.app import App, ComposeResult

from collectors.model.quantity import Unit
from widgets.chartdata import Chart, ChartLine
from widgets.timechart import NEAREST, TimeChart

AT = 1_795_460_000.0  # 2026-11-23 18:53:20 UTC


def chart(at: float = AT) -> Chart:
    points = tuple((float(ago), float(ago)) for ago in range(0, 900, 5))
    return Chart(
        "depth · 15 min", Unit.COUNT, (ChartLine("depth", points), ChartLine("ready", points)), at=at
    )


class Shell(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.chart = TimeChart(number=lambda value, unit: f"{value:.0f}")
        self.moves = 0

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.show(chart())
        self.chart.focus()

    def on_time_chart_moved(self, event: TimeChart.Moved) -> None:
        assert event.control is self.chart
        self.moves += 1

    def lines(self) -> list[str]:
        return [self.chart.render_line(y).text for y in range(self.chart.scrollable_content_region.height)]


async def drawn(app: Shell, pilot: Any) -> None:
    await pilot.pause()
    app.lines()


async def test_keys_point_at_a_moment_and_back_at_the_present() -> None:
    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        await drawn(app, pilot)
        assert app.chart.window is None
        assert app.chart.words() == ""
        await pilot.press("left")
        assert app.chart.words().startswith("18:53:20 UTC, depth 0, ready 0")
        await pilot.press("pageup")
        window = app.chart.window
        assert window is not None
        assert window[1] - window[0] >= 2 * NEAREST
        assert 100 < AT - (window[0] + window[1]) / 2 < 250
        assert any("┊" in line for line in app.lines())
        await pilot.press("end")
        assert app.chart.window is None
        assert not any("┊" in line for line in app.lines())
        assert app.moves == 3


async def test_the_cursor_keeps_its_moment_while_time_goes_on_and_leaves_with_it() -> None:
    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        await drawn(app, pilot)
        await pilot.press("left", "pageup")
        before = app.chart.window
        app.chart.show(chart(AT + 60))
        await drawn(app, pilot)
        assert app.chart.window == before
        app.chart.show(chart(AT + 3600))
        assert app.chart.window is None
        assert app.chart.words() == ""


async def test_a_click_points_at_its_column() -> None:
    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        await drawn(app, pilot)
        left, width = app.chart._plotted
        await pilot.click(TimeChart, offset=(1 + left + width // 2, 4))
        window = app.chart.window
        assert window is not None
        assert abs(AT - 450 - (window[0] + window[1]) / 2) < 20
        assert any(line[left + width // 2] == "┊" for line in app.lines()[:-1])


async def test_a_chart_without_data_has_no_moment() -> None:
    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        app.chart.show(Chart("", Unit.COUNT, (), span=0.0))
        await pilot.press("left", "right", "end")
        assert app.chart.words() in ("", "00:00:00 UTC")
