"""The line in which questions are typed: completed, checked as they grow, tried on the lines behind it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input

from console.logs.completing import Completion
from console.logs.language import QuestionError, parse
from console.screens.dialog import Dialog
from widgets.bars import HintLine, StatusLine
from widgets.cell import Cell

PAUSE = 0.3
"""Seconds without a key after which the question is tried."""

HELP_WORDS = (
    'words "a phrase" level>=warn region=eu -path~^/health duration>200ms since:1h | p95(duration) by region'
)


Complete = Callable[[str, int], Sequence[Completion]]


class QuestionPrompt(Dialog[str | None]):
    """Asks for a question: Enter asks it, Esc gives None; ``tried`` is told of each one that can be read."""

    DEFAULT_CSS = """
    QuestionPrompt { align: left bottom; background: transparent; }
    QuestionPrompt HintLine, QuestionPrompt StatusLine { height: 1; dock: none; background: $panel; }
    QuestionPrompt #wrong.-wrong { color: $text-error; }
    QuestionPrompt Input, QuestionPrompt Input:focus { height: 1; border: none; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("tab", "complete(1)", "complete", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", "the completion before", show=False, priority=True),
        Binding("up", "past(1)", "the question before", show=False, priority=True),
        Binding("down", "past(-1)", "the question after", show=False, priority=True),
    ]

    def __init__(
        self,
        text: str,
        *,
        tried: Callable[[str], None],
        complete: Complete,
        past: Sequence[str] = (),
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._text = text
        self._tried = tried
        self._complete = complete
        self._past = list(past)
        self._ago = 0
        self._typed = text
        self._ascii = ascii_only
        self._offered: Sequence[Completion] = ()
        self._chosen: int | None = None
        self._stem = ""
        self._completed: str | None = None
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Completions, the line, and what is wrong with it."""
        yield StatusLine(ascii_only=self._ascii, id="offered")
        line = Input(value=self._text)
        line.cursor_blink = False
        yield line
        yield HintLine(ascii_only=self._ascii, id="wrong")

    def on_mount(self) -> None:
        """Take the focus at once: what is typed next belongs into the line."""
        self.app.clear_notifications()
        self.set_focus(self._line)
        self._check(self._text)
        self.offer()

    @property
    def _line(self) -> Input:
        return self.query_one(Input)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._completed:
            # typed, so the completion is taken as it stands
            self._chosen = None
            self.offer()
        self._check(event.value)
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._try)

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        if self._check(event.value):
            self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Leave the question as it was."""
        if self._pause is not None:
            self._pause.stop()
        self._tried(self._text)
        self.dismiss(None)

    def action_complete(self, step: int) -> None:
        """Take the first completion, or the next one in its place."""
        if not self._offered:
            return
        if self._chosen is None:
            self._stem, self._chosen = self._line.value, 0 if step > 0 else len(self._offered) - 1
        else:
            self._chosen = (self._chosen + step) % len(self._offered)
        one = self._offered[self._chosen]
        self._completed = self._stem[: one.start] + one.text + self._stem[one.end :]
        self._line.value = self._completed
        self._line.cursor_position = one.start + len(one.text)
        self._show_offered()

    def action_past(self, step: int) -> None:
        """Bring back a question that was asked before."""
        ago = max(0, min(self._ago + step, len(self._past)))
        if ago == self._ago:
            return
        if self._ago == 0:
            self._typed = self._line.value
        self._ago = ago
        self._line.value = self._past[-ago] if ago else self._typed
        self._line.cursor_position = len(self._line.value)
        self._chosen = None

    def _try(self) -> None:
        text = self._line.value
        if self.is_attached and self._check(text):
            self._tried(text.strip())

    def offer(self) -> None:
        """Look anew at what may stand at the cursor."""
        line = self._line
        self._offered = tuple(self._complete(line.value, line.cursor_position))
        self._show_offered()

    def _show_offered(self) -> None:
        cells = [
            Cell(one.text.strip() + (f" ({one.words})" if one.words else ""), mark="›" * (at == self._chosen))
            for at, one in enumerate(self._offered)
        ]
        if self._chosen is not None and self._chosen > 3:
            cells = cells[self._chosen - 3 :]
        self.query_one("#offered", StatusLine).show([Cell("Tab:"), *cells] if cells else [Cell(HELP_WORDS)])

    def _check(self, text: str) -> bool:
        """Point at the first wrong character; whether there is none."""
        line = self.query_one("#wrong", HintLine)
        try:
            parse(text)
        except QuestionError as error:
            line.set_class(True, "-wrong")  # noqa: FBT003 - Textual's signature
            line.show([Cell(self._pointed(text, error))])
            return False
        line.set_class(False, "-wrong")  # noqa: FBT003 - Textual's signature
        line.show([Cell("Enter asks, Tab completes, Up brings back, Esc leaves")])
        return True

    def _pointed(self, text: str, error: QuestionError) -> str:
        """A caret under the wrong character and the words beside it, on the side where there is room."""
        hint = f": {error.hint}" if error.hint else ""
        words, width = f"{error.why}{hint}", self.size.width
        at = cell_len(text[: error.at]) - round(self._line.scroll_offset.x)
        at = max(0, min(at, width - 4))
        carets = "^" * max(1, min(error.length, width - 4 - at))
        if at + len(carets) + len(words) + 3 <= width or at < width // 2:
            return f"{' ' * at}{carets} {words}"
        return f"{words} ".rjust(at)[:at] + carets
