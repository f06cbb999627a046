"""What can be done with the row under the cursor; nothing here writes to a source."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.engine.state import Mute, Snapshot, SourceId
from console.present.practice import find_row, hint_of
from console.screens.dialog import Dialog
from widgets.bars import HintLine
from widgets.cell import Cell, Column, Row
from widgets.table import LiveTable

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

MUTE_FOR = 3600.0
"""Seconds after which a mute ends by itself."""

Run = Callable[["Quarterdeck"], None]
Entry = tuple[str, str, Run]


def entries_for(subject: SubjectId, snapshot: Snapshot) -> tuple[str, tuple[Entry, ...]]:
    """The row's sentence, and what can be done: name, words, and what runs."""
    row = find_row(snapshot, subject)
    words = hint_of(row, snapshot.now) if row else "this subject has left"
    muted = row.muted if row else False
    source = SourceId(subject.collector, subject.instance)
    return words, (
        (
            "look now",
            "ask the source now, past its back-off",
            lambda app: app.submit(lambda: app.core.refresh((source,))),
        ),
        ("open", "all that is known of it, with its details", lambda app: app.open_subject(subject)),
        ("unmute", "let its verdicts count again", lambda app: _mute(app, subject, 0.0))
        if muted
        else (
            "mute 1 h",
            "its verdicts do not count for an hour; measuring goes on",
            lambda app: _ask_reason(app, subject),
        ),
    )


def _ask_reason(app: "Quarterdeck", subject: SubjectId) -> None:
    from console.screens.prompt import Prompt  # noqa: PLC0415 - the prompt is needed only here

    def given(reason: str | None) -> None:
        if reason is not None:
            _mute(app, subject, MUTE_FOR, reason)

    app.push_screen(Prompt("mute for 1 h", "why? (Enter mutes, Esc does not)"), given)


def _mute(app: "Quarterdeck", subject: SubjectId, seconds: float, reason: str = "") -> None:
    app.store.mute(Mute(subject, Shown(reason), app.clock.wall() + seconds))
    app.repaint()


class Menu(Dialog[Run | None]):
    """A short list; Enter runs the entry under the cursor, Esc leaves."""

    DEFAULT_CSS = """
    Menu { align: center middle; background: transparent; }
    Menu LiveTable { width: 70; max-width: 96%; height: 9; border: round $primary; background: $surface; }
    Menu HintLine { width: 70; max-width: 96%; height: 1; background: $surface; }
    """
    HELP = "What can be done with the row. Enter does it, Esc leaves."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "leave", show=False)]

    def __init__(self, content: tuple[str, tuple[Entry, ...]]) -> None:
        super().__init__()
        self._words, self._entries = content

    def compose(self) -> ComposeResult:
        """The entries, and what they are about."""
        yield LiveTable(ascii_only=cast("Quarterdeck", self.app).ascii_only)
        yield HintLine(ascii_only=cast("Quarterdeck", self.app).ascii_only)

    def on_mount(self) -> None:
        """Fill the list."""
        columns = (Column("action", "action", 12), Column("what", "what it does", 50, grow=True))
        rows = [
            Row(index, (Cell(name), Cell(words))) for index, (name, words, _run) in enumerate(self._entries)
        ]
        table = self.query_one(LiveTable)
        table.show(columns, rows)
        self.set_focus(table)
        self.query_one(HintLine).show_cell(Cell(self._words))

    @on(LiveTable.RowOpened)
    def _opened(self, event: LiveTable.RowOpened) -> None:
        event.stop()
        if isinstance(event.key, int):
            self.dismiss(self._entries[event.key][2])

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)
