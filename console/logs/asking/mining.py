"""Lines with the same template: what differs between them is masked, and the rest counted."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collectors.text import Shown, one_line
from console.logs.asking.batch import Batch
from console.logs.asking.table import Table, Value
from console.logs.asking.values import text_of
from console.logs.language.stages import PATTERN_COLUMNS
from console.logs.language.syntax import Field
from console.logs.levels import word_of

MOST_TEMPLATES = 5_000
"""Templates counted one by one; lines with others are counted together."""

LOOKED_AT = 1_000
"""Characters of a message that make its template."""

# a run of letters and digits with a digit in it, a long run of hexadecimal digits, what stands in quotes
_VARIABLE = re.compile(
    r"\"[^\"]{0,200}\"|'[^']{0,200}'|(?<![A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[A-Za-z_]*+\d[\w.:+-]*+"
)
_MESSAGE, _LEVEL = Field("message"), Field("level")


@dataclass(slots=True)
class _Template:
    count: int
    time: float
    level: int | None
    sample: str


class Miner:
    """Counts templates; the newest line of each is its sample."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.templates: dict[str, _Template] = {}
        self.beyond = 0
        self.total = 0

    def feed(self, batch: Batch) -> None:
        """Take a batch's messages."""
        rows = zip(batch.column(_MESSAGE), batch.column(_LEVEL), batch.times(), strict=True)
        seen: dict[tuple[Any, Any], _Template] = {}
        for message, level, time in rows:
            text = message if type(message) is str else text_of(message)
            known = seen.get((text, level))
            if known is None:
                seen[text, level] = _Template(
                    1, time, level if type(level) is int else None, text[:LOOKED_AT]
                )
            else:
                known.count += 1
                known.time = max(time, known.time)
        for one in seen.values():
            self._take(template(one.sample), one)

    def merge(self, other: "Miner") -> None:
        """Take what another one counted."""
        for name, one in other.templates.items():
            self._take(name, one)
        self.beyond += other.beyond
        self.total += other.beyond

    @property
    def capped(self) -> bool:
        """Whether there were more templates than are counted."""
        return self.beyond > 0

    def table(self, seconds: float | None) -> Table:  # noqa: ARG002 - as all tables are asked for
        """The most frequent templates."""
        first = sorted(self.templates.items(), key=lambda one: (-one[1].count, one[0]))[: self._most]
        rows: list[tuple[Value, ...]] = [
            (one.count, one.count / self.total, word_of(one.level), one.time, _line(name), _line(one.sample))
            for name, one in first
        ]
        return Table(
            PATTERN_COLUMNS, (None, "ratio", None, None, None, None), tuple(rows), capped=self.capped
        )

    def _take(self, name: str, one: _Template) -> None:
        self.total += one.count
        known = self.templates.get(name)
        if known is not None:
            newest = max(known, one, key=lambda each: (each.time, each.sample))
            worst = max((level for level in (known.level, one.level) if level is not None), default=None)
            self.templates[name] = _Template(known.count + one.count, newest.time, worst, newest.sample)
        elif len(self.templates) < MOST_TEMPLATES:
            self.templates[name] = one
        else:
            self.beyond += one.count


@lru_cache(maxsize=8192)
def template(text: str) -> str:
    """A message with ``*`` for what varies: numbers, ids, times, addresses, texts in quotes."""
    return _VARIABLE.sub("*", text)


def _line(text: str) -> Shown:
    return one_line(text, 300)
