"""What changed between two passes: versions, starts, subjects that came or went."""

from collections.abc import Iterator, Mapping

from collectors.model.drains import DrainReading, Phase
from collectors.model.health import HealthReading
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.text import Shown
from console.engine.state import Event


def changes(before: Mapping[SubjectId, Reading], sweep: Sweep, *, ran_before: bool) -> Iterator[Event]:
    """Events that ``sweep`` tells against the readings known ``before``; the first pass tells none."""
    if not ran_before:
        return
    for reading in sweep.readings:
        old = before.get(reading.subject.id)
        if old is None:
            yield _event(sweep, reading, "new", f"{reading.subject.label} appeared")
        elif isinstance(reading, HealthReading) and isinstance(old, HealthReading):
            yield from _health(old, reading, sweep)
        elif isinstance(reading, DrainReading) and isinstance(old, DrainReading):
            yield from _drain(old, reading, sweep)
    if sweep.complete:
        now = {reading.subject.id for reading in sweep.readings}
        for subject, old in before.items():
            if subject not in now:
                yield _event(sweep, old, "gone", f"{old.subject.label} is gone")


def _health(old: HealthReading, new: HealthReading, sweep: Sweep) -> Iterator[Event]:
    if new.version and old.version and new.version != old.version:
        yield _event(sweep, new, "version", f"{new.subject.label}: {old.version} → {new.version}")
    before, now = old.restarts.value, new.restarts.value
    if before is not None and now is not None and now > before:
        yield _event(sweep, new, "restart", f"{new.subject.label} restarted")


def _drain(old: DrainReading, new: DrainReading, sweep: Sweep) -> Iterator[Event]:
    if new.phase is old.phase or Phase.UNKNOWN in (new.phase, old.phase):
        return
    label = new.subject.label
    if new.phase is Phase.EXITED:
        yield _event(sweep, new, "exit", f"{label} has exited: {new.exit or 'unknown how'}")
    else:
        yield _event(sweep, new, "drain", f"{label}: {old.state} → {new.state}")


def _event(sweep: Sweep, reading: Reading, kind: str, text: str) -> Event:
    return Event(sweep.taken, kind, reading.subject.service, Shown(text), reading.practice)
