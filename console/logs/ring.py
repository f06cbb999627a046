"""The last log records of all streams, in the order of their arrival, within a budget of bytes.

The garbage collector looks at every tuple and every Shown, each time it looks at all there is: a
ring of whole records would stop the console for a tenth of a second. So a kept record is one
object: with the line's bytes, or with one plain text, from which message and fields are made when
they are asked for.
"""

import sys
import threading
from array import array
from typing import NamedTuple, Self

from collectors.clock import Clock, SystemClock
from collectors.model.logs import LogBatch, LogRecord, RawRecord
from collectors.model.subject import Subject
from collectors.text import Shown
from console.logs.tally import Tallies
from console.logs.warm import Warm

BUDGET = 32 * 1024 * 1024
"""Bytes of all records together."""

BETWEEN = "\x1f"
"""Stands between message and fields in a kept record's text; Shown holds no control characters."""

_RECORD = 260
_RAW = 290
_SPARE = 4096
# straight to the slots: this is done for every line
_COPIED = tuple(
    (LogRecord.__dict__[name].__set__, LogRecord.__dict__[name].__get__)
    for name in ("seq", "time", "timed", "severity", "raw", "parsed", "hostile", "lost_bytes")
)


class KeptRecord(LogRecord):
    """A record as the ring keeps it: ``text`` is its message and each ``name=value`` of its fields."""

    __slots__ = ("subject", "text")

    subject: Subject
    text: str

    @classmethod
    def of(cls, subject: Subject, record: LogRecord) -> Self:
        """The record, packed; a name loses its ``=``."""
        kept = object.__new__(cls)
        for put, get in _COPIED:
            put(kept, get(record))
        object.__setattr__(kept, "subject", subject)
        pairs = [f"{name.replace('=', '_')}={value}" for name, value in record.fields]
        object.__setattr__(kept, "text", BETWEEN.join((record.message, *pairs)))
        return kept

    @property
    def message(self) -> Shown:
        """What the line says."""
        return Shown(self.text.partition(BETWEEN)[0])

    @property
    def fields(self) -> tuple[tuple[Shown, Shown], ...]:
        """The line's other fields in their order."""
        pairs = (pair.partition("=") for pair in self.text.split(BETWEEN)[1:])
        return tuple((Shown(name), Shown(value)) for name, _, value in pairs)


Kept = KeptRecord | RawRecord
"""A record as the ring keeps it."""


def kept_of(batch: LogBatch) -> tuple[list[Kept], list[int]]:
    """A batch's records as the ring keeps them, and about how many bytes each takes."""
    subject = batch.subject
    kept: list[Kept] = []
    sizes: list[int] = []
    for record in batch.records:
        if type(record) is RawRecord and record.subject is subject:
            kept.append(record)
            sizes.append(_RAW + len(record.raw))
        else:
            packed = KeptRecord.of(subject, record)
            kept.append(packed)
            sizes.append(_RECORD + sys.getsizeof(packed.raw) + sys.getsizeof(packed.text))
    return kept, sizes


def text_of(record: LogRecord) -> str:
    """The message and each ``name=value`` of a record as one text, to search in."""
    if isinstance(record, KeptRecord):
        return record.text
    return BETWEEN.join((record.message, *(f"{name}={value}" for name, value in record.fields)))


class Entry(NamedTuple):
    """A record and the stream that it came from."""

    subject: Subject
    record: LogRecord


class Ring:
    """A bounded sequence of entries; the core's thread appends, others read.

    Entries have sequence numbers of the ring's own, from 0, that never change. What is over the
    budget leaves at the old end and is counted in ``dropped``. Every method may be called from any
    thread and takes the time of what it returns. ``tallies`` count all that ever came. ``warm`` takes
    what leaves.
    """

    def __init__(self, budget: int = BUDGET, clock: Clock | None = None) -> None:
        self.budget = budget
        self.tallies = Tallies()
        self.warm = Warm()
        self.clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._kept: list[Kept] = []
        self._sizes = array("L")
        self._base = 0
        self._head = 0
        self._bytes = 0

    @property
    def first(self) -> int:
        """The number of the oldest entry kept; ``next`` where none is."""
        return self.bounds()[0]

    @property
    def next(self) -> int:
        """The number that the next entry will get."""
        return self.bounds()[1]

    @property
    def dropped(self) -> int:
        """Entries that left at the old end."""
        return self.first

    @property
    def lost(self) -> int:
        """Entries that left and are not kept by ``warm`` either."""
        return max(0, self.dropped - self.warm.count)

    @property
    def bytes(self) -> int:
        """About how much memory the entries take."""
        return self._bytes

    def __len__(self) -> int:
        first, end = self.bounds()
        return end - first

    def append(self, batch: LogBatch) -> None:
        """Add a batch's records; the newest one is kept whatever its size."""
        kept, sizes = kept_of(batch)
        self.tallies.add(batch.subject.service, kept, self.clock.wall())
        with self._lock:
            self._kept += kept
            self._sizes.extend(sizes)
            self._bytes += sum(sizes)
            self._evict()
        self.warm.pack()

    def get(self, number: int) -> Entry | None:
        """The entry of this number, or None if it left or has not come."""
        _, found = self.span(number, number + 1)
        return found[0] if found else None

    def span(self, start: int, stop: int) -> tuple[int, list[Entry]]:
        """The entries from ``start`` up to and without ``stop`` that are kept, and the first one's number."""
        number, kept = self.records(start, stop)
        return number, [Entry(record.subject, record) for record in kept]

    def records(self, start: int, stop: int) -> tuple[int, list[Kept]]:
        """The same as bare records, for those who go through many."""
        with self._lock:
            low = max(self._head, start - self._base)
            high = max(low, min(len(self._kept), stop - self._base))
            return self._base + low, self._kept[low:high]

    def bounds(self) -> tuple[int, int]:
        """``first`` and ``next`` of one moment."""
        with self._lock:
            return self._base + self._head, self._base + len(self._kept)

    def _evict(self) -> None:
        last, head = len(self._kept) - 1, self._head
        while self._bytes > self.budget and self._head < last:
            self._bytes -= self._sizes[self._head]
            self._head += 1
        if self._head > head:
            self.warm.take(self._base + head, self._kept[head : self._head])
        if self._head > _SPARE and self._head > len(self._kept) // 4:
            del self._kept[: self._head]
            del self._sizes[: self._head]
            self._base += self._head
            self._head = 0
