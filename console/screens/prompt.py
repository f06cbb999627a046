"""A line of input over the screen."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from console.screens.dialog import Dialog


class Prompt(Dialog[str | None]):
    """Asks for one line; Enter gives it, Esc gives None."""

    DEFAULT_CSS = """
    Prompt { align: left bottom; background: transparent; }
    Prompt Static { height: 1; width: 1fr; color: $text-muted; }
    Prompt Input, Prompt Input:focus { height: 1; border: none; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self, title: str, hint: str, value: str = "") -> None:
        super().__init__()
        self._words = f" {title}: {hint}"
        self._value = value

    def compose(self) -> ComposeResult:
        """A hint and the line."""
        yield Static(Content(self._words))
        line = Input(value=self._value)
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        """Take the focus at once: what is typed next belongs into the line."""
        self.app.clear_notifications()  # they stand where the line is
        self.set_focus(self.query_one(Input))

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)
