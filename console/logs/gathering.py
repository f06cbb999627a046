"""Lines as questions go through them: from files with their past, from memory, from a pipe."""

import heapq
import os
import select
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import inf
from operator import attrgetter
from typing import BinaryIO

from collectors.lines.facts import Profile, begins, detect, facts
from collectors.model.subject import Subject
from collectors.transport.read.files_lines import LINE_CAP
from console.logs.blocks import Blocks
from console.logs.language.moments import Window
from console.logs.ring import Kept, Ring
from console.logs.source import CHUNK, Chunk, State, Stream

_SUBJECT, _RAW, _TIME, _LOST = map(attrgetter, ("subject", "raw", "time", "lost_bytes"))

SLACK = 60.0
"""Seconds by which lines of a file may be out of order."""

SAMPLE = 200
"""Lines by which a stream's format is recognised."""

SPAN = 4_096
"""Entries of the ring in one chunk, of all streams."""

Chunks = Generator[Chunk, None, None]
_Heads = list[tuple[float, int, Chunk]]

UNKNOWN = detect(())
"""The format of lines that nobody has seen."""

PATIENCE = 0.2
"""Seconds between two looks at whether a quiet pipe was given up."""

MOST_CARRIED = 2_000
"""Lines without a beginning that are carried to the chunk before."""


def sampled(lines: Sequence[bytes]) -> list[bytes]:
    """Some lines from all over a chunk."""
    step = max(1, len(lines) // SAMPLE)
    return [line for line in lines[::step] if line][:SAMPLE]


class FileLines:
    """Log files, with their rotated neighbours unless ``alone``; ``streams`` are (path, stream)."""

    def __init__(
        self, streams: Iterable[tuple[str, Stream]], profile: Profile | None = None, *, alone: bool = False
    ) -> None:
        self._streams = [(stream, Blocks(path, alone)) for path, stream in streams]
        self._profile = profile
        self._window = Window()

    @property
    def total(self) -> int:
        """Bytes of the files that may hold the window, packed as they are."""
        return sum(blocks.total(self._window) for _, blocks in self._streams)

    def states(self) -> Sequence[State]:
        """What could not be read."""
        return [_state(stream, blocks) for stream, blocks in self._streams]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Chunks:
        """Chunks of all files, merged by the time at which each begins or ends."""
        self._window = window
        sources = [
            self._of_one(stream, blocks, window, oldest_first=oldest_first)
            for stream, blocks in self._streams
        ]
        yield from merged(sources, oldest_first=oldest_first)

    def _of_one(self, stream: Stream, blocks: Blocks, window: Window, *, oldest_first: bool) -> Chunks:
        profile, carried = self._profile, b""
        arrival = blocks.modified
        for block in blocks.read(window, oldest_first=oldest_first):
            data = carried + block.data if oldest_first else block.data + carried
            carried = b""
            if not data:
                yield Chunk(stream, profile or UNKNOWN)
                continue
            if profile is None:
                profile = detect(sampled(data.split(b"\n")))
            data, carried = parted(data, profile, oldest_first=oldest_first)
            yield Chunk(stream, profile, data, arrivals=arrival, oversize=block.cut)
        if carried and profile is not None:
            yield Chunk(stream, profile, carried, arrivals=arrival)


def _state(stream: Stream, blocks: Blocks) -> State:
    if not blocks.exists:
        return State(stream.name, complete=False, why="there is no such file")
    if blocks.unread:
        why = "; ".join(f"{path}: {why}" for path, why in blocks.unread[:3])
        return State(stream.name, complete=False, why=why)
    return State(stream.name)


def merged(sources: Sequence[Chunks], *, oldest_first: bool = False) -> Chunks:
    """Chunks of several sources by the time at which each begins or ends; ends them all when it is ended."""
    if len(sources) == 1:
        yield from sources[0]
        return
    heads: _Heads = []
    with ExitStack() as stack:
        for number, source in enumerate(sources):
            stack.callback(source.close)
            _push(heads, number, source, oldest_first=oldest_first)
        while heads:
            _, number, chunk = heapq.heappop(heads)
            yield chunk
            _push(heads, number, sources[number], oldest_first=oldest_first)


def _push(
    heads: list[tuple[float, int, Chunk]], number: int, source: Iterator[Chunk], *, oldest_first: bool
) -> None:
    chunk = next(source, None)
    if chunk is None:
        return
    if not chunk.size:
        # nothing to wait for: it only tells that there is progress
        heapq.heappush(heads, (-inf, number, chunk))
        return
    lines = chunk.lines()[:MOST_CARRIED] if oldest_first else chunk.lines()[-MOST_CARRIED:]
    told = (facts(line, chunk.profile).time for line in (lines if oldest_first else reversed(lines)))
    time = next((time for time in told if time is not None), 0.0)
    heapq.heappush(heads, (time if oldest_first else -time, number, chunk))


def parted(data: bytes, profile: Profile, *, oldest_first: bool) -> tuple[bytes, bytes]:
    """Lines from where a record surely begins, and those that may belong to a record beyond the block."""
    if oldest_first:
        end = len(data)
        for _ in range(MOST_CARRIED):
            start = data.rfind(b"\n", 0, end - 1) + 1
            if begins(data[start:end].rstrip(b"\n"), profile):
                return data[:start], data[start:]
            if not start:
                break
            end = start
        return data, b""
    start = 0
    for _ in range(MOST_CARRIED):
        end = data.find(b"\n", start)
        if begins(data[start : end if end >= 0 else len(data)], profile):
            return data[start:], data[:start]
        if end < 0:
            break
        start = end + 1
    return data, b""


class RingLines:
    """The records kept in memory; ``wanted`` chooses streams, ``known`` gives their formats."""

    total = 0

    def __init__(
        self,
        ring: Ring,
        wanted: Callable[[Subject], bool] = lambda _subject: True,
        known: Callable[[Subject], Profile | None] = lambda _subject: None,
    ) -> None:
        self._ring = ring
        self._wanted = wanted
        self._known = known
        self._profiles: dict[Subject, Profile] = {}
        self._first = 0

    def states(self) -> Sequence[State]:
        """Incomplete where older records have left the ring."""
        if self._ring.dropped:
            return [State("memory", complete=False, why=f"{self._ring.dropped:,} older records have left it")]
        return [State("memory")]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:
        """A chunk for each stream in each span of entries."""
        first, end = self._ring.bounds()
        starts = range(first, end, SPAN)
        for start in starts if oldest_first else reversed(starts):
            _, records = self._ring.records(start, min(start + SPAN, end))
            if window != Window():
                records = [record for record in records if window.holds(record.time)]
            for subject, own in by_subject(records):
                if self._wanted(subject):
                    yield chunk_of(subject, own, self._profile)

    def _profile(self, subject: Subject, raws: Sequence[bytes]) -> Profile:
        profile = self._profiles.get(subject) or self._known(subject)
        if profile is None:
            profile = detect(sampled(raws))
        self._profiles[subject] = profile
        return profile


def by_subject(records: Sequence[Kept]) -> Iterator[tuple[Subject, Sequence[Kept]]]:
    """The records of each stream, in their order."""
    if len(set(map(id, map(_SUBJECT, records)))) == 1:
        yield records[0].subject, records
        return
    parted: dict[Subject, list[Kept]] = {}
    for record in records:
        parted.setdefault(record.subject, []).append(record)
    yield from parted.items()


def chunk_of(
    subject: Subject, records: Sequence[Kept], profile: Callable[[Subject, Sequence[bytes]], Profile]
) -> Chunk:
    """Records of one stream as a chunk; ``profile`` tells how the stream's lines are to be read."""
    raws = list(map(_RAW, records))
    cut = any(map(_LOST, records))
    return Chunk(
        stream_of(subject),
        profile(subject, raws),
        records=raws,
        arrivals=list(map(_TIME, records)),
        joined=True,
        oversize=sum(map(bool, map(_LOST, records))) if cut else 0,
    )


def stream_of(subject: Subject) -> Stream:
    """The stream of a subject."""
    return Stream(str(subject.label), subject.service, subject.instance)


def before(chunk: Chunk, whole: float) -> Chunk:
    """A chunk of a stream's past without the records that memory holds: those at ``whole`` or later."""
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


class PipeLines:
    """Lines that come once, oldest first; kept in a file of their own if they are gone through ``again``.

    What has come is told at once; ``cancelled`` is asked while nothing comes.
    """

    total = 0

    def __init__(
        self,
        pipe: BinaryIO,
        stream: Stream,
        arrival: float,
        *,
        again: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._pipe = pipe
        self._stream = stream
        self._arrival = arrival
        self._cancelled = cancelled
        self._kept: BinaryIO | None = None
        if again:
            self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - it goes away with us
        self._profile: Profile | None = None
        self._read = False

    def states(self) -> Sequence[State]:
        """A pipe is complete at its end."""
        return [State(self._stream.name)]

    def chunks(self, window: Window, *, oldest_first: bool = False) -> Iterator[Chunk]:  # noqa: ARG002 - it comes as it comes
        """Chunks as they come."""
        if not self._read:
            self._read = True
            yield from self._cut(self._coming())
        elif self._kept is not None:
            self._kept.seek(0)
            yield from self._cut(iter(partial(self._kept.read, CHUNK), b""))

    def close(self) -> None:
        """Give up what was kept."""
        if self._kept is not None:
            self._kept.close()

    def _coming(self) -> Iterator[bytes]:
        descriptor = self._pipe.fileno()
        while not self._cancelled():
            if not select.select([descriptor], [], [], PATIENCE)[0]:
                continue
            data = os.read(descriptor, CHUNK)
            if not data:
                return
            if self._kept is not None:
                self._kept.write(data)
            yield data

    def _cut(self, pieces: Iterator[bytes]) -> Iterator[Chunk]:
        held = b""
        over = False
        for data in pieces:
            end = data.rfind(b"\n") + 1
            if not end:
                over |= len(held) + len(data) > LINE_CAP
                held = (held + data)[: LINE_CAP + 1]
                continue
            yield self._chunk(held + data[:end], over=over)
            held, over = data[end:], False
        if held:
            yield self._chunk(held, over=over)

    def _chunk(self, block: bytes, *, over: bool) -> Chunk:
        lines: list[bytes] | None = None
        oversize = 0
        if over or _may_be_over(block):
            lines = block.removesuffix(b"\n").split(b"\n")
            oversize = sum(len(line) > LINE_CAP for line in lines)
            lines = [line[:LINE_CAP] for line in lines]
        if self._profile is None:
            self._profile = detect(sampled(lines if lines is not None else block.split(b"\n")))
        return Chunk(self._stream, self._profile, block, lines, self._arrival, oversize=oversize)


def _may_be_over(block: bytes) -> bool:
    """Whether some piece of a block as long as the cap holds no newline."""
    return any(
        block.find(b"\n", at, at + LINE_CAP) < 0 for at in range(0, len(block) - LINE_CAP + 1, LINE_CAP)
    )
