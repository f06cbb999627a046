"""The panel of an answer: what it covers, its table, its plot; the question runs in a thread of its own."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from console.logs.asked import Asked
from console.logs.asking.table import Table
from console.logs.reach import Reach
from console.logs.running import Running, Stopped, Told
from console.present import loganswer as present
from console.present.words import number
from console.screens import panels
from widgets.bars import HintLine
from widgets.cell import Column, Row
from widgets.chart import LineChart
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck


LOWEST, HIGHEST = 4, 12
"""Lines of the panel."""


class AnswerPanel(Vertical):
    """Shows one answer at a time; hidden where there is none."""

    DEFAULT_CSS = """
    AnswerPanel { height: 12; display: none; }
    AnswerPanel.-shown { display: block; }
    AnswerPanel HintLine { height: 1; dock: none; }
    AnswerPanel Horizontal { height: 1fr; }
    AnswerPanel LiveTable { width: 1fr; height: 1fr; max-height: 100%; }
    AnswerPanel LineChart { width: 1fr; height: 1fr; display: none; border: round $border-blurred; }
    AnswerPanel.-plotted LineChart { display: block; }
    """

    class Heard(Message):
        """An answer came; it is read when it is painted."""

    class Changed(Message):
        """Another answer is shown."""

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__(id="answer", classes="zoomable")
        self._ascii = ascii_only
        self._answering: Running | None = None
        self._latest: Told | None = None
        self._waiting = False
        self._asks = 0
        self._height = 0

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def compose(self) -> ComposeResult:
        """Words, table and plot."""
        yield HintLine(ascii_only=self._ascii, id="coverage")
        with Horizontal():
            yield LiveTable(ascii_only=self._ascii, id="rows")
            yield LineChart(number=number, ascii_only=self._ascii, id="plot")

    @property
    def told(self) -> Told | None:
        """The answer that is shown."""
        return self._latest

    @property
    def runs(self) -> bool:
        """Whether a question is being answered whose first pass is not over."""
        told = self._latest
        return (
            self._answering is not None
            and not self._answering.stopped
            and not (told is not None and told.done)
        )

    def ask(self, asked: Asked, reach: Callable[[Stopped], Reach]) -> None:
        """Answer a question from now on, in place of the one before."""
        self.leave()
        self._height = 0
        self.add_class("-shown")
        self._asks += 1
        self._answering = Running(asked, self.console.ring, reach, partial(self._hear, self._asks))
        self._paint()
        self._answering.start()

    def stop(self) -> bool:
        """Give up reading; what was found stays. Whether anything was being read."""
        runs = self.runs
        if self._answering is not None:
            self._answering.stop()
        return runs

    def leave(self) -> None:
        """Give up, and hide."""
        if self._answering is not None:
            self._answering.stop()
        self._answering, self._latest = None, None
        self.remove_class("-shown", "-plotted")

    def on_unmount(self) -> None:
        """Nothing is read for a screen that is gone."""
        if self._answering is not None:
            self._answering.stop()

    def _hear(self, asked: int, told: Told) -> None:
        """In the thread: remember what was told, and have it painted once."""
        if asked != self._asks:
            return  # the last words of a question that was given up for another one
        self._latest = told
        if not self._waiting:
            self._waiting = True
            self.post_message(self.Heard())

    @on(Heard)
    def _heard(self, event: Heard) -> None:
        event.stop()
        self._waiting = False
        if self._answering is not None:
            self._paint()
            self.post_message(self.Changed())

    def _paint(self) -> None:
        told = self._latest
        line, rows, plot = self._parts()
        words = present.words(told) if told is not None else None
        panels.fill(self.console, line, lambda: line.show_cell(words))
        table = told.answer.table if told is not None and told.answer is not None else None
        panels.fill(self.console, rows, lambda: self._fill(rows, table, told))
        chart = present.chart(table, told.at) if table is not None and told is not None else None
        self.set_class(chart is not None, "-plotted")
        # it grows with its rows and never shrinks under the reader
        wanted = HIGHEST if chart is not None else min(HIGHEST, len(rows.rows) + 2)
        self._height = max(self._height, wanted, LOWEST)
        if self.styles.height is None or self.styles.height.value != self._height:
            self.styles.height = self._height
        if chart is not None:
            panels.fill(self.console, plot, lambda: plot.show(chart))

    def _fill(self, rows: LiveTable, table: Table | None, told: Told | None) -> None:
        columns: tuple[Column, ...] = ()
        made: tuple[Row, ...] = ()
        if table is not None:
            columns, made = present.columns_and_rows(table)
        elif told is not None and told.answer is not None:
            columns, made = present.record_rows(told.answer)
        rows.show(columns, made, empty="reading" if told is None or not told.done else "nothing was found")

    def _parts(self) -> tuple[HintLine, LiveTable, LineChart]:
        return (
            self.query_one("#coverage", HintLine),
            self.query_one("#rows", LiveTable),
            self.query_one("#plot", LineChart),
        )
