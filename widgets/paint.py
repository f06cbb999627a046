"""Painting by lines: what stands on the screen is remembered, only what differs is sent."""

from collections.abc import Callable, Iterator, Sequence

from rich.segment import Segment
from textual.errors import NoWidget
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from widgets.exact import send_exact_spans

Span = tuple[int, int]

_JOIN = 8
"""Cells between two changes that are cheaper to send than another cursor movement."""


class Painter:
    """Draws the lines of one widget and refreshes only the spans that changed.

    ``draw`` gives the strip of a visible line, counted from the top of the widget's content.
    """

    def __init__(self, widget: Widget, draw: Callable[[int], Strip]) -> None:
        self._widget = widget
        self._draw = draw
        self._lines: dict[int, Strip] = {}
        self._size = Size(0, 0)

    def line(self, y: int) -> Strip:
        """The strip of line ``y``, for ``Widget.render_line``."""
        if view_size(self._widget) != self._size:
            self._lines.clear()
            self._size = view_size(self._widget)
        strip = self._lines.get(y)
        if strip is None:
            strip = self._lines[y] = self._draw(y)
        return strip

    def sync(self) -> None:
        """Ask for a repaint of what differs from the screen; a hidden widget is drawn when it is seen."""
        widget = self._widget
        if not is_seen(widget) or view_size(widget) != self._size:
            self.clear()
            return
        send_exact_spans(widget.screen)
        regions = list(self._differences())
        if regions:
            widget.refresh(*regions)

    def clear(self) -> None:
        """Forget what stands on the screen: everything is drawn again."""
        self._lines.clear()
        self._widget.refresh()

    def _differences(self) -> Iterator[Region]:
        width, height = self._size
        for y in range(height):
            new, old = self._draw(y), self._lines.get(y)
            if new is old:
                continue
            self._lines[y] = new
            if old is None:
                yield Region(0, y, width, 1)
                continue
            for x1, x2 in changed_spans(old, new):
                if x1 < width:
                    yield Region(x1, y, min(x2, width) - x1, 1)


def view_size(widget: Widget) -> Size:
    """The size of what a widget can paint: its content without scrollbars."""
    return widget.scrollable_content_region.size


def is_seen(widget: Widget) -> bool:
    """Whether any cell of the widget is on the terminal now."""
    if not widget.is_attached or not widget.screen.is_current:
        return False
    # Textual counts a screen below an opaque one as current and would send it all the same.
    top = widget.app.screen
    if top is not widget.screen and top.styles.background.a == 1:
        return False
    try:
        return bool(widget.screen.find_widget(widget).visible_region)
    except NoWidget:
        return False


def changed_spans(old: Strip, new: Strip) -> list[Span]:
    """The spans of cells in which two strips differ, near ones joined; wide characters stay whole."""
    before, after = list(old), list(new)
    if before == after:
        return []
    if old.cell_length != new.cell_length or not (_is_narrow(before) and _is_narrow(after)):
        return _by_segments(before, after, max(old.cell_length, new.cell_length))
    return _joined(_by_cells(before, after))


def _is_narrow(segments: Sequence[Segment]) -> bool:
    return all(segment.text.isascii() or segment.cell_length == len(segment.text) for segment in segments)


def _by_segments(before: Sequence[Segment], after: Sequence[Segment], width: int) -> list[Span]:
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    if sum(s.cell_length for s in before) == sum(s.cell_length for s in after):
        while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
            tail += 1
    start = sum(segment.cell_length for segment in before[:head])
    end = width - sum(segment.cell_length for segment in before[len(before) - tail :])
    return [(start, end)] if start < end else []


def _by_cells(before: Sequence[Segment], after: Sequence[Segment]) -> Iterator[Span]:
    x = 0
    olds, news = iter(before), iter(after)
    old, new = next(olds, None), next(news, None)
    i = j = 0
    while old is not None and new is not None:
        count = min(len(old.text) - i, len(new.text) - j)
        was, now = old.text[i : i + count], new.text[j : j + count]
        if old.style != new.style:
            yield x, x + count
        elif was != now:
            yield from ((x + k, x + k + 1) for k in range(count) if was[k] != now[k])
        x, i, j = x + count, i + count, j + count
        if i == len(old.text):
            old, i = next(olds, None), 0
        if j == len(new.text):
            new, j = next(news, None), 0


def _joined(spans: Iterator[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= _JOIN:
            joined[-1] = (joined[-1][0], end)
        elif start < end:
            joined.append((start, end))
    return joined
