"""Where another run stopped in the files of a log, found again after whatever rotated meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from collectors.transport.read.files_back import line_after
from collectors.transport.read.files_open import OpenFile
from collectors.transport.read.files_past import neighbours
from collectors.transport.read.files_place import FilePlace, FilesPosition

MOST_LOOKED_AT = 30
"""Rotated files, the youngest, among which a place is looked for."""


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

    None where the last place is nowhere: truncated without a copy, deleted, or packed. ``most``: bytes
    to catch up at most. Raises OSError for ``opened`` alone.
    """
    older = [one.path for one in neighbours(path) if not one.compressed and one.path != path]
    files = [*_open_all(older[-MOST_LOOKED_AT:], cap, opened), opened]
    found = [_find(files, place) for place in position.places]
    last = found[-1]
    if last is None:
        for one in files[:-1]:
            one.close()
        return None
    kept: list[OpenFile] = []
    for at, file in enumerate(files):
        if at in found:
            file.start_at(position.places[found.index(at)].offset)
            kept.append(file)
        elif at > last:
            file.start_at(0)
            kept.append(file)
        else:
            file.close()
    return Chain(kept, files[last], None in found, _skip(kept, most))


def _find(files: list[OpenFile], place: FilePlace) -> int | None:
    """The file in which a place lies: the one of its number, or a copy that was made of it."""
    same = next((at for at, file in enumerate(files) if file.id == place.id), None)
    if same is not None and files[same].holds(place):
        return same
    if not place.before.size:
        return None
    return next((at for at in reversed(range(len(files))) if files[at].holds(place)), None)


def _open_all(paths: Iterable[str], cap: int, opened: OpenFile) -> list[OpenFile]:
    files: list[OpenFile] = []
    for path in paths:
        try:
            if Path(path).stat().st_ino != opened.id[1]:
                files.append(OpenFile.open(path, cap))
        except OSError:
            continue
    return files


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
