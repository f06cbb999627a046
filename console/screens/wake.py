"""When to paint: at most so often, at once after a quiet spell, never while held or stalled."""

from collections.abc import Callable

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from collectors.clock import Clock


class Woken(Message):
    """The store turned dirty. It carries nothing: the snapshot is read when it is painted."""


class Painter:
    """Turns wake-ups into paints that are at least ``gap`` seconds apart."""

    def __init__(self, app: App[int], clock: Clock, gap: float, paint: Callable[[], None]) -> None:
        self._app = app
        self._clock = clock
        self._gap = gap
        self._paint = paint
        self._painted_at = float("-inf")
        self._timer: Timer | None = None
        self.paints = 0

    def soon(self) -> None:
        """Paint as soon as the gap allows."""
        if self._timer is not None:
            return
        wait = self._painted_at + self._gap - self._clock.boottime()
        if wait <= 0:
            self.now()
        else:
            self._timer = self._app.set_timer(wait, self.now, name="paint")

    def now(self) -> None:
        """Paint now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._painted_at = self._clock.boottime()
        self.paints += 1
        self._paint()
