"""What every screen of log lines can do with the record under the cursor."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from console.keys import LOG_KEYS
from console.logs.edit import with_value
from console.logs.kin import Kin, kin_of
from console.logs.ring import Entry
from console.present.logline import NEW_LINE, unaskable, value_of
from console.present.words import counted
from console.screens.logask import QuestionScreen, ask_logs
from console.screens.logcolumns import ColumnsScreen
from console.screens.logsource import Look, Records, Test, is_error
from console.screens.record import RecordScreen
from widgets.loglines import LogView
from widgets.logpaint import LogColumn


class LogScreen(QuestionScreen):
    """Lines with a cursor among them: errors, bookmarks, values, traces. Subclasses give ``records``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(key.keys), key.action, key.words, show=False, id=key.id, tooltip=key.words)
        for key in LOG_KEYS
    ]

    def __init__(self, look: Look | None = None) -> None:
        super().__init__()
        self.look = look or Look(bookmarks=set())

    @property
    def records(self) -> Records | None:
        """The records on show."""
        raise NotImplementedError

    @property
    def lines(self) -> LogView:
        """The panel of the lines."""
        return self.query_one(LogView)

    def here(self) -> tuple[int, Entry] | None:
        """The ring's number and the entry under the cursor, the newest one while the view follows."""
        records = self.records
        if records is None or not len(records):
            return None
        seq = self.lines.cursor_seq
        seq = seq if seq is not None else records.first_seq + len(records) - 1
        number, entry = records.number(seq), records.entry(seq)
        return (number, entry) if number is not None and entry is not None else None

    def action_error(self, step: int) -> None:
        """Go to the next error, or to the one before."""
        self._go(step, is_error, "error")

    def action_bookmark(self) -> None:
        """Set a bookmark on the line, or lift it."""
        here = self.here()
        if here is None:
            return
        self.look.bookmarks = self.look.bookmarks ^ {here[0]}
        self.lines.hold()
        self.lines.looks_changed()

    def action_next_mark(self, step: int) -> None:
        """Go to the next bookmark, or to the one before."""
        marks = self.look.bookmarks
        self._go(step, lambda number, _record: number in marks, "bookmark")

    async def action_only(self, wanted: bool) -> None:  # noqa: FBT001 - as a key gives it
        """Ask for lines with the value under the cursor, or without it; open the record to choose one."""
        here, cell = self.here(), self.lines.cell
        if here is None:
            return
        if not cell:
            self._open(here)
            return
        await self.ask_value(cell, value_of(here[1].record, here[1].subject, cell), wanted=wanted)

    async def ask_value(self, name: str, value: str, *, wanted: bool) -> None:
        """Ask the log screen's question for lines with this value as well, or without it."""
        refused = unaskable(value)
        if refused:
            self.notify(f"{name}: {refused}", markup=False, timeout=2)
            return
        await ask_logs(self.console, lambda text: with_value(text, name, value, wanted=wanted))

    def action_undo(self) -> None:
        """Only the log screen has questions."""

    async def action_export(self) -> None:
        """Only the log screen writes answers."""

    def action_patterns(self) -> None:
        """Only the log screen counts patterns."""

    def action_trace(self) -> None:
        """Show all lines of the record's trace, or of its request, of all services."""
        here = self.here()
        if here is not None:
            self.follow_trace(here)

    def follow_trace(self, origin: tuple[int, Entry]) -> None:
        """Show all lines of a record's trace, or of its request."""
        kin = kin_of(origin[1].record)
        if kin is None:
            self.notify("this line tells neither a trace id nor a request id", markup=False, timeout=3)
            return
        self.console.push_console(self.moment(origin, kin))

    def action_around(self) -> None:
        """Show all lines of all services around the record's moment."""
        here = self.here()
        if here is not None:
            self.console.push_console(self.moment(here, None))

    async def action_columns(self) -> None:
        """Choose the fields that have a column of their own."""
        if self.records is not None:
            await self.console.push_screen(
                ColumnsScreen(self.records, self.look.columns), self._columns_chosen
            )

    def _columns_chosen(self, columns: tuple[LogColumn, ...] | None) -> None:
        if columns is not None:
            self.look.columns = tuple(column.name for column in columns)
            self.lines.show_columns(columns)

    def moment(self, origin: tuple[int, Entry], kin: Kin | None) -> "LogScreen":
        """The screen of a trace or a moment."""
        from console.screens.logmoment import MomentScreen  # noqa: PLC0415 - it is one of these

        return MomentScreen(origin, replace(self.look), kin)

    @on(LogView.CursorMoved)
    def _cursor_moved(self) -> None:
        self.paint_hint()

    @on(LogView.RecordOpened)
    def _opened(self, event: LogView.RecordOpened) -> None:
        records = self.records
        if records is None:
            return
        number, entry = records.number(event.seq), records.entry(event.seq)
        if number is not None and entry is not None:
            self._open((number, entry))

    def _open(self, origin: tuple[int, Entry]) -> None:
        self.console.push_console(RecordScreen(origin[1], lambda: self.follow_trace(origin)))

    def hint(self) -> str:
        """The message under the cursor; what the table says where that has the focus."""
        if self.focused is not None and isinstance(self.focused, LogView) and not self.lines.live:
            here = self.here()
            if here is not None:
                first, _, more = here[1].record.message.partition(NEW_LINE)
                return f"{first} +{counted(more.count(NEW_LINE) + 1, 'line')}" if more else first
        return super().hint()

    def _go(self, step: int, test: Test, name: str) -> None:
        records = self.records
        if records is None:
            return
        seq = self.lines.cursor_seq
        end = records.first_seq + len(records)
        found = records.find(seq if seq is not None else end, step, test)
        if found is None:
            where = "after" if step > 0 else "before"
            self.notify(f"no {name} {where} this line", markup=False, timeout=2)
            return
        self.lines.hold(found, go=True)
