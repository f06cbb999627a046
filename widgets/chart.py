"""LineChart: the only importer of plotext.

plotext aborts the process on a NaN inside a line and raises on infinities, so it is given
columns and shares between 0 and 1 alone; titles, axes and marks are ours.
"""

import sys
from collections.abc import Callable
from functools import cache
from itertools import groupby
from types import ModuleType
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from collectors.model.quantity import Unit
from widgets.cellpaint import line_strip
from widgets.chartdata import Chart, Point, bounds, column_of, runs, share
from widgets.fit import clean, cut_end, fold, pad, to_ascii
from widgets.paint import Painter, view_size
from widgets.palette import LINE_CLASSES, line_css

_BRAILLE = 0x2800
_SERIES = ("chart--first", "chart--second", "chart--third")
_SERIES_CSS = """
    & > .chart--first { color: $primary; }
    & > .chart--second { color: $secondary; }
    & > .chart--third { color: $accent; }
"""


class LineChart(Widget):
    """Lines over time, drawn when seen and when the data or the size are new.

    ``number`` says a value with its unit, for the axis. One colour for each line: colours are
    bytes on the wire.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES | set(_SERIES)
    DEFAULT_CSS = line_css("LineChart", "height: 1fr; border: round $border-blurred;" + _SERIES_CSS)

    def __init__(
        self,
        *,
        number: Callable[[float, Unit], str],
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._number = number
        self._painter = Painter(self, self._draw)
        self._chart: Chart | None = None
        self._drawn: tuple[object, list[Strip]] | None = None
        self._style = Style.null()
        self._strips: dict[int, tuple[list[Segment], int, Strip]] = {}
        self._runs: dict[int, tuple[object, list[str]]] = {}

    def show(self, chart: Chart) -> None:
        """Show this chart; the same one again costs nothing, a hidden one is drawn when it is seen."""
        if chart == self._chart:
            return
        if self._chart is None or chart.title != self._chart.title:
            self.border_title = Content(self._sign(clean(chart.title)))
        self._chart = chart
        self._painter.sync()

    def render_line(self, y: int) -> Strip:
        """The line API."""
        return self._painter.line(y)

    def notify_style_update(self) -> None:
        """Theme or CSS changed."""
        super().notify_style_update()
        self._drawn = None
        self._strips.clear()
        self._painter.clear()

    def _draw(self, y: int) -> Strip:
        size = view_size(self)
        if self._drawn is None or self._drawn[0] != (self._chart, size):
            self._drawn = ((self._chart, size), self._lines(size.width, size.height))
        lines = self._drawn[1]
        return lines[y] if y < len(lines) else Strip.blank(size.width, self.rich_style)

    def _lines(self, width: int, height: int) -> list[Strip]:
        chart, muted = self._chart, self.get_component_rich_style("line--muted")
        self._style = self.rich_style
        values = chart.values() if chart is not None else []
        if chart is None or not values:
            words = fold(clean(chart.empty), width) if chart is not None else []
            return [self._strip(y, [Segment(line, muted)], width) for y, line in enumerate(words[:height])]
        low, high = bounds(values, chart.unit)
        labels = [self._sign(clean(self._number(value, chart.unit))) for value in (high, low)]
        left = max(cell_len(label) for label in labels) + 1
        right = self._right(chart, width)
        plot = (width - left - right, height - 1)
        if plot[0] < 6 or plot[1] < 1:
            return [self._strip(0, [Segment(self._in_words(chart), self._style)], width)]
        rows = self._plot(chart, plot, (low, high))
        axis = {0: labels[0], plot[1] - 1: labels[1]} if plot[1] > 1 else {0: labels[0]}
        ends = self._ends(chart, plot[1], (low, high)) if right else {}
        strips = [
            self._strip(
                y,
                [Segment(pad(axis.get(y, ""), left - 1, right=True) + " ", muted), *row, *ends.get(y, [])],
                width,
            )
            for y, row in enumerate(rows)
        ]
        then = self._sign(cut_end("-" + clean(self._number(chart.span, Unit.SECONDS)), plot[0] - 4))
        now = [Segment(" " * left + pad(then, plot[0] - 3) + "now", muted)]
        strips.append(self._strip(plot[1], now, width))
        return strips

    def _plot(self, chart: Chart, plot: tuple[int, int], extent: Point) -> list[list[Segment]]:
        width, height = plot
        cells: list[list[tuple[str, Style]]] = [[(" ", self._style)] * width for _ in range(height)]
        for index, line in enumerate(chart.lines):
            style = self._series(index)
            for y, text in enumerate(self._line(index, runs(line, chart, width, extent), width, height)):
                for x, char in enumerate(text):
                    if char != " ":
                        cells[y][x] = (_laid_over(cells[y][x][0], char), style)
        self._mark(chart, cells)
        return [
            [
                Segment("".join(char for char, _ in run), style)
                for style, run in groupby(row, lambda cell: cell[1])
            ]
            for row in cells
        ]

    def _line(self, index: int, runs_: list[list[Point]], width: int, height: int) -> list[str]:
        """A line drawn; anew only where it moved: most new points fall within their column's range."""
        what = (runs_, width, height)
        if index not in self._runs or self._runs[index][0] != what:
            self._runs[index] = (what, draw_runs(runs_, width, height, ascii_only=self.ascii_only))
        return self._runs[index][1]

    def _mark(self, chart: Chart, cells: list[list[tuple[str, Style]]]) -> None:
        muted, width = self.get_component_rich_style("line--muted"), len(cells[0])
        for mark in chart.marks:
            if not 0 <= mark.ago <= chart.span:
                continue
            x = column_of(mark.ago, chart, width)
            for row in cells:
                if row[x][0] == " ":
                    row[x] = (self._sign("┊"), muted)
            label = self._sign(cut_end(clean(mark.label), min(16, width - x - 1)))
            if cell_len(label) == len(label):
                cells[0][x + 1 : x + 1 + len(label)] = [(char, muted) for char in label]

    def _right(self, chart: Chart, width: int) -> int:
        if len(chart.lines) < 2 or width < 48:
            return 0
        return min(16, 2 + max(cell_len(self._end(chart, index)) for index in range(len(chart.lines))))

    def _end(self, chart: Chart, index: int) -> str:
        line = chart.lines[index]
        latest = chart.latest(line)
        value = "unknown" if latest is None else self._number(latest, chart.unit)
        return self._sign(cut_end(f"{clean(line.label)} {clean(value)}", 14))

    def _ends(self, chart: Chart, height: int, extent: Point) -> dict[int, list[Segment]]:
        """The names of several lines beside their last points, so that colour is not the only sign."""
        wanted = []
        for index, line in enumerate(chart.lines):
            latest = chart.latest(line)
            wanted.append((round((1 - share(latest or 0.0, *extent)) * (height - 1)), index))
        ends: dict[int, list[Segment]] = {}
        for wish, index in sorted(wanted):
            free = [y for y in range(height) if y not in ends]
            if free:
                y = min(free, key=lambda y: (abs(y - wish), y))
                ends[y] = [Segment(" " + self._end(chart, index), self._series(index))]
        return ends

    def _in_words(self, chart: Chart) -> str:
        return " ".join(self._end(chart, index).strip() for index in range(len(chart.lines)))

    def _series(self, index: int) -> Style:
        return self.get_component_rich_style(_SERIES[index % len(_SERIES)])

    def _strip(self, y: int, segments: list[Segment], width: int) -> Strip:
        """A line's strip, the very same one as long as its segments are equal."""
        kept = self._strips.get(y)
        if kept is not None and kept[0] == segments and kept[1] == width:
            return kept[2]
        strip = line_strip(segments, width, self._style, ascii_only=self.ascii_only)
        self._strips[y] = (segments, width, strip)
        return strip

    def _sign(self, text: str) -> str:
        return to_ascii(text) if self.ascii_only else text


def draw_runs(runs_: list[list[Point]], width: int, height: int, *, ascii_only: bool = False) -> list[str]:
    """Runs of (column, share) as ``height`` texts of ``width`` characters, drawn by plotext."""
    plotext = _plotext()
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.axes(False)  # noqa: FBT003 - plotext's own signature
    for axis in (0, 1):
        for side in (0, 1):
            figure.ruler(axis, side).ticks([])
    figure.ruler(0, 0).lim(0, max(1, width - 1))
    figure.ruler(1, 0).lim(0, 1)
    for run in runs_:
        signal = figure.signal(
            [x for x, _ in run], [y for _, y in run], marker="*" if ascii_only else "braille"
        )
        figure.draw(signal.lines())
    return [pad(line, width) for line in figure.build().string(colorless=True).splitlines()[:height]]


@cache
def _plotext() -> Any:  # noqa: ANN401 - plotext has no types
    # Its manual, built at import, takes three quarters of the time and a third of the memory.
    manual = ModuleType("plotext._doc.doc")
    manual.docs = None  # type: ignore[attr-defined]  # the one name that plotext takes from it
    sys.modules.setdefault(manual.__name__, manual)
    import plotext  # noqa: PLC0415 - costs 20 ms and 4 MB: only who sees a chart pays

    plotext.terminal.limit(False, False)  # noqa: FBT003 - plotext's own signature
    return plotext


def _laid_over(below: str, above: str) -> str:
    if below > chr(_BRAILLE) and above > chr(_BRAILLE):
        return chr(ord(below) | ord(above))
    return above
