"""A number with its unit and how well it is known."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The five units of every quantity, as JSON writes them."""

    SECONDS = "s"
    BYTES = "B"
    PER_SECOND = "1/s"
    RATIO = "ratio"
    COUNT = "count"


class Known(StrEnum):
    """How well a value is known."""

    EXACT = "exact"
    ABOUT = "about"
    AT_LEAST = "at least"
    UNKNOWN = "unknown"
    NEEDS_SAMPLES = "needs 2 samples"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured value.

    ``value`` is None exactly when it is not known; ``margin`` (same unit) belongs to ``ABOUT``.
    Raises ValueError for a value that is not finite or that contradicts ``known``.
    """

    value: float | None
    unit: Unit
    known: Known = Known.EXACT
    margin: float | None = None

    def __post_init__(self) -> None:
        has_value = self.known not in (Known.UNKNOWN, Known.NEEDS_SAMPLES)
        if has_value != (self.value is not None):
            raise ValueError(f"a quantity known as {self.known} with value {self.value}")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"not a finite value: {self.value}")

    @property
    def is_known(self) -> bool:
        """Whether there is a value at all."""
        return self.value is not None


def exact(value: float, unit: Unit = Unit.COUNT) -> Quantity:
    """A value that the source told or that follows exactly."""
    return Quantity(value, unit)


def about(value: float, margin: float | None, unit: Unit = Unit.COUNT) -> Quantity:
    """An estimate, with its margin (same unit) where one is known."""
    return Quantity(value, unit, Known.ABOUT, margin)


def at_least(value: float, unit: Unit = Unit.COUNT) -> Quantity:
    """A lower bound, such as an age since we began to watch."""
    return Quantity(value, unit, Known.AT_LEAST)


def unknown(unit: Unit = Unit.COUNT) -> Quantity:
    """A value that the source does not tell."""
    return Quantity(None, unit, Known.UNKNOWN)


def needs_samples(unit: Unit = Unit.PER_SECOND) -> Quantity:
    """A difference whose second sample has not come yet."""
    return Quantity(None, unit, Known.NEEDS_SAMPLES)


def exact_or_unknown(value: float | None, unit: Unit = Unit.COUNT) -> Quantity:
    """Exact where there is a finite value, unknown where there is none."""
    if value is None or not math.isfinite(value):
        return unknown(unit)
    return Quantity(value, unit)
