"""Between readiness off and TERM: the balancer stops sending, and what is in flight ends in time."""

import time

from collectors.action import Control, Plan
from collectors.drains._telling import Falling, Told
from collectors.drains.http.counting import LOOK
from collectors.drains.http.switching import Look
from collectors.drains.process.ending import Flight, will_not_end
from collectors.model.drains import DrainReading
from collectors.model.quantity import Known, Quantity

_STEP = 0.5
"""Seconds between two looks at the counter."""

_LOOKS = 3
"""Looks at least at which nothing must have come."""

_ZERO = 1e-9


class Quieting:
    """Follows what reaches an instance whose readiness is off. ``words``: what was seen last."""

    def __init__(self, plan: Plan, look: Look, told: Told, control: Control) -> None:
        self._settle = float(plan.detail["settle"])
        self._quiet = float(plan.detail["quiet"])
        self._look = look
        self._told = told
        self._control = control
        self._falling = Falling()
        self._flight = Flight(None)
        self.words = "nothing is known of its traffic"

    async def passed(self, until: float) -> bool:
        """Wait until nothing has come for the settling time; False where the deadline came first.

        Without a counter of requests there is the settling time alone, which the outcome says.
        """
        began = time.monotonic()
        still_since, looks, before = began, 0, None
        counted = False
        while True:
            reading = await self._look()
            now = time.monotonic()
            traffic = reading.traffic if reading is not None else None
            self._see(reading, now)
            counted = counted or (traffic is not None and traffic.known is not Known.UNKNOWN)
            grew = before is not None and (self._flight.count or 0) > before
            before = self._flight.count
            comes = grew or (counted and not _is_quiet(traffic, self._quiet))
            if comes:
                still_since, looks = now, 0
            looks += not comes
            if looks >= _LOOKS and now - still_since >= self._settle:
                self._told.passed(self._how(counted=counted))
                return True
            if now >= until:
                return False
            self.words = _rate_words(traffic) if comes else "too short a time without traffic"
            self._told.show(f"readiness is off; {self.words if comes else 'no traffic'}{self._rest()}")
            await self._control.pause(min(_STEP, max(0.05, self._settle / _LOOKS)))

    async def will_end(self, grace: float | None, until: float, *, hurry: bool, end: str = "SIGKILL") -> bool:
        """Wait with TERM until what is in flight would end within the grace; False at the deadline.

        ``end``: what comes when it is over. It is announced as soon as it would not. With ``hurry``, and
        where no grace is known, that is all.
        """
        announced = False
        while True:
            now, count = time.monotonic(), self._flight.count
            left = self._falling.left()
            self.words = self._flight.words
            if grace is None or not count or (left is not None and left <= grace):
                if announced:
                    self._told.passed("what was in flight has ended, or will within the grace")
                return True
            if not announced and left is not None:
                announced = True
                self._told.line(will_not_end(self._flight, left, f"{end} {grace:g} s after TERM"))
            if hurry and announced:
                return True
            if now >= until:
                return False
            self._told.show(f"{self.words}: waiting with TERM, since {end} would come {grace:g} s after it")
            await self._control.pause(_STEP)
            self._see(await self._look(), time.monotonic())

    def _see(self, reading: DrainReading | None, now: float) -> None:
        self._flight = flight_of(reading)
        if self._flight.count is not None:
            self._falling.see(self._flight.count, now)

    def _rest(self) -> str:
        return f"; {self._flight.words}" if self._flight.count or self._flight.streams else ""

    def _how(self, *, counted: bool) -> str:
        if not counted:
            return f"no counter of requests: waited {self._settle:g} s, traffic not seen{self._rest()}"
        return f"traffic 0 for {self._settle:g} s{self._rest()}"


def flight_of(reading: DrainReading | None) -> Flight:
    """What a reading tells of the requests under way; after TERM most services tell nothing any more.

    Of a count in which our own look may be, the most is taken: to stop is for what is known to be idle.
    """
    if reading is None:
        return Flight(None)
    streams, in_flight = reading.streams.value, reading.in_flight
    if in_flight.value is not None and in_flight.known is Known.AT_LEAST:
        return Flight(in_flight.value + LOOK, "in flight (our own look may be one: see counts_us)", streams)
    return Flight(in_flight.value, streams=streams)


def _is_quiet(traffic: Quantity | None, most: float) -> bool:
    """Whether a rate is none; one of which our own looks may be a part is taken at its lowest."""
    if traffic is None or traffic.value is None:
        return False
    return traffic.value - (traffic.margin or 0.0) <= most + _ZERO


def _rate_words(traffic: Quantity | None) -> str:
    if traffic is None or traffic.value is None:
        return "its traffic cannot be seen"
    return f"{traffic.value:.1f} requests/s still come"
