"""The console about itself: every source's schedule, back-off, breaker, last error and cost."""

from collections.abc import Iterator
from typing import ClassVar

from textual.widget import Widget

from console.engine.state import DetailKey, Snapshot, SourceId
from console.present import sources as present
from console.present.filtering import Filter
from console.screens.base import ConsoleScreen
from widgets.table import LiveTable


class SourcesScreen(ConsoleScreen):
    """One row for each collector."""

    TITLE_WORDS = "sources"
    HELP = "Every collector of this console. ctrl+r asks the one under the cursor now, past its back-off."
    DEFAULT_CSS = "SourcesScreen LiveTable { height: 1fr; }"
    AUTO_FOCUS: ClassVar[str] = "LiveTable"

    def __init__(self) -> None:
        super().__init__()
        self._filter = Filter("")

    def body(self) -> Iterator[Widget]:
        """The table."""
        yield LiveTable(ascii_only=self.console.ascii_only, id="sources")

    def paint(self, snapshot: Snapshot) -> None:
        """Show all sources."""
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table, snapshot))

    def _paint_table(self, table: LiveTable, snapshot: Snapshot) -> None:
        columns, rows = present.table(snapshot, self.size.width)
        kept = [row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells))]
        empty = "no collector is configured"
        if self._filter.text:
            empty = f"no source holds {self._filter.text!r}: Esc lifts the filter"
        table.show(columns, kept, empty=empty)

    def sources(self) -> tuple[SourceId, ...]:
        """The source under the cursor."""
        key = self.query_one(LiveTable).cursor_key
        return (key,) if isinstance(key, SourceId) else ()

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """Nothing is polled more often for being listed here."""
        return frozenset(), frozenset()

    def filter_by(self, text: str) -> None:
        """Show only rows that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter."""
        was, self._filter = self._filter, Filter("")
        return bool(was.text)
