"""Where another run stopped in the files of a log, found again after whatever rotated meanwhile."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from collectors.transport.read.files_back import line_after
from collectors.transport.read.files_open import KEPT, OpenFile
from collectors.transport.read.files_pages import SEGMENT, GzipPages
from collectors.transport.read.files_past import PastFile, neighbours
from collectors.transport.read.files_place import FilePlace, FilesPosition

MOST_LOOKED_AT = 30
"""Rotated files, the youngest, among which a place is looked for."""

MOST_UNPACKED = 3
"""Packed ones among them that are unpacked for that, the youngest."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Files to read on, oldest first, each standing where it goes on.

    ``found`` is the one that was read last. ``lost_more``: a file that was still being read is gone.
    ``skipped``: bytes left out because there were more than wanted.
    """

    files: list[OpenFile]
    found: OpenFile
    lost_more: bool
    skipped: int


def find_chain(path: str, opened: OpenFile, position: FilesPosition, cap: int, most: int) -> Chain | None:
    """The chain that goes on at ``position`` and ends in ``opened``, the file at ``path`` now.

    None where the last place is nowhere: truncated without a copy, or deleted. ``most``: bytes to catch
    up at most. Raises OSError for ``opened`` alone.
    """
    older = [one for one in neighbours(path) if one.path != path][-MOST_LOOKED_AT:]
    files: list[OpenFile | None] = [*(_opened(one, cap, opened) for one in older), opened]
    found = [_find(files, place) for place in position.places]
    for number, place in enumerate(position.places):
        if found[number] is None:
            found[number] = _unpacked(older, files, place, cap, most)
    last = found[-1]
    kept: list[OpenFile] = []
    for at, file in enumerate(files):
        if file is None:
            continue
        if last is not None and at in found:
            place = position.places[found.index(at)]
            file.start_at(max(place.offset, file.offset))
            kept.append(file)
        elif last is not None and at > last:
            file.start_at(0)
            kept.append(file)
        elif file is not opened:
            file.close()
    if last is None:
        return None
    newest = files[last]
    assert newest is not None  # noqa: S101 - for the type checker
    left_out = newest.offset - position.places[-1].offset
    return Chain(kept, newest, None in found, left_out + _skip(kept, most))


def _find(files: list[OpenFile | None], place: FilePlace) -> int | None:
    """The file in which a place lies: the one of its number, or a copy that was made of it."""
    fits = [at for at, file in enumerate(files) if file is not None and file.holds(place)]
    same = [at for at in fits if (file := files[at]) is not None and file.id == place.id]
    return next(iter(same or (fits[::-1] if place.before.size else [])), None)


def _opened(one: PastFile, cap: int, opened: OpenFile) -> OpenFile | None:
    """A rotated file as it lies there; None for a packed one and where it cannot be read."""
    try:
        if one.compressed or Path(one.path).stat().st_ino == opened.id[1]:
            return None
        return OpenFile.open(one.path, cap)
    except OSError:
        return None


def _unpacked(
    older: list[PastFile], files: list[OpenFile | None], place: FilePlace, cap: int, most: int
) -> int | None:
    """The packed file in which a place lies; what follows the place stands unpacked in ``files`` then."""
    packed = [at for at, one in enumerate(older) if one.path.endswith(".gz") and files[at] is None]
    for at in packed[: -MOST_UNPACKED - 1 : -1] if place.before.size else ():
        try:
            file = _unpack(older[at].path, place, cap, most)
        except OSError:
            continue
        if file is not None:
            files[at] = file
            return at
    return None


def _unpack(path: str, place: FilePlace, cap: int, most: int) -> OpenFile | None:
    """A file without a name with what follows ``place``, at the same offsets; None if that is elsewhere."""
    pages = GzipPages(path)
    try:
        for _ in pages.index():
            pass
        head, before = place.head, place.before
        if pages.size < place.offset or not (
            head.fits(pages.pread(head.size, 0))
            and before.fits(pages.pread(before.size, place.offset - before.size))
        ):
            return None
        start = max(place.offset, pages.size - most)
        with tempfile.TemporaryFile() as spare:
            # its head and what stands before the place are what it is known by
            os.pwrite(spare.fileno(), pages.pread(KEPT, 0), 0)
            for offset in range(max(0, start - KEPT), pages.size, SEGMENT):
                os.pwrite(spare.fileno(), pages.pread(SEGMENT, offset), offset)
            os.ftruncate(spare.fileno(), pages.size)
            descriptor = os.dup(spare.fileno())
        file = OpenFile(descriptor, os.fstat(descriptor), cap)
        file.floor = start
        file.start_at(line_after(file, start) if start > place.offset else start)
        return file
    finally:
        pages.close()


def _skip(files: list[OpenFile], most: int) -> int:
    """Move on over the oldest of what is more than wanted; how many bytes."""
    skipped = 0
    over = sum(file.behind for file in files) - most
    for file in files:
        if over <= 0:
            break
        start = min(file.size, file.offset + over)
        start = line_after(file, start)
        moved = start - file.offset
        file.start_at(start)
        skipped += moved
        over -= moved
    return skipped
