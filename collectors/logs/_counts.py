"""What passed through a stream: totals, the last minute, and rates over the last seconds."""

from collections import deque

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

    def add(self, record: LogRecord, at: float, *, live: bool) -> None:
        """Count a record of the second ``at``; a backlog's records count in the last minute, not in rates."""
        error = warning = 0
        if record.severity is not None:
            error = int(record.severity >= Severity.ERROR)
            warning = int(record.severity == Severity.WARNING)
        if live:
            self.errors += error
            self.warnings += warning
        self.hostile += record.hostile
        self.cut_bytes += record.lost_bytes
        second = self._seconds.setdefault(int(at), [0, 0, 0, 0])
        second[0] += 1
        second[1] += error
        second[2] += warning
        second[3] += not record.parsed

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
