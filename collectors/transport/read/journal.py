"""systemd's journal as a source: ``journalctl -o json -f``, known by cursors (systemd.journal-fields(7))."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from collectors.errors import AccessError
from collectors.positions import HERE, Position
from collectors.transport.host import Host, Ran
from collectors.transport.read.files_lines import LINE_CAP, Line
from collectors.transport.read.program import BUFFERED, ProgramSource, refusal, words
from collectors.transport.read.source import Got, Place

_CURSOR = re.compile(rb'"__CURSOR"\s*:\s*"([!-~]{1,500}?)"')
_PLAIN = re.compile(r"[!-~]{1,500}")
_TIME = re.compile(rb'"__REALTIME_TIMESTAMP"\s*:\s*"(\d{1,20})"')


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """What of the journal is wanted: arguments of journalctl, each with its value."""

    filters: tuple[str, ...] = ()
    sudo: bool = False

    def argv(self, *more: str) -> list[str]:
        """Journalctl with these filters; ``--all``: long messages come whole."""
        by = ["sudo", "-n", "--"] if self.sudo else []
        return [*by, "journalctl", "--no-pager", "--output=json", "--all", *self.filters, *more]


@dataclass(frozen=True, slots=True)
class JournalRead:
    """The place of one read: each line tells its own cursor."""

    lines: list[Line]
    before: Position | None

    def after(self, count: int) -> Position | None:
        """The cursor of the line before, and its time in microseconds since the epoch."""
        for line in reversed(self.lines[:count]):
            if (position := _position(line.data)) is not None:
                return position
        return self.before


class JournalSource(ProgramSource):
    """The entries of the journal, from where an earlier run stopped or from ``back`` seconds ago on.

    ``catch_up``: seconds of what was written since the last run that are read at most.
    """

    def __init__(
        self,
        query: JournalQuery,
        *,
        label: str,
        back: float,
        catch_up: float,
        cap: int = LINE_CAP,
    ) -> None:
        key = "\0".join(("journal", *query.filters)).encode("utf-8", "surrogateescape")
        super().__init__(key=key, label=label, name=f"the journal of {label}", cap=cap, partial=False)
        self._query = query
        self._back = back
        self._catch_up = catch_up
        self._stopped: tuple[str, int] | None = None
        self._here = False
        self._replaying = False
        self._backlog_until = 0
        self._before: Position | None = None
        self._last: Position | None = None
        self._kept: list[Line] = []

    def resume(self, position: Position | None) -> None:
        """Go on where an earlier run stopped; to be called before the first start."""
        told = position or {}
        cursor, at = told.get("cursor"), told.get("at")
        if isinstance(cursor, str) and isinstance(at, int) and _PLAIN.fullmatch(cursor):
            self.resumed, self._here = True, bool(told.get(HERE))
            self._stopped = (cursor, at)
            self._last = self._before = {"cursor": cursor, "at": at}

    async def prepare(self, host: Host, wanted: float, wall: float) -> list[str]:
        """The command that follows the journal; raises SourceError where it may not be read.

        ``wanted``: seconds to wait for an answer. ``wall``: UTC epoch seconds.
        """
        ran = await last_entry(host, self._query, wanted)
        if self.starts and (last := self._drained()) is not None:
            return self._following(f"--after-cursor={last['cursor']}")
        self._backlog_until = _number(_TIME.search(ran.out))
        if self._stopped is None:
            return self._following(f"--since=-{self._back:.0f}s")
        age = wall - self._stopped[1] / 1e6
        if self._here:
            return self._following(f"--after-cursor={self._stopped[0]}")
        if age <= self._back:
            self._replaying = True
            return self._following(f"--since=-{self._back:.0f}s")
        if age <= self._catch_up:
            return self._following(f"--after-cursor={self._stopped[0]}")
        self.lost_more = True
        return self._following(f"--since=-{self._catch_up:.0f}s")

    def read(self, limit: int, now: float, wall: float) -> Got:  # noqa: ARG002 - as every source
        """The next entries: replayed ones, or a backlog, or live ones, never mixed."""
        lines, taken = self._lines(limit, now)
        lines = self._kept + lines
        self._kept = []
        replayed, backlog = self._replaying, False
        if replayed:
            lines, self._kept = self._split_replay(lines)
            replayed = bool(lines) or self._replaying
        if not replayed and self._backlog_until:
            backlog, lines = self._split_backlog(lines)
        place = JournalRead(lines, self._before)
        self._last = place.after(len(lines)) or self._last
        if not replayed:
            self._before = self._last
        status = self.status()
        return Got(
            lines,
            backlog=backlog or replayed,
            bytes=taken or len(lines),
            status=replace(status, behind=status.behind + sum(len(line.data) + 1 for line in self._kept)),
            replayed=replayed,
            place=place,
        )

    def place(self, lines: list[Line]) -> Place | None:
        """Where lines lie."""
        return JournalRead(lines, self._before)

    def _drained(self) -> Position | None:
        """The last whole entry that came; one that did not come whole is forgotten and comes again."""
        lines, _ = self._lines(2 * BUFFERED, 0.0)
        self._kept += lines
        self._splitter.flush()
        return JournalRead(self._kept, self._last).after(len(self._kept))

    def _following(self, start: str) -> list[str]:
        return self._query.argv("--follow", "--no-tail", start)

    def _split_replay(self, lines: list[Line]) -> tuple[list[Line], list[Line]]:
        """What an earlier run has had, and the rest."""
        cursor, at = self._stopped or ("", 0)
        for index, line in enumerate(lines):
            if _number(_TIME.search(line.data)) > at:
                self._replaying = False
                return lines[:index], lines[index:]
            found = _CURSOR.search(line.data)
            if found is not None and found[1].decode() == cursor:
                self._replaying = False
                return lines[: index + 1], lines[index + 1 :]
        return lines, []

    def _split_backlog(self, lines: list[Line]) -> tuple[bool, list[Line]]:
        """Whether the first of them were there before we looked, and those."""
        for index, line in enumerate(lines):
            if _number(_TIME.search(line.data)) > self._backlog_until:
                self._backlog_until = 0
                if index:
                    self._kept = lines[index:] + self._kept
                    return True, lines[:index]
                return False, lines
        return True, lines


async def last_entry(host: Host, query: JournalQuery, wanted: float) -> Ran:
    """The last entry, which shows that the journal may be read; raises SourceError where it may not.

    ``wanted``: seconds to wait for an answer.
    """
    ran = await host.run(query.argv("--lines=1"), timeout=wanted)
    told = ran.err.decode("utf-8", "replace")
    if "not seeing messages" in told or "insufficient permissions" in told:
        why = "its login sees its own messages alone" if host.name else "only one's own messages are seen"
        raise AccessError(
            words(host, f"the journal may not be read: {why}"),
            "add the login to the group systemd-journal, or set `sudo`",
        )
    if ran.code != 0:
        raise refusal(host, "journalctl", ran)
    return ran


def filters(
    units: Sequence[str], identifiers: Sequence[str], priority: str, namespace: str, directory: str
) -> tuple[str, ...]:
    """Options as arguments of journalctl: each is one word with its value, so that none can be another."""
    found = [f"--unit={unit}" for unit in units] + [f"--identifier={one}" for one in identifiers]
    named = (("priority", priority), ("namespace", namespace), ("directory", directory))
    return (*found, *(f"--{name}={value}" for name, value in named if value))


def _position(data: bytes) -> Position | None:
    cursor, time = _CURSOR.search(data), _TIME.search(data)
    if cursor is None or time is None:
        return None
    return {"cursor": cursor[1].decode(), "at": int(time[1])}


def _number(found: re.Match[bytes] | None) -> int:
    return int(found[1]) if found is not None else 0
