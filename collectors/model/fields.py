"""Fields of a reading, declared once: columns, help, JSON and history derive from them."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from collectors.model.quantity import Unit, unknown


class Bad(StrEnum):
    """Which way is bad."""

    HIGH = "high"
    LOW = "low"
    NEITHER = "neither"


class RollUp(StrEnum):
    """How several subjects' values fold into one."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    MEAN = "mean"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a practice's reading; ``samples`` is 2 where a value needs a difference."""

    name: str
    unit: Unit
    meaning: str
    bad: Bad = Bad.NEITHER
    roll_up: RollUp = RollUp.SUM
    samples: int = 1


def quantity_field(
    unit: Unit,
    meaning: str,
    *,
    bad: Bad = Bad.NEITHER,
    roll_up: RollUp = RollUp.SUM,
    samples: int = 1,
) -> Any:  # noqa: ANN401 - dataclasses.field's own type; the attribute is annotated where it stands
    """Declare a Quantity attribute of a reading; unknown until the adapter sets it."""
    spec = {"spec": (unit, meaning, bad, roll_up, samples)}
    return dataclasses.field(default=unknown(unit), metadata=spec)


def specs_of(reading: type) -> tuple[FieldSpec, ...]:
    """The declared quantities of a reading class, in order."""
    return tuple(
        FieldSpec(field.name, *field.metadata["spec"])
        for field in dataclasses.fields(reading)
        if "spec" in field.metadata
    )
