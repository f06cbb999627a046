"""The logs: the streams, their lines over time, and the records as they come; filter, mark, open a record."""

from collections.abc import Iterator
from typing import ClassVar, cast

from textual import on
from textual.widget import Widget

from collectors.model.logs import LogReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from console.engine.state import Snapshot
from console.logs.edit import with_window
from console.present import practice as present
from console.present.practices import VIEWS
from console.present.words import number
from console.screens.loganswer import AnswerPanel
from console.screens.logasking import SLICE, AskingScreen
from console.screens.logsource import RingSource
from console.screens.logtiles import TilesLine
from widgets.logbars import LogBars
from widgets.loglines import PERIOD, LogView
from widgets.table import LiveTable

AGAIN = 0.03
"""Seconds until the next slice where one was not enough."""

UNREAD = 1024 * 1024
"""Bytes of a stream that are written and not read, from which on the view is behind."""


class LogsScreen(AskingScreen):
    """The streams above, their bars, and their records below."""

    PRACTICE: ClassVar[Practice] = Practice.LOGS
    HELP = (
        "Records of all streams as they come. / asks: words, level>=warn, region=eu, since:1h. "
        "Moving up or p holds the view, End follows again, Enter opens a record. Tab goes to the bars: "
        "there the arrows and Enter choose a time."
    )
    DEFAULT_CSS = """
    LogsScreen #streams { height: auto; max-height: 8; min-height: 3; }
    LogsScreen LogBars { height: 6; padding: 0 1; }
    LogsScreen LogView { height: 1fr; border: round $border-blurred; }
    LogsScreen.-low #streams { height: auto; max-height: 4; }
    LogsScreen.-low LogBars { height: 3; }
    LogsScreen.-low.-answered #streams, LogsScreen.-low.-answered LogBars { display: none; }
    LogsScreen.-low AnswerPanel { max-height: 10; }
    """
    AUTO_FOCUS: ClassVar[str] = "LogView"

    def __init__(self) -> None:
        super().__init__()
        self._was_held = False

    def body(self) -> Iterator[Widget]:
        """Streams, bars and records."""
        ascii_only = self.console.ascii_only
        yield LiveTable(ascii_only=ascii_only, id="streams", classes="zoomable")
        yield TilesLine(ascii_only=ascii_only)
        yield LogBars(ascii_only=ascii_only, id="bars")
        yield AnswerPanel(ascii_only=ascii_only)
        yield LogView(ascii_only=ascii_only, id="records", classes="zoomable")

    def on_mount(self) -> None:
        """Follow the ring."""
        if self._asked is None:
            self.show_question("", "")
        self.set_interval(PERIOD, self._new_lines, name="log lines")

    def paint(self, snapshot: Snapshot) -> None:
        """Show the streams as they are known now."""
        table = self.query_one("#streams", LiveTable)
        self.fill(table, lambda: self._paint_table(table, snapshot))
        self.hold_changed()
        self.set_class(self.size.height < 30, "-low")

    def _paint_table(self, table: LiveTable, snapshot: Snapshot) -> None:
        columns, rows = present.table(
            snapshot, self.console.history, Practice.LOGS, self.asked.service or None, width=self.size.width
        )
        table.show(columns, rows, empty=self._no_streams(snapshot))

    def hold_changed(self) -> None:
        """Hold the lines where all is held, and follow again with all."""
        held = bool(self.console.held_since)
        if held != self._was_held:
            self._was_held = held
            if held:
                self.lines.hold()
            elif not self.lines.live:
                self.lines.follow()

    def zoom(self) -> None:
        """Show the focused panel alone; of the bars, a shorter time."""
        if isinstance(self.focused, LogBars):
            self.focused.zoom_in()
        else:
            super().zoom()

    def title_words(self) -> str:
        """Service, filter, and what was dropped."""
        words = ["logs"]
        words += [self.asked.service] if self.asked.service else []
        dropped = self.console.ring.dropped
        words += [f"{dropped:,} older lines left the memory"] if dropped else []
        pending = self._source.pending if self._source is not None else 0
        words += [f"{pending:,} not looked at yet"] if pending > 10_000 else []
        return " · ".join(words)

    def hint(self) -> str:
        """What the bar under the cursor counts, the message, or the stream."""
        bars = self.query_one(LogBars)
        return bars.words() if bars.has_focus and bars.words() else super().hint()

    def cancel(self) -> str:
        """Give up the question that is being answered."""
        return "The question was stopped." if self.query_one(AnswerPanel).stop() else ""

    @on(LiveTable.RowOpened, "#streams")
    def _stream_opened(self) -> None:
        subject = self.subject()
        if subject is not None:
            self.console.open_subject(subject)

    @on(LogBars.WindowChosen)
    def _window_chosen(self, event: LogBars.WindowChosen) -> None:
        now = self.console.clock.wall()
        self.filter_by(with_window(self.asked.text, event.since, event.until, now))

    @on(LogBars.Moved)
    def _bar_moved(self) -> None:
        self.paint_hint()

    @on(LogView.FollowChanged)
    def _follow_changed(self, event: LogView.FollowChanged) -> None:
        if event.live and self.console.held_since:
            self.console.action_hold()

    def _new_lines(self) -> None:
        source = self._source
        if source is None or not self.is_current or self.console.stalled:
            return
        if source.work(SLICE):
            self.lines.lines_changed()
        self.go_to_wanted()
        self.lines.say(behind=self._behind(source))
        self.paint_bars(source)
        if source.pending:
            self.set_timer(AGAIN, self._more)

    def _more(self) -> None:
        """Another slice of filtering; what it finds is painted with the rest."""
        source = self._source
        if source is not None and self.is_current and source.work(SLICE):
            self.lines.lines_changed()

    def _behind(self, source: RingSource) -> str:
        """How far reading or filtering is behind, in words; empty where it is not."""
        unread = self._unread()
        words = [f"{number(unread, Unit.BYTES)} written and not read yet"] if unread >= UNREAD else []
        words += [f"{source.behind:,} lines not looked at yet"] if source.behind > 10_000 else []
        return ", ".join(words)

    def _unread(self) -> float:
        """Bytes of the streams that are written and not read yet."""
        readings = [
            cast("LogReading", row.reading)
            for row in self.console.store.snapshot().of(Practice.LOGS)
            if not self.asked.service or row.reading.subject.service == self.asked.service
        ]
        return sum(reading.behind.value or 0.0 for reading in readings)

    def _no_streams(self, snapshot: Snapshot) -> str:
        if any(source.practice is Practice.LOGS for source in snapshot.sources):
            return (
                f"no log stream of {self.asked.service}: Esc shows all"
                if self.asked.service
                else "no answer yet"
            )
        return f"no log stream is configured. {VIEWS[Practice.LOGS].filled_by}"
