"""The fleet: services × practices, what needs somebody above, the place under the cursor below."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widget import Widget

from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from collectors.model.subject import SubjectId
from console.engine.state import DetailKey, Row, Snapshot, SourceId
from console.findings import pinned_question
from console.present import fleet, needs
from console.present.filtering import Filter
from console.present.fold import Folds, fold_all
from console.present.practice import facts
from console.present.words import number, say
from console.screens.base import ConsoleScreen
from console.screens.charts import chart_of
from console.screens.logask import ask_all_logs
from widgets.chart import LineChart
from widgets.chartdata import Chart
from widgets.detail import DetailView, Facts
from widgets.sentences import SHOWN, Sentence, SentenceList
from widgets.table import LiveTable


class FleetScreen(ConsoleScreen):
    """One row for each service, one column for each practice that has a collector."""

    HELP = (
        "The fleet. Each cell shows the worst of its practice; the line below says why. "
        "Enter opens the practice of the cell under the cursor, digits open any."
    )
    DEFAULT_CSS = """
    FleetScreen SentenceList { height: auto; max-height: 9; }
    FleetScreen LiveTable { height: auto; max-height: 55%; min-height: 4; }
    FleetScreen DetailView { width: 1fr; border: round $border-blurred; }
    FleetScreen LineChart { width: 1fr; border: round $border-blurred; }
    """
    BINDING_GROUP_TITLE = "fleet"
    AUTO_FOCUS: ClassVar[str] = "LiveTable"

    def __init__(self) -> None:
        super().__init__()
        self._folds: Folds = {}
        self._needs: tuple[needs.Need, ...] = ()
        self._filter = Filter("")
        self._snapshot: Snapshot | None = None

    def body(self) -> Iterator[Widget]:
        """Needs, table, and the place under the cursor."""
        ascii_only = self.console.ascii_only
        needing = SentenceList(ascii_only=ascii_only, id="needs", classes="zoomable")
        needing.border_title = "needs you"
        yield needing
        yield LiveTable(ascii_only=ascii_only, id="fleet", classes="zoomable")
        with Horizontal(classes="lower zoomable"):
            yield DetailView(say=say, ascii_only=ascii_only, id="facts")
            yield LineChart(number=number, ascii_only=ascii_only, id="chart")

    def paint(self, snapshot: Snapshot) -> None:
        """Show the fleet as it is known now."""
        self._snapshot = snapshot
        needing, table = self.query_one(SentenceList), self.query_one(LiveTable)
        self.fill(needing, lambda: self._paint_needs(needing, snapshot))
        self.fill(table, lambda: self._paint_table(table, snapshot))
        self.leave_room(min(len(self._needs), SHOWN + 1) + 2 + len(table.rows) + 1)
        self._paint_place()

    def _paint_needs(self, panel: SentenceList, snapshot: Snapshot) -> None:
        self._needs = ()
        self._needs = needs.needs(snapshot, self.console.settings.services)
        lines = tuple(Sentence(need.key, need.level, need.service, need.text) for need in self._needs)
        panel.show(lines, empty=_calm(snapshot))

    def _paint_table(self, panel: LiveTable, snapshot: Snapshot) -> None:
        services = self.console.settings.services
        self._folds = fold_all(snapshot, services)
        table = fleet.turned if fleet.is_turned(services) else fleet.table
        columns, rows = table(snapshot, self.console.history, services, self.size.width)
        rows = tuple(row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells)))
        panel.show(columns, rows, empty=_empty(snapshot, self._filter))

    def subject(self) -> SubjectId | None:
        """The worst subject of the place under the cursor."""
        row = self._row()
        return row.reading.subject.id if row else None

    def service(self) -> str:
        """The service under the cursor."""
        place = self._place()
        return place[0] if place else ""

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """The sources of the place under the cursor."""
        place = self._place()
        folded = self._folds.get((place[0], place[1])) if place and place[1] else None
        return frozenset(), frozenset(row.source for row in folded.rows) if folded else frozenset()

    def sort_next(self) -> str:
        """The fleet has one order."""
        return "level, worst first: the fleet has no other order"

    def filter_by(self, text: str) -> None:
        """Show only rows that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter."""
        was, self._filter = self._filter, Filter("")
        return bool(was.text)

    def title_words(self) -> str:
        """The filter, if there is one."""
        return f"/{self._filter.text}" if self._filter.text else ""

    @on(LiveTable.RowOpened)
    async def _opened(self) -> None:
        place = self._place()
        if place is None:
            return
        service, practice = place
        if practice is not None:
            await self.console.open_practice(practice, service, self.subject())

    @on(LiveTable.CursorMoved)
    def _moved(self) -> None:
        self._paint_place()

    @on(SentenceList.FindingOpened)
    async def _finding_opened(self, event: SentenceList.FindingOpened) -> None:
        if event.index < len(self._needs):
            need = self._needs[event.index]
            if need.rule == "unreached server":
                await self.console.action_go("servers")
            elif need.rule == "silent source":
                await self.console.action_go("sources")
            elif need.rule == pinned_question.RULE and need.subject is not None:
                await ask_all_logs(self.console, need.subject.key.decode())
            else:
                await self.console.open_practice(need.practice, need.service, need.subject)

    def _place(self) -> tuple[str, Practice | None] | None:
        table = self.query_one(LiveTable)
        key = table.cursor_key
        if isinstance(key, tuple):
            return key[0], key[1]
        if not isinstance(key, str):
            return None
        column = table.cursor_column
        if column in set(Practice):
            return key, Practice(column)
        worst = max(
            (folded for practice in Practice if (folded := self._folds.get((key, practice))) is not None),
            key=lambda folded: folded.level.rank,
            default=None,
        )
        return key, worst.practice if worst else None

    def _row(self) -> Row | None:
        place = self._place()
        if place is None or place[1] is None:
            return None
        folded = self._folds.get((place[0], place[1]))
        if folded is None:
            return None
        return folded.worst or (folded.rows[0] if folded.rows else None)

    def _paint_place(self) -> None:
        snapshot, row = self._snapshot, self._row()
        if snapshot is None or self.has_class("-low"):
            return
        view, chart = self.query_one(DetailView), self.query_one(LineChart)
        if row is None:
            view.show((), empty="nothing is known of this place yet")
            chart.show(Chart("", Unit.COUNT, (), empty="nothing to draw"))
            return
        subject = row.reading.subject
        title = f"{subject.service or subject.collector} · {row.reading.practice} · {subject.label}"
        self.fill(view, lambda: view.show((Facts(title, facts(row, snapshot.now)),)))
        shift = self.console.time_shift
        self.fill(chart, lambda: chart.show(chart_of(row, self.console.history, snapshot, shift)))


def _calm(snapshot: Snapshot) -> str:
    told = sum(source.sweep is not None for source in snapshot.sources)
    if told < len(snapshot.sources):
        return f"{told} of {len(snapshot.sources)} sources have answered so far"
    return (
        f"nothing: {len(snapshot.rows)} readings from {len(snapshot.sources)} sources are within their limits"
    )


def _empty(snapshot: Snapshot, active: Filter) -> str:
    if active.text:
        return f"no row holds {active.text!r}: Esc lifts the filter"
    return "no collector is configured" if not snapshot.sources else "waiting for the first answers"
