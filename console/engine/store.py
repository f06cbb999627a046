"""The store: the latest Sweep of every source, swapped in whole, read as frozen snapshots."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from collectors.clock import Clock
from collectors.model.level import Level
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from collectors.transport.servers.state import ServerState
from console.engine.changes import changes
from console.engine.state import (
    Acting,
    DetailKey,
    DetailState,
    Event,
    Failure,
    Freshness,
    Mute,
    PinnedAnswer,
    Row,
    Snapshot,
    SourceId,
    SourceState,
)

GONE_FOR = 600.0
"""Seconds for which a subject that is gone stays on the screen."""

MOST_EVENTS = 1000


@dataclass(slots=True)
class _Known:
    """A subject of a source; ``gone_at`` is boottime seconds, None while it is there."""

    reading: Reading
    verdict: Verdict
    arrived: float
    taken: float
    gone_at: float | None = None
    unseen: bool = False


class Store:
    """What is known now. The core writes; any thread may take a snapshot.

    ``on_wake`` is called once when the store turns from clean to dirty, from the writing thread;
    the reader calls ``clear`` before it takes its snapshot.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._sources: dict[SourceId, SourceState] = {}
        self._subjects: dict[SourceId, dict[SubjectId, _Known]] = {}
        self._rows: dict[SourceId, tuple[Freshness, tuple[Row, ...]]] = {}
        self._findings: tuple[Verdict, ...] = ()
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._details: dict[DetailKey, DetailState] = {}
        self._mutes: dict[SubjectId, Mute] = {}
        self._version = 0
        self._dirty = False
        self._note = Shown("")
        self._acting = Acting()
        self._servers: tuple[ServerState, ...] = ()
        self._pinned: tuple[PinnedAnswer, ...] = ()
        self.on_wake: Callable[[], None] = lambda: None
        self.on_event: Callable[[Event], None] = lambda _event: None

    def put_source(self, state: SourceState) -> None:
        """Declare a source."""
        with self._lock:
            self._sources[state.id] = state
            self._subjects.setdefault(state.id, {})
        self._touch()

    def drop_source(self, source: SourceId) -> None:
        """Forget a source and all its subjects."""
        with self._lock:
            self._sources.pop(source, None)
            self._subjects.pop(source, None)
            self._rows.pop(source, None)
        self._touch()

    def update(self, source: SourceId, *, quiet: bool = False, **changed: Any) -> None:  # noqa: ANN401 - fields of SourceState
        """Change fields of a source's state; ``quiet`` changes wake nobody."""
        with self._lock:
            state = self._sources.get(source)
            if state is None:
                return
            self._sources[source] = replace(state, **changed)
            self._version += 1
        if not quiet:
            self._touch()

    def put_sweep(self, source: SourceId, sweep: Sweep, verdicts: Iterable[Verdict], took: float) -> None:
        """Swap in a whole pass: subjects that a complete Sweep does not name are gone."""
        with self._lock:
            state = self._sources.get(source)
            if state is None:
                return
            known = self._subjects[source]
            before = {key: one.reading for key, one in known.items() if one.gone_at is None}
            events = tuple(changes(before, sweep, ran_before=bool(state.passes)))
            self._events.extend(events)
            seen = set()
            for reading, verdict in zip(sweep.readings, verdicts, strict=True):
                seen.add(reading.subject.id)
                arrived = sweep.arrived - reading.lag
                known[reading.subject.id] = _Known(reading, verdict, arrived, sweep.taken)
            for key, one in known.items():
                if key in seen or one.gone_at is not None:
                    continue
                if sweep.complete:
                    one.gone_at = sweep.arrived
                else:
                    one.unseen = sweep.arrived - one.arrived > state.every * state.slowed + state.timeout
            self._sources[source] = replace(
                state, sweep=sweep, failure=None, took=took, passes=state.passes + 1, running_at=None
            )
            self._rows.pop(source, None)
        self._touch()
        for event in events:
            self.on_event(event)

    def put_failure(self, source: SourceId, failure: Failure, took: float | None) -> None:
        """Note why a pass gave nothing; the last good values stay."""
        with self._lock:
            state = self._sources.get(source)
            if state is None:
                return
            if state.failure is not None:
                failure = replace(failure, since=state.failure.since, attempts=state.failure.attempts + 1)
            self._sources[source] = replace(
                state, failure=failure, took=took, failures=state.failures + 1, running_at=None
            )
            self._rows.pop(source, None)
        self._touch()

    def put_findings(self, findings: tuple[Verdict, ...]) -> bool:
        """Replace the findings; whether they differ: the same ones wake nobody."""
        with self._lock:
            if findings == self._findings:
                return False
            self._findings = findings
        self._touch()
        return True

    def put_pinned(self, pinned: tuple[PinnedAnswer, ...]) -> None:
        """Replace what pinned questions answer, from any thread; it wakes nobody: the findings look at it."""
        with self._lock:
            self._pinned = pinned

    def put_note(self, note: str) -> None:
        """Say something about the console itself that every screen shows; empty takes it back."""
        with self._lock:
            self._note = Shown(note)
        self._touch()

    def put_acting(self, acting: Acting) -> None:
        """Replace what is being done, and what may be done."""
        with self._lock:
            if acting == self._acting:
                return
            self._acting = acting
        self._touch()

    def put_servers(self, servers: tuple[ServerState, ...]) -> None:
        """Replace what is known of the ways to the servers; the same wakes nobody."""
        with self._lock:
            if servers == self._servers:
                return
            self._servers = servers
        self._touch()

    @property
    def acting(self) -> Acting:
        """What is being done, and what may be done, as it is known now."""
        with self._lock:
            return self._acting

    def put_detail(self, key: DetailKey, state: DetailState | None) -> None:
        """Replace one detail, or forget it."""
        with self._lock:
            if state is None:
                self._details.pop(key, None)
            else:
                self._details[key] = state
        self._touch()

    def detail(self, key: DetailKey) -> DetailState:
        """One detail as it is known now."""
        with self._lock:
            return self._details.get(key, DetailState())

    def add_event(self, event: Event) -> None:
        """Add to what changed."""
        with self._lock:
            self._events.append(event)
        self._touch()
        self.on_event(event)

    def mute(self, mute: Mute) -> None:
        """Silence a subject until the mute's end; an end in the past lifts it."""
        with self._lock:
            self._mutes[mute.subject] = mute
            self._rows.clear()
        self._touch()

    def clear(self) -> None:
        """Say that the next snapshot will be read: later changes wake anew."""
        self._dirty = False

    def next_transition(self) -> float | None:
        """Boottime of the next moment at which a value turns stale or leaves, or None."""
        now = self._clock.boottime()
        moments = []
        with self._lock:
            for source, state in self._sources.items():
                deadline = state.deadline
                if deadline is not None and state.failure is None and deadline > now:
                    moments.append(deadline)
                known = self._subjects[source].values()
                moments.extend(one.gone_at + GONE_FOR for one in known if one.gone_at is not None)
            wall = self._clock.wall()
            moments.extend(now + mute.until - wall for mute in self._mutes.values() if mute.until > wall)
            arm, owed = self._acting.arm.until, self._acting.owed
            moments.extend([arm] if arm is not None else [])
            moments.extend(now + one.until - wall for one in owed if one.until is not None)
        return min((moment for moment in moments if moment > now), default=None)

    def wake(self) -> None:
        """Wake the reader although nothing was written: a deadline has passed."""
        self._touch()

    def snapshot(self) -> Snapshot:
        """All that is known now."""
        now, wall = self._clock.boottime(), self._clock.wall()
        with self._lock:
            lasting = {key: mute for key, mute in self._mutes.items() if mute.until > wall}
            if len(lasting) < len(self._mutes):
                self._mutes = lasting
                self._rows.clear()
            rows: list[Row] = []
            for source, state in self._sources.items():
                rows.extend(self._rows_of(source, state, now))
            return Snapshot(
                now=now,
                wall=wall,
                version=self._version,
                sources=tuple(self._sources.values()),
                rows=tuple(rows),
                findings=self._findings,
                events=tuple(self._events),
                details=dict(self._details),
                mutes=tuple(self._mutes.values()),
                note=self._note,
                acting=self._acting,
                servers=self._servers,
                pinned=self._pinned,
            )

    def _rows_of(self, source: SourceId, state: SourceState, now: float) -> tuple[Row, ...]:
        fresh = state.freshness(now)
        known = self._subjects[source]
        left = [key for key, one in known.items() if one.gone_at is not None and now - one.gone_at > GONE_FOR]
        for key in left:
            del known[key]
        cached = self._rows.get(source)
        if cached is not None and cached[0] is fresh and not left:
            return cached[1]
        rows = tuple(self._row(source, state, one, fresh) for one in known.values())
        self._rows[source] = (fresh, rows)
        return rows

    def _row(self, source: SourceId, state: SourceState, one: _Known, fresh: Freshness) -> Row:
        if one.gone_at is not None:
            fresh = Freshness.GONE
            verdict = replace(
                one.verdict, level=Level.NONE, reason=Shown("gone: the source no longer names it")
            )
        elif one.unseen and fresh is Freshness.LIVE:
            fresh = Freshness.STALE
            unseen = Shown("stale: the source's last answers did not name it")
            verdict = replace(one.verdict, level=Level.UNKNOWN, reason=unseen)
        elif fresh is Freshness.STALE:
            why = f": {state.failure.why}" if state.failure else ""
            verdict = replace(one.verdict, level=Level.UNKNOWN, reason=Shown(f"stale{why}"))
        else:
            verdict = one.verdict
        muted = one.reading.subject.id in self._mutes
        return Row(source, one.reading, fresh, one.arrived, one.taken, verdict, muted)

    def _touch(self) -> None:
        with self._lock:
            self._version += 1
            if self._dirty:
                return
            self._dirty = True
        self.on_wake()
