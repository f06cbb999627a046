"""From what a service counts to what the others cause: our own looks taken out, or said to be in."""

from copy import copy
from dataclasses import dataclass

from collectors.drains.http.load import Count
from collectors.model.quantity import (
    Quantity,
    Unit,
    about,
    at_least,
    exact,
    needs_samples,
    unknown,
)

LOOK = 1.0
"""What a look at the gauge adds to it while it is answered."""


class Gauge:
    """A number of things at this moment, in which our own look may be counted.

    A gauge that was ever seen at 0 does not count the look that saw it.
    """

    def __init__(self, *, counts_us: bool | None) -> None:
        self._counts_us = counts_us
        self.doubtful = False

    def see(self, count: Count | None) -> Quantity:
        """The things of others: exact where it is known whether we are among them, else a lower bound."""
        self.doubtful = False
        if count is None:
            return unknown()
        ours = count.ours if count.ours is not None else self._counts_us
        if ours is None and count.value == 0:
            ours = self._counts_us = False
        if ours is None:
            self.doubtful = True
            return at_least(max(0.0, count.value - LOOK))
        return exact(max(0.0, count.value - LOOK) if ours else count.value)


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    value: float
    started: float | None


class Traffic:
    """Requests per second from a counter in which our own looks may be."""

    def __init__(self, *, counts_us: bool | None) -> None:
        self._counts_us = counts_us
        self._last: _Sample | None = None
        self._looks = 0

    def looked(self) -> None:
        """Count one look of ours; the one that brings the sample is told after ``see``."""
        self._looks += 1

    def see(self, count: Count | None, at: float, started: float | None) -> Quantity:
        """The rate since the last sample; ``at`` is CLOCK_BOOTTIME seconds, ``started`` names the process."""
        if count is None:
            return unknown(Unit.PER_SECOND)
        before, self._last = self._last, _Sample(at, count.value, started)
        looks, self._looks = self._looks, 0
        if before is None or before.started != started or count.value < before.value or at <= before.at:
            return needs_samples()
        more, seconds = count.value - before.value, at - before.at
        ours = count.ours if count.ours is not None else self._counts_us
        if ours is None and looks and more == 0:
            ours = self._counts_us = False  # it would have counted them
        if ours is None and looks:
            low = max(0.0, more - looks)
            half = (more - low) / 2
            return about((low + half) / seconds, half / seconds, Unit.PER_SECOND)
        return exact(max(0.0, more - looks if ours else more) / seconds, Unit.PER_SECOND)

    def forget(self) -> None:
        """Begin anew: the service was away."""
        self._last = None


class Counts:
    """The three numbers of one service in which our own looks may be; see ``Gauge`` for ``counts_us``."""

    def __init__(self, *, counts_us: bool | None) -> None:
        self.in_flight = Gauge(counts_us=counts_us)
        self.sessions = Gauge(counts_us=counts_us)
        self.traffic = Traffic(counts_us=counts_us)

    def learned(self) -> "Counts":
        """Others that know what these have found out, and have seen nothing yet."""
        own = copy(self)
        own.in_flight, own.sessions, own.traffic = (
            copy(self.in_flight),
            copy(self.sessions),
            copy(self.traffic),
        )
        own.traffic.forget()
        return own
