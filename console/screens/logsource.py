"""The ring's records as the log view wants them: filtered, and numbered without gaps."""

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from collectors.model.level import Level
from collectors.model.logs import LogRecord
from console.logs.asked import Asked
from console.logs.ring import Entry, Ring
from console.logs.tally import Tally
from console.logs.templates import Templates
from console.logs.view import FilteredView
from console.present.logline import HOSTILE, letter_of, level_of, message_of, origin_of, time_of, values_of
from widgets.logwindow import LogLine

_ORIGIN = 1 << 40
"""Where the numbering begins: it grows at both ends."""

_STRIDE = 2000
"""Entries looked through at a time."""

_GONE = LogLine("", Level.NONE, "this line has left the memory")

Test = Callable[[int, LogRecord], bool]
"""Whether a record (with the ring's number) is one that is looked for."""


@dataclass(slots=True)
class Look:
    """How lines are told: the fields with a column of their own, and bookmarks by the ring's numbers."""

    columns: Sequence[str] = ()
    bookmarks: AbstractSet[int] = frozenset()

    def line(self, number: int, entry: Entry, time: str = "") -> LogLine:
        """An entry as one line."""
        record, subject = entry.record, entry.subject
        return LogLine(
            time=time or time_of(record),
            level=level_of(record),
            message=message_of(record, fields=not self.columns),
            service=origin_of(subject),
            letter=letter_of(record),
            values=values_of(record, subject, self.columns) if self.columns else (),
            badge=HOSTILE if record.hostile else "",
            marked=number in self.bookmarks,
        )


class Records(Protocol):
    """Numbered records on show: the ring's, or those that were gathered."""

    look: Look

    @property
    def first_seq(self) -> int:
        """Number of the oldest record in view."""

    def __len__(self) -> int:
        """How many there are."""

    def line(self, index: int) -> LogLine:
        """A record as one line."""

    def entry(self, seq: int) -> Entry | None:
        """The record of a number on show, None where it has left."""

    def number(self, seq: int) -> int | None:
        """The ring's number of a number on show."""

    def seq(self, number: int) -> int | None:
        """The number on show of the ring's number, None where it is not on show."""

    def find(self, seq: int, step: int, test: Test) -> int | None:
        """The nearest number on show after (``step`` 1) or before (-1) ``seq`` whose record is looked for."""


class RingSource:
    """What a question finds in the ring, followed.

    ``tally`` counts what its filter finds at any time, within its window or not.
    """

    def __init__(self, ring: Ring, asked: Asked, look: Look | None = None) -> None:
        self.asked = asked
        self.look = look or Look()
        self.tally = Tally() if asked.filters else ring.tallies.of(asked.service)
        self._view = FilteredView(ring, asked, self._found if asked.filters else None)
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

    @property
    def behind(self) -> int:
        """Records that came and that the filter has not looked at yet."""
        return self._view.behind

    def line(self, index: int) -> LogLine:
        """A record as one line."""
        entry = self._view.entry(index)
        return self.look.line(self._view.seq(index), entry) if entry is not None else _GONE

    def entry(self, seq: int) -> Entry | None:
        """The record of a number on show, None where it has left."""
        index = seq - self._first
        return self._view.entry(index) if 0 <= index < len(self._view) else None

    def number(self, seq: int) -> int | None:
        """The ring's number of a number on show."""
        index = seq - self._first
        return self._view.seq(index) if 0 <= index < len(self._view) else None

    def seq(self, number: int) -> int | None:
        """The number on show of the ring's number, None where it is not on show."""
        index = self._view.index_of(number)
        there = index < len(self._view) and self._view.seq(index) == number
        return self._first + index if there else None

    def nearest(self, number: int) -> int | None:
        """The number on show of the first record from the ring's number on, else of the last one."""
        length = len(self._view)
        return self._first + min(self._view.index_of(number), length - 1) if length else None

    def find(self, seq: int, step: int, test: Test) -> int | None:
        """The nearest number on show after or before ``seq`` whose record is looked for."""
        view, ring = self._view, self._view.ring
        at = max(-1, min(seq - self._first, len(view))) + step
        while 0 <= at < len(view):
            far = max(0, min(at + step * (_STRIDE - 1), len(view) - 1))
            low, high = sorted((view.seq(at), view.seq(far)))
            number, entries = ring.span(low, high + 1)
            places = range(len(entries)) if step > 0 else reversed(range(len(entries)))
            for place in places:
                if test(number + place, entries[place].record):
                    found = self.seq(number + place)
                    if found is not None:
                        return found
            at = far + step
        return None

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

    def work(self, seconds: float) -> bool:
        """Take in what came for about so long; whether the view changed."""
        until = time.perf_counter() + seconds
        changed = self.refresh()
        while self.pending and time.perf_counter() < until:
            changed |= self.refresh()
        return changed

    def templates(self, counted: Templates) -> FilteredView:
        """A view of the same records that tells each one to ``counted``."""
        return FilteredView(self._view.ring, self.asked, counted.add)

    def _found(self, records: Sequence[LogRecord]) -> None:
        self.tally.add(records, self._view.ring.clock.wall())


class Gathered:
    """Entries that were gathered once, in the order of their times; they stay whatever leaves the ring."""

    def __init__(self, entries: Sequence[tuple[int, Entry]], look: Look, zero: float | None = None) -> None:
        self.look = look
        self._entries = sorted(entries, key=lambda one: (one[1].record.time, one[0]))
        self._places = {number: place for place, (number, _) in enumerate(self._entries)}
        self._zero = zero

    first_seq = 0

    def __len__(self) -> int:
        return len(self._entries)

    def line(self, index: int) -> LogLine:
        """A record as one line; its time beside that of the moment, where there is one."""
        number, entry = self._entries[index]
        return self.look.line(number, entry, self._time(entry.record))

    def entry(self, seq: int) -> Entry | None:
        """The record of a number on show."""
        return self._entries[seq][1] if 0 <= seq < len(self._entries) else None

    def number(self, seq: int) -> int | None:
        """The ring's number of a number on show."""
        return self._entries[seq][0] if 0 <= seq < len(self._entries) else None

    def seq(self, number: int) -> int | None:
        """The number on show of the ring's number."""
        return self._places.get(number)

    def find(self, seq: int, step: int, test: Test) -> int | None:
        """The nearest number on show after or before ``seq`` whose record is looked for."""
        at = seq + step
        while 0 <= at < len(self._entries):
            number, entry = self._entries[at]
            if test(number, entry.record):
                return at
            at += step
        return None

    def _time(self, record: LogRecord) -> str:
        if self._zero is None:
            return ""
        return f"{record.time - self._zero:+.3f} s"


def is_error(_number: int, record: LogRecord) -> bool:
    """Whether a record is an error or worse."""
    return record.severity is not None and record.severity >= 17
