"""What left the ring, of streams that nobody else keeps: packed blocks within a budget of bytes."""

import threading
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from collectors.model.logs import LogRecord
from collectors.model.subject import Subject
from console.settings.values import CollectorSettings

if TYPE_CHECKING:
    from console.logs.ring import Kept

BUDGET = 16 * 1024 * 1024
"""Bytes of all packed blocks together."""

LINES = 1_024
"""Records of one block, fewer where they are long."""

FULL = 512 * 1024
"""Bytes of lines at which a block is packed before it has all its records."""

PASTS = frozenset({"logs.file", "logs.journald", "logs.kube", "logs.docker", "logs.redis"})
"""Types of collectors whose streams somebody else keeps."""

Keeps = Callable[[Subject], bool]
"""Whether a stream's records are to be kept."""

_QUICKLY = 1
_EACH = 20
"""Bytes of a record's number, time and length beside its packed line."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Records of one stream, oldest first: their numbers in the ring, times (UTC epoch seconds) and bytes."""

    subject: Subject
    numbers: Sequence[int]
    times: Sequence[float]
    raws: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class _Block:
    subject: Subject
    numbers: "array[int]"
    times: "array[float]"
    lengths: "array[int]"
    packed: bytes

    @property
    def size(self) -> int:
        return len(self.packed) + _EACH * len(self.numbers)

    def parcel(self) -> Parcel:
        whole = zlib.decompress(self.packed)
        ends = accumulate(self.lengths, initial=0)
        return Parcel(
            self.subject, self.numbers, self.times, [whole[low:high] for low, high in pairwise(ends)]
        )


@dataclass(slots=True)
class _Pending:
    """Records that do not fill a block yet."""

    numbers: list[int] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    bytes: int = 0


def pastless(configured: Callable[[], Iterable[CollectorSettings]]) -> Keeps:
    """Chooses the streams of which nobody else keeps a past, by the configuration as it is then."""

    def keeps(subject: Subject) -> bool:
        types = {one.type for one in configured() if one.name == subject.collector}
        return types.isdisjoint(PASTS)

    return keeps


class Warm:
    """Takes what leaves the ring; one thread puts, others read. ``keeps`` chooses the streams.

    ``count`` counts the records that it holds, ``dropped`` those that had to go.
    """

    def __init__(self, budget: int = BUDGET, keeps: Keeps = lambda _subject: False) -> None:
        self.budget = budget
        self.keeps = keeps
        self.bytes = 0
        self.dropped = 0
        self.count = 0
        self._lock = threading.Lock()
        self._blocks: deque[_Block] = deque()
        self._pending: dict[Subject, _Pending] = {}
        self._last: tuple[Subject, _Pending | None] | None = None

    def take(self, first: int, records: Sequence["Kept"]) -> None:
        """Take what left the ring, numbered from ``first``; nothing is packed yet."""
        with self._lock:
            for number, record in enumerate(records, first):
                subject = record.subject
                if self._last is None or self._last[0] is not subject:
                    pending = self._pending.setdefault(subject, _Pending()) if self.keeps(subject) else None
                    self._last = subject, pending
                pending = self._last[1]
                if pending is not None:
                    pending.numbers.append(number)
                    pending.records.append(record)
                    pending.bytes += len(record.raw)
                    self.count += 1

    def pack(self) -> None:
        """Pack what fills a block, and let go of what is over the budget."""
        for subject, pending in list(self._pending.items()):
            while len(pending.records) >= LINES or pending.bytes >= FULL:
                block = _packed(subject, pending.numbers[:LINES], pending.records[:LINES])
                with self._lock:
                    self._blocks.append(block)
                    self.bytes += block.size
                    del pending.numbers[:LINES], pending.records[:LINES]
                    pending.bytes -= sum(block.lengths)
                    while self.bytes > self.budget and len(self._blocks) > 1:
                        gone = self._blocks.popleft()
                        self.bytes -= gone.size
                        self.dropped += len(gone.numbers)
                        self.count -= len(gone.numbers)

    def oldest(self, subject: Subject) -> float | None:
        """The time of the oldest record kept of a stream, UTC epoch seconds; None where none is."""
        with self._lock:
            for block in self._blocks:
                if block.subject == subject:
                    return min(block.times)
            pending = self._pending.get(subject)
            return pending.records[0].time if pending is not None and pending.records else None

    def parcels(self, before: int) -> Iterator[Parcel]:
        """What was kept of records with ring numbers below ``before``, newest first."""
        with self._lock:
            blocks = list(self._blocks)
            pending = [
                Parcel(
                    subject,
                    list(one.numbers),
                    [record.time for record in one.records],
                    [record.raw for record in one.records],
                )
                for subject, one in self._pending.items()
            ]
        for parcel in pending:
            yield from _below(parcel, before)
        for block in reversed(blocks):
            if block.numbers[0] < before:
                yield from _below(block.parcel(), before)


def _packed(subject: Subject, numbers: Sequence[int], records: Sequence[LogRecord]) -> _Block:
    raws = [record.raw for record in records]
    return _Block(
        subject,
        array("Q", numbers),
        array("d", [record.time for record in records]),
        array("L", map(len, raws)),
        zlib.compress(b"".join(raws), _QUICKLY),
    )


def _below(parcel: Parcel, before: int) -> Iterator[Parcel]:
    """The part of a parcel that lies below a number of the ring."""
    count = sum(number < before for number in parcel.numbers)
    if count == len(parcel.numbers):
        if count:
            yield parcel
    elif count:
        yield Parcel(parcel.subject, parcel.numbers[:count], parcel.times[:count], parcel.raws[:count])
