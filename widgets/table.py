"""LiveTable: rows that change under the reader's eyes, sent cell by cell."""

import time
from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from widgets.cell import Cell, Column, Row
from widgets.grid import Grid, lay_out
from widgets.lineview import LineView, quiet_key
from widgets.palette import line_css
from widgets.rowpaint import RowPainter, RowState, Sort
from widgets.rows import RowKeeper

_MOVE = Binding.Group("move", compact=True)


class LiveTable(LineView):
    """A table that is given whole and sends only the cells that changed.

    ``clock`` gives monotonic seconds; ``ascii_only`` leaves every sign beyond ASCII out;
    ``compact`` forces the narrow or the wide form, None decides by the width.
    """

    DEFAULT_CSS = line_css("LiveTable", "overflow: hidden auto; scrollbar-size: 1 1; height: 1fr;")
    HELP = (
        "A table. Move with the arrows, open with Enter, mark rows with Space. The order holds still for 5 s."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        quiet_key("up,k", "move('up')", "one row up", "table.up", _MOVE),
        quiet_key("down,j", "move('down')", "one row down", "table.down", _MOVE),
        quiet_key("left,h", "move('left')", "one column left, or close a group", "table.left", _MOVE),
        quiet_key("right,l", "move('right')", "one column right, or open a group", "table.right", _MOVE),
        quiet_key("g,home", "move('top')", "the first row", "table.top", _MOVE),
        quiet_key("G,end", "move('bottom')", "the last row", "table.bottom", _MOVE),
        quiet_key("pageup", "move('page_up')", "one page up", "table.page_up", _MOVE),
        quiet_key("pagedown", "move('page_down')", "one page down", "table.page_down", _MOVE),
        Binding("enter", "open", "open", id="table.open", tooltip="open what is under the cursor"),
        quiet_key("space", "mark", "mark or unmark the row", "table.mark"),
    ]

    class Event(Message):
        """Something about the row of ``key``, with the cursor in ``column``."""

        def __init__(self, table: "LiveTable", key: Hashable | None, column: str) -> None:
            super().__init__()
            self.table, self.key, self.column = table, key, column

        @property
        def control(self) -> "LiveTable":
            """The table, for ``@on`` selectors."""
            return self.table

    class CursorMoved(Event):
        """The cursor stands elsewhere; ``key`` is None when there are no rows."""

    class RowOpened(Event):
        """Enter or a double click on a row."""

    class RowMarked(Event):
        """A row was marked or unmarked."""

        def __init__(self, table: "LiveTable", key: Hashable, column: str, *, marked: bool) -> None:
            super().__init__(table, key, column)
            self.marked = marked

    class FoldToggled(Event):
        """A group shall open or close; the next ``show`` says whether it did."""

        def __init__(self, table: "LiveTable", key: Hashable, column: str, *, opened: bool) -> None:
            super().__init__(table, key, column)
            self.opened = opened

    class HeaderPressed(Event):
        """A title was clicked."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        ascii_only: bool = False,
        compact: bool | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, id=id, classes=classes)
        self._keeper = RowKeeper(clock)
        self._compact = compact
        self._columns: tuple[Column, ...] = ()
        self._column = 0
        self._sort: Sort | None = None
        self._empty = ""
        self._rows_painter: tuple[object, Grid, RowPainter] | None = None
        self._folds = False
        self._settling: Timer | None = None

    # -- what the screens say and ask

    def show(
        self, columns: Sequence[Column], rows: Sequence[Row], *, empty: str = "", sort: Sort | None = None
    ) -> None:
        """Show these rows; ``empty`` is the line that stands where there are none."""
        before = self._at()
        if tuple(columns) != self._columns:
            here = self.cursor_column
            self._columns = tuple(columns)
            keys = [column.key for column in columns]
            self._column = keys.index(here) if here in keys else max(0, min(self._column, len(keys) - 1))
        self._empty, self._sort = empty, sort
        self._folds = any(row.fold for row in rows)
        self._keeper.show(rows)
        self._changed(before)

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor, None without rows."""
        return self._keeper.key

    @property
    def cursor_column(self) -> str:
        """The key of the column under the cursor, empty without columns."""
        return self._columns[self._column].key if self._columns else ""

    @property
    def cursor_cell(self) -> Cell | None:
        """The cell under the cursor."""
        row = self._keeper.row
        return row.cells[self._column] if row is not None and self._column < len(row.cells) else None

    @property
    def marked(self) -> frozenset[Hashable]:
        """The keys of the marked rows that still show."""
        return frozenset(self._keeper.marked)

    def clear_marks(self) -> bool:
        """Take all marks away; whether there were any."""
        had = self._keeper.clear_marks()
        self.sync()
        return had

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows in the order in which they show."""
        return self._keeper.rows

    def go_to(self, key: Hashable, column: str | None = None) -> bool:
        """Put the cursor on the row of ``key``; False where it does not show."""
        place = self._keeper.place_of(key)
        if place is None:
            return False
        keys = [known.key for known in self._columns]
        self._go(place, keys.index(column) if column in keys else self._column)
        return True

    def settle(self) -> None:
        """Let the rows take their wanted order if nobody pressed a key for a while."""
        self._settling = None
        before = self._at()
        self._keeper.settle()
        self._changed(before)

    # -- keys and mouse

    def action_move(self, where: str) -> None:
        """Move the cursor: up, down, left, right, top, bottom, page_up or page_down."""
        place, page = self._keeper.cursor, max(1, self.view.height - 2)
        places = {"up": place - 1, "down": place + 1, "page_up": place - page, "page_down": place + page}
        places |= {"top": 0, "bottom": len(self._keeper.rows) - 1}
        if where in places:
            self._go(places[where], self._column)
        elif not self._fold(opened=where == "right"):
            self._go(place, self._column + (1 if where == "right" else -1))

    def action_open(self) -> None:
        """Open what is under the cursor; on a group's name, open or close the group."""
        row = self._keeper.row
        if row is not None and not self._fold(opened=not row.open):
            self._keeper.touch()
            self.post_message(self.RowOpened(self, row.key, self.cursor_column))

    def action_mark(self) -> None:
        """Mark or unmark the row and go on to the next one."""
        marked, key = self._keeper.toggle_mark(), self._keeper.key
        if marked is not None and key is not None:
            self.post_message(self.RowMarked(self, key, self.cursor_column, marked=marked))
            self._go(self._keeper.cursor + 1, self._column)

    def on_key(self) -> None:
        """Whatever the key does: somebody is at work here, so the order holds still."""
        self._keeper.touch()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell; open it with the second click; a title is pressed."""
        offset = event.get_content_offset(self)
        if offset is None or not self._columns:
            return
        grid = self._painted()[0]
        column = grid.column_at(offset.x if offset.x < grid.frozen else offset.x + self.scroll_offset.x)
        if offset.y == 0:
            self.post_message(self.HeaderPressed(self, self.cursor_key, self._columns[column].key))
            return
        place = offset.y - 1 + self.scroll_offset.y
        if place < len(self._keeper.rows):
            self._go(place, column)
            if event.chain == 2:
                self.action_open()

    # -- painting

    def restyled(self) -> None:
        """Paint all rows anew."""
        self._rows_painter = None

    def on_resize(self) -> None:
        """Another size may mean another form of the table and another way to the cursor."""
        self._changed(self._at())

    def draw_line(self, y: int) -> Strip:
        """The titles, a row, the words of an empty table, or a blank line."""
        grid, painter = self._painted()
        keeper = self._keeper
        place = y - 1 + self.scroll_offset.y
        if y == 0:
            strip = painter.header(self._column if self.has_focus else None, self._sort)
        elif place < len(keeper.rows):
            row = keeper.rows[place]
            here = self._column if place == keeper.cursor else None
            focused = self.has_focus and here is not None
            strip = painter.row(row, RowState(here, row.key in keeper.marked, focused))
        else:
            return painter.words(self._empty) if y == 1 and self._empty else painter.blank()
        if strip.cell_length <= self.view.width:
            return strip
        left = grid.frozen + self.scroll_offset.x
        return Strip.join(
            [strip.crop(0, grid.frozen), strip.crop(left, left + self.view.width - grid.frozen)]
        )

    def _painted(self) -> tuple[Grid, RowPainter]:
        what = (self._columns, self.view.width, self._folds)
        if self._rows_painter is None or self._rows_painter[0] != what:
            grid = lay_out(self._columns, self.view.width, compact=self._compact)
            painter = RowPainter(
                self._columns,
                grid,
                self.palette,
                width=self.view.width,
                ascii_only=self.ascii_only,
                folds=self._folds,
            )
            self._rows_painter = (what, grid, painter)
        return self._rows_painter[1], self._rows_painter[2]

    # -- what keys, clicks and snapshots have in common

    def _at(self) -> tuple[Hashable | None, str]:
        return self._keeper.key, self.cursor_column

    def _go(self, place: int, column: int) -> None:
        before = self._at()
        self._keeper.move_to(place)
        self._column = max(0, min(column, len(self._columns) - 1))
        self._reveal()
        self._changed(before)

    def _fold(self, *, opened: bool) -> bool:
        row = self._keeper.row
        if row is None or not row.fold or self._column != 0 or row.open == opened:
            return False
        self._keeper.touch()
        self.post_message(self.FoldToggled(self, row.key, self.cursor_column, opened=opened))
        return True

    def _changed(self, before: tuple[Hashable | None, str]) -> None:
        if self._at() != before:
            self.post_message(self.CursorMoved(self, *self._at()))
        if not self.is_attached:
            return
        grid, painter = self._painted()
        painter.forget(self._keeper.keys)
        self.resize_content(Size(grid.total, len(self._keeper.rows) + 1))
        self.sync()
        wait = self._keeper.pending
        if wait is not None and self._settling is None:
            self._settling = self.set_timer(max(wait, 0.05), self.settle)

    def _reveal(self) -> None:
        lines = max(1, self.view.height - 1)
        top = min(self.scroll_offset.y, self._keeper.cursor)
        top = max(top, self._keeper.cursor - lines + 1)
        grid = self._painted()[0]
        left = self.scroll_offset.x
        if self._columns and grid.total > self.view.width and self._column > 0:
            start, width = grid.starts[self._column] - grid.frozen, grid.widths[self._column]
            left = min(max(left, start + width - (self.view.width - grid.frozen)), start)
        elif self._column == 0:
            left = 0
        self.scroll_to(x=left, y=top, animate=False, force=True)
