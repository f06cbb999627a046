"""Things that a registry must refuse, each for its own reason."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Collector
from collectors.model.practice import Practice
from collectors.model.sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """None."""


class Base(Collector[NoOptions]):
    """What they share."""

    api: ClassVar[int] = 1
    practice: ClassVar[Practice] = Practice.CACHES
    Options: ClassVar[type[NoOptions]] = NoOptions

    async def collect(self) -> Sweep:
        """Nothing."""
        return self.sweep([])


def function() -> None:
    """Is no class."""


class Future(Base):
    """Was written for an interface that this console does not have."""

    api: ClassVar[int] = 7


class Silent(Collector[NoOptions]):
    """Does not say for which interface it was written."""

    practice: ClassVar[Practice] = Practice.CACHES
    Options: ClassVar[type[NoOptions]] = NoOptions

    async def collect(self) -> Sweep:
        """Nothing."""
        return self.sweep([])


class Aimless(Base):
    """Names no practice of ours."""

    practice: ClassVar[str] = "weather"  # type: ignore[assignment] # that is its fault


class Elsewhere(Base):
    """Reads another practice than its name says."""

    practice: ClassVar[Practice] = Practice.HEALTH


class Half(Collector[NoOptions]):
    """Has no collect."""

    api: ClassVar[int] = 1
    practice: ClassVar[Practice] = Practice.CACHES
    Options: ClassVar[type[NoOptions]] = NoOptions
