"""Dialogs that ask before something is done: no key that was typed ahead can answer them."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button

from console.screens import panels
from console.screens.dialog import Dialog
from widgets.cell import Cell
from widgets.facts import Fact
from widgets.plan import PlanView

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

Result = TypeVar("Result")

DEAF_FOR = 0.5
"""Seconds for which a dialog hears nothing after it has shown something that can be confirmed."""

BOX_CSS = """
Asking { align: center middle; background: transparent; }
Asking #box {
    width: 96; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
    border: round $primary; background: $surface;
}
Asking.-protected #box { border: heavy $error; }
Asking #ask { height: auto; max-height: 4; margin-top: 1; color: $text-muted; }
Asking #buttons { height: 1; }
Asking Button, Asking Button:hover {
    min-width: 12; height: 1; margin-right: 2; border: none; background: $panel; color: $foreground;
}
Asking Button:focus { text-style: bold reverse; background: $panel; }
Asking Button:disabled { color: $text-muted; text-style: strike; }
"""


class Asking(Dialog[Result]):
    """A box with facts and buttons; the first button is the one that does nothing, and has the focus.

    Subclasses give ``extras`` between facts and buttons. Keys, pastes and clicks are not heard until
    DEAF_FOR seconds after ``listen_anew``.
    """

    DEFAULT_CSS = BOX_CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("left", "to_button(-1)", "the button before", show=False),
        Binding("right", "to_button(1)", "the button after", show=False),
        *(
            Binding(key, f"scroll_facts('{where}')", "scroll", show=False)
            for key, where in (
                ("up", "up"),
                ("down", "down"),
                ("pageup", "page_up"),
                ("pagedown", "page_down"),
            )
        ),
    ]

    def __init__(self, title: str, buttons: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._buttons = tuple(buttons)
        self._heard_from = float("inf")

    @property
    def console(self) -> "Quarterdeck":
        """The app, with its own type."""
        return cast("Quarterdeck", self.app)

    def compose(self) -> ComposeResult:
        """The facts, what is asked, the buttons."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            yield PlanView(ascii_only=self.console.ascii_only, id="facts")
            yield from self.extras()
            with Horizontal(id="buttons"):
                for name, words in self._buttons:
                    button = Button(Content(words), id=name, compact=True)
                    button.active_effect_duration = 0
                    yield button

    def extras(self) -> Sequence[Widget]:
        """What stands between facts and buttons."""
        return ()

    def show(self, place: Cell, facts: Sequence[Fact]) -> None:
        """Show facts below the place that they are about."""
        view = self.query_one(PlanView)
        panels.fill(self.console, view, lambda: view.show(place, facts))
        self.call_after_refresh(self._fit)

    def listen_anew(self) -> None:
        """Something has appeared that can be confirmed: hear nothing for DEAF_FOR seconds."""
        self._heard_from = time.monotonic() + DEAF_FOR

    def hears(self, event: events.Event) -> bool:
        """Whether an event came late enough to be an answer to what is shown."""
        return event.time >= self._heard_from

    @property
    def is_deaf(self) -> bool:
        """Whether it hears nothing just now."""
        return time.monotonic() < self._heard_from

    def on_mount(self) -> None:
        """The button that does nothing has the focus."""
        self.app.clear_notifications()
        self.listen_anew()
        self.set_focus(self.query(Button).first())

    def on_resize(self) -> None:
        """The facts take what room there is; what is asked always shows."""
        self.call_after_refresh(self._fit)

    def action_to_button(self, step: int) -> None:
        """Move the focus among the buttons."""
        usable = [button for button in self.query(Button) if button.display and not button.disabled]
        here = usable.index(self.focused) if self.focused in usable else 0
        self.set_focus(usable[max(0, min(here + step, len(usable) - 1))])

    def action_scroll_facts(self, where: str) -> None:
        """Scroll the facts."""
        self.query_one(PlanView).action_move(where)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if not self.is_deaf:
            self.pressed(event.button.id or "")

    def pressed(self, name: str) -> None:
        """A button was pressed after it could be read."""
        raise NotImplementedError

    def _fit(self) -> None:
        view, box = self.query_one(PlanView), self.query_one("#box")
        others = [widget for widget in box.children if widget is not view and widget.display]
        taken = sum(widget.outer_size.height + widget.styles.margin.height for widget in others)
        room = max(1, self.size.height - 2 - max(1, taken))
        view.styles.max_height = room
        box.border_subtitle = Content("up and down scroll" if view.virtual_size.height > room else "")


class Question(Asking[bool]):
    """Facts and a yes; ``y`` says it too."""

    HELP = "A question. y says yes, Enter and Esc do nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "yes", show=False),
        Binding("n", "leave", "no", show=False),
    ]

    def __init__(self, title: str, place: Cell, facts: Sequence[Fact], yes: str, no: str = "Cancel") -> None:
        super().__init__(title, (("no", f"{no} (Esc)"), ("yes", f"{yes} (y)")))
        self._shown = (place, tuple(facts))

    def on_mount(self) -> None:
        """Show what it is about."""
        self.show(*self._shown)

    def pressed(self, name: str) -> None:
        """Yes, or nothing."""
        self.dismiss(name == "yes")

    def action_yes(self) -> None:
        """Say yes."""
        self.dismiss(result=True)

    def action_leave(self) -> None:
        """Say no."""
        self.dismiss(result=False)
