"""What a filter lets through of the ring, followed at the cost of what is new."""

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol

from collectors.model.logs import LogRecord
from console.logs.language.moments import Window
from console.logs.ring import Entry, Kept, Ring


class Passing(Protocol):
    """What chooses entries: a question."""

    window: Window

    @property
    def everything(self) -> bool:
        """Whether it lets all through."""

    def passing(self, records: Sequence[Kept]) -> list[int]:
        """The places of the records that pass, whenever they were written."""


STEP = 5000
"""Entries examined in one refresh, about 5 to 20 ms."""


class FilteredView:
    """Entries of a ring that pass a filter, oldest first, for one reader's thread.

    It begins at the ring's new end and works backwards while it follows what comes, so that the
    last matches are there at once. ``refresh`` moves it; between two calls nothing moves, but an
    entry may leave the ring, which ``entry`` then says. ``found`` is told of each match once,
    also of those outside the question's time, which are not in the view.
    """

    def __init__(
        self,
        ring: Ring,
        chosen: Passing | None = None,
        found: Callable[[Sequence[LogRecord]], None] | None = None,
    ) -> None:
        self.ring = ring
        self._found = found
        self.chosen = chosen
        self._whole = (chosen is None or chosen.everything) and found is None
        self._older = array("q")
        self._newer = array("q")
        self._gone = 0
        first, end = ring.bounds()
        self._first = first
        self._low = first if self._whole else end
        self._high = end

    def __len__(self) -> int:
        if self._whole:
            return self._high - self._low
        return len(self._older) + len(self._newer) - self._gone

    @property
    def pending(self) -> int:
        """Entries of the ring that were not examined yet, as of the last refresh and what came since."""
        return max(0, self._low - self._first) + self.ring.next - self._high

    @property
    def behind(self) -> int:
        """Entries that came and were not examined yet."""
        return self.ring.next - self._high

    @property
    def first_seq(self) -> int:
        """The ring's number of the first entry of the view; of the next to come where it is empty."""
        return self.seq(0) if len(self) else self._high

    def refresh(self, most: int = STEP) -> bool:
        """Follow the ring, examining ``most`` entries at the most; whether the view changed."""
        before = (len(self), self.first_seq, self._high if self._whole else 0)
        first, end = self.ring.bounds()
        self._first = first
        self._forget(first)
        if self._whole:
            self._high = end
        else:
            most -= self._forward(min(end, self._high + most))
            if most > 0 and self._low > first:
                self._backward(max(first, self._low - most))
        return before != (len(self), self.first_seq, self._high if self._whole else 0)

    def work(self, seconds: float) -> bool:
        """Refresh for about so long while there is something to examine; whether the view changed."""
        until = time.perf_counter() + seconds
        changed = self.refresh()
        while self.pending and time.perf_counter() < until:
            changed |= self.refresh()
        return changed

    def seq(self, index: int) -> int:
        """The ring's number of the view's entry ``index``; raises IndexError beyond the view."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._whole:
            return self._low + index
        older = len(self._older)
        if index < older:
            return self._older[older - 1 - index]
        return self._newer[self._gone + index - older]

    def index_of(self, number: int) -> int:
        """Where the first entry from this ring's number on stands in the view; its length for none."""
        return bisect_left(range(len(self)), number, key=self.seq)

    def entry(self, index: int) -> Entry | None:
        """The entry ``index`` of the view; None if it left the ring since the last refresh."""
        return self.ring.get(self.seq(index))

    def record(self, index: int) -> LogRecord | None:
        """The record of ``entry``."""
        entry = self.entry(index)
        return None if entry is None else entry.record

    def _forget(self, first: int) -> None:
        """Give up what left the ring."""
        self._low = max(self._low, first)
        self._high = max(self._high, first)
        while self._older and self._older[-1] < first:
            self._older.pop()
        while self._gone < len(self._newer) and self._newer[self._gone] < first:
            self._gone += 1
        if self._gone > STEP:
            del self._newer[: self._gone]
            self._gone = 0

    def _forward(self, stop: int) -> int:
        number, entries = self.ring.records(self._high, stop)
        self._newer.extend(self._matches(number, entries))
        self._high = max(self._high, number + len(entries))
        return len(entries)

    def _backward(self, start: int) -> None:
        number, entries = self.ring.records(start, self._low)
        self._older.extend(reversed(self._matches(number, entries)))
        self._low = start

    def _matches(self, number: int, entries: list[Kept]) -> list[int]:
        """The numbers of those that pass."""
        chosen = self.chosen
        passed = list(range(len(entries))) if chosen is None else chosen.passing(entries)
        if self._found is not None:
            self._found([entries[at] for at in passed])
        if chosen is not None and chosen.window != Window():
            holds = chosen.window.holds
            passed = [at for at in passed if holds(entries[at].time)]
        return [number + at for at in passed]
