"""Where we are in the files of one log, in a form that another run can go on from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from collectors.positions import HERE, Position
from collectors.transport.read.files_lines import Line

PROOF = 64
"""Bytes right before a place by which it is known again."""

FileId = tuple[int, int]


class Proof(NamedTuple):
    """So many bytes, and their hash: log lines themselves are not kept on disk."""

    size: int
    digest: str

    @classmethod
    def of(cls, data: bytes) -> "Proof":
        """The proof of some bytes."""
        return cls(len(data), blake2b(data, digest_size=8).hexdigest())

    def fits(self, data: bytes) -> bool:
        """Whether these are the same bytes."""
        return len(data) == self.size and Proof.of(data) == self


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A place in one file: ``offset`` is the start of the next line.

    ``head`` proves the file's first bytes, ``before`` those right before the offset.
    """

    id: FileId
    offset: int
    head: Proof
    before: Proof

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "dev": self.id[0],
            "ino": self.id[1],
            "offset": self.offset,
            "head": list(self.head),
            "before": list(self.before),
        }

    @classmethod
    def from_json(cls, told: object) -> "FilePlace | None":
        """What ``to_json`` gave; None for anything else."""
        if not isinstance(told, Mapping):
            return None
        numbers = [told.get(name) for name in ("dev", "ino", "offset")]
        head, before = _proof(told.get("head")), _proof(told.get("before"))
        if head is None or before is None or not all(isinstance(one, int) for one in numbers):
            return None
        device, inode, offset = (int(one or 0) for one in numbers)
        if offset < before.size or min(device, inode) < 0:
            return None
        return cls((device, inode), offset, head, before)


def _proof(told: object) -> Proof | None:
    if isinstance(told, Sequence) and not isinstance(told, str) and len(told) == 2:
        count, digest = told
        if isinstance(count, int) and isinstance(digest, str) and 0 <= count <= 4096:
            return Proof(count, digest)
    return None


@dataclass(frozen=True, slots=True)
class FilesPosition:
    """The places in all files that are open, oldest first, and when they were told (UTC epoch seconds).

    ``here``: by this same run.
    """

    places: tuple[FilePlace, ...]
    at: float
    here: bool = False

    def to_json(self) -> Position:
        """As JSON takes it."""
        return {"files": [place.to_json() for place in self.places], "at": self.at}

    @classmethod
    def from_json(cls, told: Position | None) -> "FilesPosition | None":
        """What ``to_json`` gave; None for anything else."""
        files = told.get("files") if told else None
        at = told.get("at") if told else None
        if not isinstance(files, Sequence) or not files or not isinstance(at, (int, float)):
            return None
        places = [place for one in files if (place := FilePlace.from_json(one)) is not None]
        if len(places) < len(files):
            return None
        return cls(tuple(places), float(at), bool(told and told.get(HERE)))


class Span(NamedTuple):
    """Lines of one read that lie in one file, or in none that is left (``place`` is None).

    ``place``: where the file stood before them. ``end``: the offset behind them; ``ended``: the last of
    them has its newline.
    """

    place: FilePlace | None
    lines: int
    end: int
    ended: bool = True


@dataclass(frozen=True, slots=True)
class FilesRead:
    """The place of one read: a span for each open file, in the order of the lines."""

    spans: tuple[Span, ...]
    lines: list[Line]
    wall: float

    def after(self, count: int) -> Position | None:
        """The position behind the first ``count`` lines."""
        places: list[FilePlace] = []
        first = 0
        for place, lines, end, ended in self.spans:
            taken = max(0, min(lines, count - first))
            if place is not None:
                places.append(_moved(place, self.lines[first : first + lines], taken, end, ended=ended))
            first += lines
        return FilesPosition(tuple(places), self.wall).to_json() if places else None


def _moved(place: FilePlace, lines: list[Line], taken: int, end: int, *, ended: bool) -> FilePlace:
    """The place behind ``taken`` of the lines that follow it."""
    if not taken:
        return place
    # from the end, so that what stands before the first of them does not matter
    offset = end - sum(len(line.data) + line.lost + 1 for line in lines[taken:])
    if taken < len(lines) and not ended:
        offset += 1
    last = lines[taken - 1]
    with_newline = ended or taken < len(lines)
    tail = last.data[-PROOF:] if not last.lost else b""
    if with_newline and tail:
        tail = tail[-(PROOF - 1) :] + b"\n"
    return FilePlace(place.id, offset, place.head, Proof.of(tail))
