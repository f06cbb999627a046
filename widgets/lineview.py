"""LineView: what every scrolling widget here has in common."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Painter, view_size
from widgets.palette import LINE_CLASSES, Palette


class LineView(ScrollView, inherit_bindings=False):
    """A scrolling widget that paints lines, and of these only the cells that changed.

    A subclass gives the visible lines in ``draw_line`` and calls ``sync`` when they may differ.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._painter = Painter(self, self.draw_line)
        self._palette: Palette | None = None

    def draw_line(self, y: int) -> Strip:
        """The strip of line ``y`` of the content's visible part."""
        raise NotImplementedError

    @property
    def palette(self) -> Palette:
        """The widget's styles just now."""
        if self._palette is None:
            self._palette = Palette.of(self)
        return self._palette

    @property
    def view(self) -> Size:
        """The size of what can be painted, without scrollbars."""
        return view_size(self)

    def sync(self) -> None:
        """Repaint the cells that differ from what stands on the screen."""
        self._painter.sync()

    def restyled(self) -> None:
        """Theme, focus or CSS changed: whatever was painted is stale."""

    def resize_content(self, size: Size) -> None:
        """Tell how large the whole content is; the screen is laid out only for a new scrollbar."""
        if size == self.virtual_size:
            return
        if (size.height > self.container_size.height) != self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        # Set quietly: the reactive would lay the whole screen out and repaint the whole widget.
        self.set_reactive(Widget.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = size.height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def scroll_lines(self, where: str) -> None:
        """Scroll by keys: up, down, page_up, page_down, top or bottom."""
        page = max(1, self.view.height - 1)
        now, last = self.scroll_offset.y, self.virtual_size.height
        steps = {"up": now - 1, "down": now + 1, "page_up": now - page, "page_down": now + page}
        self.scroll_to(y={**steps, "top": 0, "bottom": last}[where], animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """The line API: a line of what is visible."""
        return self._painter.line(y)

    def notify_style_update(self) -> None:
        """Forget styles and strips."""
        super().notify_style_update()
        self._palette = None
        self.restyled()
        self._painter.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint what differs after scrolling."""
        self._scrolled(old_value, new_value)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Repaint what differs after scrolling sideways."""
        self._scrolled(old_value, new_value)

    def on_focus(self) -> None:
        """The cursor becomes bright."""
        self.sync()

    def on_blur(self) -> None:
        """The cursor becomes a mere pointer."""
        self.sync()

    def _scrolled(self, old: float, new: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y
        if round(old) != round(new):
            self.sync()


def quiet_key(keys: str, action: str, words: str, id: str, group: Binding.Group | None = None) -> Binding:  # noqa: A002 - Textual's own name for it
    """A binding that help and keymap know and the footer leaves out."""
    return Binding(keys, action, words, show=False, id=id, group=group, tooltip=words)


def scroll_keys(prefix: str) -> list[BindingType]:
    """The bindings of ``action_move`` that every scrolling widget shares, ids under ``prefix``."""
    group = Binding.Group("move", compact=True)
    return [
        quiet_key("up,k", "move('up')", "one line up", f"{prefix}.up", group),
        quiet_key("down,j", "move('down')", "one line down", f"{prefix}.down", group),
        quiet_key("g,home", "move('top')", "the first line", f"{prefix}.top", group),
        quiet_key("G,end", "move('bottom')", "the last line", f"{prefix}.bottom", group),
        quiet_key("pageup", "move('page_up')", "one page up", f"{prefix}.page_up", group),
        quiet_key("pagedown", "move('page_down')", "one page down", f"{prefix}.page_down", group),
    ]
