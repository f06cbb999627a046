"""A collector from another distribution that works: it says what its options say."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Collector
from collectors.model.health import HealthReading, HealthState
from collectors.model.practice import Practice
from collectors.model.sweep import Sweep
from collectors.text import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseOptions:
    """``word``: what the pulse says of itself."""

    word: str = "beating"


class Pulse(Collector[PulseOptions]):
    """Says that all is well."""

    api: ClassVar[int] = 1
    practice: ClassVar[Practice] = Practice.HEALTH
    Options: ClassVar[type[PulseOptions]] = PulseOptions

    async def collect(self) -> Sweep:
        """One reading."""
        subject = self.context.subject(Practice.HEALTH, b"pulse")
        reading = HealthReading(subject=subject, state=HealthState.UP, word=shown(self.options.word))
        return self.sweep([reading])
