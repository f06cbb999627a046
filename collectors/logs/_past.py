"""What a log's files hold of a window of time, newest or oldest first.

``Past`` blocks and belongs in a worker thread; each piece that it gives is a moment to stop.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from collectors.logs._formats.parser import Parser
from collectors.transport.read.files_back import PROBE
from collectors.transport.read.files_lines import LINE_CAP, Line
from collectors.transport.read.files_pages import GzipPages, Pages, PlainPages
from collectors.transport.read.files_past import PastFile, neighbours

PIECE = 1024 * 1024
"""Bytes read in one step."""

SLACK = 60.0
"""Seconds by which lines may stand out of order; so much more is read at both ends of a window."""

ESCAPE = b"\\u"
"""How JSON may write any letter."""

When = Callable[[bytes], float | None]


class Piece(NamedTuple):
    """Whole lines of one step, oldest first in themselves; none where nothing fitted.

    ``read``: bytes looked at for it. ``forward``: the next piece of the same file is newer, not older.
    """

    lines: list[bytes]
    read: int
    forward: bool = False


class Unforeseen:
    """A past of which nobody knows beforehand how much it is and how it looks."""

    async def estimate(self, since: float | None = None, until: float | None = None) -> int | None:  # noqa: ARG002 - as every past
        """None: how much a program will tell nobody knows."""
        return None

    async def head(self) -> list[bytes]:
        """None, as it is asked but once."""
        return []


@dataclass(slots=True)
class Coverage:
    """What an answer over the past has looked at so far.

    ``bytes``: read, unpacked. ``files``: opened. ``unread``: (path, why) of files that could not be
    read, or not wholly. ``capped``: the limit in bytes came first, so older lines (newer ones, where
    read oldest first) are missing. ``untimed``: files whose lines tell no time were read whole.
    ``cut_bytes``: what the cap on a line cut off.
    """

    bytes: int = 0
    files: int = 0
    unread: list[tuple[str, str]] = field(default_factory=list)
    capped: bool = False
    untimed: int = 0
    cut_bytes: int = 0


def told_time(format_name: str = "auto") -> When:
    """A function that gives the time that one line tells (UTC epoch seconds), None where it tells none."""

    def when(line: bytes) -> float | None:
        parser = Parser(format_name)
        made = parser.parse([Line(line)], 0.0, 0.0) + parser.flush(0.0, force=True)
        return next((record.time for record in made if record.timed), None)

    return when


class Past:
    """The files of one log: itself and its rotated neighbours, ``.gz`` among them.

    ``lines`` and ``pieces`` give a superset of the window: what lies within ``SLACK`` of its ends may
    come too, and lines that tell no time come with their neighbours. ``coverage`` tells of the last
    reading.
    """

    def __init__(self, path: str, *, when: When | None = None, line_cap: int = LINE_CAP) -> None:
        self.path = path
        self.coverage = Coverage()
        self._when = when or told_time()
        self._line_cap = line_cap

    def files(self) -> list[PastFile]:
        """All files of the log, oldest first, the one that is written to last."""
        return neighbours(self.path)

    def within(self, since: float | None, until: float | None) -> list[PastFile]:
        """Those that may hold lines of the window, by the times of their last change."""
        return in_window(self.files(), since, until)

    def estimate(self, since: float | None = None, until: float | None = None) -> int:
        """Bytes that lie in the files of a window, as they lie there: at most so much is read from disk."""
        return sum(one.size for one in self.within(since, until))

    def lines(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        newest_first: bool = True,
        contains: bytes | None = None,
        cap: int | None = None,
    ) -> Iterator[bytes]:
        """The raw lines of a window (UTC epoch seconds), without their newlines; as ``pieces`` says."""
        for piece in self.pieces(since, until, newest_first=newest_first, contains=contains, cap=cap):
            yield from reversed(piece.lines) if newest_first else piece.lines

    def pieces(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        newest_first: bool = True,
        contains: bytes | None = None,
        cap: int | None = None,
    ) -> Iterator[Piece]:
        """The same in pieces, each oldest first in itself, so that stack traces can be joined.

        ``contains``: only lines with these bytes. ``cap``: stop after so many bytes read. Never
        raises: what cannot be read is told in ``coverage``.
        """
        coverage = self.coverage = Coverage()
        files = self.within(since, until)
        for one in reversed(files) if newest_first else files:
            try:
                for piece in self._of_file(one, since, until, newest_first=newest_first):
                    coverage.bytes += piece.read
                    yield _only(piece, contains) if contains else piece
                    if cap is not None and coverage.bytes >= cap:
                        coverage.capped = True
                        return
            except OSError as error:
                coverage.unread.append((one.path, error.strerror or str(error)))

    def _of_file(
        self, one: PastFile, since: float | None, until: float | None, *, newest_first: bool
    ) -> Iterator[Piece]:
        if one.compressed and not one.path.endswith(".gz"):
            self.coverage.unread.append((one.path, "only .gz can be unpacked here"))
            return
        self.coverage.files += 1
        pages: PlainPages | GzipPages = GzipPages(one.path) if one.compressed else PlainPages(one.path)
        try:
            if isinstance(pages, GzipPages):
                for _ in pages.index():
                    yield Piece([], 0)
                if pages.broken:
                    self.coverage.unread.append((one.path, "its end is damaged or missing"))
            low, high = self._span(pages, since, until)
            walk = _backward if newest_first else _forward
            for step in walk(pages, low, high, self._line_cap):
                self.coverage.cut_bytes += step.dropped
                yield Piece(self._capped(step.lines), step.read)
        finally:
            pages.close()

    def _span(self, pages: Pages, since: float | None, until: float | None) -> tuple[int, int]:
        """From where to where a window lies in a file."""
        low, high = 0, pages.size
        if since is None and until is None:
            return low, high
        if time_from(pages, 0, self._when) is None:
            self.coverage.untimed += 1
            return low, high
        if since is not None:
            low = first_after(pages, since - SLACK, self._when, early=True)
        if until is not None:
            high = first_after(pages, until + SLACK, self._when, early=False)
        return low, high

    def _capped(self, lines: list[bytes]) -> list[bytes]:
        cap = self._line_cap
        over = sum(len(line) - cap for line in lines if len(line) > cap)
        if not over:
            return lines
        self.coverage.cut_bytes += over
        return [line[:cap] for line in lines]


def fitting(
    lines: list[bytes], contains: bytes | None, *, any_case: bool, also: Sequence[bytes] = (ESCAPE,)
) -> list[bytes]:
    """Lines with a text, or where it may stand in another form (``also``); all where none is wanted."""
    if not contains:
        return lines
    wanted = contains.lower() if any_case else contains
    return [
        line
        for line in lines
        if wanted in (line.lower() if any_case else line) or any(form in line for form in also)
    ]


def in_window(files: list[PastFile], since: float | None, until: float | None) -> list[PastFile]:
    """Of files, oldest first, those that may hold lines of a window."""
    wanted: list[PastFile] = []
    before = float("-inf")
    for one in files:
        # a file's first line came after the one before it was finished
        begins, before = before, one.mtime
        if since is not None and one.mtime < since - SLACK:
            continue
        if until is not None and begins > until + SLACK:
            continue
        wanted.append(one)
    return wanted


def time_from(pages: Pages, offset: int, when: When) -> float | None:
    """The first time told by a whole line that begins at or after ``offset``, within one probe."""
    start = max(0, offset - 1)
    data = pages.pread(PROBE, start)
    lines = data.split(b"\n")
    if offset > 0:
        lines = lines[1:]
    for line in lines[:-1] or lines:
        if (time := when(line)) is not None:
            return time
    return None


def first_after(pages: Pages, time: float, when: When, *, early: bool) -> int:
    """The start of a line near the first one of ``time`` or later, by bisection over lines in order.

    ``early``: it stands at or before that line; else at or after it; within one probe.
    """
    low, high = 0, pages.size
    while high - low > PROBE:
        middle = (low + high) // 2
        told = time_from(pages, middle, when)
        if (early and told is None) or (told is not None and told >= time):
            high = middle
        else:
            low = middle
    return next_line(pages, low if early else high)


def next_line(pages: Pages, offset: int) -> int:
    """The start of the first line at or after ``offset``."""
    at = offset - 1
    while 0 <= at < pages.size:
        data = pages.pread(PROBE, at)
        end = data.find(b"\n")
        if end >= 0:
            return at + end + 1
        at += len(data) or pages.size
    return min(max(0, at), pages.size)


class _Step(NamedTuple):
    """Lines, the bytes read for them, and those that were dropped of lines far over the cap."""

    lines: list[bytes]
    read: int
    dropped: int = 0


def _forward(pages: Pages, low: int, high: int, cap: int) -> Iterator[_Step]:
    """Lines from ``low`` to ``high``, one step after the other."""
    held = b""
    while low < high:
        data = pages.pread(min(PIECE, high - low), low)
        if not data:
            break
        low += len(data)
        lines = data.split(b"\n")
        dropped = len(lines[0]) if len(held) > cap else 0
        lines[0] = held if dropped else held + lines[0]
        held = lines.pop()
        yield _Step(lines, len(data), dropped)
    if held:
        yield _Step([held], 0)


def _backward(pages: Pages, low: int, high: int, cap: int) -> Iterator[_Step]:
    """The same from the end on; each step's lines are oldest first."""
    held: bytes | None = None
    while low < high:
        start = max(low, high - PIECE)
        data = pages.pread(high - start, start)
        if len(data) < high - start:
            break
        high, dropped = start, 0
        lines = data.split(b"\n")
        if held is not None:
            whole = lines[-1] + held
            lines[-1] = whole[: cap + 1]
            dropped = len(whole) - len(lines[-1])
        elif not lines[-1]:
            # behind the last newline there is no line
            lines.pop()
        held = lines.pop(0) if lines else b""
        yield _Step(lines, len(data), dropped)
    if held:
        yield _Step([held], 0)


def _only(piece: Piece, contains: bytes) -> Piece:
    return Piece([line for line in piece.lines if contains in line], piece.read)
