"""PlanView: what an action would do, where, and what stands against it."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.strip import Strip

from widgets.cell import EMPTY, Cell
from widgets.cellpaint import line_strip, mark_of
from widgets.facts import Fact, fact_lines
from widgets.fit import clean, cut_end, pad, to_ascii
from widgets.lineview import LineView, scroll_keys
from widgets.palette import line_css


class PlanView(LineView):
    """A banner that names the place in its own colour, and facts below it; as high as they are."""

    DEFAULT_CSS = line_css("PlanView", "overflow: hidden auto; scrollbar-size: 1 1; height: auto;")
    HELP = "What the action would do. Scroll with the arrows."
    BINDINGS: ClassVar[list[BindingType]] = scroll_keys("plan")

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._banner = EMPTY
        self._facts: tuple[Fact, ...] = ()
        self._strips: tuple[int, list[Strip]] | None = None

    def show(self, banner: Cell, facts: Sequence[Fact]) -> None:
        """Show the place, whose level gives its colour, and these facts."""
        if (banner, tuple(facts)) != (self._banner, self._facts):
            self._banner, self._facts = banner, tuple(facts)
            self._refit()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's own signature
        """As many lines as there is something to say."""
        return len(self._lines(width))

    def restyled(self) -> None:
        """Paint all lines anew."""
        self._strips = None

    def on_resize(self) -> None:
        """Another width means other lines."""
        self._refit()

    def action_move(self, where: str) -> None:
        """Scroll: up, down, page_up, page_down, top or bottom."""
        self.scroll_lines(where)

    def draw_line(self, y: int) -> Strip:
        """The banner or a line of the facts."""
        lines, at = self._lines(self.view.width), y + self.scroll_offset.y
        return lines[at] if at < len(lines) else Strip.blank(self.view.width, self.palette.text)

    def _refit(self) -> None:
        self._strips = None
        if self.is_attached:
            count = len(self._lines(self.view.width))
            if count != self.virtual_size.height:
                self.refresh(layout=True)
            self.resize_content(Size(0, count))
            self.sync()

    def _lines(self, width: int) -> list[Strip]:
        if self._strips is None or self._strips[0] != width:
            lines = [
                self._place(width),
                *fact_lines(self._facts, width, self.palette, ascii_only=self.ascii_only),
            ]
            style = self.palette.text
            strips = [line_strip(line, width, style, ascii_only=self.ascii_only) for line in lines]
            self._strips = (width, strips)
        return self._strips[1]

    def _place(self, width: int) -> list[Segment]:
        mark = mark_of(self._banner, ascii_only=self.ascii_only)
        words = clean(f"{mark} {self._banner.text}".strip())
        words = to_ascii(words) if self.ascii_only else words
        style = self.palette.levels[self._banner.level] + Style(reverse=True, bold=True)
        return [Segment(pad(cut_end(f" {words}", width), width), style)]
