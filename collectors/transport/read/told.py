"""A log whose lines come behind their times, as ``kubectl logs`` and ``docker logs`` tell them."""

import asyncio
import re
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache

from collectors.transport.read.files_lines import LINE_CAP, Line, LineSplitter
from collectors.transport.read.source import Got, SourceState, SourceStatus

HELD = 4 * 1024 * 1024
"""Bytes that may wait to be taken; then the program waits."""

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")
_SECOND = 10**9


class ToldTail:
    """One such log: a task puts bytes in, the passes take lines out.

    ``began``: UTC epoch seconds; what is older was there before we began to watch. ``back``: how many
    seconds before that are wanted. ``wanted``: whether its source is still there; ``said``: the last line
    that was none of the log.
    """

    def __init__(self, key: str, label: str, *, began: float, back: float, cap: int = LINE_CAP) -> None:
        self.key = key.encode()
        self.label = self.name = label
        self.resumed = False
        self.said = ""
        self.wanted = True
        self.room = asyncio.Event()
        self._began = int(began * _SECOND)
        self._last = int((began - back) * _SECOND)
        self._same = 0
        self._again: int | None = None
        self._cap = cap
        self._splitter = LineSplitter(cap)
        self._lines: deque[tuple[int, Line]] = deque()
        self._waiting = 0
        self._state = SourceState.MISSING
        self._why, self._hint = "it was not asked yet", ""
        self._starts = 0

    @property
    def since(self) -> str:
        """From when on a program is to tell, RFC 3339: from the last line on, which then comes again."""
        return moment(self._last)

    @property
    def full(self) -> bool:
        """Whether enough is waiting."""
        return self._waiting >= HELD

    @property
    def drained(self) -> bool:
        """Whether nothing is waiting."""
        return not self._lines

    def begin(self) -> None:
        """A program was started that tells from ``since`` on."""
        self._splitter = LineSplitter(self._cap)
        self._again = self._same
        self.said = ""
        self._starts += 1
        self._state, self._why, self._hint = SourceState.FOLLOWING, "", ""

    def stop(self, state: SourceState, why: object, hint: object = "") -> None:
        """No more comes for now."""
        self._state, self._why, self._hint = state, str(why), str(hint)

    def put(self, data: bytes) -> None:
        """Take what came next."""
        for line in self._splitter.feed(data):
            found = told_line(line)
            if found is None:
                # kubectl and docker talk about themselves in between
                self.said = words_of(line)
            elif not self._is_known(found[0]):
                self._lines.append(found)
                self._waiting += len(found[1].data)

    def read(self, limit: int, now: float, wall: float) -> Got:  # noqa: ARG002 - the protocol's
        """Lines that came, of one kind: told before we began, or after."""
        taken: list[Line] = []
        size = 0
        backlog = bool(self._lines) and self._lines[0][0] < self._began
        while self._lines and size < limit and (self._lines[0][0] < self._began) is backlog:
            taken.append(self._lines.popleft()[1])
            size += len(taken[-1].data)
        self._waiting -= size
        if not self.full:
            self.room.set()
        return Got(taken, backlog, size, self._status())

    def close(self) -> None:
        """Nothing is held."""

    def _status(self) -> SourceStatus:
        return SourceStatus(
            self._state,
            self._why,
            self._hint,
            behind=self._waiting,
            modified=self._last / _SECOND if self._starts else None,
            starts=max(0, self._starts - 1),
        )

    def _is_known(self, time: int) -> bool:
        """Whether it came before the program was started anew: older, or one of those of the last instant."""
        if self._again is not None:
            if time < self._last:
                return True
            if time == self._last and self._again > 0:
                self._again -= 1
                return True
            self._again = None
        # what is told out of order is news all the same
        if time == self._last:
            self._same += 1
        elif time > self._last:
            self._last, self._same = time, 1
        return False


def told_line(line: Line) -> tuple[int, Line] | None:
    """A line with its time in nanoseconds of the epoch; None for what is none of the log.

    It goes on in the form of Kubernetes' CRI, of an unknown stream, so that its time counts where it tells
    none itself.
    """
    found = _STAMP.match(line.data)
    if found is None:
        return None
    text = found[0] + b"- F " + line.data[found.end() :]
    return _instant(found[1], found[2] or b"", found[3]), Line(text, line.lost)


def words_of(line: Line) -> str:
    """What kubectl or docker says of itself, capped."""
    return line.data[:500].decode("utf-8", "replace").strip()


def moment(nanoseconds: int | None) -> str:
    """A time of the epoch as both take it, RFC 3339; empty for None."""
    if nanoseconds is None:
        return ""
    at = datetime.fromtimestamp(nanoseconds // _SECOND, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{nanoseconds % _SECOND:09d}Z"


@lru_cache(maxsize=64)
def _second(text: bytes, zone: bytes) -> int:
    return int(datetime.fromisoformat(f"{text.decode()}{zone.decode()}").timestamp())


def _instant(text: bytes, fraction: bytes, zone: bytes) -> int:
    """Nanoseconds of the epoch."""
    return _second(text, zone) * _SECOND + int(fraction.ljust(9, b"0") or 0)
