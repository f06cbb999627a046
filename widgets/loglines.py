"""LogView: the newest lines of a stream, drawn a few times a second however fast they come."""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from widgets.cellpaint import line_strip
from widgets.fit import cut_end
from widgets.lineview import LineView, quiet_key, scroll_keys
from widgets.logpaint import LinePainter, LogColumn, state_segments
from widgets.logwindow import LogSource, LogWindow
from widgets.palette import line_css

PERIOD = 0.25
"""Seconds between two repaints at least."""

_WHEEL = 3


class LogView(LineView):
    """Follows a stream, or holds still while somebody reads; only what is visible is drawn.

    ``clock`` gives monotonic seconds.
    """

    DEFAULT_CSS = line_css("LogView", "height: 1fr; overflow: hidden hidden;")
    HELP = (
        "A live log. Moving up holds it still, End follows again, w folds long lines, left and right choose "
        "a value of the line, Enter opens a record."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_keys("log"),
        Binding("enter", "open", "open", id="log.open", tooltip="open the record under the cursor"),
        quiet_key("w", "wrap", "fold long lines, or cut them", "log.wrap"),
        quiet_key("left,h", "cell(-1)", "the value before", "log.left"),
        quiet_key("right,l", "cell(1)", "the next value of the line", "log.right"),
    ]

    class RecordOpened(Message):
        """Enter or a double click on a record."""

        def __init__(self, view: "LogView", seq: int) -> None:
            super().__init__()
            self.view, self.seq = view, seq

        @property
        def control(self) -> "LogView":
            """The view, for ``@on`` selectors."""
            return self.view

    class CursorMoved(Message):
        """The cursor stands on another record, or none."""

        def __init__(self, view: "LogView") -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> "LogView":
            """The view, for ``@on`` selectors."""
            return self.view

    class FollowChanged(Message):
        """The view follows the stream again, or holds still now."""

        def __init__(self, view: "LogView", *, live: bool) -> None:
            super().__init__()
            self.view, self.live = view, live

        @property
        def control(self) -> "LogView":
            """The view, for ``@on`` selectors."""
            return self.view

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._clock = clock
        self._window = LogWindow(lambda line: len(self._painter_of().parts(line)))
        self._folded = False
        self._columns: tuple[LogColumn, ...] = ()
        self._line_painter: tuple[object, LinePainter] | None = None
        self._empty = ""
        self._behind = ""
        self._note = ""
        self.cell = ""
        self._painted_at = float("-inf")
        self._due: Timer | None = None
        self._strips: dict[tuple[int, int], Strip] = {}
        self._width = 0
        self._placed: list[tuple[int, int]] = []

    def show(self, source: LogSource, *, empty: str = "no lines yet") -> None:
        """Show this stream from its end; ``empty`` is the line that stands where there is none.

        The same stream again is only news of it: what somebody reads stays where it is.
        """
        self._empty = empty
        if source is self._window.source:
            self.lines_changed()
            return
        self._strips.clear()
        self._window.attach(source)
        self._repaint()

    def lines_changed(self) -> None:
        """Lines came or went: repaint now or, at the latest, when the period since the last time is over."""
        if not self.is_attached or self._due is not None:
            return
        wait = self._painted_at + PERIOD - self._clock()
        if wait <= 0:
            self._repaint()
        else:
            self._due = self.set_timer(wait, self._repaint)

    def show_columns(self, columns: Sequence[LogColumn]) -> None:
        """Give these fields columns of their own; the source tells their values."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            if self.cell not in self._painter_of().cells:
                self.cell = ""
            self.looks_changed()

    def say(self, *, behind: str = "", note: str = "") -> None:
        """What the last line says of the reading: how far it is ``behind``, and a note."""
        if (behind, note) != (self._behind, self._note):
            self._behind, self._note = behind, note
            if self.is_attached:
                self.sync()

    def looks_changed(self) -> None:
        """Records look otherwise now, at the same places."""
        self._strips.clear()
        self._window.renew()
        if self.is_attached:
            self._window.rescale(self._height())
            self._repaint()

    @property
    def live(self) -> bool:
        """Whether the view follows the stream."""
        return self._window.live

    @property
    def cursor_seq(self) -> int | None:
        """The record under the cursor, None while the view follows the stream."""
        return self._window.cursor

    def action_move(self, where: str) -> None:
        """Move the cursor (up, down, page_up, page_down, top), or follow the stream (bottom)."""
        if where == "bottom":
            self.follow()
            return
        page = max(1, self._height() - 1)
        steps = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        if self._window.live and where in ("down", "page_down"):
            return
        here = self._window.cursor if self._window.cursor is not None else self._window.end - 1
        self.hold(self._window.first if where == "top" else here + steps[where])

    def follow(self) -> None:
        """Go to the newest record and stay there."""
        was_live = self._window.live
        self._window.follow()
        if not was_live:
            self.post_message(self.FollowChanged(self, live=True))
            self.post_message(self.CursorMoved(self))
        self._repaint()

    def hold(self, seq: int | None = None, *, go: bool = False) -> None:
        """Hold still, with the cursor on a record; ``go`` brings one that is far away well into view."""
        if seq is None:
            if not self._window.live:
                return
            seq = self._window.end - 1
        was_live = self._window.live
        (self._window.go_to if go else self._window.move)(seq, self._height())
        if was_live and not self._window.live:
            self.post_message(self.FollowChanged(self, live=False))
        self.post_message(self.CursorMoved(self))
        self._repaint()

    def action_cell(self, step: int) -> None:
        """Put the cursor on another value of the line; before the first one it is the whole line."""
        self.hold()
        cells = self._painter_of().cells
        self.cell = cells[max(0, min(cells.index(self.cell) + step, len(cells) - 1))]
        self.sync()

    def action_open(self) -> None:
        """Open the record under the cursor, the newest one while following."""
        seq = self._window.cursor if self._window.cursor is not None else self._window.end - 1
        if self._window.line(seq) is not None:
            self.post_message(self.RecordOpened(self, seq))

    def action_wrap(self) -> None:
        """Fold long lines, or cut them."""
        self._folded = not self._folded
        self.looks_changed()

    @on(events.MouseScrollUp)
    @on(events.MouseScrollDown)
    def _wheel(self, event: events.MouseScrollUp | events.MouseScrollDown) -> None:
        """Hold still and go back, or on towards the end."""
        event.stop()
        for _ in range(_WHEEL):
            self.action_move("up" if isinstance(event, events.MouseScrollUp) else "down")

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a record; open it with the second click."""
        offset = event.get_content_offset(self)
        shown = self._window.visible(self._height())
        row = offset.y - bool(self._columns) if offset is not None else -1
        if 0 <= row < len(shown):
            self.hold(shown[row].seq)
            if event.chain == 2:
                self.action_open()

    def on_resize(self) -> None:
        """Other widths fold otherwise."""
        self._window.rescale(self._height())
        self._repaint()

    def restyled(self) -> None:
        """Paint all lines anew."""
        self._strips.clear()

    def draw_line(self, y: int) -> Strip:
        """A line of the stream, or the line at the bottom that says whether it is live."""
        width, height = self.view
        if self._width != width:
            self._width = width
            self._strips.clear()
        painter = self._painter_of()
        if y == height - 1:
            words = state_segments(self._window, self._behind, self.palette)
            note = f"  {painter.text(self._note)}" if self._note else ""
            return _line(self, [*words, Segment(note, self.palette.muted)], width)
        if self._columns:
            if y == 0:
                return _line(self, painter.header(self.cell), width)
            y -= 1
        if y < len(self._placed):
            return self._record_line(*self._placed[y])
        text = self._empty if y == 0 and not self._placed else ""
        return _line(self, [Segment(cut_end(painter.text(text), width), self.palette.muted)], width)

    # -- behind them

    def _height(self) -> int:
        return max(0, self.view.height - 1 - bool(self._columns))

    def _repaint(self) -> None:
        if self._due is not None:
            self._due.stop()
            self._due = None
        self._painted_at = self._clock()
        if not self.is_attached:
            return
        self._placed = [(placed.seq, placed.part) for placed in self._window.visible(self._height())]
        if len(self._strips) > 8 * len(self._placed) + 64:
            shown = set(self._placed)
            self._strips = {key: strip for key, strip in self._strips.items() if key in shown}
        self.sync()

    def _record_line(self, seq: int, part: int) -> Strip:
        here = seq == self._window.cursor and not self._window.live
        if not here and (seq, part) in self._strips:
            return self._strips[seq, part]
        line, painter = self._window.line(seq), self._painter_of()
        segments: list[Segment] = []
        if line is not None:
            parts = painter.parts(line)
            segments = painter.segments(
                line,
                parts[part] if part < len(parts) else "",
                first=part == 0,
                here=here,
                focused=self.has_focus,
                cell=self.cell,
            )
        strip = _line(self, segments, self.view.width)
        if not here:
            self._strips[seq, part] = strip
        return strip

    def _painter_of(self) -> LinePainter:
        """The painter of the present look."""
        look = (self.view.width, self.palette, self._columns, self._folded)
        if self._line_painter is None or self._line_painter[0] != look:
            painter = LinePainter(
                self.view.width, self.palette, self._columns, folded=self._folded, ascii_only=self.ascii_only
            )
            self._line_painter = (look, painter)
        return self._line_painter[1]


def _line(view: LogView, segments: list[Segment], width: int) -> Strip:
    return line_strip(segments, width, view.palette.text, ascii_only=view.ascii_only)
