"""Lines of memory and, before them, of the files that they came from: one way through both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collectors.lines.facts import facts
from collectors.model.subject import Subject
from console.logs.asked import Profiles
from console.logs.gathering import FileLines, by_subject, chunk_of, stream_of
from console.logs.language.moments import Window
from console.logs.ring import Kept, Ring
from console.logs.source import Chunk, State

SPAN = 4_096
"""Records of memory in one chunk, of all streams."""

FIRST = 100
"""Records of a stream by whose times the beginning of its memory is told."""

SLACK = 60.0
"""Seconds by which lines of a file may be out of order."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A stream, and its file on this machine; ``why`` its past cannot be read where there is none."""

    subject: Subject
    path: str = ""
    why: str = "its past is not kept here"


class Reach:
    """What memory holds of a window and, where the window begins before that, the streams' own files.

    A record of a stream belongs to memory from the moment on at which memory holds all of the stream,
    and to its file before it, so that none is met twice. A window without a beginning is asked of
    memory alone. ``end`` is the ring's number up to which memory is gone through.
    """

    def __init__(self, ring: Ring, origins: Sequence[Origin], service: str, profiles: Profiles) -> None:
        self._ring = ring
        self._service = service
        self._profiles = profiles
        self._origins = [one for one in origins if not service or one.subject.service == service]
        self._files: list[tuple[FileLines, Window, float]] = []
        self._states: list[State] = []
        self.end = 0

    @property
    def total(self) -> int:
        """Bytes that there are to read, about."""
        return self._ring.bytes + sum(files.total for files, _, _ in self._files)

    def states(self) -> Sequence[State]:
        """How far back each stream was read."""
        return [*self._states, *(state for files, _, _ in self._files for state in files.states())]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:  # noqa: ARG002 - questions here read newest first
        """Memory first, then the files, each newest first; every chunk's lines are met once."""
        first, self.end = self._ring.bounds()
        begins = self._begins(first, self.end) if window.since is not None else {}
        self._plan(window, begins)
        for start in reversed(range(first, self.end, SPAN)):
            number, records = self._ring.records(start, min(start + SPAN, self.end))
            if number > start:
                self._states[:] = [_left(self._ring)]
            yield from self.of_memory(records, window, begins)
        waiting = [(files.chunks(past), whole) for files, past, whole in self._files]
        while waiting:
            for one in list(waiting):
                chunk = next(one[0], None)
                if chunk is None:
                    waiting.remove(one)
                else:
                    yield before(chunk, one[1])

    def of_memory(
        self, records: Sequence[Kept], window: Window, begins: dict[Subject, float] | None = None
    ) -> Iterator[Chunk]:
        """Records of memory as chunks, one for each stream."""
        if window != Window():
            records = [record for record in records if window.holds(record.time)]
        for subject, own in by_subject(records):
            if self._service and subject.service != self._service:
                continue
            whole = begins.get(subject) if begins else None
            kept = own if whole is None else [record for record in own if record.time >= whole]
            if kept:
                yield chunk_of(subject, kept, self._profiles.of)

    def _begins(self, first: int, end: int) -> dict[Subject, float]:
        """The moment from which on memory holds all of each stream that has a file."""
        times: dict[Subject, list[float]] = {one.subject: [] for one in self._origins if one.path}
        for start in range(first, end, SPAN):
            for record in self._ring.records(start, min(start + SPAN, end))[1]:
                seen = times.get(record.subject)
                if seen is not None and len(seen) < FIRST and record.timed:
                    seen.append(record.time)
        return {subject: max(seen) for subject, seen in times.items() if seen}

    def _plan(self, window: Window, begins: dict[Subject, float]) -> None:
        """What is read of which file, and what cannot be read."""
        self._files.clear()
        self._states.clear()
        if window.since is None:
            if self._ring.dropped:
                self._states.append(_left(self._ring))
            return
        for one in self._origins:
            whole = begins.get(one.subject, float("inf"))
            if window.since >= whole:
                continue
            if one.path:
                past = window if whole == float("inf") else window.cut(Window(None, whole))
                self._files.append((FileLines([(one.path, stream_of(one.subject))]), past, whole))
            elif self._ring.dropped or one.why:
                self._states.append(State(str(one.subject.label), complete=False, why=one.why))


def before(chunk: Chunk, whole: float) -> Chunk:
    """A file's chunk without the records that memory holds: those at ``whole`` or later."""
    lines = chunk.lines()
    if whole == float("inf") or not lines:
        return chunk
    ends = (facts(lines[at], chunk.profile).time for at in (-1, 0))
    if all(time is not None and time < whole - SLACK for time in ends):
        return chunk
    kept: list[bytes] = []
    keeps = True
    for line in lines:
        time = facts(line, chunk.profile).time
        # a line without a time goes on with the record before it
        keeps = keeps if time is None else time < whole
        if keeps:
            kept.append(line)
    return replace(chunk, block=b"", records=kept)


def _left(ring: Ring) -> State:
    return State("memory", complete=False, why=f"{ring.dropped:,} older records have left it")
