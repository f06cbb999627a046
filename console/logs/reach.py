"""Lines of memory and, before them, of what they came from, here or elsewhere: one way through all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from collectors.logs._pasts import AsksPast
from collectors.model.subject import Subject
from console.logs.asked import Profiles
from console.logs.far import FarLines, FarLog
from console.logs.gathering import FileLines, before, by_subject, chunk_of, stream_of
from console.logs.language.moments import Window
from console.logs.ring import Kept, Ring
from console.logs.source import Chunk, State

SPAN = 4_096
"""Records of memory in one chunk, of all streams."""

FIRST = 100
"""Records of a stream by whose times the beginning of its memory is told."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A stream, and its file on this machine, or how its past is asked ``where`` it lies.

    ``why``: the past cannot be read, where there is neither.
    """

    subject: Subject
    path: str = ""
    far: Callable[[], AsksPast] | None = None
    where: str = ""
    why: str = "its past is not kept here"

    @property
    def has_past(self) -> bool:
        """Whether somebody else keeps it."""
        return bool(self.path) or self.far is not None


class Reach:
    """What memory holds of a window and, where the window begins before that, the streams' own files.

    A record of a stream belongs to memory from the moment on at which memory holds all of the stream,
    and to its file before it, so that none is met twice. A window without a beginning is asked of
    memory alone. What lies elsewhere is read last. ``end`` is the ring's number up to which memory is
    gone through. ``ask`` makes the lines of logs that lie elsewhere.
    """

    def __init__(
        self,
        ring: Ring,
        origins: Sequence[Origin],
        service: str,
        profiles: Profiles,
        ask: Callable[[Sequence[FarLog]], FarLines] | None = None,
    ) -> None:
        self._ring = ring
        self._service = service
        self._profiles = profiles
        self._origins = [one for one in origins if not service or one.subject.service == service]
        self._pasts = {one.subject for one in origins if one.has_past}
        self._files: list[tuple[FileLines, Window, float]] = []
        self._states: list[State] = []
        self._ask = ask
        self._far: FarLines | None = None
        self.end = 0

    @property
    def total(self) -> int:
        """Bytes that there are to read, about."""
        far = self._far.total if self._far is not None else 0
        return self._ring.bytes + sum(files.total for files, _, _ in self._files) + far

    @property
    def goes_far(self) -> bool:
        """Whether others have to work for it."""
        return self._far is not None

    def states(self) -> Sequence[State]:
        """How far back each stream was read."""
        far = self._far.states() if self._far is not None else ()
        return [*self._states, *(state for files, _, _ in self._files for state in files.states()), *far]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:  # noqa: ARG002 - questions here read newest first
        """Memory first, then the files, each newest first; every chunk's lines are met once."""
        ring = self._ring
        first, self.end = ring.bounds()
        begins = self._begins(first, self.end) if window.since is not None else {}
        self._plan(window, begins)
        low, lost = self.end, ring.lost
        for start in reversed(range(first, self.end, SPAN)):
            number, records = ring.records(start, min(start + SPAN, self.end))
            if number > start and ring.lost > lost:
                self._states[:] = [_left(ring)]
            low = number if records else low
            yield from self.of_memory(records, window, begins)
        yield from self._of_warm(low, window)
        waiting = [(files.chunks(past), whole) for files, past, whole in self._files]
        while waiting:
            for one in list(waiting):
                chunk = next(one[0], None)
                if chunk is None:
                    waiting.remove(one)
                else:
                    yield before(chunk, one[1])
        if self._far is not None:
            yield from self._far.chunks(window)

    def of_memory(
        self, records: Sequence[Kept], window: Window, begins: dict[Subject, float] | None = None
    ) -> Iterator[Chunk]:
        """Records of memory as chunks, one for each stream."""
        if window != Window():
            records = [record for record in records if window.holds(record.time)]
        for subject, own in by_subject(records):
            if self._service and subject.service != self._service:
                continue
            whole = begins.get(subject) if begins and subject in self._pasts else None
            kept = own if whole is None else [record for record in own if record.time >= whole]
            if kept:
                yield chunk_of(subject, kept, self._profiles.of)

    def _of_warm(self, low: int, window: Window) -> Iterator[Chunk]:
        """What left the ring before its entry ``low``, of streams that nobody else keeps."""
        for parcel in self._ring.warm.parcels(low):
            if self._service and parcel.subject.service != self._service:
                continue
            raws, times = parcel.raws, parcel.times
            if window != Window():
                held = [window.holds(time) for time in times]
                raws, times = list(compress(raws, held)), list(compress(times, held))
            if raws:
                profile = self._profiles.of(parcel.subject, raws)
                yield Chunk(
                    stream_of(parcel.subject), profile, records=raws, arrivals=list(times), joined=True
                )

    def _begins(self, first: int, end: int) -> dict[Subject, float]:
        """The moment from which on memory holds all of each stream."""
        times: dict[Subject, list[float]] = {one.subject: [] for one in self._origins}
        for start in range(first, end, SPAN):
            for record in self._ring.records(start, min(start + SPAN, end))[1]:
                seen = times.get(record.subject)
                if seen is not None and len(seen) < FIRST and record.timed:
                    seen.append(record.time)
        begins = {subject: max(seen) for subject, seen in times.items() if seen}
        for one in self._origins:
            if not one.has_past and (oldest := self._ring.warm.oldest(one.subject)) is not None:
                begins[one.subject] = oldest
        return begins

    def _plan(self, window: Window, begins: dict[Subject, float]) -> None:
        """What is read of which file, and what cannot be read."""
        self._files.clear()
        self._states.clear()
        self._far = None
        far: list[FarLog] = []
        if window.since is None:
            if self._ring.lost:
                self._states.append(_left(self._ring))
            return
        for one in self._origins:
            whole = begins.get(one.subject, float("inf"))
            if window.since >= whole:
                continue
            if one.path:
                past = window if whole == float("inf") else window.cut(Window(None, whole))
                self._files.append((FileLines([(one.path, stream_of(one.subject))]), past, whole))
            elif one.far is not None and self._ask is not None:
                far.append(FarLog(stream_of(one.subject), one.where, one.far, whole))
            else:
                self._states.append(State(str(one.subject.label), complete=False, why=one.why))
        if far and self._ask is not None:
            self._far = self._ask(far)


def _left(ring: Ring) -> State:
    return State("memory", complete=False, why=f"{ring.lost:,} older records have left it")
