"""A practice's screen: its table, the facts of the row under the cursor, its past."""

from collections.abc import Iterator
from typing import Any, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widget import Widget

from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from collectors.model.subject import SubjectId
from console.engine.state import DetailKey, Snapshot, SourceId
from console.present import practice as present
from console.present.filtering import Filter
from console.present.practice import facts, find_row
from console.present.practices import VIEWS
from console.present.sorting import next_column, ordered
from console.present.words import counted, number, say
from console.screens.base import ConsoleScreen
from console.screens.charts import chart_of
from console.screens.subject import SubjectScreen
from widgets.cell import Column
from widgets.chart import LineChart
from widgets.chartdata import Chart
from widgets.detail import DetailView, Facts
from widgets.rowpaint import Sort
from widgets.table import LiveTable
from widgets.timechart import TimeChart


class PracticeScreen(ConsoleScreen):
    """One row for each subject of a practice."""

    PRACTICE: ClassVar[Practice]
    DEFAULT_CSS = """
    PracticeScreen LiveTable { height: auto; max-height: 55%; min-height: 4; }
    PracticeScreen DetailView { width: 1fr; border: round $border-blurred; }
    PracticeScreen LineChart { width: 1fr; border: round $border-blurred; }
    PracticeScreen.-unfilled LiveTable, PracticeScreen.-unfilled LineChart { display: none; }
    """
    AUTO_FOCUS: ClassVar[str] = "LiveTable"

    def __init__(self) -> None:
        super().__init__()
        self._filter = Filter("")
        self._service = ""
        self._sort = ""
        self._columns: tuple[Column, ...] = ()
        self._snapshot: Snapshot | None = None

    def body(self) -> Iterator[Widget]:
        """Table, facts and chart."""
        ascii_only = self.console.ascii_only
        yield LiveTable(ascii_only=ascii_only, id="subjects", classes="zoomable")
        with Horizontal(classes="lower zoomable"):
            yield DetailView(say=say, ascii_only=ascii_only, id="facts")
            yield TimeChart(number=number, ascii_only=ascii_only, id="chart")

    def paint(self, snapshot: Snapshot) -> None:
        """Show the practice as it is known now."""
        self._snapshot = snapshot
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table, snapshot))
        filled = any(source.practice is self.PRACTICE for source in snapshot.sources)
        self.set_class(not filled, "-unfilled")
        self.leave_room(len(table.rows) + 1 if filled else 0)
        self._paint_subject()

    def _paint_table(self, table: LiveTable, snapshot: Snapshot) -> None:
        columns, rows = present.table(
            snapshot, self.console.history, self.PRACTICE, self._service or None, width=self.size.width
        )
        self._columns = tuple(column for column in columns if column in VIEWS[self.PRACTICE].columns)
        kept = tuple(row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells)))
        if self._sort:
            kept = ordered(kept, columns, self._sort, snapshot)
        sort = Sort(self._sort) if self._sort else None
        table.show(columns, kept, empty=self._empty(snapshot), sort=sort)

    def title_words(self) -> str:
        """The practice, the service, the filter."""
        words = [str(self.PRACTICE)]
        words += [self._service] if self._service else []
        words += [f"/{self._filter.text}"] if self._filter.text else []
        words += [f"{marked} marked"] if (marked := len(self.marked())) else []
        return " · ".join(words)

    def open_at(self, service: str, subject: SubjectId | None) -> None:
        """Show one service's rows, with the cursor on ``subject``."""
        self._service = service
        self.paint(self.console.shown())
        if subject is not None:
            self.query_one(LiveTable).go_to(subject)

    def filter_by(self, text: str) -> None:
        """Show only rows that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter, then the service."""
        was = self._filter.text or self._service
        if self._filter.text:
            self._filter = Filter("")
        else:
            self._service = ""
        return bool(was)

    def sort_next(self) -> str:
        """Sort by the next column; after the last one, worst first again."""
        self._sort = next_column(self._columns, self._sort)
        return self._sort.replace("_", " ") or "level, worst first"

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """The sources of the rows that are shown."""
        keys = [row.key for row in self.query_one(LiveTable).rows]
        subjects = [key for key in keys if isinstance(key, SubjectId)]
        return frozenset(), frozenset(
            SourceId(subject.collector, subject.instance) for subject in subjects[:50]
        )

    @on(LiveTable.RowOpened)
    def _opened(self) -> None:
        subject = self.subject()
        if subject is not None:
            self.console.push_console(SubjectScreen(subject))

    @on(LiveTable.RowMarked)
    def _row_marked(self) -> None:
        if self._snapshot is not None:
            self.paint_header(self._snapshot)

    @on(LiveTable.CursorMoved)
    def _moved(self) -> None:
        self._paint_subject()

    def _paint_subject(self) -> None:
        snapshot, subject = self._snapshot, self.subject()
        if snapshot is None or self.has_class("-low"):
            return
        row = find_row(snapshot, subject) if subject else None
        view, chart = self.query_one(DetailView), self.query_one(LineChart)
        if row is None:
            view.show((Facts(str(self.PRACTICE), present.unfilled(self.PRACTICE)),))
            chart.show(Chart("", Unit.COUNT, (), empty="nothing to draw"))
            return
        label = str(row.reading.subject.label)
        self.fill(view, lambda: view.show((Facts(label, facts(row, snapshot.now)),)))
        shift = self.console.time_shift
        self.fill(chart, lambda: chart.show(chart_of(row, self.console.history, snapshot, shift)))

    def _empty(self, snapshot: Snapshot) -> str:
        if self._filter.text:
            return f"no row holds {self._filter.text!r}: Esc lifts the filter"
        sources = [source for source in snapshot.sources if source.practice is self.PRACTICE]
        failed = next((source.failure for source in sources if source.failure), None)
        if failed is not None:
            return f"{failed.source.text} failed: {failed.why}. {failed.hint}"
        if any(source.sweep is None for source in sources):
            return "waiting for the first answer"
        where = f" of {self._service}" if self._service else ""
        return f"no {self.PRACTICE}{where}: {counted(len(sources), 'source')} found none"


def _screen_of(practice: Practice) -> type[PracticeScreen]:
    help_words = f"{VIEWS[practice].asks.capitalize()} Enter opens the row with its details."
    attributes: dict[str, Any] = {
        "PRACTICE": practice,
        "HELP": help_words,
        "__doc__": f"The {practice} screen.",
    }
    return type(f"{practice.capitalize()}Screen", (PracticeScreen,), attributes)


PRACTICE_SCREENS: dict[str, type[PracticeScreen]] = {
    str(practice): _screen_of(practice) for practice in Practice if practice is not Practice.LOGS
}
"""A screen class for each practice but the logs, which have one of their own."""
