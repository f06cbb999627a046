"""The ring's records as the log view wants them."""

from datetime import UTC, datetime

from collectors.model.level import Level
from collectors.model.logs import LogRecord, Severity
from console.logs.filter import FilteredView, LogFilter
from console.logs.ring import Ring
from widgets.logwindow import LogLine

_LEVELS = {
    Severity.WARNING: Level.WARNING,
    Severity.ERROR: Level.CRITICAL,
    Severity.CRITICAL: Level.CRITICAL,
}

_LAST = frozenset({"logger", "request_id", "trace_id", "span_id", "logger_name", "pid", "hostname"})
"""Fields that identify rather than tell: they stand at the end of the line."""

SLICES = 8
"""Slices of the ring that one refresh reads at most, so that a flood never holds a key up."""


class RingSource:
    """A filtered, followed view on the ring."""

    def __init__(self, ring: Ring, keep: LogFilter, service: str) -> None:
        self._view = FilteredView(ring, keep, service)

    @property
    def first_seq(self) -> int:
        """Number of the oldest record in view."""
        return self._view.first_seq

    def __len__(self) -> int:
        return len(self._view)

    def line(self, index: int) -> LogLine:
        """A record as one line."""
        entry = self._view.entry(index)
        record = entry.record
        level = _LEVELS.get(record.severity, Level.NONE) if record.severity is not None else Level.NONE
        return LogLine(
            time=_time(record),
            level=level,
            message=_message(record),
            service=entry.subject.instance or entry.subject.service or entry.subject.label,
        )

    def record(self, seq: int) -> tuple[LogRecord, str] | None:
        """The record of a number and its service, None where it has left."""
        index = seq - self._view.first_seq
        if not 0 <= index < len(self._view):
            return None
        entry = self._view.entry(index)
        return entry.record, entry.subject.service

    def refresh(self) -> None:
        """Take in what came."""
        for _slice in range(SLICES):
            if self._view.refresh():
                return


def _time(record: LogRecord) -> str:
    """Time of day to the millisecond, UTC; ``~`` where it is the time of arrival."""
    at = datetime.fromtimestamp(record.time, UTC).strftime("%H:%M:%S.%f")[:-3]
    return at if record.timed else f"~{at}"


def _message(record: LogRecord) -> str:
    ordered = sorted(record.fields[:16], key=lambda field: field[0] in _LAST)
    fields = " ".join(f"{name}={value}" for name, value in ordered)
    return f"{record.message}  {fields}" if fields else record.message
