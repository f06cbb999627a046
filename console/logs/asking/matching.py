"""A filter, compiled: batches in, the batches of what passes out."""

import operator
from collections.abc import Callable, Sequence
from itertools import repeat
from operator import and_, not_, or_
from typing import Any

import msgspec

from console.logs.asking.batch import Batch, Mask, Unitless
from console.logs.asking.spoken import Searcher
from console.logs.asking.testing import Moment, Test, asks
from console.logs.asking.values import ABSENT
from console.logs.language.patterns import examine
from console.logs.language.syntax import (
    ORDERING,
    And,
    Compare,
    Everything,
    Filter,
    Not,
    Note,
    Or,
    Sign,
    Text,
)
from console.logs.language.units import Kind, measure

Masker = Callable[[Batch], Mask]
Sieve = Callable[[Batch], Batch]

_REMEMBERED = 8_192
_TEXTS = {str, msgspec.UnsetType}
_NUMBERS = {int, float, msgspec.UnsetType}
_OPERATORS: dict[Sign, Callable[[Any, Any], bool]] = {
    Sign.HAS: operator.eq,
    Sign.IS: operator.eq,
    Sign.NOT: operator.ne,
    Sign.LESS: operator.lt,
    Sign.AT_MOST: operator.le,
    Sign.MORE: operator.gt,
    Sign.AT_LEAST: operator.ge,
}
"""What two numbers are asked."""


def sieve(term: Filter, moment: Moment) -> Sieve:
    """What lets through the rows that fit; the terms of an And see only what is left for them."""
    if isinstance(term, Everything):
        return lambda batch: batch
    terms = sorted(term.terms, key=_cost) if isinstance(term, And) else [term]
    sieves = [_picker(masker(one, moment)) for one in terms]

    def through(batch: Batch) -> Batch:
        for one in sieves:
            if not batch.size:
                break
            batch = one(batch)
        return batch

    return through


def _cost(term: Filter) -> int:
    """Which terms are asked first: those that cost little."""
    if not isinstance(term, Compare):
        return 4
    if term.sign is Sign.MATCHES:
        return 5
    if term.field.virtual:
        return 3 if term.field.virtual == "level" else 6
    return 0 if term.sign is Sign.IS else 2 if term.sign is Sign.HAS else 1


def _picker(mask_of: Masker) -> Sieve:
    def pick(batch: Batch) -> Batch:
        mask = mask_of(batch)
        return batch if all(mask) else batch.pick(mask)

    return pick


def masker(term: Filter, moment: Moment) -> Masker:
    """What tells of each row whether it fits."""
    if isinstance(term, Compare):
        return _Comparison(term, moment).mask
    if isinstance(term, Text):
        return Searcher(term).mask
    if isinstance(term, Note):
        name = term.name
        return lambda batch: batch.noted(name)
    if isinstance(term, Not):
        inner = masker(term.term, moment)
        return lambda batch: list(map(not_, inner(batch)))
    if isinstance(term, (And, Or)):
        return _joined([masker(one, moment) for one in term.terms], and_ if isinstance(term, And) else or_)
    return lambda batch: [True] * batch.size


def _joined(maskers: list[Masker], join: Callable[[bool, bool], bool]) -> Masker:
    def mask(batch: Batch) -> Mask:
        found = maskers[0](batch)
        for one in maskers[1:]:
            found = list(map(join, found, one(batch)))
        return found

    return mask


class _Remembered(dict[str, bool]):
    """What a test said of texts that come again and again."""

    def __init__(self, test: Test) -> None:
        super().__init__()
        self.test = test

    def __missing__(self, key: str) -> bool:
        self[key] = found = self.test(key)
        return found


class _Comparison:
    """One comparison over columns, with a test for each unit that streams have."""

    def __init__(self, compared: Compare, moment: Moment) -> None:
        self._compared = compared
        self._moment = moment
        self._tests: dict[float | None, _Remembered] = {}
        literal = compared.literal
        found = None if literal.quoted else measure(literal.text)
        measured = found is not None and compared.field.virtual in ("", "duration")
        self._of_seconds = measured and found is not None and found.kind is Kind.SECONDS
        plain = measure(literal.text) is None and compared.sign is Sign.IS and not compared.field.virtual
        self._exactly = literal.text if plain else None
        plain = found is not None and found.kind is Kind.PLAIN and not compared.field.virtual
        self._number = found.value if found is not None and plain and compared.sign in _OPERATORS else None
        self._reach = examine(literal.text).reach if compared.sign is Sign.MATCHES else 0

    def mask(self, batch: Batch) -> Mask:
        field = self._compared.field
        column = batch.column(field)
        kinds = set(map(type, column))
        unit = None
        if self._of_seconds:
            unit = 1.0 if field.virtual == "duration" else batch.unit(field)
            self._count_unitless(batch, column, kinds, known=unit is not None)
        if self._reach:
            batch.tally.partly += within(
                batch, [type(one) is str and len(one) > self._reach for one in column]
            )
        if self._number is not None and batch.strict and kinds <= _NUMBERS:
            return _numbers(self._compared.sign, self._number, column, lacks=msgspec.UnsetType in kinds)
        if kinds <= _TEXTS:
            if self._exactly is not None:
                exactly = self._exactly
                return [value == exactly for value in column]
            return self._by_memory(column, unit)
        return list(map(self._test(unit).test, column))

    def _by_memory(self, column: Sequence[Any], unit: float | None) -> Mask:
        remembered = self._test(unit)
        if len(remembered) > _REMEMBERED:
            remembered.clear()
        remembered[ABSENT] = remembered.test(ABSENT)  # type: ignore[index] # beside the texts there is what is absent
        return list(map(remembered.__getitem__, column))

    def _test(self, unit: float | None) -> _Remembered:
        found = self._tests.get(unit)
        if found is None:
            found = self._tests[unit] = _Remembered(self._made(unit))
        return found

    def _made(self, unit: float | None) -> Test:
        test = asks(self._compared, self._moment, unit)
        if self._compared.field.virtual != "duration" or not self._of_seconds:
            return test
        absent = test(ABSENT)
        return lambda value: absent if type(value) is Unitless else test(value)

    def _count_unitless(self, batch: Batch, column: Sequence[Any], kinds: set[type], *, known: bool) -> None:
        bare: set[type] = {Unitless} if Unitless in kinds else set()
        if not known and self._compared.sign in ORDERING:
            bare |= kinds & {int, float}
        if bare:
            batch.tally.unitless += within(batch, [type(one) in bare for one in column])


def _numbers(sign: Sign, number: float, column: Sequence[Any], *, lacks: bool) -> Mask:
    """A column of nothing but numbers, some of them absent where it lacks."""
    compare = _OPERATORS[sign]
    if lacks:
        return [value is not ABSENT and compare(value, number) for value in column]
    return list(map(compare, column, repeat(number)))


def within(batch: Batch, flags: Sequence[bool]) -> int:
    """How many rows are flagged, of those that lie in the question's span of time."""
    holds = batch.tally.holds
    if holds is None or True not in flags:
        return sum(flags)
    return sum(flag and holds(time) for flag, time in zip(flags, batch.times(), strict=True))
