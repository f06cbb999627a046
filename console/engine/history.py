"""History: columns of doubles by subject and field, fine for minutes and coarser for hours."""

import math
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from collectors.model.quantity import Known, Quantity
from collectors.model.subject import SubjectId

FINE = 1800.0
"""Seconds for which every sample is kept."""

COARSE = 30.0
"""Seconds between the samples that are kept of what is older."""

BUDGET = 24 * 2**20
"""Bytes for all columns together; what was looked at longest ago goes first."""

RETENTION = 6 * 3600.0
"""Seconds of history unless the configuration says otherwise."""

_CODES = {known: code for code, known in enumerate(Known)}
_KNOWN = tuple(Known)
_WITHOUT_VALUE = (_CODES[Known.UNKNOWN], _CODES[Known.NEEDS_SAMPLES])


class Point(NamedTuple):
    """One sample: UTC epoch seconds, the value or None, and how well it is known."""

    at: float
    value: float | None
    known: Known


def _greatest(values: "array[float]", codes: bytearray) -> float | None:
    if any(code in codes for code in _WITHOUT_VALUE):
        return max((value for value in values if not math.isnan(value)), default=None)
    return max(values, default=None)


class _Columns:
    """The samples of one subject: one column of times, one of values and certainty for each field."""

    __slots__ = ("fields", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.fields: dict[str, tuple[array[float], bytearray]] = {}

    def add(self, at: float, quantities: Mapping[str, Quantity]) -> None:
        length = len(self.times)
        self.times.append(at)
        for name, quantity in quantities.items():
            column = self.fields.get(name)
            if column is None:
                missing = bytearray([_CODES[Known.UNKNOWN]] * length)
                column = self.fields[name] = (array("d", [math.nan]) * length, missing)
            column[0].append(math.nan if quantity.value is None else quantity.value)
            column[1].append(_CODES[quantity.known])
        for values, known in self.fields.values():
            if len(values) <= length:
                values.append(math.nan)
                known.append(_CODES[Known.UNKNOWN])

    def size(self) -> int:
        return len(self.times) * (8 + 9 * len(self.fields))

    def keep(self, indexes: list[int]) -> None:
        self.times = array("d", [self.times[i] for i in indexes])
        self.fields = {
            name: (array("d", [values[i] for i in indexes]), bytearray(known[i] for i in indexes))
            for name, (values, known) in self.fields.items()
        }

    def extend(self, later: "_Columns") -> None:
        """Put the samples of ``later`` after ours."""
        ours, theirs = len(self.times), len(later.times)
        self.times.extend(later.times)
        for name in later.fields.keys() - self.fields.keys():
            self.fields[name] = (array("d", [math.nan]) * ours, bytearray([_CODES[Known.UNKNOWN]] * ours))
        for name, (values, known) in self.fields.items():
            missing = (array("d", [math.nan]) * theirs, bytearray([_CODES[Known.UNKNOWN]] * theirs))
            more_values, more_known = later.fields.get(name, missing)
            values.extend(more_values)
            known.extend(more_known)

    def thin(self, now: float, retention: float) -> None:
        """Keep one sample for each coarse step of what is older than the fine window; drop the oldest."""
        edge = bisect_left(self.times, now - min(FINE, retention))
        kept: list[int] = []
        step = -1
        for index in range(bisect_left(self.times, now - retention), edge):
            slot = int(self.times[index] // COARSE)
            if slot != step:
                kept.append(index)
                step = slot
        if len(kept) < edge:
            self.keep(kept + list(range(edge, len(self.times))))


class History:
    """Samples of all subjects; the core writes, any thread reads."""

    def __init__(self, budget: int = BUDGET, retention: float = RETENTION) -> None:
        self._budget = budget
        self._retention = retention
        self._lock = threading.Lock()
        self._subjects: dict[SubjectId, _Columns] = {}
        self._size = 0
        self._added = 0

    def add(self, subject: SubjectId, at: float, quantities: Mapping[str, Quantity]) -> None:
        """Add one sample (UTC epoch seconds); samples older than the last one are left out."""
        with self._lock:
            columns = self._subjects.get(subject)
            if columns is None:
                columns = self._subjects[subject] = _Columns()
            if columns.times and at <= columns.times[-1]:
                return
            before = columns.size()
            columns.add(at, quantities)
            self._added += 1
            if len(columns.times) % 256 == 0:
                columns.thin(at, self._retention)
            self._size += columns.size() - before
            if self._size > self._budget:
                self._shrink(at)

    def take_past(self, past: "History") -> None:
        """Put the samples of ``past``, which is ours from then on, before those that are here."""
        for subject, older in past._subjects.items():  # noqa: SLF001 - our own kind
            with self._lock:
                columns = self._subjects.get(subject)
                if columns is not None:
                    # a subject is here once it has a sample
                    older.keep(list(range(bisect_left(older.times, columns.times[0]))))
                    self._size -= columns.size()
                    older.extend(columns)
                self._subjects[subject] = older
                self._size += older.size()

    def series(self, subject: SubjectId, field: str, since: float = 0.0) -> list[Point]:
        """Samples of one field from ``since`` (UTC epoch seconds) on, oldest first."""
        with self._lock:
            columns = self._subjects.get(subject)
            if columns is None or field not in columns.fields:
                return []
            start = bisect_left(columns.times, since)
            values, known = columns.fields[field]
            return [
                Point(
                    columns.times[i],
                    None if math.isnan(values[i]) else values[i],
                    _KNOWN[known[i]],
                )
                for i in range(start, len(columns.times))
            ]

    def known(self, subject: SubjectId, field: str, since: float) -> tuple[int, float]:
        """How many known samples there are from ``since`` on, and when the first of them was taken."""
        with self._lock:
            columns = self._subjects.get(subject)
            if columns is None or field not in columns.fields:
                return 0, since
            start = bisect_left(columns.times, since)
            _values, codes = columns.fields[field]
            unknown = sum(codes.count(code, start) for code in _WITHOUT_VALUE)
            count = len(codes) - start - unknown
            if not count:
                return 0, since
            while codes[start] in _WITHOUT_VALUE:
                start += 1
            return count, columns.times[start]

    def peaks(
        self, subject: SubjectId, field: str, since: float, until: float, count: int
    ) -> list[float | None]:
        """The greatest known value in each of ``count`` equal parts of a span; None where there is none."""
        with self._lock:
            columns = self._subjects.get(subject)
            if columns is None or field not in columns.fields:
                return [None] * count
            step = (until - since) / count
            edges = [bisect_left(columns.times, since + step * part) for part in range(count)]
            edges.append(bisect_right(columns.times, until))
            values, codes = columns.fields[field]
            return [_greatest(values[a:b], codes[a:b]) for a, b in pairwise(edges)]

    def before(self, subject: SubjectId, field: str, at: float) -> float | None:
        """The last known value of a field at or before ``at``, or None."""
        for point in reversed(self.series(subject, field)):
            if point.at <= at and point.value is not None:
                return point.value
        return None

    def size(self) -> int:
        """Bytes in all columns."""
        return self._size

    def _shrink(self, now: float) -> None:
        """Thin all; if that is not enough, drop the older half of the longest columns."""
        for columns in self._subjects.values():
            columns.thin(now, self._retention)
        self._size = sum(columns.size() for columns in self._subjects.values())
        by_size = sorted(self._subjects.items(), key=lambda item: -item[1].size())
        for _subject, columns in by_size:
            if self._size <= self._budget * 0.8:
                return
            before = columns.size()
            length = len(columns.times)
            columns.keep(list(range(length // 2, length)))
            self._size += columns.size() - before
