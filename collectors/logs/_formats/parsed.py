"""What a format found in a line."""

from dataclasses import dataclass

from collectors.model.logs import Severity
from collectors.text import Shown

Fields = list[tuple[Shown, Shown]]


@dataclass(slots=True)
class Parsed:
    """A line understood: ``time`` and ``severity`` None where it tells none; ``ok``: it fitted its format."""

    format: str
    time: float | None
    severity: Severity | None
    message: Shown
    fields: Fields
    ok: bool = True
