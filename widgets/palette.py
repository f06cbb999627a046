"""Palette: the rich styles of a widget, looked up once for each change of theme or focus."""

from dataclasses import dataclass

from rich.style import Style
from textual.widget import Widget

from collectors.model.level import Level

LEVEL_CLASSES = {f"level--{level.value}" for level in Level}
"""Component classes of the levels, the same in every widget."""

_LEVEL_CSS = """
    border-title-color: $text-muted;
    border-subtitle-color: $text-muted;
    & > .level--none { color: $text-muted; }
    & > .level--ok { color: $text-success; }
    & > .level--warning { color: $text-warning; }
    & > .level--unknown { color: $text-accent; }
    & > .level--critical { color: $text-error; text-style: bold; }
    & > .line--muted { color: $text-muted; }
    & > .line--strong { text-style: bold; }
    & > .line--cursor { background: $primary 30%; }
    & > .line--cursor-row { background: $primary 12%; }
"""

LINE_CLASSES = LEVEL_CLASSES | {"line--muted", "line--strong", "line--cursor", "line--cursor-row"}
"""Component classes of every widget here that paints lines."""


def line_css(name: str, rules: str = "") -> str:
    """The default CSS of a line widget: its own rules, then those of its component classes."""
    return f"{name} {{ {rules} {_LEVEL_CSS} }}"


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles of one widget; ``cursor`` and ``cursor_row`` are laid over others."""

    text: Style
    muted: Style
    strong: Style
    levels: dict[Level, Style]
    cursor: Style
    cursor_row: Style

    @classmethod
    def of(cls, widget: Widget) -> "Palette":
        """The styles that the widget's component classes have just now."""
        style = widget.get_component_rich_style
        return cls(
            text=widget.rich_style,
            muted=style("line--muted"),
            strong=style("line--strong"),
            levels={level: style(f"level--{level.value}") for level in Level},
            cursor=Style(bgcolor=style("line--cursor").bgcolor),
            cursor_row=Style(bgcolor=style("line--cursor-row").bgcolor),
        )
