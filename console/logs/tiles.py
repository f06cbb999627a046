"""Pinned questions, kept up as lines come, each with the level of its value."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache

from collectors.model.level import Level
from console.logs.asked import Profiles
from console.logs.asking.table import Table
from console.logs.asking.testing import Moment
from console.logs.language import parse
from console.logs.language.moments import Window
from console.logs.language.syntax import And, Compare, Sign
from console.logs.live import Live
from console.logs.reach import Reach
from console.logs.ring import Ring
from console.settings.questions import MOST_PINNED
from console.settings.values import Threshold

PERIOD = 0.5
"""Seconds between two looks."""

STEP = 4_096
REST = 0.001


@dataclass(frozen=True, slots=True)
class Pinned:
    """A question with a name; ``column`` is judged, the first number where it is empty."""

    name: str
    ask: str
    column: str = ""
    threshold: Threshold | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """What a pinned question answers now; ``whole``: all lines of its time are known.

    ``level`` is NONE where nothing is judged: no threshold, or fewer lines than its ``min_volume``.
    """

    pinned: Pinned
    table: Table | None = None
    whole: bool = True
    level: Level = Level.NONE
    value: float | None = None


@dataclass(slots=True)
class _Kept:
    """``missed``: when lines last left memory before they were fed, UTC epoch seconds."""

    live: Live
    level: Level = Level.NONE
    worse_since: float | None = None
    missed: float | None = None


Value = Callable[[Table, str], float | None]
"""The number of a table that is judged: of a column, or the first one where that is empty."""


@dataclass(slots=True)
class Board:
    """Keeps pinned questions up in a thread; ``tell`` is called there, at most twice a second.

    The thread runs while something is pinned; when nothing is any more it tells so, and ends.
    """

    ring: Ring
    value: Value
    tell: Callable[[tuple[Tile, ...]], None]
    _kept: dict[Pinned, _Kept] = field(default_factory=dict)
    _wanted: tuple[Pinned, ...] = ()
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _told: tuple[Tile, ...] = ()

    def pin(self, wanted: Sequence[Pinned]) -> None:
        """Keep these up from now on."""
        with self._lock:
            self._wanted = tuple(wanted)[:MOST_PINNED]
            if self._wanted and self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="log tiles", daemon=True)
                self._thread.start()

    def stop(self, seconds: float = 0.0) -> bool:
        """Keep nothing up any more; whether the thread has ended within ``seconds``."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _run(self) -> None:
        reach = Reach(self.ring, (), "", Profiles())
        number = self.ring.first
        while not self._stop.is_set():
            number = self._feed(reach, number)
            self._say()
            if self._is_idle():
                return
            self._stop.wait(PERIOD)

    def _is_idle(self) -> bool:
        """Whether nothing is pinned and that is told: the thread ends, the next pin starts another."""
        with self._lock:
            if self._wanted or self._told:
                return False
            self._kept.clear()
            self._thread = None
            return True

    def _feed(self, reach: Reach, number: int) -> int:
        """Feed what came to all; a new one gets what memory holds first."""
        wanted, end = self._wanted, self.ring.next
        for new in [one for one in wanted if one not in self._kept]:
            self._kept[new] = _Kept(self._made(new))
            self._through(reach, self.ring.first, number, [self._kept[new]])
        for gone in [one for one in self._kept if one not in wanted]:
            del self._kept[gone]
        self._through(reach, number, end, list(self._kept.values()))
        return end

    def _through(self, reach: Reach, start: int, end: int, kept: list[_Kept]) -> None:
        while start < end and not self._stop.is_set():
            first, records = self.ring.records(start, min(start + STEP, end))
            now = self.ring.clock.wall()
            if first > start:
                for one in kept:
                    one.missed = now
            for chunk in reach.of_memory(records, Window()):
                for one in kept:
                    one.live.feed(chunk, now)
            start = max(first + len(records), start + STEP)
            time.sleep(REST)

    def _made(self, pinned: Pinned) -> Live:
        now = self.ring.clock.wall()
        _, oldest = self.ring.records(self.ring.first, self.ring.first + 1)
        watched = min(now, oldest[0].time) if oldest else now
        return Live(parse(pinned.ask), Moment(now, UTC), watched)

    def _say(self) -> None:
        now = self.ring.clock.wall()
        tiles = tuple(self._tile(pinned, now) for pinned in self._wanted)
        if tiles != self._told:
            self._told = tiles
            self.tell(tiles)

    def _tile(self, pinned: Pinned, now: float) -> Tile:
        kept, limits = self._kept.get(pinned), pinned.threshold
        if kept is None:
            return Tile(pinned)
        answer = kept.live.snapshot(now)
        coverage = answer.coverage
        value = self.value(answer.table, pinned.column) if answer.table is not None else None
        if limits is not None and limits.min_volume is not None and coverage.matched < limits.min_volume:
            kept.level, kept.worse_since = Level.NONE, None
        elif limits is not None:
            judge(kept, value, limits, now)
        begin = coverage.window.since
        missed = kept.missed is not None and (begin is None or kept.missed >= begin)
        return Tile(pinned, answer.table, coverage.complete and not missed, kept.level, value)


def judge(kept: _Kept, value: float | None, threshold: Threshold, now: float) -> None:
    """Give a value its level: a worse one once it has lasted, a better one when it is past ``clear``."""
    if value is None:
        kept.level, kept.worse_since = Level.UNKNOWN, None
        return
    level = _level(value, threshold, was_bad=kept.level in (Level.WARNING, Level.CRITICAL))
    if level is Level.OK or (level.rank <= kept.level.rank and kept.level is not Level.UNKNOWN):
        kept.level, kept.worse_since = level, None
        return
    kept.worse_since = now if kept.worse_since is None else kept.worse_since
    if now - kept.worse_since >= threshold.for_:
        kept.level, kept.worse_since = level, None
    elif kept.level in (Level.NONE, Level.UNKNOWN):
        kept.level = Level.OK


def _level(value: float, threshold: Threshold, *, was_bad: bool) -> Level:
    if threshold.critical is not None and value >= threshold.critical:
        return Level.CRITICAL
    warned = threshold.warning is not None and value >= threshold.warning
    holds = was_bad and threshold.clear is not None and value > threshold.clear
    return Level.WARNING if warned or holds else Level.OK


@lru_cache(64)
def service_of(ask: str) -> str:
    """The one service of whose lines a question asks, empty where it asks of several or of all."""
    asked = parse(ask).filter
    for term in asked.terms if isinstance(asked, And) else (asked,):
        if isinstance(term, Compare) and term.field.virtual == "service":
            exact = term.sign is Sign.IS or (term.sign is Sign.HAS and "*" not in term.literal.text)
            if exact:
                return term.literal.text
    return ""
