import itertools
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen

from collectors.model.quantity import Unit
from widgets import chart as chart_module
from widgets.chart import LineChart, draw_runs
from widgets.chartdata import Chart, ChartLine, ChartMark


def number(value: float, unit: Unit) -> str:
    return f"{value:g} {unit.value}"


def wave(*values: float | None, title: str = "depth", **others: Any) -> Chart:
    step = 900 / max(1, len(values) - 1)
    points = tuple((900 - i * step, value) for i, value in enumerate(values))
    return Chart(title, Unit.COUNT, (ChartLine("depth", points),), **others)


class Shell(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.chart = LineChart(number=number, **options)

    def compose(self) -> ComposeResult:
        yield self.chart

    def lines(self) -> list[str]:
        height = self.chart.scrollable_content_region.height
        return [self.chart.render_line(y).text for y in range(height)]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    drawn: list[tuple[int, int]] = []

    def drawing(runs: Any, width: int, height: int, **others: Any) -> list[str]:
        drawn.append((width, height))
        return draw_runs(runs, width, height, **others)

    monkeypatch.setattr(chart_module, "draw_runs", drawing)
    return drawn


async def test_axes_say_values_with_units_and_time() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.chart.show(wave(1, 3, 7))
        lines = app.lines()
        assert lines[0].startswith("8 count")
        assert lines[-2].startswith("0 count")
        assert lines[-1].strip().startswith("-900 s")
        assert lines[-1].rstrip().endswith("now")
        assert str(app.chart.border_title) == "depth"


async def test_a_gap_is_blank() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.chart.show(wave(*([5.0] * 10 + [None] * 10 + [5.0] * 10)))
        line = max(app.lines()[:-1], key=lambda text: sum(char > "\u2800" for char in text))
        left, right = line.index("\u2809") if "\u2809" in line else 0, len(line)
        drawn = [x for x, char in enumerate(line[left:right]) if "\u2800" < char <= "\u28ff"]
        assert max(b - a for a, b in itertools.pairwise(drawn)) > 12


@pytest.mark.parametrize("chart", [Chart("t", Unit.COUNT, ()), wave(), wave(None, None), wave(float("nan"))])
async def test_without_a_point_it_says_why(chart: Chart) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.chart.show(chart)
        assert app.lines()[0].startswith("no data yet: needs 2 samples")


async def test_marks_stand_upright_with_their_label() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)):
        app.chart.show(wave(1, 2, 3, marks=(ChartMark(450, "deploy v41"), ChartMark(5000, "long ago"))))
        assert "┊deploy v41" in app.lines()[0]
        assert sum("┊" in line for line in app.lines()) >= 5
        assert not any("long ago" in line for line in app.lines())


async def test_several_lines_are_named_beside_their_ends() -> None:
    app = Shell()
    async with app.run_test(size=(80, 12)):
        lines = (
            ChartLine("hits", ((60.0, 9.0), (0.0, 8.0))),
            ChartLine("misses", ((60.0, 1.0), (0.0, None))),
        )
        app.chart.show(Chart("cache", Unit.COUNT, lines))
        text = "\n".join(app.lines())
        assert "hits 8 count" in text
        assert "misses unknown" in text


async def test_drawn_only_for_new_data_or_a_new_size(builds: list[Any]) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.show(wave(1, 2))
        await pilot.pause()
        assert len(builds) == 1
        app.chart.show(wave(1, 2))
        app.chart.refresh()
        await pilot.pause()
        assert len(builds) == 1
        app.chart.show(wave(1, 3))
        await pilot.pause()
        assert len(builds) == 2
        await pilot.resize_terminal(70, 14)
        await pilot.pause()
        assert len(builds) == 3


async def test_a_point_within_its_columns_range_draws_nothing_anew(builds: list[Any]) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.show(
            Chart("depth", Unit.COUNT, (ChartLine("depth", ((600.0, 1.0), (9.0, 5.0), (3.0, 3.0))),))
        )
        await pilot.pause()
        before = [app.chart.render_line(y) for y in range(10)]
        more = ((600.0, 1.0), (9.0, 5.0), (6.0, 4.0), (3.0, 3.0))
        app.chart.show(Chart("depth", Unit.COUNT, (ChartLine("depth", more),)))
        await pilot.pause()
        assert len(builds) == 1
        assert all(app.chart.render_line(y) is strip for y, strip in enumerate(before))


def test_plotext_is_loaded_without_its_manual() -> None:
    script = """
        import sys
        from widgets.chart import draw_runs
        assert any(char != " " for char in "".join(draw_runs([[(0.0, 0.0), (9.0, 1.0)]], 10, 3)))
        print(sum(name.startswith("plotext._doc.sections") for name in sys.modules))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


async def test_never_drawn_while_hidden(builds: list[Any], until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.display = False
        await pilot.pause()
        for value in range(5):
            app.chart.show(wave(1, value))
            await pilot.pause()
        assert builds == []
        app.chart.display = True
        await until(lambda: len(builds) == 1)


async def test_drawn_behind_a_dialog(builds: list[Any], until: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.show(wave(1, 2))
        await app.push_screen(ModalScreen())
        await pilot.pause()
        app.chart.show(wave(4, 2))
        await until(lambda: len(builds) >= 2)


async def test_a_new_point_repaints_no_more_than_the_plot(regions_of: Any) -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.show(wave(*[5.0] * 20, 4.0))
        await pilot.pause()
        asked = regions_of(app.chart)
        app.chart.show(wave(*[5.0] * 20, 3.0))
        assert asked
        assert all(0 < region.width < 20 and region.x > 30 for region in asked)


async def test_ascii_only() -> None:
    app = Shell(ascii_only=True)
    async with app.run_test(size=(60, 12)):
        app.chart.show(wave(1, 5, 2, marks=(ChartMark(450, "größe"),)))
        assert all(line.isascii() for line in app.lines())
        assert sum(line.count("*") for line in app.lines()) > 20


@pytest.mark.parametrize("size", [(20, 5), (12, 4), (5, 3), (2, 2), (1, 1), (200, 60)])
async def test_any_size(size: tuple[int, int]) -> None:
    app = Shell()
    async with app.run_test(size=size) as pilot:
        app.chart.show(wave(1, 5, 2, None, 3))
        await pilot.pause()
        assert all(len(line) == app.chart.scrollable_content_region.width for line in app.lines())


def test_no_value_whatever_ends_the_process() -> None:
    """plotext aborts on a NaN: what could, runs in a process of its own."""
    script = """
        import asyncio, math
        from textual.app import App
        from collectors.model.quantity import Unit
        from widgets.chart import LineChart
        from widgets.chartdata import Chart, ChartLine

        NAN, INF = math.nan, math.inf
        SERIES = [
            [], [1.0], [0.0], [NAN], [NAN, NAN], [INF, -INF], [1, NAN, 2], [1, INF, 2, -INF, 3],
            [1e308, -1e308], [1e308, 1e308], [None, 1, None], [-1.7e308, 1.7e308, NAN], [5e-324, 0],
            [1.7e308], [5e-324, 1e308],
            [1e-300, 1.0000001e-300], [1e15, 1e15 + 1], [3] * 1000, [None] * 500 + [1], list(range(5000)),
            [1 if i % 2 else None for i in range(999)], [-1], [-5e-324],
        ]

        class Trial(App):
            def compose(self):
                yield LineChart(number=lambda value, unit: f"{value:.3g}")

        async def main():
            for size in ((20, 5), (120, 40), (4, 4)):
                app = Trial()
                async with app.run_test(size=size) as pilot:
                    chart = app.query_one(LineChart)
                    for unit in Unit:
                        for values in SERIES:
                            points = tuple((len(values) - i, value) for i, value in enumerate(values))
                            wild = ((NAN, 1), (INF, 1), (-INF, 1), (-5, 2), (1e308, 3))
                            for given in (points, points + wild):
                                chart.show(Chart("t", unit, (ChartLine("x", given),), span=900))
                                for y in range(size[1]):
                                    chart.render_line(y)

        asyncio.run(main())
        print("drawn")
    """
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "drawn\n"), ended.stderr[-2000:]


def test_nothing_is_drawn_before_somebody_looks() -> None:
    script = "import sys, widgets.chart; sys.exit('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


async def test_a_title_may_be_empty() -> None:
    app = Shell()
    async with app.run_test(size=(60, 12)) as pilot:
        app.chart.show(Chart("", Unit.COUNT, (), empty="nothing to draw"))
        await pilot.pause()
        assert app.lines()[0].startswith("nothing to draw")


async def test_a_new_sample_draws_the_newest_columns_only(regions_of: Any) -> None:
    def chart(now: float, count: int) -> Chart:
        points = tuple((5.0 * i, float((count - i) * 7 % 13)) for i in range(count))
        return Chart("x", Unit.COUNT, (ChartLine("x", points),), at=now)

    app = Shell()
    async with app.run_test(size=(80, 12)) as pilot:
        app.chart.show(chart(1.0, 100))
        await pilot.pause()
        asked = regions_of(app.chart)
        app.chart.show(chart(6.0, 101))
        assert asked
        assert all(region.x >= 70 for region in asked)
