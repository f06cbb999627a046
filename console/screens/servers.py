"""The ways to other machines: one row for each server, and all that is known of the one under the cursor."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.widget import Widget

from collectors.transport.servers.state import ServerState
from console.engine.state import DetailKey, Snapshot, SourceId
from console.present import servers as present
from console.present.filtering import Filter
from console.present.words import say
from console.screens.base import ConsoleScreen
from widgets.detail import DetailView, Facts
from widgets.table import LiveTable


class ServersScreen(ConsoleScreen):
    """One row for each server of the configuration."""

    TITLE_WORDS = "servers"
    HELP = (
        "The ways to other machines. r tries again what has stopped, I logs in to the server under the "
        "cursor in this terminal, y copies the command to run by hand, ctrl+r asks what runs through it now."
    )
    DEFAULT_CSS = """
    ServersScreen LiveTable { height: auto; max-height: 55%; min-height: 4; }
    ServersScreen DetailView { height: 1fr; border: round $border-blurred; }
    ServersScreen.-low DetailView { display: none; }
    """
    AUTO_FOCUS: ClassVar[str] = "LiveTable"

    def __init__(self) -> None:
        super().__init__()
        self._filter = Filter("")
        self._snapshot: Snapshot | None = None

    def body(self) -> Iterator[Widget]:
        """The table, and the facts below it."""
        ascii_only = self.console.ascii_only
        yield LiveTable(ascii_only=ascii_only, id="servers", classes="zoomable")
        yield DetailView(say=say, ascii_only=ascii_only, id="facts", classes="zoomable")

    def paint(self, snapshot: Snapshot) -> None:
        """Show all servers."""
        self._snapshot = snapshot
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table, snapshot))
        self.leave_room(len(table.rows) + 1)
        self._paint_facts()

    def _paint_table(self, table: LiveTable, snapshot: Snapshot) -> None:
        columns, rows = present.table(snapshot, self.size.width)
        kept = [row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells))]
        empty = 'no server is configured: [servers.NAME] with host = "…" declares one'
        if self._filter.text:
            empty = f"no server holds {self._filter.text!r}: Esc lifts the filter"
        table.show(columns, kept, empty=empty)

    def _paint_facts(self) -> None:
        view, state, snapshot = self.query_one(DetailView), self.server(), self._snapshot
        if state is None or snapshot is None:
            self.fill(view, lambda: view.show((), empty="nothing is reached through a server"))
            return
        facts = Facts(state.name, present.facts(state, snapshot, self.console.settings.servers))
        self.fill(view, lambda: view.show((facts,)))

    def server(self) -> ServerState | None:
        """The server under the cursor."""
        key = self.query_one(LiveTable).cursor_key
        return self._snapshot.server(key) if self._snapshot is not None and isinstance(key, str) else None

    def copied(self) -> str:
        """The command to run by hand, else the sentence under the cursor."""
        state = self.server()
        return str(state.by_hand) if state is not None and state.by_hand else self.hint()

    def sources(self) -> tuple[SourceId, ...]:
        """All that runs through the server under the cursor."""
        state, snapshot = self.server(), self._snapshot
        if state is None or snapshot is None:
            return ()
        return tuple(source.id for source in present.sources_of(state.name, snapshot))

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """Nothing is polled more often for its server being listed here."""
        return frozenset(), frozenset()

    def filter_by(self, text: str) -> None:
        """Show only rows that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter."""
        was, self._filter = self._filter, Filter("")
        return bool(was.text)

    @on(LiveTable.CursorMoved)
    def _moved(self) -> None:
        self._paint_facts()
