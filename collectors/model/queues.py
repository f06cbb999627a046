"""Queues: how deep, how old, growing or draining, who works, who is dead."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit
from collectors.model.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReading(Reading):
    """One queue. ``paused`` is None where the library has no pause. ``parts`` are its workers."""

    practice: ClassVar[Practice] = Practice.QUEUES

    paused: bool | None = None
    ready: Quantity = quantity_field(Unit.COUNT, "Jobs that a worker could take now.", bad=Bad.HIGH)
    running: Quantity = quantity_field(Unit.COUNT, "Jobs that a worker has taken and not finished.")
    scheduled: Quantity = quantity_field(Unit.COUNT, "Jobs that wait for their due time.")
    overdue: Quantity = quantity_field(
        Unit.COUNT, "Scheduled jobs whose due time has passed and that nobody moved.", bad=Bad.HIGH
    )
    retrying: Quantity = quantity_field(Unit.COUNT, "Failed jobs that will be tried again.", bad=Bad.HIGH)
    dead: Quantity = quantity_field(Unit.COUNT, "Jobs that failed for good and are kept.", bad=Bad.HIGH)
    oldest_age: Quantity = quantity_field(
        Unit.SECONDS, "How long the oldest ready job has waited.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    add_rate: Quantity = quantity_field(Unit.PER_SECOND, "Jobs that came, per second.", samples=2)
    drain_rate: Quantity = quantity_field(Unit.PER_SECOND, "Jobs that were taken, per second.", samples=2)
    failure_rate: Quantity = quantity_field(
        Unit.PER_SECOND, "Jobs that failed, per second.", bad=Bad.HIGH, samples=2
    )
    time_to_empty: Quantity = quantity_field(
        Unit.SECONDS,
        "Ready jobs divided by how much faster they leave than come; unknown while it grows.",
        bad=Bad.HIGH,
        roll_up=RollUp.MAX,
        samples=2,
    )
    workers: Quantity = quantity_field(
        Unit.COUNT, "Workers alive that serve this queue.", bad=Bad.LOW, roll_up=RollUp.MIN
    )
    busy: Quantity = quantity_field(Unit.COUNT, "Of those, the ones at work now.", roll_up=RollUp.MAX)
    last_beat: Quantity = quantity_field(
        Unit.SECONDS, "Age of the freshest sign of life of a worker.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    longest_running: Quantity = quantity_field(
        Unit.SECONDS, "How long the longest running job has run.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
