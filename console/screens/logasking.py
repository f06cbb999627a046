"""The question of the log screen: typed, changed by keys, lifted, brought back, shown."""

from collections.abc import Sequence
from datetime import UTC, datetime

from textual.content import Content

from collectors.errors import QuarterdeckError
from collectors.model.practice import Practice
from collectors.text import one_line, shown
from console.logs.asked import Asked, Profiles
from console.logs.asking.ask import ask
from console.logs.asking.needle import needle_of
from console.logs.asking.testing import Moment
from console.logs.completing import complete
from console.logs.edit import with_phrase, with_window, without_stages, without_window
from console.logs.export import MOST_RECORDS, export
from console.logs.far import FarLines, FarLog
from console.logs.language import QuestionError
from console.logs.language.moments import Window
from console.logs.origins import origins
from console.logs.reach import Reach
from console.logs.running import Stopped
from console.logs.seen import Seen
from console.screens.dialog import Dialog
from console.screens.loganswer import AnswerPanel
from console.screens.logcolumns import look
from console.screens.logpatterns import PatternsScreen
from console.screens.logprompt import QuestionPrompt
from console.screens.logscreen import LogScreen
from console.screens.logsource import RingSource
from console.screens.prompt import Prompt
from widgets.logbars import LogBars

SLICE = 0.012
"""Seconds of filtering between two looks at the keys."""

MOST_PAST = 100
"""Questions that are remembered."""


class AskingScreen(LogScreen):
    """Lines of the ring that a question finds."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: Asked | None = None
        self._source: RingSource | None = None
        self._profiles = Profiles()
        self._past: list[tuple[str, str]] = []
        self._wanted: int | None = None

    @property
    def question(self) -> str:
        """The question's text."""
        return self.asked.text

    @property
    def asked(self) -> Asked:
        """The question that is shown."""
        return self._asked or Asked("", now=0.0)

    def of_service(self, service: str, window: tuple[float, float] | None = None) -> None:
        """Show one service's streams and records, of a window of time where one is meant."""
        text = with_window("", *window, self.console.clock.wall()) if window is not None else ""
        self.lines.follow()
        self.ask(text, service)

    def filter_by(self, text: str) -> None:
        """Ask a question."""
        self.ask(text, self.asked.service)

    def ask(self, text: str, service: str) -> None:
        """Ask a question of one service's streams, or of all; ``u`` brings back the one before."""
        before = self.asked.text, self.asked.service
        if self.show_question(text, service) and (text, service) != before:
            self._past = [*self._past[-MOST_PAST:], before]
        self.console.repaint()

    def try_text(self, text: str) -> None:
        """Show what a question finds while it is typed."""
        if text != self.asked.text:
            self.show_question(text, self.asked.service)

    def prompt(self) -> Dialog[str | None]:
        """The line in which a question is typed."""
        texts = [text for text, _ in self._past if text]
        past = [text for at, text in enumerate(texts) if text not in texts[at + 1 :]]
        seen = Seen()
        prompt = QuestionPrompt(
            self.asked.text,
            tried=self.try_text,
            complete=lambda text, at: complete(text, at, seen),
            past=past,
            ascii_only=self.console.ascii_only,
        )
        if self._source is not None:
            self.run_worker(self._see(self._source, seen, prompt), name="fields", exit_on_error=False)
        return prompt

    async def _see(self, source: RingSource, seen: Seen, prompt: QuestionPrompt) -> None:
        """Look at the newest lines, for what can be completed."""
        await look(source, seen)
        if prompt.is_attached:
            prompt.offer()

    def action_undo(self) -> None:
        """Ask the question before."""
        if self._past:
            text, service = self._past.pop()
            self.show_question(text, service)
            self.console.repaint()
        else:
            self.notify("no question was asked before this one", markup=False, timeout=2)

    def close_filter(self) -> bool:
        """Lift the cursor of the bars, then the stages, the window of time, the filter, the service."""
        bars = self.query_one(LogBars)
        if bars.has_focus and bars.clear_cursor():
            return True
        text, service = self.asked.text, self.asked.service
        if not text and not service:
            return False
        if not text:
            self.ask("", "")
            return True
        shorter = next((one for one in (without_stages(text), without_window(text)) if one != text), "")
        self.ask(shorter, service)
        return True

    def action_patterns(self) -> None:
        """Count lines of the same pattern."""
        source = self._source
        if source is not None:
            words = self.asked.text or self.asked.service
            self.console.push_console(PatternsScreen(words, source.templates, self._of_pattern))

    def _of_pattern(self, fixed: str) -> None:
        self.filter_by(with_phrase(self.asked.text, fixed))

    def show_question(self, text: str, service: str) -> bool:
        """Show what a question finds, the line that is read in its place; whether it means anything."""
        try:
            asked = Asked(text, service, now=self.console.clock.wall(), profiles=self._profiles)
        except QuestionError as error:
            self.notify(f"{error.why}. {error.hint}", markup=False, severity="warning")
            return False
        here = self.here() if self._source is not None and not self.lines.live else None
        self._asked = asked
        source = self._source = RingSource(self.console.ring, asked, self.look)
        source.work(SLICE)
        view = self.lines
        view.show(source, empty=self._empty())
        view.border_title = Content(shown(asked.text, 1000)) if asked.text else None
        self._wanted = here[0] if here is not None else None
        self.go_to_wanted()
        self.paint_bars(source)
        self._answer(asked)
        return True

    def _answer(self, asked: Asked) -> None:
        """Answer a question that makes a table, or asks for records that memory no longer holds."""
        panel = self.query_one(AnswerPanel)
        since = asked.window.since
        first = self.console.ring.get(self.console.ring.first)
        past = since is not None and (first is None or since < first.record.time)
        if asked.question.stages or past:
            panel.ask(asked, self._reach)
        else:
            panel.leave()
        self.set_class(panel.has_class("-shown"), "-answered")

    async def action_export(self) -> None:
        """Ask for a file's name, and write the answer to the present question into it."""
        at = datetime.fromtimestamp(self.console.clock.wall(), UTC).strftime("%Y%m%dT%H%M%SZ")
        prompt = Prompt("write the answer into", "a new .csv or .json file", f"quarterdeck-logs-{at}.csv")
        await self.console.push_screen(prompt, self._named)

    def _named(self, path: str | None) -> None:
        if path:
            asked, reach = self.asked, self._reach()
            self.run_worker(
                lambda: self._export(asked, reach, path), name="export", thread=True, exit_on_error=False
            )

    def _export(self, asked: Asked, reach: Reach, path: str) -> None:
        """In a thread: ask once more, of all that there is, and write."""
        moment = Moment(self.console.clock.wall(), asked.moment.zone)
        try:
            answer = ask(asked.question, reach, moment, most=MOST_RECORDS)
            written = export(answer, path)
        except QuarterdeckError as error:
            self.console.tell(f"{error.why}. {error.hint}", bad=True)
            return
        count = len(answer.table.rows) if answer.table is not None else len(answer.records)
        self.console.tell(one_line(f"{count:,} rows written into {written}", 300))

    def _reach(self, stopped: Stopped = lambda: False) -> Reach:
        console, asked = self.console, self.asked
        rows = console.store.snapshot().of(Practice.LOGS)
        known = origins(
            [row.reading.subject for row in rows],
            console.settings.collectors,
            lambda: console.core.ways.dialer,
        )

        def far(logs: Sequence[FarLog]) -> FarLines:
            return FarLines(logs, console.core_loop, needle_of(asked.question.filter), cancelled=stopped)

        return Reach(console.ring, known, asked.service, self._profiles, far)

    def go_to_wanted(self) -> None:
        """Hold the view on the record that was under the cursor before the question changed."""
        source = self._source
        if self._wanted is None or source is None:
            return
        found = source.seq(self._wanted)
        if found is None and source.pending:
            return
        if found is None:
            found = source.nearest(self._wanted)
        self._wanted = None
        if found is not None:
            self.lines.hold(found, go=True)

    def paint_bars(self, source: RingSource) -> None:
        """Draw what the question finds over time."""
        now = self.console.clock.wall()
        asked = source.asked.window
        window = (asked.since or 0.0, asked.until or now + 1e9) if asked != Window() else None
        self.query_one(LogBars).show(source.tally, now=now, began=source.tally.first, window=window)

    def _empty(self) -> str:
        if self.asked.text:
            return "no record in memory fits this question: Esc lifts it"
        return "no lines yet"

    @property
    def records(self) -> RingSource | None:
        """The ring's records."""
        return self._source
