"""An app that hears keys one after the other, and none that was typed before its question could be read."""

from typing import Any

from textual import events

from console.screens.asking import Asking
from console.screens.keyorder import KeyOrder
from console.screens.styling import StyledApp

ALWAYS_HEARD = ("ctrl+c", "escape")
"""Keys that do nothing to anybody."""


class OrderedApp(StyledApp):
    """Each key acts on what those before it left."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - handed on to App as they are
        self._keys = KeyOrder(self, self._press)
        super().__init__(**arguments)

    async def on_event(self, event: events.Event) -> None:
        """Keys are pressed in their order; a dialog that asks is not answered by what was typed ahead."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._keys.take(event)
        elif not isinstance(event, events.Paste) or self._is_heard(event):
            await super().on_event(event)

    async def _press(self, key: events.Key) -> None:
        if key.key in ALWAYS_HEARD or self._is_heard(key):
            await super().on_event(key)

    def _is_heard(self, event: events.Event) -> bool:
        screen = self.screen_stack[-1] if self.screen_stack else None
        return not isinstance(screen, Asking) or screen.hears(event)
