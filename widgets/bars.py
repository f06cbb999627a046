"""Single lines: the status of all, and the cell under the cursor in words."""

from collections.abc import Sequence
from dataclasses import replace
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
    """One line with words at both ends; where room is short the right ones show their short form."""

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
        left, right = ([self._full(cell) for cell in cells] for cells in self._words)
        if _wanted(left) + _wanted(right) + len(_BETWEEN) > width - 2:
            right = [replace(cell, text=clean(cell.short) or cell.text) for cell in right]
        ends = self._segments(right, palette, width - 2)
        room = width - 2 - len(_BETWEEN) - sum(segment.cell_length for segment in ends)
        begins = self._segments(left, palette, room)
        filled = sum(segment.cell_length for segment in begins)
        space = Segment(" " * (max(0, room - filled) + len(_BETWEEN)), palette.text)
        edge = Segment(" ", palette.text)
        return line_strip([edge, *begins, space, *ends], width, palette.text, ascii_only=self.ascii_only)

    def _full(self, cell: Cell) -> Cell:
        text = to_ascii(clean(cell.text)) if self.ascii_only else clean(cell.text)
        return replace(cell, text=text, mark=mark_of(cell, ascii_only=self.ascii_only))

    def _segments(self, cells: Sequence[Cell], palette: Palette, room: int) -> list[Segment]:
        segments: list[Segment] = []
        for cell in cells:
            mark_style, style = styles_of(cell, palette)
            between = _BETWEEN if segments else ""
            mark = f"{cell.mark} " if cell.mark else ""
            text = cut_end(cell.text, room - len(between) - cell_len(mark))
            if not text:
                break
            segments += [Segment(between, palette.text), Segment(mark, mark_style), Segment(text, style)]
            room -= len(between) + cell_len(mark) + cell_len(text)
        return merged(segments)


def _wanted(cells: Sequence[Cell]) -> int:
    lengths = [cell_len(cell.text) + (cell_len(cell.mark) + 1 if cell.mark else 0) for cell in cells]
    return sum(lengths) + len(_BETWEEN) * max(0, len(lengths) - 1)


class HintLine(StatusLine):
    """The cell under the cursor in words: its hint, or its text where it has none."""

    DEFAULT_CSS = line_css("HintLine", "height: 1; background: $background;")

    def show_cell(self, cell: Cell | None, right: Sequence[Cell] = ()) -> None:
        """Say what this cell says in short."""
        cell = cell or EMPTY
        self.show([Cell(cell.hint or cell.text, cell.level, cell.mark, dim=cell.dim)], right)
