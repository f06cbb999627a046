"""Back-off and breaker of our way into a source; pure, with its random numbers injected."""

import random
from dataclasses import dataclass, replace

from console.engine.state import Breaker

CAP = 30.0
"""Seconds that a back-off waits at the most."""

OPENS_AFTER = 5
"""Failures in a row after which the breaker opens."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often we failed in a row, and when we may try again."""

    failures: int = 0
    breaker: Breaker = Breaker.CLOSED

    def succeeded(self) -> "Backoff":
        """After an answer: all is forgotten."""
        return Backoff() if self.failures or self.breaker is not Breaker.CLOSED else self

    def failed(self) -> "Backoff":
        """After a failure: the breaker opens when there were too many in a row."""
        failures = self.failures + 1
        return Backoff(failures, Breaker.OPEN if failures >= OPENS_AFTER else self.breaker)

    def trying(self) -> "Backoff":
        """Before an attempt: an open breaker lets one through."""
        return replace(self, breaker=Breaker.HALF_OPEN) if self.breaker is Breaker.OPEN else self

    def delay(self, every: float, rng: random.Random, floor: float = 0.0) -> float:
        """Seconds until the next attempt: the interval, or full jitter, but not below ``floor``."""
        if not self.failures:
            return every
        if self.breaker is Breaker.OPEN:
            jittered = rng.uniform(CAP / 2, CAP)
        else:
            jittered = rng.uniform(0.0, min(CAP, every * 2.0**self.failures))
        return max(every, jittered, floor)
