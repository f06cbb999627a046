"""Drains: what is shutting down, what is in flight, how long until SIGKILL, how the last exit ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit, about, exact, unknown
from collectors.model.reading import Reading
from collectors.text import Shown


class Phase(StrEnum):
    """Where in its life an instance is, whatever its source calls that."""

    SERVING = "serving"
    NOT_READY = "not ready"
    DRAINING = "draining"
    STOPPING = "stopping"
    GONE = "gone"
    EXITED = "exited"
    UNKNOWN = "unknown"

    @property
    def leaving(self) -> bool:
        """Whether it takes nothing new and finishes what it has."""
        return self in (Phase.DRAINING, Phase.STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainReading(Reading):
    """One instance that can be drained. ``parts`` are its jobs or sub-checks.

    ``phase``: draining is asked to take nothing new; stopping was told to end, so that SIGKILL comes when
    ``grace`` is over; gone no longer answers, though it may still finish something. ``ready``: whether it
    takes new work, None where that is not told. ``exit``: how the last exit ended ("code 0", "killed by
    SIGKILL at the deadline", "unknown"), empty where none is known of. ``killed``: that exit was not its
    own doing. ``lost``: what would be lost if it were killed now, empty for nothing.
    """

    practice: ClassVar[Practice] = Practice.DRAINS

    phase: Phase = Phase.UNKNOWN
    ready: bool | None = None
    exit: Shown = Shown("")
    killed: bool = False
    lost: Shown = Shown("")
    in_flight: Quantity = quantity_field(Unit.COUNT, "Requests or jobs that are being worked on now.")
    streams: Quantity = quantity_field(
        Unit.COUNT, "Long-lived ones (WebSockets, event streams), where the source counts them apart."
    )
    sessions: Quantity = quantity_field(Unit.COUNT, "Connections that are open to it, idle ones included.")
    queued: Quantity = quantity_field(Unit.COUNT, "Requests or connections that wait for it.", bad=Bad.HIGH)
    traffic: Quantity = quantity_field(Unit.PER_SECOND, "Requests or sessions that reach it.", samples=2)
    ready_peers: Quantity = quantity_field(
        Unit.COUNT,
        "Of its group, itself included, those that take new work.",
        bad=Bad.LOW,
        roll_up=RollUp.MIN,
    )
    peers: Quantity = quantity_field(Unit.COUNT, "Its whole group, itself included.", roll_up=RollUp.MIN)
    grace: Quantity = quantity_field(
        Unit.SECONDS, "Time between the order to stop and SIGKILL, as configured.", roll_up=RollUp.MIN
    )
    elapsed: Quantity = quantity_field(
        Unit.SECONDS,
        "Since when it drains, stops, is not ready or has exited.",
        bad=Bad.HIGH,
        roll_up=RollUp.MAX,
    )
    uptime: Quantity = quantity_field(Unit.SECONDS, "Time since the process started.", roll_up=RollUp.MIN)

    @property
    def state(self) -> Shown:
        """The source's own word for its state, or the phase where it has none."""
        return self.word or Shown(self.phase)

    def left(self) -> Quantity:
        """Seconds until SIGKILL, 0 when it is due: known only while it stops and has a grace."""
        if self.phase is not Phase.STOPPING or self.grace.value is None or self.elapsed.value is None:
            return unknown(Unit.SECONDS)
        rest = max(0.0, self.grace.value - self.elapsed.value)
        if self.elapsed.known is Known.EXACT:
            return exact(rest, Unit.SECONDS)
        return about(rest, self.elapsed.margin, Unit.SECONDS)
