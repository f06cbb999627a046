"""Help on what has the focus: what it shows, its keys, the meaning of its columns."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from collectors.model.practice import Practice
from console.keys import KEYS
from console.present.header import key_name
from console.present.practices import VIEWS
from console.present.words import say
from console.screens.base import ConsoleScreen
from console.screens.dialog import Dialog
from widgets.cell import Cell
from widgets.detail import DetailView, Facts

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

_LEVELS = (
    ("● ok", "a limit is set, and it holds"),
    ("▲ warning", "look at it today"),
    ("✖ critical", "look at it now"),
    ("? unknown", "no fresh value: nobody knows, the last one is dimmed with its age"),
    ("· none", "no limit is set, so nothing is judged"),
)


class HelpScreen(Dialog[None]):
    """Shows the help of the screen that it was opened over."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: transparent; }
    HelpScreen DetailView {
        width: 96; max-width: 96%; height: 90%; border: round $primary; background: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "leave", "leave", show=False)
    ]

    def __init__(self, about: ConsoleScreen) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """One scrolling panel."""
        yield DetailView(say=say, ascii_only=cast("Quarterdeck", self.app).ascii_only)

    def on_mount(self) -> None:
        """Fill it."""
        about = self._about
        focused = about.focused
        panel = (focused.HELP or "") if focused is not None else ""
        sections = [
            Facts("this screen", (("shows", Cell(about.HELP or "")), ("panel", Cell(panel)))),
            Facts("keys here", _own_keys(about)),
            Facts("keys everywhere", self._keys()),
            Facts("levels", tuple((name, Cell(words)) for name, words in _LEVELS)),
        ]
        practice = getattr(about, "PRACTICE", None)
        reading = VIEWS[practice].reading if isinstance(practice, Practice) else None
        if reading is not None:
            meanings = tuple(
                (spec.name.replace("_", " "), Cell(f"{spec.meaning} ({spec.unit})"))
                for spec in reading.specs()
            )
            sections.insert(3, Facts("what the values mean", meanings))
        view = self.query_one(DetailView)
        view.show(sections)
        self.set_focus(view)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)

    def _keys(self) -> tuple[tuple[str, Cell], ...]:
        keys = cast("Quarterdeck", self.app).key_map
        return tuple((" ".join(map(key_name, keys[key.id])), Cell(key.words)) for key in KEYS)


def _own_keys(screen: ConsoleScreen) -> tuple[tuple[str, Cell], ...]:
    focused = screen.focused
    found: dict[str, list[str]] = {}
    for node in (screen, focused):
        # no public list of one widget's keys
        bound = node._bindings.key_to_bindings if node is not None else {}  # noqa: SLF001 - see above
        for key, bindings in bound.items():
            for binding in bindings:
                if node is focused or binding.tooltip:
                    words = binding.tooltip or binding.description
                    found.setdefault(words, []).append(key_name(key))
    return tuple((" ".join(keys), Cell(words)) for words, keys in found.items())
