"""LogView: the newest lines of a stream, drawn a few times a second however fast they come."""

import time
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from widgets.cell import Cell
from widgets.cellpaint import line_strip, mark_of, over, styles_of
from widgets.fit import clean, cut_end, cut_middle, fold, pad, to_ascii
from widgets.lineview import LineView, quiet_key, scroll_keys
from widgets.logwindow import LogLine, LogSource, LogWindow
from widgets.palette import line_css

PERIOD = 0.25
"""Seconds between two repaints at least."""

_TIME, _SERVICE = 12, 12
_WHEEL = 3
_MOST_PARTS = 50


class LogView(LineView):
    """Follows a stream, or holds still while somebody reads; only what is visible is drawn.

    ``clock`` gives monotonic seconds.
    """

    DEFAULT_CSS = line_css("LogView", "height: 1fr; overflow: hidden hidden;")
    HELP = (
        "A live log. Moving up holds it still, End follows again, w folds long lines, Enter opens a record."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_keys("log"),
        Binding("enter", "open", "open", id="log.open", tooltip="open the record under the cursor"),
        quiet_key("w", "wrap", "fold long lines, or cut them", "log.wrap"),
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
        self._window = LogWindow(lambda line: len(self._parts(line)))
        self._folded = False
        self._empty = ""
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
            self._follow()
            return
        page = max(1, self._height() - 1)
        steps = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        if self._window.live and where in ("down", "page_down"):
            return
        here = self._window.cursor if self._window.cursor is not None else self._window.end - 1
        self._hold(self._window.first if where == "top" else here + steps[where])

    def action_open(self) -> None:
        """Open the record under the cursor, the newest one while following."""
        seq = self._window.cursor if self._window.cursor is not None else self._window.end - 1
        if self._window.line(seq) is not None:
            self.post_message(self.RecordOpened(self, seq))

    def action_wrap(self) -> None:
        """Fold long lines, or cut them."""
        self._folded = not self._folded
        self.restyled()
        self._window.rescale(self._height())
        self._repaint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Hold still and go back."""
        event.stop()
        for _ in range(_WHEEL):
            self.action_move("up")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go on towards the end."""
        event.stop()
        for _ in range(_WHEEL):
            self.action_move("down")

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a record; open it with the second click."""
        offset = event.get_content_offset(self)
        shown = self._window.visible(self._height())
        if offset is not None and offset.y < len(shown):
            self._hold(shown[offset.y].seq)
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
        if y == height - 1:
            return self._state_line(width)
        if y < len(self._placed):
            return self._record_line(*self._placed[y])
        text = self._empty if y == 0 and not self._placed else ""
        return _line(self, [Segment(cut_end(self._text(text), width), self.palette.muted)], width)

    # -- behind them

    def _height(self) -> int:
        return max(0, self.view.height - 1)

    def _hold(self, seq: int) -> None:
        was_live = self._window.live
        self._window.move(seq, self._height())
        if was_live and not self._window.live:
            self.post_message(self.FollowChanged(self, live=False))
        self._repaint()

    def _follow(self) -> None:
        was_live = self._window.live
        self._window.follow()
        if not was_live:
            self.post_message(self.FollowChanged(self, live=True))
        self._repaint()

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
        line = self._window.line(seq)
        segments = self._segments(line, part, pointer="›" if here else " ") if line is not None else []
        if here and self.has_focus:
            segments = over(self.palette.cursor_row)(segments)
        strip = _line(self, segments, self.view.width)
        if not here:
            self._strips[seq, part] = strip
        return strip

    def _segments(self, line: LogLine, part: int, pointer: str) -> list[Segment]:
        cell = Cell("", line.level)
        mark_style, style = styles_of(cell, self.palette)
        style = Style(color=style.color, bgcolor=style.bgcolor)
        parts = self._parts(line)
        text = pad(parts[part] if part < len(parts) else "", _room(self.view.width))
        if part > 0:
            return [
                Segment(pad(pointer, len(_lead(self.view.width)) + 2), self.palette.text),
                Segment(text, style),
            ]
        mark = pad(mark_of(cell, ascii_only=self.ascii_only), 1) + " "
        lead = _lead(self.view.width, self._text(line.time), self._text(line.service), pointer)
        return [Segment(lead, self.palette.muted), Segment(mark, mark_style), Segment(text, style)]

    def _parts(self, line: LogLine) -> list[str]:
        text, room = self._text(line.message), _room(self.view.width)
        if not self._folded:
            return [cut_end(text, room)]
        parts = fold(text[: room * _MOST_PARTS], room)[:_MOST_PARTS]
        return [*parts[:-1], parts[-1] + "…"] if len(text) > room * _MOST_PARTS else parts

    def _state_line(self, width: int) -> Strip:
        window = self._window
        held = window.end - window.first
        if window.live:
            words = [Segment("LIVE", self.palette.strong), Segment(f"  {held:,} lines", self.palette.muted)]
        else:
            here = (window.cursor or 0) - window.first + 1
            words = [
                Segment("PAUSED", self.palette.strong),
                Segment(f" +{window.new:,} new  {here:,} of {held:,}  End follows", self.palette.muted),
            ]
        return _line(self, words, width)

    def _text(self, text: str) -> str:
        return to_ascii(clean(text)) if self.ascii_only else clean(text)


def _lead(width: int, at: str = "", service: str = "", pointer: str = " ") -> str:
    """What stands before the message on a line of ``width`` cells."""
    if width < 60:
        return f"{pointer}{pad(cut_end(at, 8), 8)} "
    return f"{pointer}{pad(cut_end(at, _TIME), _TIME)} {pad(cut_middle(service, _SERVICE), _SERVICE)} "


def _line(view: LogView, segments: list[Segment], width: int) -> Strip:
    return line_strip(segments, width, view.palette.text, ascii_only=view.ascii_only)


def _room(width: int) -> int:
    """How many cells of a line of ``width`` cells are the message's."""
    return max(8, width - cell_len(_lead(width)) - 2)
