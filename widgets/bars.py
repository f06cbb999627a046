"""Single lines: the status of all, and the cell under the cursor in words."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.cell import EMPTY, Cell
from widgets.cellpaint import line_strip, mark_of, merged, styles_of
from widgets.fit import clean, cut_end, to_ascii
from widgets.paint import Painter, view_size
from widgets.palette import LINE_CLASSES, Palette, line_css

_BETWEEN = "  "


class StatusLine(Widget):
    """One line with words at its left and its right; where room is short the left ones give way."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES
    DEFAULT_CSS = line_css("StatusLine", "height: 1; background: $panel;")

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._words: tuple[tuple[Cell, ...], tuple[Cell, ...]] = ((), ())
        self._painter = Painter(self, self._draw)

    def show(self, left: Sequence[Cell], right: Sequence[Cell] = ()) -> None:
        """Show these words, each a Cell, so that what is wrong has its mark."""
        words = (tuple(left), tuple(right))
        if words != self._words:
            self._words = words
            self._painter.sync()

    def render_line(self, y: int) -> Strip:
        """The line API."""
        return self._painter.line(y)

    def notify_style_update(self) -> None:
        """Theme or CSS changed."""
        super().notify_style_update()
        self._painter.clear()

    def _draw(self, y: int) -> Strip:
        width, palette = view_size(self).width, Palette.of(self)
        if y > 0:
            return Strip.blank(width, palette.text)
        right = self._segments(self._words[1], palette, width - 2)
        room = width - 3 - sum(segment.cell_length for segment in right)
        left = self._segments(self._words[0], palette, room)
        filled = sum(segment.cell_length for segment in left)
        space = Segment(" " * max(1, room - filled + 1), palette.text)
        edge = Segment(" ", palette.text)
        return line_strip([edge, *left, space, *right], width, palette.text, ascii_only=self.ascii_only)

    def _segments(self, cells: Sequence[Cell], palette: Palette, room: int) -> list[Segment]:
        segments: list[Segment] = []
        for cell in cells:
            mark_style, style = styles_of(cell, palette)
            mark = mark_of(cell, ascii_only=self.ascii_only)
            text = to_ascii(clean(cell.text)) if self.ascii_only else clean(cell.text)
            between = _BETWEEN if segments else ""
            mark = f"{mark} " if mark else ""
            text = cut_end(text, room - len(between) - cell_len(mark))
            if not text:
                break
            segments += [Segment(between, palette.text), Segment(mark, mark_style), Segment(text, style)]
            room -= len(between) + cell_len(mark) + cell_len(text)
        return merged(segments)


class HintLine(StatusLine):
    """The cell under the cursor in words: its hint, or its text where it has none."""

    DEFAULT_CSS = line_css("HintLine", "height: 1; background: $background;")

    def show_cell(self, cell: Cell | None, right: Sequence[Cell] = ()) -> None:
        """Say what this cell says in short."""
        cell = cell or EMPTY
        self.show([Cell(cell.hint or cell.text, cell.level, cell.mark, dim=cell.dim)], right)
