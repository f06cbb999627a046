"""Many calls within a moment become one."""

import asyncio
import contextlib
from collections.abc import Callable


class Settle:
    """Calls ``action`` in the loop ``seconds`` after the first of a burst of notes, once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, action: Callable[[], object]) -> None:
        self._loop, self._seconds, self._action = loop, seconds, action
        self._timer: asyncio.TimerHandle | None = None

    def note(self, *_: object) -> None:
        """One of many; from any thread, and as a signal handler."""
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self._action()
