"""Ages of a queue whose elements carry no time: what came between two looks is written down and aged.

The method is a watermark: the element that was newest at one look is searched at the next, and how
many stand behind it is how many came since.
"""

from collections import deque
from dataclasses import dataclass

from collectors.model.quantity import Quantity, Unit, about, at_least, exact
from collectors.queues._rates import Between

_MOST_BUCKETS = 2000


@dataclass(frozen=True, slots=True)
class Bucket:
    """``count`` elements that came after ``start`` (None: nobody watched) and not after ``end``."""

    start: float | None
    end: float
    count: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What came and what left between two looks, ``seconds`` apart."""

    came: Between
    left: Between
    seconds: float


class Ledger:
    """The elements of one first-in-first-out queue by when they came, oldest first.

    Times are of one monotonic clock, in seconds. ``length`` is what was seen last.
    """

    def __init__(self) -> None:
        self._buckets: deque[Bucket] = deque()
        self._began: float | None = None
        self._at = 0.0
        self.length = 0

    def look(
        self, began: float, at: float, length: int, came: int | None, *, drained: bool = False
    ) -> Flow | None:
        """Write a look down that took from ``began`` to ``at``; None for the first one.

        ``came``: how many came since the last look, None where that is not known. ``drained``: the
        watermark was taken, and so everything that was there before.
        """
        before, then, seconds = self.length, self._began, at - self._at
        self._began, self._at, self.length = began, at, length
        if then is None:
            self._buckets = deque([Bucket(None, at, length)] if length else ())
            return None
        if before == 0:
            drained = True
        if drained:
            # all that is there came since; more may have come and gone
            self._buckets = deque([Bucket(then, at, length)] if length else ())
            return Flow(Between(length, None), Between(before, None), seconds)
        left = None if came is None else before + came - length
        if came is None or left is None or not 0 <= left <= before:
            self._blur(then, at, length)
            more, fewer = max(0, length - before), max(0, before - length)
            return Flow(Between(more, None), Between(fewer, None), seconds)
        self._take(left)
        if came:
            self._buckets.append(Bucket(then, at, came))
        self._merge()
        return Flow(Between(came, came), Between(left, left), seconds)

    def age(self, now: float) -> Quantity:
        """How long the oldest element has waited: about, or at least where nobody watched it come."""
        if not self._buckets:
            return exact(0, Unit.SECONDS)
        oldest = self._buckets[0]
        low = max(0.0, now - oldest.end)
        if oldest.start is None:
            return at_least(low, Unit.SECONDS)
        half = (oldest.end - oldest.start) / 2
        return about(low + half, half, Unit.SECONDS)

    def _blur(self, then: float, at: float, length: int) -> None:
        """It cannot be told which elements are new: the oldest may be as old as ever, or new."""
        start = self._buckets[0].start if self._buckets else then
        self._buckets = deque([Bucket(start, at, length)] if length else ())

    def _take(self, count: int) -> None:
        while count and self._buckets:
            oldest = self._buckets.popleft()
            if oldest.count > count:
                self._buckets.appendleft(Bucket(oldest.start, oldest.end, oldest.count - count))
            count -= min(count, oldest.count)

    def _merge(self) -> None:
        """Keep the ledger short: the two newest become one, which only widens what it says of them."""
        if len(self._buckets) > _MOST_BUCKETS:
            last, other = self._buckets.pop(), self._buckets.pop()
            self._buckets.append(Bucket(other.start, last.end, other.count + last.count))
