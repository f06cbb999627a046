"""Since when a subject is as it is: told by the source, or bracketed by two looks."""

from collectors.model.drains import Phase
from collectors.model.quantity import Quantity, Unit, about, at_least, unknown


class Since:
    """Follows the phase of one subject from look to look; times are CLOCK_BOOTTIME seconds.

    A change lies between two looks: the middle is told, with half the gap as margin. What was so at the
    first look is known to last at least since then.
    """

    def __init__(self) -> None:
        self.phase: Phase | None = None
        self._looked: float | None = None
        self._began = 0.0
        self._margin: float | None = None

    def see(self, phase: Phase, now: float) -> Quantity:
        """Seconds since ``phase`` began; unknown while it serves, for which there is the uptime."""
        if phase is not self.phase:
            before = self._looked
            self._margin = None if before is None else (now - before) / 2
            self._began = now - (self._margin or 0.0)
            self.phase = phase
        self._looked = now
        if phase in (Phase.SERVING, Phase.UNKNOWN):
            return unknown(Unit.SECONDS)
        age = max(0.0, now - self._began)
        if self._margin is None:
            return at_least(age, Unit.SECONDS)
        return about(age, self._margin, Unit.SECONDS)
