"""One stream: what its source reads becomes records, batches, counters, a position and a reading."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from collectors.logs._counts import MINUTE, Counts
from collectors.logs._formats.parser import Parser
from collectors.logs._habits import Habits
from collectors.model.logs import LogBatch, LogReading, LogRecord
from collectors.model.quantity import (
    Quantity,
    Unit,
    at_least,
    exact,
    exact_or_unknown,
    needs_samples,
    unknown,
)
from collectors.model.subject import Subject
from collectors.positions import Position
from collectors.text import Shown, shown
from collectors.transport.read.files_lines import Line
from collectors.transport.read.source import ByteSource, Got, Place, SourceState, SourceStatus

BUNCH = 64
"""Lines parsed between two looks at the clock."""

SLICE = 0.005
"""Seconds of parsing before the loop gets its turn."""

Keep = Callable[[Position], None]


def _forget(_position: Position) -> None:
    """Keep nothing."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """Lines read and not parsed yet, or parsed last."""

    lines: list[Line]
    backlog: bool = True
    replayed: bool = False
    timed: bool = True
    arrival: float = 0.0
    place: Place | None = None
    next: int = 0


class Stream:
    """One followed source. ``cutoff``: a backlog's records before it (UTC epoch seconds) are skipped, if any.

    ``keep`` takes the position behind all that was emitted, right after it was. ``kind`` is the prefix of
    the reading's own fields.
    """

    def __init__(
        self,
        subject: Subject,
        source: ByteSource,
        parser: Parser,
        now: float,
        *,
        back: float = 0.0,
        cutoff: float = 0.0,
        keep: Keep = _forget,
        kind: str = "file",
    ) -> None:
        self.subject = subject
        self.source = source
        self.status = SourceStatus()
        self.unread = True
        self._parser = parser
        parser.belongs(subject)
        self._back = back
        self._cutoff = cutoff
        self._keep = keep
        self._kind = kind
        self._skipping = True
        self._counts = Counts(now)
        self._habits = Habits()
        self._waiting: deque[_Waiting] = deque()
        self._parsed: deque[_Waiting] = deque([_Waiting([])])
        self._told: tuple[_Waiting, int] | None = None
        self._rotations = 0
        self._ever = False
        self._last_line: float | None = None

    def accept(self, got: Got, arrival: float) -> None:
        """Take what was read; nothing is parsed yet."""
        self.status = got.status
        self.unread = got.bytes > 0 and got.status.behind > 0
        self._ever |= got.status.state is SourceState.FOLLOWING
        taken = _Waiting(got.lines, got.backlog, got.replayed, got.status.timed, arrival, got.place)
        last = self._parsed[-1]
        # the place of a file that is quiet, or was begun anew, is worth knowing too
        news = last.place is None or last.backlog or got.status.rotations != self._rotations
        if got.lines or (news and not self._waiting and not got.backlog):
            self._waiting.append(taken)
            self._rotations = got.status.rotations

    @property
    def waiting(self) -> bool:
        """Whether lines are read and not parsed."""
        return bool(self._waiting)

    def work(self, now: float, wall: float, emit: Callable[[LogBatch], None]) -> bool:
        """Parse for one slice and emit; True if lines are left."""
        until = time.perf_counter() + SLICE
        records: list[LogRecord] = []
        while self._waiting and time.perf_counter() < until:
            waiting = self._waiting[0]
            last = self._parsed[-1]
            if last is not waiting:
                if last.replayed and not waiting.replayed:
                    # what stands open was whole when the earlier run read it
                    self._emit(self._counted(self._parser.flush(now, force=True), last, now, wall), emit)
                self._parsed.append(waiting)
            bunch = waiting.lines[waiting.next : waiting.next + BUNCH]
            waiting.next += len(bunch)
            made = self._parser.parse(bunch, waiting.arrival, now, backlog=waiting.backlog)
            # the record that was open when live lines began is counted with them
            records += self._counted(made, waiting, now, wall)
            if bunch and not waiting.backlog:
                self._counts.lines += len(bunch)
                self._last_line = now
            if waiting.next >= len(waiting.lines):
                self._waiting.popleft()
                if self._waiting and self._waiting[0].replayed is not waiting.replayed:
                    break
        self._emit(records, emit)
        return bool(self._waiting)

    def settle(self, now: float, wall: float, emit: Callable[[LogBatch], None]) -> None:
        """End a pass: emit the open record unless its trace may go on, and take a sample."""
        self._emit(self._counted(self._parser.flush(now), self._parsed[-1], now, wall), emit)
        self._counts.sample(now)

    def reading(self, now: float, wall: float) -> LogReading:
        """How the stream stands; ``now`` is CLOCK_BOOTTIME, ``wall`` UTC epoch seconds."""
        status = self.status
        counts = self._counts
        lines, errors, warnings, _ = counts.minute(now)
        rates = counts.rates() if self._ever else None
        line_rate, error_rate, warning_rate = (
            (exact(rate, Unit.PER_SECOND) for rate in rates) if rates else (needs_samples() for _ in range(3))
        )
        lost = status.lost + counts.cut_bytes
        return LogReading(
            subject=self.subject,
            word=Shown(status.state.value),
            note=self._note(),
            format=self._parser.format,
            line_rate=line_rate,
            error_rate=error_rate,
            warning_rate=warning_rate,
            errors=self._in_minute(errors, now),
            warnings=self._in_minute(warnings, now),
            last_line_age=self._age(now, wall),
            behind=exact(self._behind(), Unit.BYTES) if self._ever else unknown(Unit.BYTES),
            unparsed=exact_or_unknown(counts.unparsed(now), Unit.RATIO),
            rotations=exact(status.rotations + status.truncations),
            lost=(at_least if status.lost_more else exact)(lost, Unit.BYTES),
            usual_rate=self._habits.usual_rate(),
            rate_ratio=self._habits.against_usual(lines),
            longest_silence=self._habits.longest_silence(),
            clock_skew=self._habits.skew(),
            extra=(
                ("file.truncations", exact(status.truncations))
                if self._kind == "file"
                else (f"{self._kind}.starts", exact(status.starts)),
                (f"{self._kind}.hostile", exact(counts.hostile)),
                (f"{self._kind}.lenient", exact(self._parser.lenient)),
                (f"{self._kind}.refused", exact(self._parser.refused)),
            ),
        )

    def _counted(self, made: list[LogRecord], waiting: _Waiting, now: float, wall: float) -> list[LogRecord]:
        """Count records; those of a backlog by their own times, and without what is older than wanted."""
        if not waiting.backlog:
            if made:
                self._counts.came(made, now)
                self._habits.saw(now, len(made))
                if made[-1].timed:
                    self._habits.told(made[-1].time, waiting.arrival)
            return made
        if (
            self._cutoff
            and self._skipping
            and waiting.timed
            and (waiting.replayed or not self.source.resumed)
        ):
            fits = (at for at, record in enumerate(made) if record.timed and record.time >= self._cutoff)
            first = next(fits, None)
            if first is None:
                return []
            self._skipping = False
            made = made[first:]
        for record in made:
            if record.timed and record.time <= wall:
                at = now - (wall - record.time)
                self._habits.saw(at)
                if wall - MINUTE < record.time:
                    self._counts.add(record, at)
        return made

    def _emit(self, records: list[LogRecord], emit: Callable[[LogBatch], None]) -> None:
        replayed = self._parsed[-1].replayed
        if records:
            emit(LogBatch(self.subject, tuple(records), replayed))
        if not replayed and (position := self._position()) is not None:
            self._keep(position)

    def _position(self) -> Position | None:
        """Where the first line lies of which no record was emitted, if that changed."""
        held = self._parser.held
        spare, found = 0, False
        for index in range(len(self._parsed) - 1, -1, -1):
            parsed = self._parsed[index]
            if parsed.next >= held:
                found = True
                spare = index
                break
            held -= parsed.next
        for _ in range(spare):
            self._parsed.popleft()
        first = self._parsed[0]
        told = (first, first.next - held)
        if not found or first.place is None or told == self._told:
            return None
        self._told = told
        return first.place.after(first.next - held)

    def _in_minute(self, count: int, now: float) -> Quantity:
        """Exact where the whole minute was seen, at the time or read back."""
        if not self._ever:
            return unknown()
        status = self.status
        whole = now - self._counts.began >= MINUTE or (
            self._back >= MINUTE and status.timed and not status.cut
        )
        return exact(count) if whole else at_least(count)

    def _age(self, now: float, wall: float) -> Quantity:
        """Since a line came while we watched, or else since the file changed."""
        if self._last_line is not None:
            return exact(max(0.0, now - self._last_line), Unit.SECONDS)
        if self.status.modified is None:
            return unknown(Unit.SECONDS)
        return exact(max(0.0, wall - self.status.modified), Unit.SECONDS)

    def _behind(self) -> int:
        unparsed = sum(
            len(line.data) + 1 for waiting in self._waiting for line in waiting.lines[waiting.next :]
        )
        return self.status.behind + unparsed

    def _note(self) -> Shown:
        status = self.status
        if status.state is not SourceState.FOLLOWING:
            return shown(f"{self.source.name}: {status.why}{' – ' if status.hint else ''}{status.hint}")
        if status.skipped:
            return Shown(
                f"{status.skipped} bytes that were written between two runs exceed `catch_up`: left out"
            )
        if status.lost_more:
            return Shown(
                "lines were lost in a truncation or a rotation quicker than our look; how many, nobody knows"
            )
        if not status.timed:
            return Shown("the lines at the start told no time: a few were read back, of unknown age")
        if status.cut:
            return Shown("the wanted time was not read back whole: the limit in bytes came first")
        return Shown("")
