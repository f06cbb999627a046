"""The one clock, injected everywhere."""

import time
from typing import Protocol


class Clock(Protocol):
    """Ages run on ``boottime`` (suspend counts), people and history on ``wall``."""

    def boottime(self) -> float:
        """CLOCK_BOOTTIME in seconds."""
        ...

    def wall(self) -> float:
        """UTC epoch seconds."""
        ...


class SystemClock:
    """The machine's clocks."""

    def boottime(self) -> float:
        """CLOCK_BOOTTIME in seconds."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        """UTC epoch seconds."""
        return time.time()
