"""The journal: what was done, by whom, why, and how it ended; and whether the file is whole."""

import asyncio
from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from collectors.model.subject import SubjectId
from collectors.text import one_line
from console.engine.state import Acting, DetailKey, Snapshot, SourceId
from console.present import journal as present
from console.present.filtering import Filter
from console.present.words import say
from console.screens.base import ConsoleScreen
from widgets.detail import DetailView, Facts
from widgets.table import LiveTable


class JournalScreen(ConsoleScreen):
    """The newest records, newest first."""

    HELP = (
        "What was done, newest first: by whom, why, and how it ended. Enter opens a record with its plan and "
        "outcome, / filters, v walks over the whole file and says whether a byte of it was changed."
    )
    DEFAULT_CSS = "JournalScreen LiveTable { height: 1fr; }"
    AUTO_FOCUS: ClassVar[str] = "LiveTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "verify", show=False, tooltip="verify the whole journal", id="journal.verify")
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = Filter("")
        self._entries: tuple[present.Entry, ...] | None = None
        self._of: Acting | None = None
        self._why = ""
        self._verified = ""

    def body(self) -> Iterator[Widget]:
        """The table."""
        yield LiveTable(ascii_only=self.console.ascii_only, id="records")

    def on_screen_resume(self) -> None:
        """Other consoles write here too."""
        self._of = None

    def paint(self, snapshot: Snapshot) -> None:
        """Show the records; they are read anew when something was done."""
        del snapshot  # the journal is not in it
        table, acting = self.query_one(LiveTable), self.console.store.acting
        if self._of is None or _marks(acting) != _marks(self._of):
            self._of = acting
            self.run_worker(self._read(), name="journal")
        self.fill(table, lambda: self._paint_table(table))

    def _paint_table(self, table: LiveTable) -> None:
        columns, rows = present.table(self._entries or (), self.size.width)
        kept = [row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells))]
        table.show(columns, kept, empty=self._empty())

    def title_words(self) -> str:
        """The filter, and what the last walk over the file found."""
        words = ["journal"]
        words += [f"/{self._filter.text}"] if self._filter.text else []
        words += [self._verified] if self._verified else []
        return " · ".join(words)

    def hint(self) -> str:
        """The record under the cursor in one line."""
        entry = self._entry()
        return present.hint_of(entry) if entry is not None else ""

    def marked(self) -> tuple[SubjectId, ...]:
        """None: records are not marked."""
        return ()

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """Nothing is polled more often."""
        return frozenset(), frozenset()

    def filter_by(self, text: str) -> None:
        """Show only records that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter."""
        was, self._filter = self._filter, Filter("")
        return bool(was.text)

    async def action_verify(self) -> None:
        """Walk over the chain, in a thread: the file may be long."""
        try:
            found = await asyncio.to_thread(self.console.runner.journal.verify)
        except OSError as error:
            self.console.tell(f"the journal cannot be read: {error.strerror}", bad=True)
            return
        words, well = present.verified_words(found)
        self._verified = "whole" if well else "BROKEN"
        self.console.tell(words, bad=not well)
        self.console.repaint()

    @on(LiveTable.RowOpened)
    def _opened(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.console.push_console(EntryScreen(entry))

    async def _read(self) -> None:
        try:
            self._entries = await asyncio.to_thread(
                lambda: present.entries(self.console.runner.journal.records())
            )
        except OSError as error:
            self._why = f"the journal cannot be read: {error.strerror}"
        if self.is_attached:
            self.console.repaint()

    def _entry(self) -> present.Entry | None:
        key = self.query_one(LiveTable).cursor_key
        return next((entry for entry in self._entries or () if entry.key == key), None)

    def _empty(self) -> str:
        if self._why:
            return self._why
        if self._filter.text:
            return f"no record holds {one_line(self._filter.text)!r}: Esc lifts the filter"
        if self._entries is None:
            return "being read"
        return f"nothing was done yet; it will stand in {self.console.runner.journal.path}"


class EntryScreen(ConsoleScreen):
    """One record with its plan and its outcome."""

    TITLE_WORDS = "journal · record"
    HELP = "One record of the journal: who did what, why, with which plan, and how it ended. Esc goes back."
    DEFAULT_CSS = "EntryScreen DetailView { height: 1fr; border: round $border-blurred; }"
    AUTO_FOCUS: ClassVar[str] = "DetailView"

    def __init__(self, entry: present.Entry) -> None:
        super().__init__()
        self._entry = entry

    def body(self) -> Iterator[Widget]:
        """One scrolling panel."""
        yield DetailView(say=say, ascii_only=self.console.ascii_only)

    def paint(self, snapshot: Snapshot) -> None:
        """Show the record; it never changes."""
        del snapshot  # the record is not in it
        view = self.query_one(DetailView)
        self.fill(
            view, lambda: view.show([Facts(title, items) for title, items in present.facts(self._entry)])
        )

    def hint(self) -> str:
        """The record in one line."""
        return present.hint_of(self._entry)


def _marks(acting: Acting) -> tuple[object, ...]:
    """What of all that is done leaves records: begins, ends, arming."""
    return (acting.arm.until, tuple((act.id, act.running) for act in acting.acts))
