"""Actions: what runs and how far it is, what asks, what is owed, what ended and can be taken back."""

import time
from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from collectors.model.subject import SubjectId
from console.engine.state import ActState, DetailKey, Owed, Snapshot, SourceId
from console.present import deeds as present
from console.present.filtering import Filter
from console.present.words import counted, say
from console.screens.asking import DEAF_FOR
from console.screens.base import ConsoleScreen
from widgets.detail import DetailView, Facts
from widgets.gauge import Gauge
from widgets.table import LiveTable


class ActionsScreen(ConsoleScreen):
    """One row for each action of this run of the console, and for each thing that is owed."""

    HELP = (
        "What runs, what is owed, what ended. Enter on what is owed plans it; u takes back what can be; "
        "y and n answer what is asked; x stops the action under the cursor, X stops all. "
        ":journal tells what was done before."
    )
    DEFAULT_CSS = """
    ActionsScreen LiveTable { height: auto; max-height: 60%; min-height: 4; }
    ActionsScreen Gauge { padding: 0 1; }
    ActionsScreen DetailView { width: 1fr; height: 1fr; border: round $border-blurred; }
    ActionsScreen.-low DetailView, ActionsScreen.-low Gauge { display: none; }
    """
    AUTO_FOCUS: ClassVar[str] = "LiveTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False, tooltip="yes to what is asked", id="deeds.yes"),
        Binding("n", "answer(False)", "no", show=False, tooltip="no to what is asked", id="deeds.no"),
        Binding("u", "undo", "undo", show=False, tooltip="take the action back", id="deeds.undo"),
        Binding("x", "stop_it", "stop", show=False, tooltip="stop the action", id="deeds.stop"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = Filter("")
        self._deeds: dict[str, present.Deed] = {}
        self._asked: dict[str, tuple[str, float]] = {}

    def body(self) -> Iterator[Widget]:
        """Table, gauge, facts."""
        ascii_only = self.console.ascii_only
        yield LiveTable(ascii_only=ascii_only, id="deeds", classes="zoomable")
        yield Gauge(say=say, ascii_only=ascii_only)
        yield DetailView(say=say, ascii_only=ascii_only, id="facts", classes="zoomable")

    def on_mount(self) -> None:
        """Count down while something runs."""
        self.set_interval(1.0, self._count_down, name="countdown")

    def paint(self, snapshot: Snapshot) -> None:
        """Show what is done and owed now, also where the view is held."""
        del snapshot  # it may be an old one
        table = self.query_one(LiveTable)
        self.fill(table, lambda: self._paint_table(table))
        self.leave_room(len(table.rows) + 2)
        self._paint_deed()

    def _paint_table(self, table: LiveTable) -> None:
        self._deeds = {}
        acting = self.console.store.acting
        columns, rows, self._deeds = present.table(acting, *self._now(), self.size.width)
        self._note_questions()
        kept = [row for row in rows if self._filter.keeps(" ".join(cell.text for cell in row.cells))]
        table.show(columns, kept, empty=self._empty())

    def title_words(self) -> str:
        """How many wait, and the filter."""
        waiting = self.console.series.left
        words = ["actions"]
        words += [f"{counted(waiting, 'more subject')} after it"] if waiting else []
        words += [f"/{self._filter.text}"] if self._filter.text else []
        return " · ".join(words)

    def subject(self) -> SubjectId | None:
        """What the action under the cursor is done to, or is owed to."""
        deed = self._deed()
        return deed.subject if deed is not None else None

    def marked(self) -> tuple[SubjectId, ...]:
        """None: actions are not marked."""
        return ()

    def interest(self) -> tuple[frozenset[DetailKey], frozenset[SourceId]]:
        """The sources that something is done to."""
        acts = self.console.store.acting.running
        return frozenset(), frozenset(SourceId(act.subject.collector, act.subject.instance) for act in acts)

    def filter_by(self, text: str) -> None:
        """Show only rows that hold ``text``."""
        self._filter = Filter(text)

    def close_filter(self) -> bool:
        """Lift the filter."""
        was, self._filter = self._filter, Filter("")
        return bool(was.text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's signature
        """Keys that mean nothing for the row under the cursor mean what they mean elsewhere."""
        deed = self._deed() if action in ("answer", "undo", "stop_it") else None
        if action == "answer":
            return isinstance(deed, ActState) and bool(deed.question)
        return True

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001 - a plain answer
        """Answer what the action under the cursor asks, once it could be read."""
        deed = self._deed()
        if isinstance(deed, ActState) and deed.question:
            question, since = self._asked.get(deed.id, ("", float("inf")))
            if question == deed.question and time.monotonic() - since >= DEAF_FOR:
                run, runner = deed.id, self.console.runner
                self.console.submit(lambda: runner.answer(run, yes))

    def action_undo(self) -> None:
        """Take back the action under the cursor, after a yes."""
        deed = self._deed()
        if isinstance(deed, ActState) and deed.undo:
            self.console.take_back(deed)
        else:
            self.console.tell("nothing is kept to take this back")

    def action_stop_it(self) -> None:
        """Stop the action under the cursor."""
        deed = self._deed()
        if isinstance(deed, ActState) and deed.running:
            run, runner = deed.id, self.console.runner
            self.console.submit(lambda: runner.stop(run))
        else:
            self.console.tell("this does not run")

    @on(LiveTable.RowOpened)
    def _opened(self) -> None:
        deed = self._deed()
        if isinstance(deed, Owed):
            self.console.pay(deed)
        elif deed is not None:
            self.console.open_subject(deed.subject)

    @on(LiveTable.CursorMoved)
    def _moved(self) -> None:
        self._paint_deed()

    def _deed(self) -> present.Deed | None:
        return self._deeds.get(str(self.query_one(LiveTable).cursor_key))

    def _paint_deed(self) -> None:
        deed, gauge, view = self._deed(), self.query_one(Gauge), self.query_one(DetailView)
        reach = present.reach_of(deed) if deed is not None else None
        gauge.display = reach is not None
        if reach is not None:
            self.fill(gauge, lambda: gauge.show(reach))
        if deed is None:
            view.show((), empty="a on a row of a practice lists what can be done with it")
            return
        self.fill(view, lambda: view.show((Facts("under the cursor", present.facts(deed, *self._now())),)))

    def _count_down(self) -> None:
        if self.is_current and not self.console.stalled and self.console.store.acting.running:
            self.paint(self.console.shown())

    def _note_questions(self) -> None:
        """Since when each question stands here: a key that was meant for something else is no answer."""
        acts = [one for one in self._deeds.values() if isinstance(one, ActState) and one.question]
        before, self._asked = self._asked, {}
        for act in acts:
            known = before.get(act.id)
            same = known is not None and known[0] == act.question
            self._asked[act.id] = known if known is not None and same else (act.question, time.monotonic())

    def _now(self) -> tuple[float, float]:
        return self.console.clock.boottime(), self.console.clock.wall()

    def _empty(self) -> str:
        if self._filter.text:
            return f"no row holds {self._filter.text!r}: Esc lifts the filter"
        return "nothing runs, nothing is owed; :journal tells what was done before"
