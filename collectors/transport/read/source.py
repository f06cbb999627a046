"""What delivers the lines of one stream: lines with their place, the gaps between them, and a state."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from collectors.positions import Position
from collectors.transport.read.files_lines import Line


class SourceState(StrEnum):
    """What became of the way to the lines."""

    FOLLOWING = "following"
    MISSING = "missing"
    DENIED = "denied"
    NOT_A_FILE = "not a file"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source stands after a read.

    ``why`` says what is wrong in the system's words and ``hint`` what that means. ``behind``: bytes not
    read yet. ``lost``: bytes known to be lost; ``lost_more``: there may be more, nobody can know.
    ``skipped``: bytes that are there and were left out, being too many. ``modified``: when it last
    changed, UTC epoch seconds. ``cut``: reading back hit the byte limit; ``timed``: the lines at the
    start told their times. ``starts``: how often a program was started anew.
    """

    state: SourceState = SourceState.MISSING
    why: str = ""
    hint: str = ""
    behind: int = 0
    rotations: int = 0
    truncations: int = 0
    lost: int = 0
    lost_more: bool = False
    skipped: int = 0
    modified: float | None = None
    cut: bool = False
    timed: bool = True
    starts: int = 0


class Place(Protocol):
    """Where the lines of one read lie."""

    def after(self, count: int) -> Position | None:
        """The position behind the first ``count`` of them; None where it cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Got:
    """Lines of one read, oldest first.

    ``backlog``: they were there before we began to watch. ``replayed``: an earlier run has had them.
    ``bytes``: read from the source for it.
    """

    lines: list[Line]
    backlog: bool
    bytes: int
    status: SourceStatus
    replayed: bool = False
    place: Place | None = None


class ByteSource(Protocol):
    """Where the lines of one stream come from: a file here or on a server, a journal, a program.

    ``key`` and ``label`` name it as a subject, ``name`` in sentences. ``resumed``: it goes on where an
    earlier run stopped.
    """

    key: bytes
    label: str
    name: str
    resumed: bool

    def read(self, limit: int, now: float, wall: float) -> Got:
        """The next lines, of about ``limit`` bytes at most; never raises and never waits for more to come.

        ``now``: CLOCK_BOOTTIME seconds. ``wall``: UTC epoch seconds.
        """
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...
