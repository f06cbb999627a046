"""The readings of one pass over a source."""

from dataclasses import dataclass

from collectors.model.reading import Reading
from collectors.text import Shown


@dataclass(frozen=True, slots=True)
class Cost:
    """What one pass cost the source: requests sent, bytes moved, seconds of its time."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """All readings of one pass; the store swaps it in whole.

    ``complete``: a known subject that is missing here is gone. ``beyond``: subjects counted and
    not kept (at most 500 are). ``taken``: UTC epoch seconds, for people and history.
    ``arrived``: CLOCK_BOOTTIME seconds, for ages.
    """

    readings: tuple[Reading, ...]
    taken: float
    arrived: float
    complete: bool = True
    beyond: int = 0
    cost: Cost = Cost()
    note: Shown = Shown("")
