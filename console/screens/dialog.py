"""Screens that stand over another one until they are left."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import ModalScreen
from textual.widgets import Input

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A dialog that leaves once: Textual would pop the screen below when two keys come at a time."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with ``result``, unless that has been done."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def renew(self) -> None:
        """Show what has changed meanwhile; most dialogs show what was when they were opened."""


class Palette(CommandPalette):
    """The command palette, which leaves once."""

    def on_mount(self) -> None:
        """Take the focus at once: what is typed next belongs into the line."""
        self.set_focus(self.query_one(Input))

    def dismiss(self, result: object = None) -> AwaitComplete:
        """Leave, unless that has been done."""
        del result  # it gives none: it runs the command itself
        return super().dismiss() if self.app.screen is self else AwaitComplete()
