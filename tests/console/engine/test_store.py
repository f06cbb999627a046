from typing import Any

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.state import Failure, Freshness, Mute, SourceId, SourceState
from console.engine.store import GONE_FOR, Store
from tests.console.engine.samples import HandClock

SOURCE = SourceId("jobs")
MAIL = SubjectId(Practice.QUEUES, "jobs", "", b"mail")


def sweep(clock: HandClock, *keys: bytes, **changed: Any) -> tuple[Sweep, list[Verdict]]:
    readings = tuple(
        QueueReading(
            subject=Subject(SubjectId(Practice.QUEUES, "jobs", "", key), "orders", Shown(key)), ready=exact(1)
        )
        for key in keys
    )
    verdicts = [
        Verdict(Level.OK, "limits", "orders", Practice.QUEUES, Shown(""), subject=one.subject.id)
        for one in readings
    ]
    return Sweep(readings, clock.wall(), clock.boottime(), **changed), verdicts


def store_of(clock: HandClock) -> tuple[Store, list[float]]:
    store = Store(clock)
    store.put_source(SourceState(SOURCE, "queues.sample", Practice.QUEUES, "orders", every=2.0, timeout=1.0))
    woken: list[float] = []
    store.on_wake = lambda: woken.append(clock.now)
    store.clear()
    return store, woken


def test_values_turn_stale_at_their_deadline_though_nobody_writes() -> None:
    clock = HandClock()
    store, _woken = store_of(clock)
    store.put_sweep(SOURCE, *sweep(clock, b"mail"), took=0.1)
    assert store.next_transition() == 1003.0
    clock.now = 1002.9
    assert store.snapshot().rows[0].freshness is Freshness.LIVE
    clock.now = 1003.1
    (row,) = store.snapshot().rows
    assert row.freshness is Freshness.STALE
    assert row.verdict.level is Level.UNKNOWN
    assert row.arrived == 1000.0
    assert store.next_transition() is None


def test_only_clean_to_dirty_wakes() -> None:
    clock = HandClock()
    store, woken = store_of(clock)
    for _ in range(5):
        store.put_sweep(SOURCE, *sweep(clock, b"mail"), took=0.1)
    assert len(woken) == 1
    store.clear()
    store.put_sweep(SOURCE, *sweep(clock, b"mail"), took=0.1)
    assert len(woken) == 2


def test_quiet_changes_and_the_same_findings_wake_nobody() -> None:
    clock = HandClock()
    store, woken = store_of(clock)
    store.update(SOURCE, quiet=True, due_at=5.0)
    assert store.put_findings(()) is False
    assert woken == []
    assert store.snapshot().sources[0].due_at == 5.0


def test_a_gone_subject_leaves_after_ten_minutes() -> None:
    clock = HandClock()
    store, _woken = store_of(clock)
    store.put_sweep(SOURCE, *sweep(clock, b"mail", b"old"), took=0.1)
    store.put_sweep(SOURCE, *sweep(clock, b"mail"), took=0.1)
    assert store.snapshot().rows[1].freshness is Freshness.GONE
    clock.now += GONE_FOR - 1
    assert len(store.snapshot().rows) == 2
    clock.now += 2
    assert [row.reading.subject.id for row in store.snapshot().rows] == [MAIL]


def test_a_failure_in_a_row_keeps_its_beginning_and_counts() -> None:
    clock = HandClock()
    store, _woken = store_of(clock)
    for second in (1.0, 2.0, 3.0):
        failure = Failure(SOURCE, Practice.QUEUES, "orders", Shown("refused"), Shown(""), second, 1)
        store.put_failure(SOURCE, failure, 0.1)
    (source,) = store.snapshot().sources
    assert source.failure is not None
    assert (source.failure.since, source.failure.attempts) == (1.0, 3)


def test_a_mute_silences_its_subject_and_ends() -> None:
    clock = HandClock()
    store, _woken = store_of(clock)
    store.put_sweep(SOURCE, *sweep(clock, b"mail", b"other"), took=0.1)
    store.mute(Mute(MAIL, Shown("known"), clock.wall() + 10))
    assert [row.muted for row in store.snapshot().rows] == [True, False]
    assert len(store.snapshot().mutes) == 1
    clock.now += 11
    store.put_sweep(SOURCE, *sweep(clock, b"mail", b"other"), took=0.1)
    assert [row.muted for row in store.snapshot().rows] == [False, False]
    assert store.snapshot().mutes == ()


def test_what_partial_sweeps_no_longer_name_turns_stale_by_its_own_age() -> None:
    clock = HandClock()
    store, _woken = store_of(clock)
    store.put_sweep(SOURCE, *sweep(clock, b"mail", b"other"), took=0.1)
    for second, expected in ((2.0, Freshness.LIVE), (4.0, Freshness.STALE)):
        clock.now = 1000.0 + second
        store.put_sweep(SOURCE, *sweep(clock, b"mail", complete=False), took=0.1)
        told = {row.reading.subject.id.key: row.freshness for row in store.snapshot().rows}
        assert told == {b"mail": Freshness.LIVE, b"other": expected}
    store.put_sweep(SOURCE, *sweep(clock, b"mail", b"other", complete=False), took=0.1)
    assert {row.freshness for row in store.snapshot().rows} == {Freshness.LIVE}
