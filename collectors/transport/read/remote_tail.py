"""A file on another machine as a source of lines: its bytes are put in by the follower, lines taken out."""

import os
from collections import deque

from collectors.positions import Position
from collectors.transport.read.files import HINTS, PARTIAL_HELD
from collectors.transport.read.files_lines import LINE_CAP, Line, LineSplitter
from collectors.transport.read.files_open import KEPT
from collectors.transport.read.files_place import (
    PROOF,
    FileId,
    FilePlace,
    FilesPosition,
    FilesRead,
    Proof,
    Span,
)
from collectors.transport.read.remote_look import Listed
from collectors.transport.read.remote_plan import Plan, Segment
from collectors.transport.read.source import Got, SourceState, SourceStatus


class Slot:
    """One file that is read: what came of it and is not taken yet, and where both stand.

    ``received`` is the offset behind what came; ``recent`` the bytes right before it. ``done``: no more
    will come.
    """

    def __init__(self, file: FileId, segment: Segment, cap: int, *, size: int, backlog: bool) -> None:
        self.id = file
        self.received = self._offset = segment.offset
        self.recent = segment.before[-PROOF:]
        self.head = segment.head
        self.size = size
        self.modified = segment.file.mtime or None
        self.backlog_end = size if backlog else 0
        self.replay_end = segment.replay_end
        self.done = False
        self._pieces: deque[bytes] = deque()
        self._tail = segment.before
        self._splitter = LineSplitter(cap)
        self._midline = segment.midline
        self._quiet_since: float | None = None

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken."""
        return self.received - self._offset

    def put(self, data: bytes) -> None:
        """Take what came next."""
        if self.received < KEPT:
            self.head = (self.head + data)[:KEPT]
        self.received += len(data)
        self.recent = (self.recent + data[-PROOF:])[-PROOF:]
        self._pieces.append(data)

    def kept(self) -> FilePlace:
        """Where what came ends: another reader goes on at this byte."""
        return FilePlace(self.id, self.received, Proof.of(self.head), Proof.of(self.recent))

    def place(self) -> FilePlace:
        """The start of the next line."""
        pending = self._splitter.pending
        told = self._tail[: len(self._tail) - pending] if pending < len(self._tail) else b""
        return FilePlace(self.id, self._offset - pending, Proof.of(self.head), Proof.of(told[-PROOF:]))

    def boundary(self) -> tuple[int, bool]:
        """How many bytes are of one kind, 0 for no end, and whether an earlier run has had them."""
        backlog, replayed = self.backlog_end - self._offset, self.replay_end - self._offset
        if backlog > 0 and replayed > 0:
            return min(backlog, replayed), True
        return max(0, backlog), False

    def take(self, limit: int, now: float) -> tuple[list[Line], int, bool]:
        """Lines of at most ``limit`` bytes, the bytes taken, and whether the last line has ended."""
        lines: list[Line] = []
        taken = 0
        while taken < limit and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > limit - taken:
                self._pieces.appendleft(piece[limit - taken :])
                piece = piece[: limit - taken]
            taken += len(piece)
            self._tail = piece[-KEPT:] if len(piece) >= KEPT else (self._tail + piece)[-KEPT:]
            lines += self._splitter.feed(piece)
        self._offset += taken
        if self._midline and lines:
            self._midline = False
            lines = lines[1:]
        return lines, taken, self._ended(lines, taken, now)

    @property
    def end(self) -> int:
        """The offset behind the last whole line."""
        return self._offset - self._splitter.pending

    def flush(self) -> list[Line]:
        """The line that has begun, as if it had ended."""
        return self._splitter.flush() if self._splitter.partial else []

    def _ended(self, lines: list[Line], taken: int, now: float) -> bool:
        if taken or self._quiet_since is None:
            self._quiet_since = now
        elif self._splitter.partial and (self.done or now - self._quiet_since >= PARTIAL_HELD):
            lines += self._splitter.flush()
            return False
        return True


class RemoteTail:
    """One followed path on another machine."""

    def __init__(self, path: str, position: Position | None, cap: int = LINE_CAP) -> None:
        self.path = self.name = path
        self.key = os.fsencode(path)
        self.label = path.rpartition("/")[2]
        self.resume = FilesPosition.from_json(position)
        self.resumed = self.resume is not None
        self.slots: list[Slot] = []
        self.memo: FilePlace | None = None
        self.state = SourceState.MISSING
        self.rotations = 0
        self.truncations = 0
        self.lost = 0
        self.lost_more = False
        self._begun = False
        self._cap = cap
        self._plan = Plan()
        self._loose: list[Line] = []

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken."""
        return sum(slot.waiting for slot in self.slots)

    @property
    def unplanned(self) -> bool:
        """Whether an earlier run's place was not looked for yet."""
        return self.resumed and not self._begun

    @property
    def living(self) -> list[Slot]:
        """The files of which more may come."""
        return [slot for slot in self.slots if not slot.done]

    @property
    def places(self) -> tuple[FilePlace, ...]:
        """Where another reader goes on."""
        if not self._begun:
            return self.resume.places if self.resume is not None else ()
        kept = tuple(slot.kept() for slot in self.living)
        return kept or ((self.memo,) if self.memo is not None else ())

    def planned(self, plan: Plan) -> list[Slot]:
        """Go over to the files of a plan; what is read on keeps what came of it. Gives their slots."""
        first, self._begun = not self._begun, True
        was = self.living
        slots = [self._planned(segment, was, backlog=first) for segment in plan.segments]
        left = [slot for slot in was if slot not in slots]
        for slot in left:
            slot.done = True
        self.slots = [slot for slot in self.slots if slot.done] + slots
        if first:
            self._plan = plan
            self.lost_more |= plan.lost_more
            return slots
        unread = sum(max(0, slot.size - slot.received) for slot in left)
        cut = bool(was) and len(left) == len(was)
        self.lost += unread
        self.lost_more |= cut or unread > 0
        self.truncations += cut
        self.rotations += 0 if cut else sum(slot not in was for slot in slots)
        return slots

    def _planned(self, segment: Segment, was: list[Slot], *, backlog: bool) -> Slot:
        if segment.place is None or segment.place >= len(was):
            return Slot(segment.file.id, segment, self._cap, size=segment.file.size, backlog=backlog)
        slot = was[segment.place]
        # another number: a copy was made before it was cut, its rest is read there
        self.truncations += slot.id != segment.file.id
        slot.id = segment.file.id
        return slot

    def added(self, file: FileId, size: int) -> Slot:
        """Another file stands at the path, or stood there between two looks."""
        began = Segment(Listed(self.path, file, size, 0.0), 0)
        slot = Slot(file, began, self._cap, size=size, backlog=False)
        self.rotations += bool(self.slots or self.memo)
        self.slots.append(slot)
        self._begun = True
        return slot

    def read(self, limit: int, now: float, wall: float) -> Got:
        """The next lines of what came."""
        lines, self._loose = self._loose, []
        spans = [Span(None, len(lines), 0)] if lines else []
        total, backlog, replayed, halted = 0, False, False, False
        for slot in tuple(self.slots):
            left, again = slot.boundary()
            halted = halted or limit - total <= 0 or (left > 0 and bool(lines or total))
            place = slot.place()
            if halted:
                spans.append(Span(place, 0, 0))
                continue
            got, taken, ended = slot.take(min(limit, left) if left > 0 else limit - total, now)
            spans.append(Span(place, len(got), slot.end, ended))
            lines += got
            total += taken
            if left > 0 and taken:
                backlog = halted = True
                replayed = again
            elif slot.done and not slot.waiting and slot.place().offset == slot.received:
                self.slots.remove(slot)
                self.memo = slot.kept()
        read = FilesRead(tuple(spans), lines, wall)
        return Got(lines, backlog, total, self._status(), replayed, read)

    def close(self) -> None:
        """Nothing is held here."""

    def _status(self) -> SourceStatus:
        plan = self._plan
        unseen = sum(max(0, slot.size - slot.received) for slot in self.slots if not slot.done)
        return SourceStatus(
            state=self.state,
            why=self.state.value,
            hint=HINTS.get(self.state, ""),
            behind=self.waiting + unseen,
            rotations=self.rotations,
            truncations=self.truncations,
            lost=self.lost,
            lost_more=self.lost_more,
            skipped=plan.skipped,
            modified=self.slots[-1].modified if self.slots else None,
            cut=plan.cut,
            timed=plan.timed,
        )
