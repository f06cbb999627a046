"""Lines of text that belong together, joined as the live stream joins them."""

import re
from collections.abc import Sequence

from collectors.logs._formats.joins import MOST_BYTES, Join, opens_trace
from collectors.logs.facts import Facts, Profile, facts
from collectors.model.logs import Severity

_CRI_PART = re.compile(rb"[\d:.TZ+-]{20,40} (?:stdout|stderr) P(?::\S{0,64})? ")
_DOCKER_END = re.compile(rb'\\n","(?:stream|time|attrs)"')


class _Open:
    __slots__ = ("at", "join", "lines", "size", "told")

    def __init__(self, at: int, line: bytes, told: Facts, join: Join) -> None:
        self.at = at
        self.lines = [line]
        self.size = len(line)
        self.told = told
        self.join = join


def joined(lines: Sequence[bytes], profile: Profile) -> tuple[list[bytes], list[Facts], list[int]]:
    """Records, what they tell, and where each begins among the lines; a JSON line is one of its own."""
    joiner = _Joiner(profile)
    for at, line in enumerate(lines):
        joiner.take(at, line)
    joiner.close()
    return joiner.records, joiner.told, joiner.firsts


def is_partial(line: bytes) -> bool:
    """Whether a container's runtime cut this line, so that the next one goes on with it."""
    if line[:1].isdigit():
        return _CRI_PART.match(line[:80]) is not None
    return line[:8] == b'{"log":"' and _DOCKER_END.search(line) is None


class _Joiner:
    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._opened: _Open | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._first = 0
        self.records: list[bytes] = []
        self.told: list[Facts] = []
        self.firsts: list[int] = []

    def take(self, at: int, line: bytes) -> None:
        if self._parts or is_partial(line):
            self._part(at, line)
            return
        one = facts(line, self._profile)
        if line[:1] == b"{" and one.parsed:
            self._shut()
            self._emit(at, line, one)
            return
        text = line.decode("utf-8", "replace")
        broken = line[:1] == b"{"
        told = one.time is not None or one.severity is not None or bool(one.fields)
        # a bare trace is an error without a head
        headed = told and not broken and not opens_trace(text)
        opened = self._opened
        fits = opened is not None and not broken and not opened.join.full(opened.size)
        if opened is not None and fits and opened.join.takes(text, has_head=headed):
            opened.lines.append(line)
            opened.size += len(line) + 1
            return
        self._shut()
        headed = headed and self._profile.format != "logfmt"
        expects = headed and one.severity is not None and one.severity >= Severity.WARNING
        self._opened = _Open(at, line, one, Join(text, headed=headed, expects=expects))

    def _part(self, at: int, line: bytes) -> None:
        """A line that a container's runtime cut into several."""
        if not self._parts:
            self._first = at
        self._parts.append(line)
        self._size += len(line)
        if not is_partial(line) or self._size > MOST_BYTES:
            self._put_together()

    def _put_together(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts:
            if self._opened is not None:
                self._shut()
            raw = b"\n".join(parts)
            self._emit(self._first, raw, facts(raw, self._profile))

    def close(self) -> None:
        """End what is open."""
        self._shut()
        self._put_together()

    def _shut(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            raw = b"\n".join(opened.lines)
            self._emit(opened.at, raw, opened.told if len(opened.lines) == 1 else facts(raw, self._profile))

    def _emit(self, at: int, record: bytes, told: Facts) -> None:
        self.firsts.append(at)
        self.records.append(record)
        self.told.append(told)
