"""When to paint: at most so often, what comes together at once, never while stalled."""

from collections.abc import Callable

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from collectors.clock import Clock

TOGETHER = 0.1
"""Seconds to wait for what comes together with the first news after a quiet spell."""


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
        wait = self._wait()
        if wait <= 0:
            self.now()
        else:
            self._timer = self._app.set_timer(wait, self.now, name="paint")

    def news(self) -> None:
        """Paint what has come, together with what comes right after."""
        if self._timer is None:
            self._timer = self._app.set_timer(max(self._wait(), TOGETHER), self.now, name="paint")

    def now(self) -> None:
        """Paint now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._painted_at = self._clock.boottime()
        self.paints += 1
        self._paint()

    def _wait(self) -> float:
        return self._painted_at + self._gap - self._clock.boottime()
