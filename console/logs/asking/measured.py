"""Columns of a batch as numbers to calculate with, each with what it counts."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from console.logs.asking.batch import Batch, Unitless
from console.logs.asking.sketch import LARGEST, Numbers
from console.logs.asking.values import measure_of, scaled
from console.logs.language.syntax import Field
from console.logs.language.units import Kind

Key = Any
"""The key of a table's row: a text, number or None, or a tuple of them."""

Measured = dict[Kind, dict[Key, list[float]]]
"""Numbers by what they count and by their row."""

_OWN = re.compile(
    r"(?:[_.-](ns|us|ms|s|min|nanos|micros|millis|nsec|usec|msec|secs?|seconds|milliseconds|bytes)"
    r"|(?<=[a-z])(Ns|Us|Ms|Nanos|Micros|Millis|Secs?|Seconds|Milliseconds|Bytes))$"
)
_SAME = {
    "nanos": "ns", "nsec": "ns", "micros": "us", "usec": "us", "millis": "ms", "msec": "ms",
    "milliseconds": "ms", "sec": "s", "secs": "s", "seconds": "s", "bytes": "B",
}  # fmt: skip


def own_unit(field: Field) -> str | None:
    """The unit that a field's name itself tells, such as ``duration_ms``: its numbers stay in it."""
    found = None if field.virtual else _OWN.search(field.name)
    word = (found[1] or found[2]).lower() if found else ""
    return _SAME.get(word, word) or None


def measured(batch: Batch, field: Field, keys: Sequence[Key]) -> Measured:
    """The column's numbers by row; what is no number is left out."""
    column = batch.column(field)
    kinds = set(map(type, column))
    if field.virtual == "duration":
        return _durations(column, kinds, keys)
    unit = None if own_unit(field) or field.raw else batch.unit(field)
    plain = Kind.PLAIN if unit is None else Kind.SECONDS
    if batch.strict and kinds <= {int, float} and column and min(column) > -LARGEST and max(column) < LARGEST:
        return {plain: _split(column if unit is None else scaled(column, unit), keys)}
    found: Measured = defaultdict(lambda: defaultdict(list))
    for key, value in zip(keys, column, strict=True):
        one = measure_of(value)
        if one is None:
            continue
        if one.kind is Kind.PLAIN and unit is not None:
            found[Kind.SECONDS][key] += scaled((one.value,), unit)
        else:
            found[one.kind][key].append(one.value)
    return found


def _durations(column: Sequence[Any], kinds: set[type], keys: Sequence[Key]) -> Measured:
    """Durations that are known are seconds; the others stay apart."""
    if kinds == {float}:
        return {Kind.SECONDS: _split(column, keys)}
    found: Measured = defaultdict(lambda: defaultdict(list))
    for key, value in zip(keys, column, strict=True):
        if type(value) is float:
            found[Kind.SECONDS][key].append(value)
        elif type(value) is Unitless:
            found[Kind.PLAIN][key].append(float(value))
    return found


def _split(values: Sequence[float], keys: Sequence[Key]) -> dict[Key, list[float]]:
    different = set(keys)
    if len(different) == 1:
        return {different.pop(): list(values)}
    found: dict[Key, list[float]] = {key: [] for key in different}
    appends = {key: numbers.append for key, numbers in found.items()}
    for append, value in zip(map(appends.__getitem__, keys), values, strict=True):
        append(value)
    return found


class Heap:
    """The numbers of one field in one row, by what they count."""

    __slots__ = ("_wanted", "parts")

    def __init__(self, *, ranked: bool, summed: bool) -> None:
        self._wanted = (ranked, summed)
        self.parts: dict[Kind, Numbers] = {}

    def add(self, kind: Kind, values: Sequence[float]) -> None:
        """Take numbers of one kind."""
        part = self.parts.get(kind)
        if part is None:
            part = self.parts[kind] = Numbers(*self._wanted)
        part.add(values)

    def merge(self, other: "Heap") -> None:
        """Take what another one holds."""
        for kind, part in other.parts.items():
            mine = self.parts.setdefault(kind, Numbers(*self._wanted))
            mine.merge(part)


def chosen(heaps: Sequence[Heap]) -> Kind:
    """What a whole column counts: a unit that is known, if any number has one."""
    here = {kind for heap in heaps for kind, part in heap.parts.items() if part.count}
    return next((kind for kind in (Kind.SECONDS, Kind.BYTES) if kind in here), Kind.PLAIN)
