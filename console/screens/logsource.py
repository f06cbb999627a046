"""The ring's records as the log view wants them: filtered, and numbered without gaps."""

from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.model.level import Level
from collectors.model.logs import LogRecord, Severity
from console.logs.filter import Filter, compile_filter
from console.logs.ring import Entry, Ring
from console.logs.view import FilteredView
from widgets.logwindow import LogLine

_LEVELS = {
    Severity.WARNING: Level.WARNING,
    Severity.ERROR: Level.CRITICAL,
    Severity.CRITICAL: Level.CRITICAL,
}

_LAST = frozenset({"logger", "request_id", "trace_id", "span_id", "logger_name", "pid", "hostname"})
"""Fields that identify rather than tell: they stand at the end of the line."""

_ORIGIN = 1 << 40
"""Where the numbering begins: it grows at both ends."""

_GONE = LogLine("", Level.NONE, "this line has left the memory")


@dataclass(frozen=True, slots=True)
class ServiceFilter(Filter):
    """A filter for one service's streams alone."""

    service: str = ""

    @property
    def everything(self) -> bool:
        """Never: it chooses a service."""
        return False

    def matches(self, entry: Entry) -> bool:
        """Whether an entry is of the service and fits."""
        return entry.subject.service == self.service and all(term(entry.record) for term in self.terms)


class RingSource:
    """A filtered, followed view on the ring. Raises FilterError for a filter that means nothing."""

    def __init__(self, ring: Ring, text: str, service: str) -> None:
        chosen = compile_filter(text)
        if service:
            chosen = ServiceFilter(chosen.text, chosen.terms, service)
        self._view = FilteredView(ring, chosen)
        self._first = _ORIGIN
        self.refresh()

    @property
    def first_seq(self) -> int:
        """Number of the oldest record in view; a record keeps its number."""
        return self._first

    def __len__(self) -> int:
        return len(self._view)

    @property
    def pending(self) -> int:
        """Records that the filter has not looked at yet."""
        return self._view.pending

    def line(self, index: int) -> LogLine:
        """A record as one line."""
        entry = self._view.entry(index)
        if entry is None:
            return _GONE
        record, subject = entry.record, entry.subject
        return LogLine(
            time=_time(record),
            level=_LEVELS.get(record.severity, Level.NONE) if record.severity is not None else Level.NONE,
            message=_message(record),
            service=subject.instance or subject.service or subject.label,
        )

    def record(self, seq: int) -> tuple[LogRecord, str] | None:
        """The record of a number and its service, None where it has left."""
        index = seq - self._first
        entry = self._view.entry(index) if 0 <= index < len(self._view) else None
        return (entry.record, entry.subject.service) if entry is not None else None

    def refresh(self) -> bool:
        """Take in what came, a bounded step at a time; whether the view changed."""
        length = len(self._view)
        newest = self._view.seq(length - 1) if length else None
        changed = self._view.refresh()
        if newest is not None:
            last = self._first + length - 1
            place = self._view.index_of(newest)
            stayed = place < len(self._view) and self._view.seq(place) == newest
            self._first = last - place if stayed else last + 1
        return changed


def _time(record: LogRecord) -> str:
    """Time of day to the millisecond, UTC; ``~`` where it is the time of arrival."""
    try:
        at = datetime.fromtimestamp(record.time, UTC).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):  # beyond the years that are counted
        return "?"
    return at if record.timed else f"~{at}"


def _message(record: LogRecord) -> str:
    ordered = sorted(record.fields[:16], key=lambda field: field[0] in _LAST)
    fields = " ".join(f"{name}={value}" for name, value in ordered)
    return f"{record.message}  {fields}" if fields else record.message
