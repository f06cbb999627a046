"""Many numbers in little memory: all of them up to a bound, then counts in buckets 1 % wide.

What is told does not depend on the order in which the numbers came, nor on how they were cut into parts:
the same records give the same answer from memory, from a file and line by line.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import mul

EXACT = 200_000
"""Numbers kept as they are."""

ERROR = 0.005
"""Relative error of a percentile beyond that."""

LARGEST = 1e300
"""Larger numbers are no measurements, and their sum might be none."""

_GAMMA = (1 + ERROR) / (1 - ERROR)
_SCALE = 1 / math.log(_GAMMA)
_MIDDLE = 2 / (_GAMMA + 1)
_PENDING = 8_192


class Numbers:
    """Count, sum, extremes and percentiles of finite numbers; ``ranked``: percentiles are wanted."""

    __slots__ = (
        "_ranked",
        "_summed",
        "above",
        "below",
        "highest",
        "kept",
        "lowest",
        "partials",
        "pending",
        "zeros",
    )

    def __init__(self, ranked: bool, summed: bool) -> None:  # noqa: FBT001 - one pair, made in one place
        self._ranked = ranked
        self._summed = summed
        self.pending: list[float] = []
        self.partials: list[float] = []
        self.kept = 0
        self.lowest = math.inf
        self.highest = -math.inf
        self.zeros = 0
        self.above: Counter[int] = Counter()
        self.below: Counter[int] = Counter()

    def add(self, values: Sequence[float]) -> None:
        """Take values, none beyond LARGEST."""
        self.pending += values
        if len(self.pending) > (EXACT if self._ranked and not self.kept else _PENDING):
            self._flush()

    def merge(self, other: "Numbers") -> None:
        """Take what another one holds."""
        if other.kept:
            self._flush()
            self.kept += other.kept
            self.lowest, self.highest = min(self.lowest, other.lowest), max(self.highest, other.highest)
            self.partials = _exact([*self.partials, *other.partials])
            self.zeros += other.zeros
            self.above += other.above
            self.below += other.below
        self.add(other.pending)

    @property
    def count(self) -> int:
        """How many."""
        return self.kept + len(self.pending)

    @property
    def estimated(self) -> bool:
        """Whether percentiles are estimates."""
        return self._ranked and self.kept > 0

    @property
    def total(self) -> float | None:
        """Their sum, rounded once; wrong unless it was wanted."""
        return math.fsum([*self.partials, *self.pending]) if self.count else None

    @property
    def mean(self) -> float | None:
        """Their mean."""
        total = self.total
        return None if total is None else total / self.count

    @property
    def low(self) -> float | None:
        """The smallest."""
        return min([self.lowest, *self.pending]) if self.count else None

    @property
    def high(self) -> float | None:
        """The largest."""
        return max([self.highest, *self.pending]) if self.count else None

    def percentile(self, percent: float) -> float | None:
        """The value so far up, between two where it falls between them; None where there are none."""
        if not self.count:
            return None
        place = (self.count - 1) * percent / 100
        if self.kept:
            self._flush()
            return self._ranked_at(round(place))
        self.pending.sort()
        below = int(place)
        low, high = self.pending[below], self.pending[min(below + 1, self.count - 1)]
        return low + (high - low) * (place - below)

    def _ranked_at(self, rank: int) -> float:
        for value, count in self._rising():
            rank -= count
            if rank < 0:
                return min(max(value, self.lowest), self.highest)
        return self.highest

    def _rising(self) -> Iterator[tuple[float, int]]:
        """The middle of each bucket and how many are in it."""
        for key in sorted(self.below, reverse=True):
            yield -_MIDDLE * _GAMMA**key, self.below[key]
        yield 0.0, self.zeros
        for key in sorted(self.above):
            yield _MIDDLE * _GAMMA**key, self.above[key]

    def _flush(self) -> None:
        """Count what is pending, and forget all of it but its sums and its buckets."""
        values, self.pending = self.pending, []
        if not values:
            return
        self.kept += len(values)
        low, high = min(values), max(values)
        self.lowest = min(low, self.lowest)
        self.highest = max(high, self.highest)
        if self._summed:
            self.partials = _exact([*self.partials, *values])
        if not self._ranked:
            return
        if low > 0:
            self.above.update(_keys(values))
            return
        self.above.update(_keys([value for value in values if value > 0]))
        self.below.update(_keys([-value for value in values if value < 0]))
        self.zeros += values.count(0)


def _keys(values: Iterable[float]) -> Iterator[int]:
    """The bucket of each number above 0."""
    return map(math.ceil, map(mul, map(math.log, values), repeat(_SCALE)))


def _exact(values: Iterable[float]) -> list[float]:
    """A few numbers with exactly the sum of many."""
    left = list(values)
    parts: list[float] = []
    while (part := math.fsum(left)) != 0:
        parts.append(part)
        left.append(-part)
    return parts
