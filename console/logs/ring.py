"""The last log records of all streams, in the order of their arrival, within a budget of bytes."""

import threading
from array import array
from typing import NamedTuple

from collectors.model.logs import LogBatch, LogRecord
from collectors.model.subject import Subject

BUDGET = 32 * 1024 * 1024
"""Bytes of all records together."""

_RECORD = 420
_FIELD = 140
_SPARE = 4096


class Entry(NamedTuple):
    """A record and the stream that it came from."""

    subject: Subject
    record: LogRecord


class Ring:
    """A bounded sequence of entries; the core's thread appends, others read.

    Entries have sequence numbers of the ring's own, from 0, that never change. What is over the
    budget leaves at the old end and is counted in ``dropped``. Every method may be called from any
    thread and takes the time of what it returns.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._sizes = array("L")
        self._base = 0
        self._head = 0
        self._bytes = 0

    @property
    def first(self) -> int:
        """The number of the oldest entry kept; ``next`` where none is."""
        return self._base + self._head

    @property
    def next(self) -> int:
        """The number that the next entry will get."""
        with self._lock:
            return self._base + len(self._entries)

    @property
    def dropped(self) -> int:
        """Entries that left at the old end."""
        return self.first

    @property
    def bytes(self) -> int:
        """About how much memory the entries take."""
        return self._bytes

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries) - self._head

    def append(self, batch: LogBatch) -> None:
        """Add a batch's records; the newest one is kept whatever its size."""
        entries = [Entry(batch.subject, record) for record in batch.records]
        sizes = [size_of(record) for record in batch.records]
        with self._lock:
            self._entries += entries
            self._sizes.extend(sizes)
            self._bytes += sum(sizes)
            self._evict()

    def get(self, number: int) -> Entry | None:
        """The entry of this number, or None if it left or has not come."""
        with self._lock:
            index = number - self._base
            return self._entries[index] if self._head <= index < len(self._entries) else None

    def span(self, start: int, stop: int) -> tuple[int, list[Entry]]:
        """The entries from ``start`` up to and without ``stop`` that are kept, and the first one's number."""
        with self._lock:
            low = max(self._head, start - self._base)
            high = min(len(self._entries), stop - self._base)
            return self._base + low, self._entries[low:high]

    def bounds(self) -> tuple[int, int]:
        """``first`` and ``next`` of one moment."""
        with self._lock:
            return self._base + self._head, self._base + len(self._entries)

    def _evict(self) -> None:
        last = len(self._entries) - 1
        while self._bytes > self.budget and self._head < last:
            self._bytes -= self._sizes[self._head]
            self._head += 1
        if self._head > _SPARE and self._head > len(self._entries) // 4:
            del self._entries[: self._head]
            del self._sizes[: self._head]
            self._base += self._head
            self._head = 0


def size_of(record: LogRecord) -> int:
    """About how much memory a record takes, in bytes; texts that records share count in each."""
    values = sum(len(value) for _, value in record.fields)
    return _RECORD + len(record.raw) + len(record.message) + _FIELD * len(record.fields) + values
