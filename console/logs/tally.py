"""Records counted by second and level as they come: what is drawn as bars, whatever left the ring."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping

from collectors.model.logs import LogRecord, Severity

ERRORS, WARNINGS, INFOS, OTHERS = range(4)
"""The classes that are counted: error and worse, warning, info, and debug, trace or no level told."""

Counts = tuple[int, int, int, int]
"""How many of each class."""

SECONDS = 1800
"""Seconds that are kept one by one."""

MINUTES = 1440
"""Minutes that are kept as wholes."""

AHEAD = 120.0
"""Seconds that a record's time may lie ahead of the clock; beyond, the line's clock is wrong."""

MOST_SERVICES = 200
"""Services that have a tally of their own; later ones are counted with all alone."""

_CLASS: dict[Severity | None, int] = {
    None: OTHERS,
    Severity.TRACE: OTHERS,
    Severity.DEBUG: OTHERS,
    Severity.INFO: INFOS,
    Severity.WARNING: WARNINGS,
    Severity.ERROR: ERRORS,
    Severity.CRITICAL: ERRORS,
}
_NEVER = -(1 << 60)


def counted(records: Iterable[LogRecord], wall: float) -> Mapping[int, int]:
    """How many records of each second and class; ``wall`` is the clock, UTC epoch seconds."""
    kinds, latest = _CLASS, wall + AHEAD
    return Counter(
        int(record.time) * 4 + kinds[record.severity] if 0 <= record.time <= latest else -1
        for record in records
    )


class _Wheel:
    """The last ``length`` steps' counts; what is older has been turned over."""

    __slots__ = ("_cells", "_length", "newest")

    def __init__(self, length: int) -> None:
        self._length = length
        self._cells = array("I", bytes(4 * 4 * length))
        self.newest = _NEVER

    def add(self, step: int, kind: int, count: int) -> bool:
        """Count; False where the step is older than what is kept."""
        if step > self.newest:
            self._turn(step)
        elif step <= self.newest - self._length:
            return False
        self._cells[step % self._length * 4 + kind] += count
        return True

    def sums(self, start: int, stop: int) -> Counts:
        """The counts of the steps from ``start`` up to and without ``stop``."""
        first, last = max(start, self.newest - self._length + 1), min(stop, self.newest + 1)
        if first >= last:
            return (0, 0, 0, 0)
        low, high = first % self._length * 4, (last - 1) % self._length * 4 + 4
        cells = self._cells[low:high] if low < high else self._cells[low:] + self._cells[:high]
        return sum(cells[0::4]), sum(cells[1::4]), sum(cells[2::4]), sum(cells[3::4])

    @property
    def oldest(self) -> int:
        """The oldest step that can be told."""
        return self.newest - self._length + 1

    def _turn(self, step: int) -> None:
        passed = min(step - self.newest, self._length)
        for gone in range(step - passed + 1, step + 1):
            at = gone % self._length * 4
            self._cells[at : at + 4] = array("I", (0, 0, 0, 0))
        self.newest = step


class Tally:
    """Counts by second for half an hour, by minute for a day; a bounded 52 KB whatever comes.

    One thread adds, others may read. ``outside`` counts records whose time is too old to be kept
    or ahead of the clock.
    """

    def __init__(self) -> None:
        self._seconds = _Wheel(SECONDS)
        self._minutes = _Wheel(MINUTES)
        self.first: float | None = None
        self.total = 0
        self.outside = 0

    def add(self, records: Iterable[LogRecord], wall: float) -> None:
        """Count records by their own times; ``wall`` is the clock, UTC epoch seconds."""
        self.take(counted(records, wall))

    def take(self, counts: Mapping[int, int]) -> None:
        """Count what ``counted`` made of records."""
        for key, count in sorted(counts.items()):
            self.total += count
            second, kind = key >> 2, key & 3
            if key < 0 or not self._minutes.add(second // 60, kind, count):
                self.outside += count
                continue
            self._seconds.add(second, kind, count)
            if self.first is None or second < self.first:
                self.first = float(second)

    @property
    def newest(self) -> float | None:
        """The second of the newest record counted, UTC epoch."""
        return float(self._seconds.newest) if self._seconds.newest > 0 else None

    def buckets(self, start: int, step: int, count: int) -> list[Counts]:
        """The counts of ``count`` spans of ``step`` seconds from ``start`` on, which is a multiple of it.

        Below a minute only what is kept by the second is told: ``finest`` says from where on.
        """
        if step >= 60 and step % 60 == 0:
            begin, wide = start // 60, step // 60
            return [self._minutes.sums(begin + at * wide, begin + (at + 1) * wide) for at in range(count)]
        return [self._seconds.sums(start + at * step, start + (at + 1) * step) for at in range(count)]

    @property
    def finest(self) -> int:
        """The second from which on counts are kept by the second."""
        return max(0, self._seconds.oldest)


class Tallies:
    """The tally of all streams, and one for each service."""

    def __init__(self) -> None:
        self.whole = Tally()
        self._services: dict[str, Tally] = {}

    def add(self, service: str, records: Iterable[LogRecord], wall: float) -> None:
        """Count one stream's records."""
        counts = counted(records, wall)
        self.whole.take(counts)
        tally = self._services.get(service)
        if tally is None:
            if not service or len(self._services) >= MOST_SERVICES:
                return
            tally = self._services[service] = Tally()
        tally.take(counts)

    def of(self, service: str) -> Tally:
        """The tally of a service, of all streams without one; an empty one where none came."""
        return self._services.get(service, _NOTHING) if service else self.whole


_NOTHING = Tally()
