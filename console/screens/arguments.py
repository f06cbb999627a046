"""A small form for what an action takes besides its target: one line for each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from collectors.action import ActionSpec, Argument
from collectors.text import one_line
from console.screens.dialog import Dialog
from widgets.fit import to_ascii

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck


class Choice(Static, can_focus=True):
    """One of a few values; arrows, Space and a click go on to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "the next", show=False),
        Binding("left,h", "turn(-1)", "the one before", show=False),
    ]

    def __init__(self, choices: Sequence[str], value: str) -> None:
        self._choices = list(dict.fromkeys([*([] if value in choices else [value]), *choices]))
        self._place = self._choices.index(value)
        super().__init__(self._words(), markup=False)

    @property
    def value(self) -> str:
        """The one that is chosen."""
        return self._choices[self._place]

    def action_turn(self, step: int) -> None:
        """Choose another."""
        self._place = (self._place + step) % len(self._choices)
        self.update(self._words())

    def on_click(self) -> None:
        """Choose the next."""
        self.action_turn(1)

    def _words(self) -> Content:
        return Content(f"< {one_line(self.value, 80) or 'none'} >")


class ArgumentsScreen(Dialog[Mapping[str, str] | None]):
    """Gives the values by name; None where it was left."""

    HELP = "What the action takes. Tab and the arrows move, Enter goes on to the plan, Esc leaves."
    DEFAULT_CSS = """
    ArgumentsScreen { align: center middle; background: transparent; }
    ArgumentsScreen #box {
        width: 90; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        border: round $primary; background: $surface;
    }
    ArgumentsScreen .line { height: 1; }
    ArgumentsScreen .name { width: 14; color: $text-muted; }
    ArgumentsScreen .words { width: 1fr; margin-left: 2; color: $text-muted; }
    ArgumentsScreen Input, ArgumentsScreen Input:focus, ArgumentsScreen Choice {
        width: 28; height: 1; border: none; padding: 0 1; background: $panel;
    }
    ArgumentsScreen Choice:focus { text-style: reverse; }
    ArgumentsScreen.-narrow .words { display: none; }
    ArgumentsScreen.-narrow Input, ArgumentsScreen.-narrow Choice { width: 1fr; }
    ArgumentsScreen #hint { height: auto; max-height: 4; margin-top: 1; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("enter", "go_on", "go on", show=False),
        Binding("up", "app.focus_previous", "the line above", show=False),
        Binding("down", "app.focus_next", "the line below", show=False),
    ]

    def __init__(self, spec: ActionSpec, label: str, given: Mapping[str, str]) -> None:
        super().__init__()
        self._spec = spec
        self._label = label
        self._given = given
        self._missing = ""

    def compose(self) -> ComposeResult:
        """A line for each argument, and what the one with the focus means."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._sign(str(one_line(f"{self._spec.verb} {self._label}", 120))))
            for argument in self._spec.arguments:
                with Horizontal(classes="line"):
                    yield Static(Content(self._sign(argument.name)), classes="name")
                    yield self._field(argument)
                    yield Static(Content(self._sign(argument.words)), classes="words")
            yield Static(id="hint", markup=False)

    def on_mount(self) -> None:
        """The first line has the focus."""
        self.set_focus(self._fields()[0])

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say in full what the line means."""
        fields = self._fields()
        if event.widget in fields:
            argument = self._spec.arguments[fields.index(event.widget)]
            needed = " (needed)" if argument.required else ""
            turn = " Left and right choose." if argument.choices else ""
            missing, self._missing = self._missing, ""
            if missing == argument.name:
                self._say(f"{missing} is needed: {argument.words}")
            else:
                self._say(f"{argument.words}{needed}.{turn} Enter goes on to the plan, Esc leaves.")

    def action_go_on(self) -> None:
        """Give the values, unless one that is needed is missing."""
        values = {}
        for argument, field in zip(self._spec.arguments, self._fields(), strict=True):
            value = field.value.strip() if isinstance(field, Input) else field.value
            if argument.required and not value:
                self._missing = argument.name
                self._say(f"{argument.name} is needed: {argument.words}")
                self.set_focus(field)
                return
            values[argument.name] = value
        self.dismiss(values)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_go_on()

    def _field(self, argument: Argument) -> Widget:
        value = self._given.get(argument.name, argument.default)
        if argument.choices:
            return Choice(argument.choices, value if value in argument.choices else argument.default)
        line = Input(str(one_line(value, 400)), compact=True, select_on_focus=False)
        line.cursor_blink = False
        return line

    def _fields(self) -> list[Input | Choice]:
        return [field for field in self.query(".line > *") if isinstance(field, (Input, Choice))]

    def _say(self, words: str) -> None:
        self.query_one("#hint", Static).update(Content(self._sign(words)))

    def _sign(self, text: str) -> str:
        return to_ascii(text) if cast("Quarterdeck", self.app).ascii_only else text
