"""TimeChart: a line chart on which a moment can be pointed at."""

import math
from datetime import UTC, datetime
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message

from widgets.cellpaint import over
from widgets.chart import LineChart
from widgets.chartdata import Chart, Point, column_of
from widgets.lineview import quiet_key
from widgets.palette import Palette, line_css

NEAREST = 30.0
"""Seconds before and after a moment that are meant at the least."""


class TimeChart(LineChart, can_focus=True):
    """Left and right move a cursor over time, a click puts it; what lies under it is said in ``words``."""

    DEFAULT_CSS = line_css("TimeChart")
    HELP = (
        "Values over time. Left and right, or a click, point at a moment; L opens the logs of it, "
        "End follows the present again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        quiet_key("left,h", "point(-1)", "a moment earlier", "chart.left"),
        quiet_key("right,l", "point(1)", "a moment later", "chart.right"),
        quiet_key("pageup", "point(-10)", "ten columns earlier", "chart.page_left"),
        quiet_key("pagedown", "point(10)", "ten columns later", "chart.page_right"),
        quiet_key("end,G", "present", "follow the present again", "chart.present"),
    ]

    class Moved(Message):
        """The cursor stands at another moment, or at none."""

        def __init__(self, chart: "TimeChart") -> None:
            super().__init__()
            self.chart = chart

        @property
        def control(self) -> "TimeChart":
            """The chart, for ``@on`` selectors."""
            return self.chart

    _at: float | None = None
    _plotted: tuple[int, int] = (0, 1)

    @property
    def window(self) -> tuple[float, float] | None:
        """The time under the cursor, in the seconds of ``Chart.at``; None without a cursor."""
        chart, at = self._chart, self._at
        if chart is None or at is None or not 0 <= chart.at - at <= chart.span:
            return None
        half = max(NEAREST, self._step(chart))
        return at - half, at + half

    def words(self) -> str:
        """The moment under the cursor, and the value of each line there; empty without a cursor."""
        chart = self._chart
        if chart is None or self._at is None or self.window is None:
            return ""
        told = [datetime.fromtimestamp(self._at, UTC).strftime("%H:%M:%S UTC")]
        ago = chart.at - self._at
        for line in chart.lines:
            near = min(line.points, key=lambda point: abs(point[0] - ago), default=None)
            if near is not None and near[1] is not None and abs(near[0] - ago) <= 2 * self._step(chart):
                told.append(f"{line.label} {self._number(near[1], chart.unit)}")
        return ", ".join(told)

    def action_point(self, columns: int) -> None:
        """Move the cursor by columns of the plot; the first time it comes to the newest one."""
        chart = self._chart
        if chart is None:
            return
        at = chart.at if self._at is None or self.window is None else self._at + columns * self._step(chart)
        self._point(max(chart.at - chart.span, min(at, chart.at)))

    def action_present(self) -> None:
        """Take the cursor away."""
        self._point(None)

    def on_click(self, event: events.Click) -> None:
        """Point at what was clicked on."""
        offset, chart = event.get_content_offset(self), self._chart
        if offset is not None and chart is not None:
            left, width = self._plotted
            step = self._step(chart)
            column = max(0, min(offset.x - left, width - 1))
            # the middle of the column's time
            self._point(min(chart.at, (math.floor(chart.at / step) - width + 1 + column + 0.5) * step))

    def on_focus(self) -> None:
        """The cursor shows."""
        self._again()

    def on_blur(self) -> None:
        """The cursor stays, for it says which time is meant."""
        self._again()

    def _plot(self, chart: Chart, plot: tuple[int, int], extent: Point) -> list[list[Segment]]:
        rows = super()._plot(chart, plot, extent)
        width = self.scrollable_content_region.width
        self._plotted = (width - plot[0] - self._right(chart, width), plot[0])
        if self._at is None or self.window is None:
            return rows
        column = column_of(chart.at - self._at, chart, plot[0])
        return [_pointed(row, column, Palette.of(self), self._sign("┊")) for row in rows]

    def _step(self, chart: Chart) -> float:
        return chart.span / max(1, self._plotted[1] - 1)

    def _point(self, at: float | None) -> None:
        self._at = at
        self._again()
        self.post_message(self.Moved(self))

    def _again(self) -> None:
        self._drawn = None
        self._painter.sync()


def _pointed(row: list[Segment], column: int, palette: Palette, sign: str) -> list[Segment]:
    """A row with the cursor at a column: a line where it is empty, a bright ground elsewhere."""
    out: list[Segment] = []
    x = 0
    for segment in row:
        length = len(segment.text)
        if x <= column < x + length:
            before, char, after = (
                segment.text[: column - x],
                segment.text[column - x],
                segment.text[column - x + 1 :],
            )
            here = Segment(sign if char == " " else char, palette.strong if char == " " else segment.style)
            out += [
                Segment(before, segment.style),
                *over(palette.cursor)([here]),
                Segment(after, segment.style),
            ]
        else:
            out.append(segment)
        x += length
    return [segment for segment in out if segment.text]
