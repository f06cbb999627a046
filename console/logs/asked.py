"""A question as the live view asks it of the ring's records: which pass, and which time is meant."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo

from console.logs.filter import NOTES
from console.logs.kin import kin_of
from console.logs.language import parse
from console.logs.language.moments import Span, span
from console.logs.language.patterns import examine
from console.logs.language.syntax import And, Compare, Everything, Filter, Not, Note, Or, Sign, Text
from console.logs.language.traces import trace_id
from console.logs.language.units import measure
from console.logs.levels import level_of
from console.logs.ring import Entry, text_of
from console.present.logline import value_of

Test = Callable[[Entry], bool]


class Asked:
    """A question, of one service's streams where one is named. Raises QuestionError.

    ``span`` is its window of time as of ``now``, UTC epoch seconds, in the zone that is shown.
    """

    def __init__(self, text: str, service: str = "", *, now: float, zone: tzinfo = UTC) -> None:
        self.text = text
        self.service = service
        self.question = parse(text)
        self.span = Span()
        for when in self.question.when:
            self.span = self.span.cut(span(when.word, when.text, now, zone))
        self.chooses = bool(service) or not isinstance(self.question.filter, Everything)
        self._test = _test(self.question.filter)

    @property
    def everything(self) -> bool:
        """Whether it lets all through."""
        return not self.chooses and self.span == Span()

    def passing(self, entries: Sequence[Entry]) -> list[int]:
        """The places of the entries that pass at any time."""
        service, test = self.service, self._test
        if not self.chooses:
            return list(range(len(entries)))
        return [
            at
            for at, entry in enumerate(entries)
            if (not service or entry.subject.service == service) and test(entry)
        ]


def _test(term: Filter) -> Test:
    if isinstance(term, And):
        tests = [_test(one) for one in term.terms]
        return lambda entry: all(test(entry) for test in tests)
    if isinstance(term, Or):
        tests = [_test(one) for one in term.terms]
        return lambda entry: any(test(entry) for test in tests)
    if isinstance(term, Not):
        inner = _test(term.term)
        return lambda entry: not inner(entry)
    if isinstance(term, Note):
        noted = NOTES[term.name]
        return lambda entry: noted(entry.record)
    if isinstance(term, Text):
        text = term.text
        if text == text.lower():
            return lambda entry: text in text_of(entry.record).lower()
        return lambda entry: text in text_of(entry.record)
    return _compared(term) if isinstance(term, Compare) else lambda _entry: True


def _compared(term: Compare) -> Test:
    name, sign, wanted = term.field.name, term.sign, term.literal.text
    if term.field.virtual == "level":
        level = level_of(wanted)
        return lambda entry: _ordered(sign, entry.record.severity, level)
    if term.field.virtual == "trace":
        canonical = trace_id(wanted)
        return lambda entry: (kin := kin_of(entry.record)) is not None and kin.id == canonical
    number = None if term.literal.quoted else measure(wanted)

    def test(entry: Entry) -> bool:
        value = value_of(entry.record, entry.subject, name)
        if sign is Sign.MATCHES:
            return re.search(examine(wanted).search, value) is not None
        told = measure(value) if value else None
        if number is not None and told is not None and number.kind == told.kind:
            return _ordered(sign, told.value, number.value)
        if sign is Sign.HAS:
            return bool(value) and (wanted == "*" or wanted.lower() in value.lower())
        return _ordered(sign, value or None, wanted) if sign in (Sign.IS, Sign.NOT) else False

    return test


def _ordered(sign: Sign, value: object, wanted: object) -> bool:
    if value is None or wanted is None:
        return False
    match sign:
        case Sign.IS | Sign.HAS:
            return value == wanted
        case Sign.NOT | Sign.NOT_OR_ABSENT:
            return value != wanted
    assert isinstance(value, (int, float))  # noqa: S101 - only numbers have an order
    assert isinstance(wanted, (int, float))  # noqa: S101 - only numbers have an order
    return {
        Sign.LESS: value < wanted,
        Sign.AT_MOST: value <= wanted,
        Sign.MORE: value > wanted,
        Sign.AT_LEAST: value >= wanted,
    }[sign]
