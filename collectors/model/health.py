"""Health: alive, ready, started; which version, since when."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit
from collectors.model.reading import Reading
from collectors.text import Shown


class Probe(StrEnum):
    """What a health endpoint claims to tell."""

    LIVENESS = "liveness"
    READINESS = "readiness"
    STARTUP = "startup"


class HealthState(StrEnum):
    """What the m-of-n window of probes says."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReading(Reading):
    """One endpoint. ``parts`` are its sub-checks; ``flaws`` are reasons not to believe it.

    ``version``: as told, empty where not. ``started``: UTC epoch seconds, None where not told.
    """

    practice: ClassVar[Practice] = Practice.HEALTH

    probe: Probe = Probe.READINESS
    state: HealthState = HealthState.UNKNOWN
    version: Shown = Shown("")
    started: float | None = None
    format: str = ""
    flaws: tuple[Shown, ...] = ()
    latency: Quantity = quantity_field(
        Unit.SECONDS, "Time from dialling to the whole answer.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    status: Quantity = quantity_field(Unit.COUNT, "HTTP status code of the last answer.", roll_up=RollUp.NOT)
    failing: Quantity = quantity_field(
        Unit.RATIO, "Share of the last probes that failed.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    restarts: Quantity = quantity_field(
        Unit.COUNT, "Restarts seen or told since we began to watch.", bad=Bad.HIGH, roll_up=RollUp.SUM
    )
    uptime: Quantity = quantity_field(Unit.SECONDS, "Time since the process started.", roll_up=RollUp.MIN)
    tls_expires: Quantity = quantity_field(
        Unit.SECONDS, "Time until the certificate ends.", bad=Bad.LOW, roll_up=RollUp.MIN
    )
