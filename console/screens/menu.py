"""What can be done with the rows that the operator means; nothing here writes to a source."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from collectors.model.level import Level
from collectors.model.subject import SubjectId
from console.screens import panels
from console.screens.choices import Entry, Run, about, entries
from console.screens.dialog import Dialog
from widgets.bars import HintLine
from widgets.cell import Cell, Column, Row
from widgets.fit import to_ascii
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

COLUMNS = (
    Column("action", "action", 13),
    Column("risk", "risk", 13),
    Column("what", "what it does", 40, grow=True),
)

FRAME = 7
"""Lines beside the entries: titles, border, the sentence above, and what is said below."""


class Menu(Dialog[Run | None]):
    """A short list; Enter or a click runs the entry, Esc leaves. What is refused stays and says why."""

    DEFAULT_CSS = """
    Menu { align: center middle; background: transparent; }
    Menu LiveTable { width: 96; max-width: 100%; border: round $primary; background: $surface; }
    Menu HintLine { width: 96; max-width: 100%; height: 1; background: $surface; }
    Menu #why { width: 96; max-width: 100%; height: auto; max-height: 3; background: $surface; padding: 0 1; }
    """
    HELP = "What can be done with the row. Enter does it, Esc leaves. Dimmed: refused, with the reason."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "leave", show=False)]

    def __init__(self, subjects: Sequence[SubjectId], row: Mapping[str, str]) -> None:
        super().__init__()
        self._subjects = tuple(subjects)
        self._row = dict(row)
        self._entries: dict[str, Entry] = {}

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def compose(self) -> ComposeResult:
        """What they are about, the entries, and what the one under the cursor means."""
        yield HintLine(ascii_only=self.console.ascii_only)
        yield LiveTable(ascii_only=self.console.ascii_only)
        yield Static(id="why", markup=False)

    def on_mount(self) -> None:
        """Fill the list, and find out what the user there may do."""
        self.set_focus(self.query_one(LiveTable))
        self.renew()
        self.console.look_for_rights(self._subjects)

    def on_resize(self) -> None:
        """As many entries as there is room for."""
        self._fit()

    def renew(self) -> None:
        """Show what can be done as things are now."""
        table, line = self.query_one(LiveTable), self.query_one(HintLine)
        panels.fill(self.console, line, lambda: line.show_cell(Cell(about(self.console, self._subjects))))
        panels.fill(self.console, table, self._paint)
        self._fit()
        self._say()

    def _paint(self) -> None:
        self._entries = {}
        self._entries = {entry.key: entry for entry in entries(self.console, self._subjects, self._row)}
        rows = [Row(key, _cells(entry)) for key, entry in self._entries.items()]
        self.query_one(LiveTable).show(COLUMNS, rows)

    def _fit(self) -> None:
        table = self.query_one(LiveTable)
        table.styles.height = max(4, min(len(table.rows) + 3, self.size.height - FRAME + 3))

    @on(LiveTable.CursorMoved)
    def _say(self) -> None:
        entry = self._under_cursor()
        words = "" if entry is None else f"{entry.words}{_why(entry)}"
        sign = to_ascii if self.console.ascii_only else str
        self.query_one("#why", Static).update(Content(sign(words)))

    @on(LiveTable.RowOpened)
    def _opened(self, event: LiveTable.RowOpened) -> None:
        event.stop()
        self._choose()

    def on_click(self, event: events.Click) -> None:
        """A click on an entry chooses it: the table has moved its cursor there already."""
        table = self.query_one(LiveTable)
        place = event.get_content_offset(table)
        if event.chain == 1 and place is not None and 0 < place.y <= len(table.rows) - table.scroll_offset.y:
            self._choose()

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def _choose(self) -> None:
        entry = self._under_cursor()
        if entry is None:
            return
        if entry.refusals:
            self.console.say_refused(entry.name, entry.refusals)
        else:
            self.dismiss(entry.run)

    def _under_cursor(self) -> Entry | None:
        return self._entries.get(str(self.query_one(LiveTable).cursor_key))


def _cells(entry: Entry) -> tuple[Cell, ...]:
    if entry.refusals:
        return (
            Cell(entry.name, dim=True),
            Cell("refused", Level.UNKNOWN, "–", dim=True),
            Cell("; ".join(entry.refusals), dim=True),
        )
    return Cell(entry.name), Cell(entry.risk), Cell(entry.words)


def _why(entry: Entry) -> str:
    return f". Refused: {'; '.join(entry.refusals)}" if entry.refusals else ""
