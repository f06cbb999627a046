"""Lines with the same pattern, counted while they come; one of them leads back to its lines."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import on
from textual.widget import Widget

from console.engine.state import Snapshot
from console.logs.templates import Templates
from console.logs.view import FilteredView
from console.present import logpatterns as present
from console.screens.base import ConsoleScreen
from widgets.bars import HintLine
from widgets.cell import Cell
from widgets.loglines import PERIOD
from widgets.table import LiveTable

SLICE = 0.012
"""Seconds of counting between two looks at the keys."""

AGAIN = 0.03

Viewed = Callable[[Templates], FilteredView]
"""Makes the view whose records are told to templates."""


class PatternsScreen(ConsoleScreen):
    """One row for each pattern of the lines found; ``chosen`` gets what all lines of one share."""

    HELP = (
        "Lines that differ in numbers and ids alone, counted; new ones first. The line below is the newest "
        "of the pattern. Enter shows its lines, Esc goes back."
    )
    DEFAULT_CSS = """
    PatternsScreen #told { height: 1; dock: none; }
    PatternsScreen LiveTable { height: 1fr; max-height: 100%; }
    """
    AUTO_FOCUS: ClassVar[str] = "LiveTable"

    def __init__(self, words: str, viewed: Viewed, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self._words = words
        self._chosen = chosen
        self._templates = Templates()
        self._view = viewed(self._templates)

    def body(self) -> Iterator[Widget]:
        """The patterns."""
        yield HintLine(ascii_only=self.console.ascii_only, id="told")
        yield LiveTable(ascii_only=self.console.ascii_only, id="patterns", classes="zoomable")

    def on_mount(self) -> None:
        """Count what is there, and what comes."""
        self._count()
        self.set_interval(PERIOD, self._tick, name="patterns")

    def paint(self, _snapshot: Snapshot) -> None:
        """Show the patterns as they stand."""
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table))
        line = self.query_one("#told", HintLine)
        told = present.told(self._templates, self.console.clock.wall(), self._view.pending)
        self.fill(line, lambda: line.show_cell(Cell(told)))

    def title_words(self) -> str:
        """The question."""
        return " · ".join(word for word in ("logs · patterns", self._words) if word)

    def _paint_table(self, table: LiveTable) -> None:
        rows = present.rows(self._templates, self.console.clock.wall())
        table.show(present.COLUMNS, rows, empty="no line was found")

    def _tick(self) -> None:
        if not self.is_current or self.console.stalled or self.console.held_since:
            return
        before = self._templates.lines
        self._count()
        if self._templates.lines != before:
            self.console.repaint()

    def _count(self) -> None:
        self._view.work(SLICE)
        if self._view.pending and self.is_mounted:
            self.set_timer(AGAIN, self._count)

    @on(LiveTable.RowOpened)
    def _opened(self, event: LiveTable.RowOpened) -> None:
        group = self._templates.groups.get(str(event.key))
        if group is not None:
            self.dismiss()
            self._chosen(group.fixed())
