"""The product's two themes; levels keep their hue on 256 and on 16 colours."""

from textual.theme import Theme

DARK = Theme(
    name="quarterdeck-dark",
    primary="#5aa0e6",
    secondary="#57c7b8",
    accent="#c58cff",
    success="#5fbf77",
    warning="#e6b450",
    error="#ff6b63",
    foreground="#d5dbe3",
    background="#0f1419",
    surface="#141a21",
    panel="#1c242d",
    dark=True,
    variables={
        "text-muted": "#8b97a5",
        "text-success": "#5fbf77",
        "text-warning": "#e6b450",
        "text-error": "#ff6b63",
        "text-accent": "#c58cff",
        "border": "#5aa0e6",
        "border-blurred": "#33404d",
        "scrollbar": "#33404d",
        "scrollbar-hover": "#4a5a6a",
        "scrollbar-active": "#5aa0e6",
        "scrollbar-background": "#0f1419",
        "scrollbar-background-hover": "#0f1419",
        "scrollbar-background-active": "#0f1419",
        "scrollbar-corner-color": "#0f1419",
        "footer-key-foreground": "#5aa0e6",
        "block-cursor-text-style": "none",
    },
)
"""Light on dark, for the night at which things burn."""

LIGHT = Theme(
    name="quarterdeck-light",
    primary="#0050b8",
    secondary="#007a80",
    accent="#852fa8",
    success="#0f7228",
    warning="#8a5a00",
    error="#c02018",
    foreground="#1d242c",
    background="#fafaf7",
    surface="#f3f3ef",
    panel="#e8e9e4",
    dark=False,
    variables={
        "text-muted": "#5c6670",
        "text-success": "#0f7228",
        "text-warning": "#8a5a00",
        "text-error": "#c02018",
        "text-accent": "#852fa8",
        "border": "#0050b8",
        "border-blurred": "#c3c9cf",
        "scrollbar": "#c3c9cf",
        "scrollbar-hover": "#a9b1b9",
        "scrollbar-active": "#0050b8",
        "scrollbar-background": "#fafaf7",
        "scrollbar-background-hover": "#fafaf7",
        "scrollbar-background-active": "#fafaf7",
        "scrollbar-corner-color": "#fafaf7",
        "footer-key-foreground": "#0050b8",
        "block-cursor-text-style": "none",
    },
)
"""Dark on light."""

THEMES = (DARK, LIGHT)
"""Both, for ``App.register_theme``."""
