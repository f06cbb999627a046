"""LogBars: a stream's records over time, by level; moving on them chooses a window of time."""

from datetime import UTC, datetime
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from collectors.model.level import Level
from widgets.cellpaint import line_strip
from widgets.fit import cut_end, pad, to_ascii
from widgets.lineview import quiet_key
from widgets.logscale import (
    LETTERS,
    SPANS,
    BarSource,
    Counts,
    Scale,
    covering,
    heights,
    scale_of,
    zoomed,
)
from widgets.paint import Painter, view_size
from widgets.palette import LINE_CLASSES, Palette, line_css
from widgets.spark import BLOCKS, to_ascii_spark

Window = tuple[float, float]
"""A span of time, UTC epoch seconds."""


class LogBars(Widget, can_focus=True):
    """Bars: errors at the bottom, warnings on them, all others above; letters and blocks, not only colours.

    Drawn from one count for each column, however many records there are.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES | {"bars--rest"}
    DEFAULT_CSS = line_css("LogBars", "height: 5; & > .bars--rest { color: $primary 70%; }")
    HELP = (
        "Lines over time: E errors, W warnings, blocks all others. Left and right move, Space begins a "
        "span, Enter asks for that time alone, z shows it larger, Z less large, Esc lifts it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        quiet_key("left,h", "step(-1)", "one bar back", "bars.left"),
        quiet_key("right,l", "step(1)", "one bar on", "bars.right"),
        quiet_key("pageup", "step(-10)", "ten bars back", "bars.page_left"),
        quiet_key("pagedown", "step(10)", "ten bars on", "bars.page_right"),
        quiet_key("home,g", "edge('first')", "the first bar", "bars.first"),
        quiet_key("end,G", "edge('last')", "the newest bar, and follow", "bars.last"),
        quiet_key("space", "anchor", "begin a span here", "bars.anchor"),
        Binding("enter", "choose", "this time", id="bars.choose", tooltip="ask for this time alone"),
        quiet_key("Z", "zoom_out", "show a longer time", "bars.zoom_out"),
    ]

    class WindowChosen(Message):
        """A window of time was chosen: from ``since`` up to ``until``, UTC epoch seconds."""

        def __init__(self, bars: "LogBars", since: float, until: float) -> None:
            super().__init__()
            self.bars, self.since, self.until = bars, since, until

        @property
        def control(self) -> "LogBars":
            """The widget, for ``@on`` selectors."""
            return self.bars

    class Moved(Message):
        """The cursor stands on another bar, or none."""

        def __init__(self, bars: "LogBars") -> None:
            super().__init__()
            self.bars = bars

        @property
        def control(self) -> "LogBars":
            """The widget, for ``@on`` selectors."""
            return self.bars

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self.window: Window | None = None
        self._painter = Painter(self, self._draw)
        self._source: BarSource | None = None
        self._now = 0.0
        self._span: int | None = None
        self._until: float | None = None
        self._began: float | None = None
        self._at: float | None = None
        self._anchor: float | None = None
        self._kept: tuple[object, list[Strip]] | None = None

    def show(
        self, source: BarSource, *, now: float, began: float | None, window: Window | None = None
    ) -> None:
        """Show these counts as of ``now``; ``began``: the oldest one's time, ``window``: what is asked."""
        self._source, self._now, self._began, self.window = source, now, began, window
        self._painter.sync()

    @property
    def scale(self) -> Scale:
        """The columns on show."""
        began = self._began if self._began is not None else self._now
        span = self._span or covering(self._now - began)
        until = self._until if self._until is not None else self._now
        finest = self._source.finest if self._source is not None else 0
        return scale_of(until, span, view_size(self).width, finest)

    @property
    def chosen(self) -> Window | None:
        """The span under the cursor: one bar, or all from where it began."""
        if self._at is None:
            return None
        scale = self.scale
        begin, end = scale.span(scale.column(self._at))
        if self._anchor is None:
            return float(begin), float(end)
        other = scale.span(scale.column(self._anchor))
        return float(min(begin, other[0])), float(max(end, other[1]))

    def words(self) -> str:
        """What the bar under the cursor counts; empty without one."""
        chosen = self.chosen
        if chosen is None or self._source is None:
            return ""
        step = self.scale.step
        counts = self._source.buckets(int(chosen[0]), step, max(1, int(chosen[1] - chosen[0]) // step))
        errors, warnings, infos, others = (sum(kind) for kind in zip(*counts, strict=True))
        told = (("errors", errors), ("warnings", warnings), ("info", infos), ("debug or untold", others))
        parts = ", ".join(f"{count:,} {name}" for name, count in told if count) or "no line"
        return f"{_time(chosen[0])} to {_time(chosen[1])} UTC: {parts}"

    def clear_cursor(self) -> bool:
        """Lift the begun span, then the cursor; whether there was one."""
        was = self._at is not None
        self._at, self._anchor = (self._at, None) if self._anchor is not None else (None, None)
        self._moved()
        return was

    def zoom_in(self) -> None:
        """Show the begun span alone, or a shorter time around the cursor."""
        chosen, scale = self.chosen, self.scale
        if chosen is not None and self._anchor is not None:
            self._span, self._until = max(SPANS[0] // 4, int(chosen[1] - chosen[0])), chosen[1] - 1
            self._anchor = None
        else:
            self._span = zoomed(self._span or scale.step * scale.columns, out=False)
            if self._at is not None:
                self._until = self._live(self._at + self._span / 2)
        self._moved()

    def action_zoom_out(self) -> None:
        """Show a longer time."""
        scale = self.scale
        middle = self._at if self._at is not None else (scale.start + scale.end) / 2
        self._span = zoomed(self._span or scale.step * scale.columns, out=True)
        self._until = self._live(middle + self._span / 2) if self._until is not None else None
        self._moved()

    def action_step(self, count: int) -> None:
        """Move the cursor by bars; at an edge, what is on show moves."""
        scale = self.scale
        at = self._at if self._at is not None else float(scale.end - scale.step)
        self._at = min(at + count * scale.step, self._now) if self._at is not None else at
        if self._at < scale.start:
            self._until = self._at + scale.step * (scale.columns - 1)
        elif self._at >= scale.end:
            self._until = self._live(self._at)
        self._moved()

    def action_edge(self, where: str) -> None:
        """Go to the first bar on show, or to the newest one there is."""
        if where == "last":
            self._until, self._at = None, self._now
        else:
            self._at = float(self.scale.start)
        self._moved()

    def action_anchor(self) -> None:
        """Begin a span at the cursor, or give it up."""
        if self._at is not None:
            self._anchor = self._at if self._anchor is None else None
            self._moved()

    def action_choose(self) -> None:
        """Ask for the span under the cursor."""
        chosen = self.chosen
        if chosen is not None:
            self._anchor = None
            self.post_message(self.WindowChosen(self, *chosen))
            self._moved()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor here, and begin a span."""
        self._at = self._anchor = self._time_at(event.x)
        self.capture_mouse()
        self._moved()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw the span along."""
        if self.app.mouse_captured is self:
            self._at = self._time_at(event.x)
            self._moved()

    def on_mouse_up(self) -> None:
        """Ask for the span that was drawn; a mere click puts the cursor."""
        if self.app.mouse_captured is not self:
            return
        self.release_mouse()
        scale = self.scale
        if self._at is None or self._anchor is None:
            return
        if scale.column(self._at) == scale.column(self._anchor):
            self._anchor = None
            self._moved()
        else:
            self.action_choose()

    def on_focus(self) -> None:
        """The cursor becomes bright."""
        self._painter.sync()

    def on_blur(self) -> None:
        """The cursor fades."""
        self._painter.sync()

    def render_line(self, y: int) -> Strip:
        """The line API."""
        return self._painter.line(y)

    def notify_style_update(self) -> None:
        """Theme or CSS changed."""
        super().notify_style_update()
        self._kept = None
        self._painter.clear()

    def _time_at(self, x: int) -> float:
        scale = self.scale
        return float(scale.span(max(0, min(x, scale.columns - 1)))[0])

    def _live(self, until: float) -> float | None:
        return None if until >= self._now else until

    def _moved(self) -> None:
        self.post_message(self.Moved(self))
        self._painter.sync()

    def _draw(self, y: int) -> Strip:
        size, scale = view_size(self), self.scale
        source = self._source
        counts = tuple(source.buckets(scale.start, scale.step, scale.columns)) if source is not None else ()
        state = (size, scale, counts, self.window, self.chosen, self.has_focus)
        if self._kept is None or self._kept[0] != state:
            self._kept = (state, _Picture(self, scale, counts, Palette.of(self)).strips(*size))
        lines = self._kept[1]
        return lines[y] if y < len(lines) else Strip.blank(size.width, self.rich_style)


class _Picture:
    """The strips of one state of the bars."""

    def __init__(self, bars: LogBars, scale: Scale, counts: tuple[Counts, ...], palette: Palette) -> None:
        self._bars = bars
        self._scale = scale
        self._counts = counts
        self._palette = palette
        self._blocks = to_ascii_spark(BLOCKS) if bars.ascii_only else BLOCKS
        rest = bars.get_component_rich_style("bars--rest")
        self._rest = Style(color=rest.color)
        self._letters = [
            Style(color=palette.levels[level].color, bold=True, reverse=True)
            for level in (Level.CRITICAL, Level.WARNING)
        ]

    def strips(self, width: int, height: int) -> list[Strip]:
        """Bars, and below them the line of times."""
        rows, base = height - 1, self._palette.text
        peak = max((sum(counts) for counts in self._counts), default=0)
        columns = [self._column(at, counts, peak, rows) for at, counts in enumerate(self._counts)]
        lines = [
            [Segment(char, base + style) for char, style in (column[row] for column in columns)]
            for row in reversed(range(rows))
        ]
        lines.append([Segment(self._times(width, peak), self._palette.muted)])
        return [line_strip(line, width, base, ascii_only=self._bars.ascii_only) for line in lines]

    def _column(self, at: int, counts: Counts, peak: int, rows: int) -> list[tuple[str, Style]]:
        """The cells of a column from the bottom up."""
        errors, warnings, rest = heights(counts, peak, rows)
        cells = [(LETTERS[0], self._letters[0])] * errors + [(LETTERS[1], self._letters[1])] * warnings
        cells += [(self._blocks[-1], self._rest)] * (rest // 8)
        if rest % 8:
            cells.append((self._blocks[rest % 8 - 1], self._rest))
        sign, ground = self._ground(at)
        cells += [(sign, self._palette.muted)] * (rows - len(cells))
        return [(char, style + ground) for char, style in cells]

    def _ground(self, at: int) -> tuple[str, Style]:
        """What stands in the empty cells of a column: dots in what is asked for, a line at the cursor."""
        bars, begin = self._bars, self._scale.span(at)[0]
        chosen = bars.chosen if bars.has_focus else None
        if chosen is not None and chosen[0] <= begin < chosen[1]:
            return "┊", self._palette.cursor
        if bars.window is not None and bars.window[0] <= begin < bars.window[1]:
            return "·", self._palette.cursor_row
        return " ", Style.null()

    def _times(self, width: int, peak: int) -> str:
        scale, bars = self._scale, self._bars
        left, right = _time(scale.start), f"{_time(scale.end)} UTC"
        told = bars.words() if bars.has_focus else ""
        middle = told or (f"{_step(scale.step)} a bar, highest {peak:,}" if peak else "no line in this time")
        room = width - cell_len(left) - cell_len(right) - 4
        if room < 12:
            return cut_end(middle, width)
        text = f"{left}  {pad(cut_end(middle, room), room)}  {right}"
        return to_ascii(text) if bars.ascii_only else text


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def _step(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
