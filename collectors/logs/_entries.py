"""A Redis stream as a source of lines: each entry is one record, its id the position."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors.positions import HERE, Position
from collectors.transport.read.files_lines import Line
from collectors.transport.read.redis_ids import order
from collectors.transport.read.source import Got, SourceState, SourceStatus

FIRST_COUNT = 100
MOST_COUNT = 5000
FETCHED = 256 * 1024
"""Bytes of entries that are asked for at once."""

_TIMES = frozenset({"time", "ts", "timestamp", "@timestamp", "datetime", "date"})
_PLAUSIBLE = range(946_684_800_000, 4_102_444_800_000)
"""Milliseconds of the years 2000 to 2099: ids of other numbers are counters of somebody's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line with the id of its entry; ``whole``: the last line of it."""

    id: bytes
    line: Line
    whole: bool


@dataclass(frozen=True, slots=True)
class EntriesPlace:
    """The place of one read. ``added``: entries ever added to the stream as of the last of these."""

    entries: Sequence[Entry]
    before: Position | None
    added: int | None

    def after(self, count: int) -> Position | None:
        """The id of the last entry that is whole before that place."""
        for at in range(count - 1, -1, -1):
            if self.entries[at].whole:
                told: dict[str, Any] = {"id": self.entries[at].id.decode("ascii", "replace")}
                if self.added is not None and count == len(self.entries):
                    told["added"] = self.added
                return told
        return self.before


class EntrySource:
    """One stream; ``put`` takes what was fetched, ``read`` gives lines.

    ``field``: the field that is the line; empty: ``line``, or the only one if that is ``message``, or the
    whole entry as JSON.
    """

    def __init__(self, stream: bytes, *, field: str, cap: int) -> None:
        self.key = stream
        self.label = self.name = stream.decode("utf-8", "replace")
        self.resumed = False
        self.last = b""
        self.count = FIRST_COUNT
        self._field = field
        self._cap = cap
        self._status = SourceStatus()
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._had = self._seen = (0, 0)
        self._backlog_to: tuple[int, int] | None = None
        self._before: Position | None = None
        self._added: int | None = None
        self._fetched = 0
        self._first: tuple[int, int] | None = None
        self._caught_up = False
        self._lost_more = False
        self._restarts = 0
        self._modified: float | None = None

    def begin(self, position: Position | None, back: float, now: float) -> None:
        """Begin at a position, or ``back`` seconds before ``now`` (UTC epoch seconds of the server)."""
        wanted = b"%d-0" % max(0, int((now - back) * 1000) - 1)
        told = position or {}
        stopped = told.get("id")
        if not isinstance(stopped, str) or order(stopped.encode()) == (0, 0):
            self.last = wanted
            return
        self.resumed = True
        added = told.get("added")
        self._had = self._seen = order(stopped.encode())
        self._added = added if isinstance(added, int) else None
        self._before = {name: value for name, value in told.items() if name != HERE}
        again = bool(told.get(HERE)) or order(wanted) >= self._had
        self.last = stopped.encode() if again else wanted

    def put(self, info: Mapping[bytes, Any] | str, entries: Sequence[Any]) -> bool:
        """Take what was fetched after ``last``; whether there is more.

        ``info``: what XINFO STREAM told, or why there is nothing to tell.
        """
        if isinstance(info, str):
            missing = "no such key" in info
            state = SourceState.MISSING if missing else SourceState.FAILED
            hint = "waiting for the stream to come" if missing else ""
            self._status = SourceStatus(state=state, why="missing" if missing else info, hint=hint)
            return False
        if self._begun_anew(info):
            return True
        for one in entries:
            self._add(bytes(one[0]), list(one[1] or ()))
        more = len(entries) >= self.count
        if entries:
            self.last = bytes(entries[-1][0])
            size = max(1, self._bytes // max(1, len(self._entries)))
            self.count = max(10, min(MOST_COUNT, FETCHED // size))
        self._compare(info, caught_up=not more)
        if self._backlog_to is None:
            self._backlog_to = order(bytes(info.get(b"last-generated-id") or b""))
        return more

    def read(self, limit: int, now: float, wall: float) -> Got:  # noqa: ARG002 - as every source
        """The next lines: replayed ones, or a backlog, or live ones, never mixed."""
        taken: list[Entry] = []
        size, kind = 0, None
        while self._entries and size < limit:
            entry = self._entries[0]
            at = order(entry.id)
            this = (at <= self._had, self._backlog_to is None or at <= self._backlog_to)
            if kind is not None and this != kind:
                break
            kind = this
            taken.append(self._entries.popleft())
            size += len(entry.line.data) + 1
        self._bytes -= size
        replayed, backlog = kind or (False, False)
        added = self._added if self._caught_up and not self._entries else None
        place = EntriesPlace(taken, self._before, added)
        if not replayed and taken:
            self._before = place.after(len(taken))
        return Got([one.line for one in taken], backlog, size, self.status(), replayed, place)

    def status(self) -> SourceStatus:
        """How it stands."""
        status = self._status
        if status.state is not SourceState.FOLLOWING:
            return status
        return SourceStatus(
            state=status.state,
            behind=self._bytes,
            rotations=self._restarts,
            lost_more=self._lost_more,
            modified=self._modified,
            starts=1 + self._restarts,
        )

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken."""
        return self._bytes

    def close(self) -> None:
        """Nothing is held here."""

    def _begun_anew(self, info: Mapping[bytes, Any]) -> bool:
        """Whether the stream was made anew, or restored from before: its ids stand before what was read."""
        self._status = SourceStatus(state=SourceState.FOLLOWING)
        newest = order(bytes(info.get(b"last-generated-id") or b""))
        if is_time(newest):
            self._modified = newest[0] / 1000
        if newest >= self._seen:
            return False
        self.last, self._had, self._seen = b"0-0", (0, 0), (0, 0)
        self._added, self._first, self._fetched = None, None, 0
        self._backlog_to = (0, 0)
        self._restarts += 1
        self._lost_more = True
        return True

    def _compare(self, info: Mapping[bytes, Any], *, caught_up: bool) -> None:
        """See whether more entries were added since all was read than came."""
        if self._first is None:
            self._first = order(bytes((info.get(b"first-entry") or [b""])[0]))
        self._caught_up = caught_up
        if not caught_up:
            return
        added, fetched, self._fetched = info.get(b"entries-added"), self._fetched, 0
        if isinstance(added, int):
            self._lost_more |= self._added is not None and added - self._added > fetched
            self._added = added
        self._first = None

    def _add(self, entry: bytes, flat: list[Any]) -> None:
        at = order(entry)
        if at > self._seen:
            self._fetched += 1
            self._seen = at
        lines = lines_of(entry, flat, self._field, self._cap)
        for index, line in enumerate(lines):
            self._entries.append(Entry(entry, line, index == len(lines) - 1))
            self._bytes += len(line.data) + 1


def is_time(id_: tuple[int, int]) -> bool:
    """Whether an id tells when its entry was added, and is no counter of somebody's own."""
    return id_[0] in _PLAUSIBLE


def lines_of(entry: bytes, flat: list[Any], field: str, cap: int) -> list[Line]:
    """The lines of an entry, its id and its fields and values in turn; ``field`` as for ``EntrySource``."""
    whole = _line(entry, flat, field.encode()).split(b"\n")
    return [Line(data[:cap], max(0, len(data) - cap)) for data in whole]


def _line(entry: bytes, flat: list[Any], field: bytes) -> bytes:
    fields = dict(zip(map(bytes, flat[::2]), map(bytes, flat[1::2]), strict=False))
    wanted = field or b"line"
    if wanted in fields:
        return fields[wanted].rstrip(b"\n")
    if not field and list(fields) == [b"message"]:
        return fields[b"message"].rstrip(b"\n")
    told = {
        name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in fields.items()
    }
    at = order(entry)
    if is_time(at) and not _TIMES & told.keys():
        told["timestamp"] = datetime.fromtimestamp(at[0] / 1000, UTC).isoformat()
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
