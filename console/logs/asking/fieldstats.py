"""Which fields there are: their types, how many lines have them, how many different values."""

from typing import Any

from collectors.text import shown
from console.logs.asking.batch import Batch
from console.logs.asking.distinct import Distinct
from console.logs.asking.reveal import revealed
from console.logs.asking.table import Table, Value
from console.logs.asking.values import text_of
from console.logs.language.stages import FIELD_COLUMNS
from console.logs.language.syntax import Field

MOST_FIELDS = 500
"""Fields told apart."""

_TYPES = {str: "text", int: "number", float: "number", bool: "truth", dict: "object", list: "list"}


class _Seen:
    __slots__ = ("count", "distinct", "example", "types")

    def __init__(self) -> None:
        self.count = 0
        self.distinct = Distinct()
        self.types: set[str] = set()
        self.example = ""


class FieldStats:
    """Counts the fields of records."""

    def __init__(self) -> None:
        self.fields: dict[str, _Seen] = {}
        self.total = 0
        self.beyond = 0

    def feed(self, batch: Batch) -> None:
        """Take all fields of a batch."""
        self.total += batch.size
        for fields in batch.fields():
            for name, value in fields.items():
                if value is not None:
                    self._take(name, value)

    def merge(self, other: "FieldStats") -> None:
        """Take what another one counted."""
        self.total += other.total
        self.beyond += other.beyond
        for name, one in other.fields.items():
            seen = self._seen(name)
            if seen is not None:
                seen.count += one.count
                seen.types |= one.types
                seen.distinct.merge(one.distinct)
                seen.example = max(seen.example, one.example)

    @property
    def capped(self) -> bool:
        """Whether there were more fields than are told apart."""
        return self.beyond > 0

    def table(self, seconds: float | None) -> Table:  # noqa: ARG002 - as all tables are asked for
        """The fields, those that most lines have first."""
        rows: list[tuple[Value, ...]] = []
        about = False
        for name, one in sorted(self.fields.items(), key=lambda each: (-each[1].count, each[0])):
            about |= one.distinct.estimated
            example = revealed(Field(name), one.example)
            share = one.count / self.total
            rows.append(
                (shown(name, 200), " ".join(sorted(one.types)), one.count, share, one.distinct.count, example)
            )
        return Table(
            FIELD_COLUMNS,
            (None, None, None, "ratio", None, None),
            tuple(rows),
            (False, False, False, False, about, False),
            capped=self.capped,
        )

    def _take(self, name: str, value: Any) -> None:  # noqa: ANN401 - any value of JSON
        seen = self._seen(name)
        if seen is None:
            return
        text = text_of(value)
        seen.count += 1
        seen.types.add(_TYPES.get(type(value), "text"))
        seen.distinct.add((text,))
        if len(text) <= 60:
            seen.example = max(seen.example, text)

    def _seen(self, name: str) -> _Seen | None:
        seen = self.fields.get(name)
        if seen is None and len(self.fields) < MOST_FIELDS:
            seen = self.fields[name] = _Seen()
        self.beyond += seen is None
        return seen
