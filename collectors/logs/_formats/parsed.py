"""What a format found in a line."""

from dataclasses import dataclass
from typing import Any

from collectors.model.logs import Severity
from collectors.text import Shown

MOST_FIELDS = 64
"""Fields kept of one line; the rest is counted."""

Fields = list[tuple[Shown, Shown]]


@dataclass(slots=True)
class Told:
    """What a line tells in its own words: nothing is redacted or made visible yet.

    ``time`` and ``severity`` are None where it tells none, ``message`` is empty where it has none;
    ``fields`` are values of JSON, the facts among them; ``used`` are the keys of the facts; ``ok``: the
    line fitted its format.
    """

    format: str
    time: float | None
    severity: Severity | None
    message: str
    fields: dict[str, Any]
    used: frozenset[str] = frozenset()
    ok: bool = True
