"""When the CSS is read: at the start and for a new theme, not for each screen that is opened first."""

from typing import Any

from textual import events
from textual.screen import Screen
from textual.widget import AwaitMount

from console.terminal.app import TerminalApp


class StyledApp(TerminalApp):
    """An app whose screens are styled as they are mounted.

    Textual itself parses all CSS anew, twice, when a mode's screen is opened first: a third of the
    time between the key and the screen, and nothing comes of it.
    """

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - handed on to App as they are
        self._is_styled = False
        self._restyled = 0
        self._opened: dict[str, int] = {}
        super().__init__(**arguments)

    def switch_mode(self, mode: str) -> AwaitMount:
        """Switch to a mode's screen; one that was styled before the last new theme is styled again."""
        self._is_styled = self._opened.get(mode, self._restyled) == self._restyled
        self._opened[mode] = self._restyled
        try:
            return super().switch_mode(mode)
        finally:
            self._is_styled = False

    def refresh_css(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002 - App's signature
        """Style everything anew."""
        if not self._is_styled:
            self._restyled += 1
            super().refresh_css(animate)


class StyledScreen(Screen[None]):
    """A screen that comes back as it was left: nothing that its styles depend on has changed meanwhile.

    Restyling every widget takes a fifth of the time between the key and the screen.
    """

    async def on_event(self, event: events.Event) -> None:
        """Handle an event as Screen does, but come back without restyling."""
        if isinstance(event, events.ScreenResume):
            event.refresh_styles = False
        await super().on_event(event)
