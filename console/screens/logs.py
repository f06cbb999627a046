"""The logs: the streams, and the records as they come; filter by level and text, open a record."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.widget import Widget

from collectors.model.practice import Practice
from console.engine.state import Snapshot
from console.logs.filter import FilterError
from console.present import practice as present
from console.present.practices import VIEWS
from console.screens.base import ConsoleScreen
from console.screens.logsource import RingSource
from console.screens.record import RecordScreen
from widgets.loglines import LogView
from widgets.table import LiveTable


class LogsScreen(ConsoleScreen):
    """The streams above, their records below."""

    PRACTICE: ClassVar[Practice] = Practice.LOGS
    HELP = (
        "Records of all streams as they come. / filters: words, !word, and levels such as >=warn. "
        "Moving up holds the view, End follows again, Enter opens a record."
    )
    DEFAULT_CSS = """
    LogsScreen LiveTable { height: auto; max-height: 8; min-height: 3; }
    LogsScreen LogView { height: 1fr; border: round $border-blurred; }
    LogsScreen.-low LiveTable { max-height: 5; }
    """
    AUTO_FOCUS: ClassVar[str] = "LogView"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._service = ""
        self._source: RingSource | None = None

    def body(self) -> Iterator[Widget]:
        """Streams and records."""
        ascii_only = self.console.ascii_only
        yield LiveTable(ascii_only=ascii_only, id="streams", classes="zoomable")
        yield LogView(ascii_only=ascii_only, id="records", classes="zoomable")

    def on_mount(self) -> None:
        """Follow the ring."""
        self._follow()
        self.set_interval(0.25, self._new_lines, name="log lines")

    def paint(self, snapshot: Snapshot) -> None:
        """Show the streams as they are known now."""
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table, snapshot))

    def _paint_table(self, table: LiveTable, snapshot: Snapshot) -> None:
        columns, rows = present.table(
            snapshot, self.console.history, Practice.LOGS, self._service or None, width=self.size.width
        )
        table.show(columns, rows, empty=self._no_streams(snapshot))

    def of_service(self, service: str) -> None:
        """Show one service's streams and records."""
        self._service = service
        self._follow()
        self.console.repaint()

    def filter_by(self, text: str) -> None:
        """Show only records that the filter keeps."""
        self._text = text
        self._follow()

    def close_filter(self) -> bool:
        """Lift the filter, then the service."""
        was = self._text or self._service
        if self._text:
            self._text = ""
        else:
            self._service = ""
        if was:
            self._follow()
        return bool(was)

    def title_words(self) -> str:
        """Service, filter, and what was dropped."""
        words = ["logs"]
        words += [self._service] if self._service else []
        words += [f"/{self._text}"] if self._text else []
        dropped = self.console.ring.dropped
        words += [f"{dropped} older lines left the memory"] if dropped else []
        pending = self._source.pending if self._source is not None else 0
        words += [f"{pending} not looked at yet"] if pending > 10_000 else []
        return " · ".join(words)

    @on(LogView.RecordOpened)
    def _opened(self, event: LogView.RecordOpened) -> None:
        found = self._source.record(event.seq) if self._source is not None else None
        if found is not None:
            self.console.push_console(RecordScreen(*found))

    @on(LiveTable.RowOpened)
    def _stream_opened(self) -> None:
        subject = self.subject()
        if subject is not None:
            self.console.open_subject(subject)

    def _follow(self) -> None:
        view = self.query_one(LogView)
        try:
            self._source = RingSource(self.console.ring, self._text, self._service)
        except FilterError as error:
            self.notify(f"{error.why}. {error.hint}", markup=False, severity="warning")
            return
        view.show(self._source, empty=self._empty())

    def _new_lines(self) -> None:
        source = self._source
        if source is None or not self.is_current or self.console.held_since:
            return
        if source.refresh():
            self.query_one(LogView).lines_changed()

    def _no_streams(self, snapshot: Snapshot) -> str:
        if any(source.practice is Practice.LOGS for source in snapshot.sources):
            return f"no log stream of {self._service}: Esc shows all" if self._service else "no answer yet"
        return f"no log stream is configured. {VIEWS[Practice.LOGS].filled_by}"

    def _empty(self) -> str:
        if self._text:
            return f"no record in memory fits {self._text!r}: Esc lifts the filter"
        return "no lines yet"
