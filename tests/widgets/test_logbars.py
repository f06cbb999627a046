"""Bars of a log: counts become columns, keys and mouse become windows of time."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from widgets.logbars import LogBars
from widgets.logscale import SPANS, Counts, Scale, covering, heights, scale_of, zoomed

NOW = 1_795_460_005.0  # 2026-11-23 18:53:25 UTC


class Source:
    """Counts by second."""

    finest = 0

    def __init__(self, **seconds: Counts) -> None:
        self.seconds = {int(NOW) - int(name[1:]): counts for name, counts in seconds.items()}
        self.asked = 0

    def buckets(self, start: int, step: int, count: int) -> Sequence[Counts]:
        self.asked += count
        out = []
        for at in range(count):
            span = range(start + at * step, start + (at + 1) * step)
            met = [self.seconds[second] for second in span if second in self.seconds]
            out.append(tuple(map(sum, zip(*met, strict=True))) if met else (0, 0, 0, 0))
        return out  # type: ignore[return-value]  # sums of four


class Shell(App[None]):
    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__()
        self.bars, self.source = LogBars(**options), source
        self.chosen: list[tuple[float, float]] = []

    def compose(self) -> ComposeResult:
        yield self.bars

    def on_mount(self) -> None:
        self.show()
        self.bars.focus()

    def show(self, window: tuple[float, float] | None = None) -> None:
        self.bars.show(self.source, now=NOW, began=NOW - 290, window=window)

    def on_log_bars_window_chosen(self, event: LogBars.WindowChosen) -> None:
        assert event.control is self.bars
        self.chosen.append((event.since, event.until))

    def lines(self) -> list[str]:
        return [self.bars.render_line(y).text for y in range(self.bars.size.height)]


async def test_errors_stand_at_the_bottom_and_a_single_one_is_seen() -> None:
    app = Shell(Source(s3=(1, 0, 9_000, 0), s13=(0, 4, 0, 0), s23=(0, 0, 9_000, 0)))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        lines = app.lines()
        assert len(lines) == 5
        column = [line[-2] for line in lines[:4]]
        assert column == ["█", "█", "█", "E"]
        assert [line[-4] for line in lines[:4]] == [" ", " ", " ", "W"]
        assert [line[-6] for line in lines[:4]] == ["█", "█", "█", "█"]
        assert "5 s a bar, highest 9,001" in lines[4]
        assert lines[4].rstrip().endswith("18:53:30 UTC")


async def test_ascii_is_ascii_and_a_time_without_lines_says_so() -> None:
    app = Shell(Source(s3=(0, 0, 5, 0), s13=(0, 0, 2, 0)), ascii_only=True)
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert all(line.isascii() for line in app.lines())
        app.source = Source()
        app.show()
        assert "no line in this time" in app.lines()[4]


async def test_drawing_costs_one_count_a_column_and_nothing_new_draws_nothing() -> None:
    app = Shell(Source(s3=(0, 0, 5_000_000, 0)))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        app.source.asked = 0
        app.show()
        assert 0 < app.source.asked <= 60 * 6


async def test_keys_choose_a_bar_a_span_and_lift_it() -> None:
    app = Shell(Source(s3=(2, 1, 0, 0), s8=(0, 0, 0, 7)))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("left")
        assert app.bars.words() == "18:53:25 to 18:53:30 UTC: no line"
        await pilot.press("left")
        assert app.bars.words() == "18:53:20 to 18:53:25 UTC: 2 errors, 1 warnings"
        await pilot.press("space", "left")
        assert app.bars.words() == "18:53:15 to 18:53:25 UTC: 2 errors, 1 warnings, 7 debug or untold"
        assert app.bars.clear_cursor()
        assert app.bars.words() == "18:53:15 to 18:53:20 UTC: 7 debug or untold"
        await pilot.press("space", "right", "enter")
        assert app.chosen == [(1_795_459_995.0, 1_795_460_005.0)]
        assert app.bars.clear_cursor()
        assert not app.bars.clear_cursor()
        assert app.bars.words() == ""


async def test_the_mouse_draws_a_span_and_a_click_puts_the_cursor() -> None:
    app = Shell(Source(s3=(2, 0, 0, 0)))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        await pilot.mouse_down(LogBars, offset=(50, 1))
        await pilot.hover(LogBars, offset=(53, 1))
        await pilot.mouse_up(LogBars, offset=(53, 1))
        await pilot.pause()
        assert app.chosen == [(1_795_459_960.0, 1_795_459_980.0)]
        await pilot.mouse_down(LogBars, offset=(58, 1))
        await pilot.mouse_up(LogBars, offset=(58, 1))
        await pilot.pause()
        assert len(app.chosen) == 1
        assert app.bars.words().startswith("18:53:20 to 18:53:25")


async def test_zoom_shows_the_span_and_comes_back_out() -> None:
    app = Shell(Source(s3=(2, 0, 0, 0)))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("left", "left", "space", *["left"] * 11)
        app.bars.zoom_in()
        assert app.bars.scale.step == 1
        assert app.bars.scale.end == 1_795_460_005
        for _ in SPANS:
            await pilot.press("Z")
        assert app.bars.scale.step == 1800
        await pilot.press("end")
        assert app.bars.scale.end > NOW


async def test_the_window_that_is_asked_for_is_dotted() -> None:
    app = Shell(Source(s3=(2, 0, 0, 0)))
    async with app.run_test(size=(60, 5)) as pilot:
        app.show((1_795_459_980.0, 1_795_459_990.0))
        app.bars.blur()
        await pilot.pause()
        assert app.lines()[0].index("··") == 54
        assert app.lines()[0].count("·") == 2


async def test_going_back_beyond_the_left_edge_moves_what_is_on_show() -> None:
    app = Shell(Source())
    async with app.run_test(size=(30, 4)) as pilot:
        before = app.bars.scale
        await pilot.press("home", "left")
        assert app.bars.scale.start == before.start - before.step
        await pilot.press("end", "right")
        assert app.bars.scale == before


@given(
    st.tuples(*[st.integers(0, 10**6)] * 4),
    st.integers(0, 4 * 10**6),
    st.integers(0, 8),
)
def test_no_level_is_hidden_and_nothing_is_higher_than_the_plot(counts: Counts, more: int, rows: int) -> None:
    peak = sum(counts) + more
    errors, warnings, rest = heights(counts, peak, rows)
    assert 8 * (errors + warnings) + rest <= 8 * rows
    if rows >= 3 and peak:
        assert (errors > 0) == (counts[0] > 0)
        assert warnings > 0 or not counts[1] or errors == rows
    if not peak:
        assert (errors, warnings, rest) == (0, 0, 0)


@pytest.mark.parametrize("columns", [1, 40, 78, 118])
@pytest.mark.parametrize("span", SPANS)
def test_columns_are_multiples_of_their_step_and_end_with_now(columns: int, span: int) -> None:
    scale = scale_of(NOW, span, columns, 0)
    assert scale.start % scale.step == 0
    assert scale.end - scale.step <= NOW < scale.end
    assert scale.column(NOW) == columns - 1
    assert scale.column(-1e12) == 0


def test_before_the_seconds_are_known_columns_are_minutes() -> None:
    assert scale_of(NOW, 60, 60, int(NOW) - 10).step == 60
    assert scale_of(NOW, 60, 60, int(NOW) - 100).step == 1


def test_zooming_goes_through_the_spans_and_stops() -> None:
    assert zoomed(900, out=True) == 3600
    assert zoomed(900, out=False) == 300
    assert zoomed(10**9, out=True) == SPANS[-1]
    assert zoomed(1, out=False) == SPANS[0]
    assert covering(10) == 300
    assert covering(10**6) == 900
    assert Scale(0, 10, 5).span(2) == (20, 30)
