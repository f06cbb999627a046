"""The m-of-n window with hysteresis: one bad probe is no outage, one good probe is no recovery."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import PlainValidator

from collectors.health._parsed import Outcome
from collectors.model.health import HealthState


@dataclass(frozen=True, slots=True)
class WindowRule:
    """Down when ``failures`` of the last ``probes`` failed."""

    failures: int = 2
    probes: int = 3

    def __str__(self) -> str:
        return f"{self.failures} of {self.probes}"

    @classmethod
    def parse(cls, value: object) -> Self:
        """From ``"2 of 3"``; raises ValueError with an example."""
        if isinstance(value, cls):
            return value
        match = (
            re.fullmatch(r"\s*(\d{1,3})\s*(?:of|/)\s*(\d{1,3})\s*", value) if isinstance(value, str) else None
        )
        if match is None or not 1 <= int(match[1]) <= int(match[2]) <= 100:
            raise ValueError('must be written as "2 of 3": so many failures in so many probes, at most 100')
        return cls(int(match[1]), int(match[2]))


Window = Annotated[WindowRule, PlainValidator(WindowRule.parse)]


class ProbeWindow:
    """The last probes of one endpoint and the state that follows from them.

    The very first probe decides alone. A drain, a degradation and an answer that cannot tell show at
    once; ``recover`` passes in a row end a failure.
    """

    def __init__(self, rule: WindowRule, recover: int) -> None:
        self._rule = rule
        self._recover = recover
        self._last: deque[Outcome] = deque(maxlen=max(rule.probes, recover))
        self._down: bool | None = None
        self._good = HealthState.UP

    @property
    def failed(self) -> int:
        """Failures among the last probes of the rule."""
        return list(self._last)[-self._rule.probes :].count(Outcome.FAIL)

    @property
    def seen(self) -> int:
        """Probes in the window, at most as many as the rule asks for."""
        return min(len(self._last), self._rule.probes)

    @property
    def failing(self) -> float:
        """Share of those that failed."""
        return self.failed / self.seen if self.seen else 0.0

    def add(self, outcome: Outcome) -> HealthState:
        """Take one more probe in and give the state."""
        self._last.append(outcome)
        if outcome is Outcome.UNKNOWN:
            return HealthState.UNKNOWN
        if outcome is Outcome.FAIL:
            self._down = self._down is None or self._down or self.failed >= self._rule.failures
        elif self._down is None or self._recovered():
            self._down = False
        if outcome is Outcome.DRAINING:
            return HealthState.DRAINING
        if outcome is not Outcome.FAIL:
            self._good = HealthState.DEGRADED if outcome is Outcome.WARN else HealthState.UP
        return HealthState.DOWN if self._down else self._good

    def _recovered(self) -> bool:
        latest = list(self._last)[-self._recover :]
        return not any(outcome in (Outcome.FAIL, Outcome.UNKNOWN) for outcome in latest)
