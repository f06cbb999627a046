"""Keys one at a time: each acts on what those before it left, however fast they come.

Textual hands a key to the focused widget, which sends it up again to the app, whose bindings act.
Of keys that come in one packet, as on a bad line, the second would be handed out before the first
has acted: typed into nothing, or to the wrong row.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Key
from textual.message_pump import MessagePump

PATIENCE = 0.25
"""Seconds that a key waits at the most for the one before it."""


class KeyOrder:
    """Hands keys to ``press`` in their order, the next one when all have seen to the one before."""

    def __init__(self, app: App[int], press: Callable[[Key], Awaitable[None]]) -> None:
        self._app = app
        self._press = press
        self._waiting: deque[Key] = deque()
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether all keys that came have acted."""
        return not self._busy and not self._waiting

    async def take(self, key: Key) -> None:
        """Press a key now, or when its turn comes."""
        self._waiting.append(key)
        if not self._busy:
            await self._next()

    async def _next(self) -> None:
        self._busy = False
        while self._waiting and not self._busy:
            key = self._waiting.popleft()
            await self._press(key)
            if key.is_forwarded:
                self._busy = True
                self._task = asyncio.create_task(self._seen_to(), name="key")

    async def _seen_to(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                # Twice: what the key made somebody say comes up only then.
                for _ in range(2):
                    for pump in self._way_up():
                        await _idle(pump)
        self._app.call_later(self._next)

    def _way_up(self) -> list[MessagePump]:
        node = self._app.focused or self._app.screen
        return [*(one for one in node.ancestors_with_self if one is not self._app), self._app]


async def _idle(pump: MessagePump) -> None:
    """Wait until a pump has seen to all that it was sent so far."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()
