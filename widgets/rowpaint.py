"""Rows as strips, each painted once and kept until it changes."""

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.cell import EMPTY, Column, Row
from widgets.cellpaint import cell_segments, line_strip, name_segments, over
from widgets.fit import clean, cut_end, pad, to_ascii
from widgets.grid import GAP, GUTTER, Grid
from widgets.palette import Palette

_POINTERS = {(True, False): "›", (False, True): "◆", (True, True): "◈", (False, False): " "}


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row is shown: ``column`` is the cursor's column, None where the cursor is elsewhere."""

    column: int | None = None
    marked: bool = False
    focused: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """The column by which the rows are sorted, for the marker beside its title."""

    column: str
    descending: bool = True


class RowPainter:
    """Paints the rows of one geometry; a new geometry or palette takes a new painter."""

    def __init__(
        self,
        columns: Sequence[Column],
        grid: Grid,
        palette: Palette,
        *,
        width: int,
        ascii_only: bool,
        folds: bool,
    ) -> None:
        self._columns = tuple(columns)
        self._grid = grid
        self._palette = palette
        self._width = max(width, grid.total)
        self._ascii = ascii_only
        self._folds = folds
        self._kept: dict[Hashable, tuple[Row, RowState, Strip]] = {}

    def row(self, row: Row, state: RowState) -> Strip:
        """The strip of a row, the very same one as long as row and state are equal."""
        kept = self._kept.get(row.key)
        if kept is not None and kept[1] == state and (kept[0] is row or kept[0] == row):
            return kept[2]
        strip = self._strip(self._row_segments(row, state))
        self._kept[row.key] = (row, state, strip)
        return strip

    def forget(self, keys: AbstractSet[Hashable]) -> None:
        """Drop what is kept of rows that are not among ``keys``."""
        if len(self._kept) > 2 * len(keys) + 64:
            self._kept = {key: kept for key, kept in self._kept.items() if key in keys}

    def header(self, cursor: int | None, sort: Sort | None) -> Strip:
        """The titles; the cursor's column stands out, the sorted one has its marker."""
        palette = self._palette
        segments = [Segment(" " * GUTTER, palette.muted)]
        for index, (column, width) in enumerate(zip(self._columns, self._grid.widths, strict=True)):
            title = clean((self._grid.compact[index] and column.short_title) or column.title)
            marker = ""
            if sort is not None and sort.column == column.key:
                marker = "▼" if sort.descending else "▲"
            text = cut_end(title, width - len(marker)) + marker
            style = palette.strong if index == cursor else palette.muted
            segments += [Segment(self._sign(pad(text, width, right=column.right)), style), self._gap()]
        return self._strip(segments)

    def words(self, text: str) -> Strip:
        """A line of words instead of a row."""
        text = cut_end(self._sign(clean(text)), self._width - GUTTER)
        return self._strip([Segment(" " * GUTTER, self._palette.text), Segment(text, self._palette.muted)])

    def blank(self) -> Strip:
        """A line below the last row."""
        return self._strip([])

    def _row_segments(self, row: Row, state: RowState) -> list[Segment]:
        palette, here = self._palette, state.column is not None
        pointer = self._sign(_POINTERS[here, state.marked])
        segments = [Segment(pointer, palette.strong)]
        for index, column in enumerate(self._columns):
            painted = self._cell(row, index, column, strong=here or state.marked)
            if index == state.column and state.focused:
                painted = over(palette.cursor)(painted)
            segments += [*painted, self._gap()]
        segments.append(Segment(" " * (self._width - self._grid.total), palette.text))
        if not (here and state.focused):
            return segments
        return [self._on_cursor_row(segment) for segment in segments]

    def _cell(self, row: Row, index: int, column: Column, *, strong: bool) -> list[Segment]:
        cell = row.cells[index] if index < len(row.cells) else EMPTY
        width = self._grid.widths[index]
        if index > 0:
            return cell_segments(
                cell,
                width,
                self._palette,
                right=column.right,
                compact=self._grid.compact[index],
                ascii_only=self._ascii,
            )
        style = self._palette.strong if strong and not cell.dim else None
        return name_segments(
            cell, width, self._palette, lead=self._lead(row), ascii_only=self._ascii, style=style
        )

    def _lead(self, row: Row) -> str:
        sign = ("▾ " if row.open else "▸ ") if row.fold else "  " if self._folds else ""
        return self._sign("  " * row.indent + sign)

    def _on_cursor_row(self, segment: Segment) -> Segment:
        style = segment.style or Style.null()
        if style.bgcolor == self._palette.cursor.bgcolor:
            return segment
        return Segment(segment.text, style + self._palette.cursor_row)

    def _gap(self) -> Segment:
        return Segment(" " * GAP, self._palette.text)

    def _sign(self, text: str) -> str:
        return to_ascii(text) if self._ascii else text

    def _strip(self, segments: list[Segment]) -> Strip:
        return line_strip(segments, self._width, self._palette.text, ascii_only=self._ascii)
