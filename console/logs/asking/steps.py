"""Times of a histogram: seconds cut into steps, which grow where nobody said how long they are."""

import math
from collections.abc import Sequence
from typing import Any

LADDER = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 604_800.0)
"""Steps chosen from; each divides the next, so that finer rows can be joined."""

MOST = 120
"""Steps between the first and the last time before they grow."""


class Steps:
    """Cuts times. ``every`` 0: as fine as fits; ``offset``: seconds that the zone is ahead of UTC."""

    def __init__(self, every: float, offset: float) -> None:
        self._grows = every == 0
        self._offset = offset
        self.step = every or LADDER[0]
        self.low = math.inf
        self.high = -math.inf

    def of(self, times: Sequence[float]) -> tuple[list[float], bool]:
        """When each time's step begins, in the zone's own seconds, and whether steps have just grown."""
        grown = False
        if self._grows and times:
            self.low, self.high = min([self.low, *times]), max([self.high, *times])
            grown = self._grow()
        step, offset = self.step, self._offset
        return [(time + offset) // step * step for time in times], grown

    def meet(self, other: "Steps") -> None:
        """Take the step at which both can be joined."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.step = max(self.step, other.step)
        self._grow()

    def start(self, begins: float) -> float:
        """When a step begins, UTC epoch seconds."""
        return begins - self._offset

    def rekey(self, key: Any) -> Any:  # noqa: ANN401 - when a step begins, or a tuple that begins with it
        """A row's key in the present steps."""
        step = self.step
        return (key[0] // step * step, *key[1:]) if type(key) is tuple else key // step * step

    def _grow(self) -> bool:
        before = self.step
        if self._grows:
            fits = (step for step in LADDER if step >= before and self.high - self.low < step * MOST)
            self.step = next(fits, LADDER[-1])
        return self.step != before
