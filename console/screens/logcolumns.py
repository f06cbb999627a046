"""Which fields of the lines have a column of their own."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.logs.seen import Seen, SeenField
from console.screens import panels
from console.screens.dialog import Dialog
from console.screens.logsource import Records
from widgets.bars import HintLine
from widgets.cell import Cell, Column, Row
from widgets.logpaint import LogColumn
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

LOOKED_AT = 2000
"""The newest lines whose fields are offered."""

STEP = 200
MOST = 6
"""Columns beside the message."""

WIDEST = 24

_COLUMNS = (
    Column("field", "field", 24, grow=True),
    Column("chosen", "column", 6, right=True),
    Column("type", "type", 13),
    Column("lines", "lines", 7, right=True),
    Column("values", "values", 7, right=True),
    Column("example", "most often", 30, grow=True),
)


async def look(records: Records, seen: Seen) -> None:
    """Tell ``seen`` the newest records, in slices."""
    end = records.first_seq + len(records)
    first = max(records.first_seq, end - LOOKED_AT)
    for high in range(end, first, -STEP):
        entries = [records.entry(seq) for seq in range(max(first, high - STEP), high)]
        seen.add(entry.record for entry in entries if entry is not None)
        await asyncio.sleep(0)


class ColumnsScreen(Dialog[tuple[LogColumn, ...] | None]):
    """The fields seen; Space chooses one, Enter shows the chosen ones, Esc leaves all as it was."""

    DEFAULT_CSS = """
    ColumnsScreen { align: center middle; background: transparent; }
    ColumnsScreen LiveTable {
        width: 110; max-width: 100%; height: 80%; border: round $primary; background: $surface;
    }
    ColumnsScreen HintLine { width: 110; max-width: 100%; height: 1; background: $surface; }
    """
    HELP = "The fields of the newest lines. Space chooses a column, Enter shows them, Esc leaves."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "leave", show=False),
        Binding("space", "choose", "choose", show=False, priority=True),
    ]

    def __init__(self, records: Records, chosen: Sequence[str]) -> None:
        super().__init__()
        self._records = records
        self._chosen = list(chosen)
        self._seen = Seen()

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def compose(self) -> ComposeResult:
        """The fields, and what the keys do."""
        yield HintLine(ascii_only=self.console.ascii_only)
        yield LiveTable(ascii_only=self.console.ascii_only)

    async def on_mount(self) -> None:
        """Look at the newest lines."""
        self.set_focus(self.query_one(LiveTable))
        self.renew()
        self.run_worker(self._look(), name="fields", exit_on_error=False)

    def renew(self) -> None:
        """Show the fields as they are known now."""
        table, line = self.query_one(LiveTable), self.query_one(HintLine)
        chosen = f"{len(self._chosen)} of {MOST}"
        words = f"Space chooses, Enter shows {chosen} columns; of the newest {self._seen.lines:,} lines"
        panels.fill(self.console, line, lambda: line.show_cell(Cell(words)))
        rows = [self._row(one) for one in self._ordered()]
        panels.fill(
            self.console, table, lambda: table.show(_COLUMNS, rows, empty="these lines have no fields")
        )

    def action_choose(self) -> None:
        """Choose the field under the cursor, or no longer."""
        key = self.query_one(LiveTable).cursor_key
        name = str(key) if key is not None else ""
        if name in self._chosen:
            self._chosen.remove(name)
        elif name and len(self._chosen) < MOST:
            self._chosen.append(name)
        elif name:
            self.notify(f"{MOST} columns at the most: choose one less first", markup=False, timeout=2)
        self.renew()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    @on(LiveTable.RowOpened)
    def _opened(self, event: LiveTable.RowOpened) -> None:
        event.stop()
        self.dismiss(tuple(self._column(name) for name in self._chosen))

    async def _look(self) -> None:
        await look(self._records, self._seen)
        self.renew()

    def _ordered(self) -> list[SeenField]:
        known = self._seen.ranked()
        missing = [SeenField(name) for name in self._chosen if name not in self._seen.fields]
        return missing + known

    def _row(self, one: SeenField) -> Row:
        place = str(self._chosen.index(one.name) + 1) if one.name in self._chosen else ""
        share = f"{100 * one.lines / self._seen.lines:.0f} %" if self._seen.lines else ""
        count = f"{'≥ ' if one.beyond else ''}{len(one.values)}"
        often = ", ".join(value for value, _ in one.values.most_common(3))
        cells = (Cell(one.name), Cell(place), Cell(one.type), Cell(share), Cell(count), Cell(often))
        return Row(one.name, cells)

    def _column(self, name: str) -> LogColumn:
        found = self._seen.fields.get(name, SeenField(name))
        width = max(len(name), min(found.longest, WIDEST), 4)
        return LogColumn(name, min(width, WIDEST), right=found.type == "number" and found.lines > 0)
