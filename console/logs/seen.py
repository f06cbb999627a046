"""The fields of the lines seen lately: type, how many lines have them, which values."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from collectors.logs._formats.keyed import MOST_FIELDS
from collectors.model.logs import LogRecord

MOST_NAMES = 500
"""Fields that are told apart."""

MOST_VALUES = 500
"""Values of one field that are told apart."""

LONGEST = 60
"""Characters of a value that count."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_TRUTHS = frozenset({"true", "false", "True", "False"})


@dataclass(slots=True)
class SeenField:
    """One field: how many lines have it, its values with their counts, the longest value's characters."""

    name: str
    lines: int = 0
    numbers: int = 0
    truths: int = 0
    longest: int = 0
    beyond: bool = False
    values: Counter[str] = field(default_factory=Counter)

    @property
    def type(self) -> str:
        """number, true or false, text, or mixed."""
        if self.numbers == self.lines:
            return "number"
        if self.truths == self.lines:
            return "true or false"
        return "mixed" if self.numbers or self.truths else "text"

    def add(self, value: str) -> None:
        """Count a value."""
        self.lines += 1
        self.longest = max(self.longest, len(value))
        value = value[:LONGEST]
        self.numbers += _is_number(value)
        self.truths += value in _TRUTHS
        if value in self.values or len(self.values) < MOST_VALUES:
            self.values[value] += 1
        else:
            self.beyond = True


class Seen:
    """What the lines that it was told have in common; bounded."""

    def __init__(self) -> None:
        self.lines = 0
        self.fields: dict[str, SeenField] = {}

    def add(self, records: Iterable[LogRecord]) -> None:
        """Take in records."""
        for record in records:
            self.lines += 1
            for name, value in record.fields[:MOST_FIELDS]:
                found = self.fields.get(name)
                if found is None:
                    if len(self.fields) >= MOST_NAMES:
                        continue
                    found = self.fields[name] = SeenField(name)
                found.add(value)

    def ranked(self) -> list[SeenField]:
        """The fields, those of most lines first."""
        return sorted(self.fields.values(), key=lambda one: (-one.lines, one.name))


def _is_number(text: str) -> bool:
    return len(text) < 20 and _NUMBER.fullmatch(text) is not None
