"""Aggregates by the values of fields, fed batch by batch."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any

from console.logs.asking.batch import Batch
from console.logs.asking.distinct import Distinct
from console.logs.asking.measured import Heap, Key, chosen, measured, own_unit
from console.logs.asking.reveal import revealed
from console.logs.asking.steps import Steps
from console.logs.asking.table import Table, Value, by_first, order
from console.logs.asking.testing import present
from console.logs.asking.values import key_of, text_of
from console.logs.language.syntax import Aggregate, Field, Function, Summary
from console.logs.language.units import Kind
from console.logs.levels import word_of

MOST_GROUPS = 10_000
"""Rows of a table; records beyond are counted."""

_RANKED = frozenset({Function.PERCENTILE})
_SUMMED = frozenset({Function.SUM, Function.AVG})
_NUMERIC = frozenset({Function.PERCENTILE, Function.SUM, Function.AVG, Function.MIN, Function.MAX})


class _Group:
    """What is known of one row."""

    __slots__ = ("count", "distinct", "heaps", "present")

    def __init__(self) -> None:
        self.count = 0
        self.heaps: dict[Field, Heap] = {}
        self.distinct: dict[Field, Distinct] = {}
        self.present: dict[Field, int] = {}

    def merge(self, other: "_Group", wanted: dict[Field, dict[str, bool]]) -> None:
        self.count += other.count
        for field, heap in other.heaps.items():
            self.heaps.setdefault(field, Heap(**wanted[field])).merge(heap)
        for field, distinct in other.distinct.items():
            self.distinct.setdefault(field, Distinct()).merge(distinct)
        for field, count in other.present.items():
            self.present[field] = self.present.get(field, 0) + count


class Summing:
    """A Summary being made; mergeable with others of the same Summary."""

    def __init__(self, summary: Summary, offset: float = 0.0) -> None:
        self.summary = summary
        self.steps = None if summary.every is None else Steps(summary.every, offset)
        self.groups: dict[Key, _Group] = {}
        self.beyond = 0
        aggregates = summary.aggregates
        numeric = [one for one in aggregates if one.field is not None and one.function in _NUMERIC]
        fields = dict.fromkeys(one.field for one in numeric if one.field is not None)
        self._wanted = {field: _wanted_of(field, numeric) for field in fields}
        self._uniq = _fields_of(aggregates, Function.UNIQ)
        self._counted = _fields_of(aggregates, Function.COUNT)

    def feed(self, batch: Batch) -> None:
        """Take a batch's rows."""
        keys = self._keys(batch)
        self._count(keys)
        if self.beyond:
            mask = [key in self.groups for key in keys]
            batch, keys = batch.pick(mask), list(compress(keys, mask))
        for field, wanted in self._wanted.items():
            for kind, parts in measured(batch, field, keys).items():
                for key, values in parts.items():
                    self._group(key).heaps.setdefault(field, Heap(**wanted)).add(kind, values)
        for field in self._uniq:
            for key, texts in _texts(batch.column(field), keys).items():
                self._group(key).distinct.setdefault(field, Distinct()).add(texts)
        for field in self._counted:
            for key, count in Counter(_where_present(batch.column(field), keys)).items():
                counts = self._group(key).present
                counts[field] = counts.get(field, 0) + count

    def _count(self, keys: list[Key]) -> None:
        for key, count in Counter(keys).items():
            if key in self.groups or len(self.groups) < MOST_GROUPS:
                self._group(key).count += count
            else:
                self.beyond += count

    def merge(self, other: "Summing") -> None:
        """Take what another one holds."""
        if self.steps is not None and other.steps is not None:
            self.steps.meet(other.steps)
            self._coarsen()
        for key, group in other.groups.items():
            wide = key if self.steps is None else self.steps.rekey(key)
            if wide in self.groups or len(self.groups) < MOST_GROUPS:
                self._group(wide).merge(group, self._wanted)
            else:
                self.beyond += group.count
        self.beyond += other.beyond

    @property
    def capped(self) -> bool:
        """Whether there were more rows than are kept."""
        return self.beyond > 0

    def table(self, seconds: float | None) -> Table:
        """The table so far; ``seconds``: how long the span of time is, for ``rate``."""
        groups = self._joined()
        summary = self.summary
        if not summary.by and self.steps is None and not groups:
            groups = {(): _Group()}
        kinds = {
            field: chosen([group.heaps[field] for group in groups.values() if field in group.heaps])
            for field in self._wanted
        }
        rows = [
            (*self._cells(key), *(_value(one, group, kinds, seconds) for one in summary.aggregates))
            for key, group in groups.items()
        ]
        first = len(summary.by) + (self.steps is not None)
        ordered = sorted(rows, key=lambda row: [order(value) for value in row[:first]])
        if self.steps is None:
            ordered = by_first(rows, first)
        about = [_about(one, groups.values(), kinds) for one in summary.aggregates]
        time = () if self.steps is None else ("time",)
        return Table(
            (*time, *(field.label for field in summary.by), *(one.label for one in summary.aggregates)),
            (*([None] * first), *(_unit(one, kinds) for one in summary.aggregates)),
            tuple(ordered),
            (*([False] * first), *about),
            capped=self.beyond > 0,
            step=None if self.steps is None else self.steps.step,
        )

    def unitless(self) -> int:
        """Numbers left out of a column whose other numbers have a unit, or all have none as durations."""
        left = 0
        for field in self._wanted:
            heaps = [group.heaps[field] for group in self.groups.values() if field in group.heaps]
            kind = chosen(heaps)
            parts = [(other, part) for heap in heaps for other, part in heap.parts.items()]
            left += sum(part.count for other, part in parts if other is not kind)
            if field.virtual == "duration" and kind is Kind.PLAIN:
                left += sum(part.count for _, part in parts)
        return left

    def _keys(self, batch: Batch) -> list[Key]:
        columns = [_keyed(batch.column(field), field) for field in self.summary.by]
        if self.steps is not None:
            times, coarser = self.steps.of(batch.times())
            if coarser:
                self._coarsen()
            columns.insert(0, times)
        if not columns:
            return [()] * batch.size
        return list(columns[0]) if len(columns) == 1 else list(zip(*columns, strict=True))

    def _coarsen(self) -> None:
        """Join rows whose times have become the same."""
        groups, self.groups = self.groups, {}
        for key, group in groups.items():
            wide = key if self.steps is None else self.steps.rekey(key)
            self._group(wide).merge(group, self._wanted)

    def _group(self, key: Key) -> _Group:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group()
        return group

    def _joined(self) -> dict[tuple[Any, ...], _Group]:
        """Groups whose keys read the same, as 200 and "200" do, as one; a text wins."""
        single = len(self.summary.by) + (self.steps is not None) == 1
        found: dict[tuple[str | None, ...], tuple[tuple[Any, ...], list[_Group]]] = {}
        for key, group in self.groups.items():
            parts = (key,) if single else key
            texts = tuple(None if part is None else text_of(part) for part in parts)
            known = found.get(texts)
            if known is None:
                found[texts] = (parts, [group])
            else:
                best = tuple(
                    new if isinstance(new, str) else old for old, new in zip(known[0], parts, strict=True)
                )
                found[texts] = (best, [*known[1], group])
        return {parts: self._one(groups) for parts, groups in found.values()}

    def _one(self, groups: list[_Group]) -> _Group:
        if len(groups) == 1:
            return groups[0]
        whole = _Group()
        for group in groups:
            whole.merge(group, self._wanted)
        return whole

    def _cells(self, key: tuple[Any, ...]) -> tuple[Value, ...]:
        fields = self.summary.by
        if self.steps is None:
            return tuple(revealed(field, part) for field, part in zip(fields, key, strict=True))
        return (
            self.steps.start(key[0]),
            *(revealed(field, part) for field, part in zip(fields, key[1:], strict=True)),
        )


def _wanted_of(field: Field, aggregates: Iterable[Aggregate]) -> dict[str, bool]:
    """What a Heap of this field is asked for."""
    functions = {one.function for one in aggregates if one.field == field}
    return {"ranked": not functions.isdisjoint(_RANKED), "summed": not functions.isdisjoint(_SUMMED)}


def _fields_of(aggregates: Iterable[Aggregate], function: Function) -> tuple[Field, ...]:
    return tuple(dict.fromkeys(one.field for one in aggregates if one.function is function and one.field))


def _keyed(column: Sequence[Any], field: Field) -> Sequence[Key]:
    if field.virtual == "level":
        return [word_of(value) if type(value) is int else None for value in column]
    if set(map(type, column)) == {str} and max(map(len, set(column))) < 512:
        return column
    return list(map(key_of, column))


def _texts(column: Sequence[Any], keys: Sequence[Key]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for key, value in zip(keys, column, strict=True):
        if present(value):
            found.setdefault(key, set()).add(value if type(value) is str else text_of(value))
    return found


def _where_present(column: Sequence[Any], keys: Sequence[Key]) -> list[Key]:
    return [key for key, value in zip(keys, column, strict=True) if present(value)]


_OF_NUMBERS: dict[Function, Callable[[Any], float | None]] = {
    Function.SUM: lambda part: part.total,
    Function.AVG: lambda part: part.mean,
    Function.MIN: lambda part: part.low,
    Function.MAX: lambda part: part.high,
}


def _value(one: Aggregate, group: _Group, kinds: dict[Field, Kind], seconds: float | None) -> Value:
    field = one.field
    if field is None:
        if one.function is Function.COUNT:
            return group.count
        return group.count / seconds if seconds else None
    if one.function is Function.COUNT:
        return group.present.get(field, 0)
    if one.function is Function.UNIQ:
        return group.distinct[field].count if field in group.distinct else 0
    part = group.heaps[field].parts.get(kinds[field]) if field in group.heaps else None
    if part is None:
        return None
    found = part.percentile(one.percent) if one.function in _RANKED else _OF_NUMBERS[one.function](part)
    return int(found) if found is not None and abs(found) < 2**53 and found == int(found) else found


def _about(one: Aggregate, groups: Iterable[_Group], kinds: dict[Field, Kind]) -> bool:
    field = one.field
    if field is None or one.function not in (Function.PERCENTILE, Function.UNIQ):
        return False
    if one.function is Function.UNIQ:
        return any(group.distinct[field].estimated for group in groups if field in group.distinct)
    parts = [group.heaps[field].parts.get(kinds[field]) for group in groups if field in group.heaps]
    return any(part is not None and part.estimated for part in parts)


def _unit(one: Aggregate, kinds: dict[Field, Kind]) -> str | None:
    if one.function is Function.RATE:
        return "1/s"
    if one.field is None or one.function not in _NUMERIC:
        return None
    return str(kinds[one.field]) or own_unit(one.field)
