"""One subject: all its facts, its past, and the details that are fetched while it is looked at."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Quantity
from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.engine.state import DetailKey, DetailState, Row, Snapshot, SourceId
from console.present.gauges import reaches
from console.present.practice import facts, find_row, hint_of
from console.present.words import number, say, span
from console.screens.base import ConsoleScreen
from console.screens.charts import chart_of
from widgets.chart import LineChart
from widgets.detail import DetailView, Facts, Section
from widgets.gauge import Gauge
from widgets.timechart import TimeChart

MOST_GAUGES = 3


class SubjectScreen(ConsoleScreen):
    """Everything about one subject."""

    HELP = (
        "One subject with all that its source tells. Details are fetched while you look. The arrows choose a "
        "row of them, and a then fills in what the row names: an id, an error, a pid."
    )
    DEFAULT_CSS = """
    SubjectScreen #gauges { height: auto; max-height: 3; padding: 0 1; }
    SubjectScreen #panels { height: 45%; }
    SubjectScreen DetailView { width: 1fr; border: round $border-blurred; }
    SubjectScreen LineChart { width: 1fr; height: 1fr; border: round $border-blurred; }
    SubjectScreen #details { height: 1fr; }
    SubjectScreen.-narrow #chart { display: none; }
    """
    AUTO_FOCUS: ClassVar[str] = "#details"

    def __init__(self, subject: SubjectId) -> None:
        super().__init__()
        self._subject = subject
        self._words = ""
        self._row: Row | None = None
        self._told: object = None

    def body(self) -> Iterator[Widget]:
        """Gauges, facts and details, chart."""
        ascii_only = self.console.ascii_only
        with Vertical(id="gauges"):
            for _place in range(MOST_GAUGES):
                yield Gauge(say=say, ascii_only=ascii_only)
        with Horizontal(id="panels", classes="zoomable"):
            yield DetailView(say=say, ascii_only=ascii_only, id="facts")
            yield TimeChart(number=number, ascii_only=ascii_only, id="chart")
        yield DetailView(say=say, ascii_only=ascii_only, id="details", classes="zoomable", with_cursor=True)

    def paint(self, snapshot: Snapshot) -> None:
        """Show what is known of the subject."""
        row = find_row(snapshot, self._subject)
        self._row = row or self._row
        about, details, chart = self._panels()
        if self.interest() != self._told:
            self._told = self.interest()
            self.console.look()
        if row is None:
            self._words = "this subject has left: its source no longer names it"
            about.show((), empty=self._words)
            return
        self._words = hint_of(row, snapshot.now)
        for gauge, reach in zip(self.query(Gauge), [*reaches(row), *[None] * MOST_GAUGES], strict=False):
            gauge.display = reach is not None
            if reach is not None:
                self.fill(gauge, partial(gauge.show, reach))
        label = str(row.reading.subject.label)
        self.fill(about, lambda: about.show((Facts(label, facts(row, snapshot.now)),)))
        self.fill(
            details,
            lambda: details.show(self._sections(snapshot), empty="this source has no further details"),
        )
        shift = self.console.time_shift
        self.fill(chart, lambda: chart.show(chart_of(row, self.console.history, snapshot, shift)))

    def subject(self) -> SubjectId:
        """The one."""
        return self._subject

    def row(self) -> Mapping[str, str]:
        """What the row of the details under the cursor says, by column."""
        return self.query_one("#details", DetailView).row

    def hint(self) -> str:
        """Its sentence."""
        return self.pointed() or self._words

    def title_words(self) -> str:
        """Practice and label."""
        label = self._row.reading.subject.label if self._row else ""
        return f"{self._subject.practice} · {label}"

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """All details of the subject, and its source."""
        source = SourceId(self._subject.collector, self._subject.instance)
        state = self.console.shown().source(source)
        details = state.details if state else ()
        return frozenset(DetailKey(self._subject, spec.name) for spec in details), frozenset({source})

    def _panels(self) -> tuple[DetailView, DetailView, LineChart]:
        return (
            self.query_one("#facts", DetailView),
            self.query_one("#details", DetailView),
            self.query_one(LineChart),
        )

    def _sections(self, snapshot: Snapshot) -> tuple[Section, ...]:
        state = snapshot.source(SourceId(self._subject.collector, self._subject.instance))
        sections = []
        for spec in state.details if state else ():
            known = snapshot.details.get(DetailKey(self._subject, spec.name), DetailState())
            sections.append(
                known.detail if known.detail and not known.why else _told(spec, known, snapshot.now)
            )
        return tuple(sections)


def _told(spec: DetailSpec, known: DetailState, now: float) -> Detail:
    """A detail that is missing or old, in words, over its last good rows."""
    words = f"cannot be had now: {known.why}" if known.why else "being fetched"
    if known.detail is not None:
        words += f"; the rows are {span(now - known.arrived)} old"
    rows: tuple[tuple[Shown | Quantity, ...], ...] = known.detail.rows if known.detail else ()
    columns = known.detail.columns if known.detail else ()
    return Detail(spec, columns, rows, Shown(words))
