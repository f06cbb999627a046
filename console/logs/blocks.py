"""A log and its rotated files in blocks of whole lines: nothing is taken apart before it must be."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.logs._past import SLACK, Past, first_after, time_from, told_time
from collectors.transport.read.files_lines import LINE_CAP
from collectors.transport.read.files_pages import GzipPages, Pages, PlainPages
from collectors.transport.read.files_past import PastFile
from console.logs.language.moments import Window

BLOCK = 256 * 1024
"""Bytes of one block, about."""


@dataclass(slots=True)
class Block:
    """Whole lines, oldest first. ``cut``: lines of it that were over the cap and lost their ends."""

    data: bytes
    cut: int = 0


@dataclass(slots=True)
class Blocks:
    """Reads one log; blocks, and never raises: ``unread`` holds (path, why) of what could not be read.

    ``alone``: without its rotated neighbours.
    """

    path: str
    alone: bool = False
    unread: list[tuple[str, str]] = field(default_factory=list)

    def total(self, window: Window) -> int:
        """Bytes of the files that may hold a window, packed as they are."""
        return sum(one.size for one in self._within(window))

    @property
    def modified(self) -> float:
        """When the newest of its files last changed, UTC epoch seconds; 0 where there is none."""
        return max((one.mtime for one in self._within(Window())), default=0.0)

    @property
    def exists(self) -> bool:
        """Whether there is any file."""
        return bool(self._within(Window()))

    def read(self, window: Window, *, oldest_first: bool) -> Iterator[Block]:
        """The lines of a window, and some beside it: lines are in order but for a minute."""
        self.unread = []
        files = self._within(window)
        for one in files if oldest_first else reversed(files):
            try:
                yield from self._of_file(one, window, oldest_first=oldest_first)
            except OSError as error:
                self.unread.append((one.path, error.strerror or str(error)))

    def _within(self, window: Window) -> list[PastFile]:
        if self.alone:
            return [one for one in Past(self.path).files() if one.path == self.path]
        return Past(self.path).within(window.since, window.until)

    def _of_file(self, one: PastFile, window: Window, *, oldest_first: bool) -> Iterator[Block]:
        if one.compressed and not one.path.endswith(".gz"):
            self.unread.append((one.path, "only .gz can be unpacked here"))
            return
        pages: PlainPages | GzipPages = GzipPages(one.path) if one.compressed else PlainPages(one.path)
        try:
            if isinstance(pages, GzipPages):
                for _ in pages.index():
                    yield Block(b"")
                if pages.broken:
                    self.unread.append((one.path, "its end is damaged or missing"))
            low, high = _bounds(pages, window)
            for data in (_forward if oldest_first else _backward)(pages, low, high):
                yield capped(data)
        finally:
            pages.close()


def _bounds(pages: Pages, window: Window) -> tuple[int, int]:
    when = told_time()
    low, high = 0, pages.size
    if window == Window() or time_from(pages, 0, when) is None:
        return low, high
    if window.since is not None:
        low = first_after(pages, window.since - SLACK, when, early=True)
    if window.until is not None:
        high = first_after(pages, window.until + SLACK, when, early=False)
    return low, high


def _forward(pages: Pages, low: int, high: int) -> Iterator[bytes]:
    held: list[bytes] = []
    while low < high and (data := pages.pread(min(BLOCK, high - low), low)):
        low += len(data)
        end = data.rfind(b"\n") + 1
        if end:
            yield b"".join((*held, data[:end]))
            held = [data[end:]]
        elif sum(map(len, held)) <= LINE_CAP:
            held.append(data)
    if any(held):
        yield b"".join(held)


def _backward(pages: Pages, low: int, high: int) -> Iterator[bytes]:
    held: list[bytes] = []
    while low < high:
        start = max(low, high - BLOCK)
        data = pages.pread(high - start, start)
        if len(data) < high - start:
            break
        high = start
        # the first line of a block may have begun before it
        begin = 0 if start == low else data.find(b"\n") + 1
        if begin == 0 and start != low:
            # only a long line's head is kept: its end goes first
            held = [data] if sum(map(len, held)) > LINE_CAP else [data, *held]
            continue
        whole = b"".join((data[begin:], *held))
        if whole:
            yield whole
        held = [data[:begin]] if begin else []
    if any(held):
        yield b"".join(held)


def capped(data: bytes) -> Block:
    """A block whose lines are no longer than the cap."""
    last = len(data) - LINE_CAP
    if all(data.find(b"\n", at, at + LINE_CAP) >= 0 for at in range(0, last, LINE_CAP)):
        return Block(data)
    lines = data.split(b"\n")
    cut = sum(len(line) > LINE_CAP for line in lines)
    return Block(b"\n".join(line[:LINE_CAP] for line in lines), cut)
