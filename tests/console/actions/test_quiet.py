"""What we did ourselves does not alarm, what others did does."""

import pytest

from collectors.clock import SystemClock
from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.subject import Subject, SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.actions.quiet import Quiet, covers
from console.engine.state import Mute, Owed, SourceId, SourceState
from console.engine.store import Store


def queue(name: str, collector: str = "jobs") -> Reading:
    subject = Subject(SubjectId(Practice.QUEUES, collector, "", name.encode()), "orders", Shown(name))
    return QueueReading(subject=subject)


def health(instance: str, service: str = "orders") -> Reading:
    subject = Subject(SubjectId(Practice.HEALTH, f"{service}-ready", instance, b"x"), service, Shown("x"))
    return HealthReading(subject=subject, state=HealthState.DOWN)


def owed(subject: SubjectId, until: float | None = None) -> Owed:
    return Owed("run", "queues.resume", subject, "t", "orders", Shown("resume it"), 0.0, until)


PAUSE = owed(SubjectId(Practice.QUEUES, "jobs", "", b"mail"))
DRAIN = owed(SubjectId(Practice.DRAINS, "balancer", "", b"orders/orders-1"))
OWN = owed(SubjectId(Practice.DRAINS, "orders-drain", "orders-1", b"drain"))


@pytest.mark.parametrize(
    ("debt", "reading", "covered"),
    [
        (PAUSE, queue("mail"), True),
        (PAUSE, queue("invoices"), True),
        (PAUSE, queue("mail", "other"), False),
        (PAUSE, health("orders-1"), False),
        (DRAIN, health("orders-1"), True),
        (DRAIN, health("orders-2"), False),
        (DRAIN, health("orders-1", "catalog"), False),
        (DRAIN, health(""), False),
        (OWN, health("orders-1"), True),
        (OWN, health("orders-2"), False),
    ],
)
def test_what_follows_from_it(debt: Owed, reading: Reading, covered: bool) -> None:
    assert covers(debt, reading.subject) is covered


def test_mutes_come_and_go_with_the_debt_and_those_by_hand_stay() -> None:
    clock = SystemClock()
    store = Store(clock)
    source = SourceId("jobs")
    store.put_source(SourceState(source, "queues.rq", Practice.QUEUES, "orders", 5.0, 2.0))
    readings = (queue("mail"), queue("invoices"))
    verdicts = [Verdict(Level.OK, "", "orders", Practice.QUEUES, Shown("")) for _ in readings]
    store.put_sweep(source, Sweep(readings, clock.wall(), clock.boottime()), verdicts, 0.1)
    by_hand = Mute(readings[1].subject.id, Shown("mine"), clock.wall() + 60)
    store.mute(by_hand)
    quiet = Quiet(store)
    quiet.keep([PAUSE])
    quiet.keep([PAUSE])
    muted = {mute.subject.key: str(mute.reason) for mute in store.snapshot().mutes}
    assert muted == {b"mail": "we did that ourselves: resume it", b"invoices": "mine"}
    quiet.keep([])
    assert store.snapshot().mutes == (by_hand,)
