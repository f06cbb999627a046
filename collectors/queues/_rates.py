"""Rates of a queue from two looks at it: what came, what left, and how sure that is."""

from dataclasses import dataclass

from collectors.model.quantity import Known, Quantity, Unit, about, at_least, exact, needs_samples, unknown


@dataclass(frozen=True, slots=True)
class Between:
    """A count that lies between two bounds; ``high`` None: it may be any number above ``low``."""

    low: int
    high: int | None

    def shifted(self, by: int) -> "Between":
        """Both bounds moved, never below zero."""
        return Between(max(0, self.low + by), None if self.high is None else max(0, self.high + by))

    def rate(self, seconds: float) -> Quantity:
        """Per second: exact where the bounds meet, about the middle where they do not, else at least."""
        if seconds <= 0:
            return needs_samples()
        if self.high is None:
            return at_least(self.low / seconds, Unit.PER_SECOND)
        if self.high <= self.low:
            return exact(self.low / seconds, Unit.PER_SECOND)
        half = (self.high - self.low) / 2
        return about((self.low + half) / seconds, half / seconds, Unit.PER_SECOND)


def time_to_empty(ready: Quantity, add: Quantity, drain: Quantity) -> Quantity:
    """Seconds until the queue is empty at this pace; unknown while it does not shrink."""
    if ready.value == 0:
        return exact(0, Unit.SECONDS)
    if Known.NEEDS_SAMPLES in (add.known, drain.known):
        return needs_samples(Unit.SECONDS)
    rates = {add.known, drain.known}
    if ready.value is None or add.value is None or drain.value is None or Known.AT_LEAST in rates:
        return unknown(Unit.SECONDS)
    pace = drain.value - add.value
    if pace <= 0:
        return unknown(Unit.SECONDS)
    return about(ready.value / pace, None, Unit.SECONDS)
