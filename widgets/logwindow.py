"""Which lines of a log stand on the screen: live at its end, or held still; no terminal here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from collectors.model.level import Level


@dataclass(frozen=True, slots=True)
class LogLine:
    """One record as it is shown: its time in words, its level, its message, where it comes from.

    ``letter`` names the level, ``values`` are the texts of the chosen columns, ``badge`` is a word
    of warning before the message, ``marked`` is the reader's bookmark.
    """

    time: str
    level: Level
    message: str
    service: str = ""
    letter: str = ""
    values: tuple[str, ...] = ()
    badge: str = ""
    marked: bool = False


class LogSource(Protocol):
    """A window on a stream: the records ``first_seq`` to ``first_seq + len - 1``, oldest first."""

    @property
    def first_seq(self) -> int:
        """The sequence number of the oldest record that is still there."""

    def __len__(self) -> int:
        """How many records are there."""

    def line(self, index: int) -> LogLine:
        """The record at ``index``, 0 is the oldest one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of the screen: part ``part`` of the record ``seq``."""

    seq: int
    part: int


class LogWindow:
    """Follows the end of a source, or holds still on the records that were there.

    ``height_of`` tells how many lines of the screen a record takes. Records on show are kept
    while the window holds still, so that nothing jumps when the source drops its oldest ones.
    """

    def __init__(self, height_of: Callable[[LogLine], int]) -> None:
        self.live = True
        self.cursor: int | None = None
        self.source: LogSource | None = None
        self._height_of = height_of
        self._kept: dict[int, LogLine] = {}
        self._top = Placed(0, 0)
        self._seen_end = 0

    def attach(self, source: LogSource) -> None:
        """Show another source, live."""
        self.source = source
        self._kept.clear()
        self.follow()

    @property
    def first(self) -> int:
        """The oldest sequence number that can be shown."""
        source = self.source
        oldest = source.first_seq if source is not None else 0
        return min([oldest, *self._kept]) if not self.live else oldest

    @property
    def end(self) -> int:
        """The sequence number after the newest record."""
        return self.source.first_seq + len(self.source) if self.source is not None else 0

    @property
    def new(self) -> int:
        """Records that came since the window holds still."""
        return 0 if self.live else max(0, self.end - self._seen_end)

    def line(self, seq: int) -> LogLine | None:
        """The record ``seq``, None where it is neither there nor on show."""
        if seq in self._kept:
            return self._kept[seq]
        source = self.source
        index = seq - source.first_seq if source is not None else -1
        return source.line(index) if source is not None and 0 <= index < len(source) else None

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.live, self.cursor = True, None
        self._kept.clear()

    def visible(self, height: int) -> list[Placed]:
        """The lines of a screen of this height, top to bottom."""
        if self.live:
            return self._up_from(self.end - 1, height)
        lines: list[Placed] = []
        seq, part = self._top.seq, self._top.part
        # what came since is not shown before somebody goes there
        while len(lines) < height and seq < min(self.end, self._seen_end):
            count = self._count(seq)
            lines += [Placed(seq, index) for index in range(part, count)]
            seq, part = self._nearest(seq + 1, upwards=False), 0
        return lines[:height]

    def move(self, cursor: int, height: int) -> None:
        """Hold still, with the cursor on the record nearest to ``cursor``, in view."""
        if self.end <= self.first:
            return
        shown = self.visible(height)
        if self.live:
            self._seen_end = self.end
            self._top = shown[0] if shown else Placed(self.first, 0)
            self.live = False
        if not shown:
            return
        here = self.cursor if self.cursor is not None else self.end
        self.cursor = self._nearest(max(self.first, min(cursor, self.end - 1)), upwards=cursor < here)
        self._seen_end = max(self._seen_end, self.cursor + 1)
        if self.cursor <= shown[0].seq:
            self._top = Placed(self.cursor, 0)
        elif self.cursor >= shown[-1].seq:
            self._top = (self._up_from(self.cursor, height) or [Placed(self.cursor, 0)])[0]
            self._top = max(self._top, shown[0], key=lambda placed: (placed.seq, placed.part))
        self._keep(height)

    def go_to(self, seq: int, height: int) -> None:
        """Hold still with the cursor on ``seq``; what is out of view comes in a third below the top."""
        if all(placed.seq != seq for placed in self.visible(height)) and self.line(seq) is not None:
            self.move(seq, height)
            self._top = (self._up_from(seq, max(1, height // 3)) or [Placed(seq, 0)])[0]
            self._keep(height)
            return
        self.move(seq, height)

    def renew(self) -> None:
        """Take the records on show anew from the source: their looks changed, not their places."""
        source = self.source
        for seq in self._kept:
            index = seq - source.first_seq if source is not None else -1
            if source is not None and 0 <= index < len(source):
                self._kept[seq] = source.line(index)

    def rescale(self, height: int) -> None:
        """Records take another number of lines now: keep the cursor in view."""
        if not self.live:
            self._top = Placed(self._top.seq, 0)
            self.move(self.cursor if self.cursor is not None else self._top.seq, height)

    def _nearest(self, seq: int, *, upwards: bool) -> int:
        """``seq``, or beyond the records that were dropped since: the next one there is in that direction."""
        oldest = self.source.first_seq if self.source is not None else 0
        if seq >= oldest or seq in self._kept:
            return seq
        if upwards:
            return max((kept for kept in self._kept if kept < seq), default=self.first - 1)
        return oldest

    def _keep(self, height: int) -> None:
        shown = {placed.seq for placed in self.visible(height)}
        self._kept = {seq: line for seq in sorted(shown) if (line := self.line(seq)) is not None}

    def _count(self, seq: int) -> int:
        line = self.line(seq)
        return 0 if line is None else max(1, self._height_of(line))

    def _up_from(self, last: int, height: int) -> list[Placed]:
        lines: list[Placed] = []
        seq = last
        while len(lines) < height and seq >= self.first:
            lines[:0] = [Placed(seq, part) for part in range(self._count(seq))]
            seq = self._nearest(seq - 1, upwards=True)
        return lines[max(0, len(lines) - height) :]
