"""What passed through a stream: totals, the last minute, and rates over the last seconds."""

from collections import deque
from collections.abc import Sequence

from collectors.model.logs import LogRecord, Severity

MINUTE = 60
WINDOW = 10.0
"""Seconds over which a rate is taken."""


class Counts:
    """Counters of one stream; every ``now`` is CLOCK_BOOTTIME in seconds."""

    def __init__(self, now: float) -> None:
        self.began = now
        self.lines = 0
        self.errors = 0
        self.warnings = 0
        self.hostile = 0
        self.cut_bytes = 0
        self._samples: deque[tuple[float, int, int, int]] = deque([(now, 0, 0, 0)])
        self._seconds: dict[int, list[int]] = {}
        self._unparsed_share: float | None = None

    def came(self, records: Sequence[LogRecord], now: float) -> None:
        """Count records that came live, in the last minute and in rates."""
        severities = [record.severity for record in records]
        warnings = severities.count(Severity.WARNING)
        errors = severities.count(Severity.ERROR) + severities.count(Severity.CRITICAL)
        self.errors += errors
        self.warnings += warnings
        self._add(records, now, errors, warnings)

    def add(self, record: LogRecord, at: float) -> None:
        """Count a record of a backlog, of the second ``at``: in the last minute, not in rates."""
        errors = int(record.severity in (Severity.ERROR, Severity.CRITICAL))
        self._add((record,), at, errors, int(record.severity == Severity.WARNING))

    def _add(self, records: Sequence[LogRecord], at: float, errors: int, warnings: int) -> None:
        unparsed = 0
        for record in records:
            # most are neither hostile nor cut nor strange
            if record.hostile or record.lost_bytes or not record.parsed:
                self.hostile += record.hostile
                self.cut_bytes += record.lost_bytes
                unparsed += not record.parsed
        second = self._seconds.setdefault(int(at), [0, 0, 0, 0])
        second[0] += len(records)
        second[1] += errors
        second[2] += warnings
        second[3] += unparsed

    def sample(self, now: float) -> None:
        """Close a pass."""
        self._samples.append((now, self.lines, self.errors, self.warnings))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()
        if len(self._seconds) > 2 * MINUTE:
            self._seconds = {
                second: counted for second, counted in self._seconds.items() if second > now - MINUTE
            }

    def rates(self) -> tuple[float, float, float] | None:
        """Lines, errors and warnings per second since about ten seconds ago; None before two samples."""
        first, last = self._samples[0], self._samples[-1]
        seconds = last[0] - first[0]
        if seconds <= 0:
            return None
        return tuple((last[index] - first[index]) / seconds for index in (1, 2, 3))  # type: ignore[return-value] # three

    def minute(self, now: float) -> tuple[int, int, int, int]:
        """Records, errors, warnings and unparsed of the last 60 seconds."""
        sums = [0, 0, 0, 0]
        for second, counted in self._seconds.items():
            if now - MINUTE < second <= now:
                for index in range(4):
                    sums[index] += counted[index]
        return sums[0], sums[1], sums[2], sums[3]

    def unparsed(self, now: float) -> float | None:
        """Share of records that did not fit, in the last minute or the last that had any."""
        records, _, _, unparsed = self.minute(now)
        if records:
            self._unparsed_share = unparsed / records
        return self._unparsed_share
