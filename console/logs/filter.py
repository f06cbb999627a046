r"""The filter of the live view: levels and words, all of which must hold.

``error`` is that level or worse, as is ``>=error``; ``=info``, ``<warning``, ``<=info``, ``>info``
mean what they say. A record that tells no level fits none of them. ``is:hostile``,
``is:unparsed``, ``is:untimed`` and ``is:cut`` ask for what was noted. Any other word, or a text in
double quotes, is looked for in the message and the fields (``name=value``); in lower case it
fits any case. ``!`` before a term inverts it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from collectors.errors import QuarterdeckError
from collectors.model.logs import LogRecord, Severity
from console.logs.ring import Entry, text_of

Predicate = Callable[[LogRecord], bool]

LEVELS = {
    **{level.word: level for level in Severity},
    "warn": Severity.WARNING,
    "err": Severity.ERROR,
    "crit": Severity.CRITICAL,
    "fatal": Severity.CRITICAL,
}
"""The names of levels in a filter."""

NOTES: dict[str, Predicate] = {
    "hostile": lambda record: record.hostile,
    "unparsed": lambda record: not record.parsed,
    "untimed": lambda record: not record.timed,
    "cut": lambda record: record.lost_bytes > 0,
}
"""What ``is:`` asks for."""

_TERM = re.compile(r'(!?)(?:"([^"]*)"?|(\S+))')
_LEVEL = re.compile(r"(>=|<=|>|<|=|)([a-z]+)", re.IGNORECASE)


class FilterError(QuarterdeckError):
    """A filter that means nothing."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter; ``terms`` must all hold."""

    text: str
    terms: tuple[Predicate, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether it lets all through."""
        return not self.terms

    def matches(self, entry: Entry) -> bool:
        """Whether an entry passes."""
        record = entry.record
        for term in self.terms:  # noqa: SIM110 - a generator costs more than most terms
            if not term(record):
                return False
        return True


EVERYTHING = Filter("")
"""The filter that lets all through."""


def compile_filter(text: str) -> Filter:
    """The filter that ``text`` describes; raises FilterError with a remedy."""
    terms: list[Predicate] = []
    for inverted, quoted, word in _TERM.findall(text):
        if not word:
            term = _contains(quoted) if quoted else None
        else:
            term = _level(word) or _note(word) or _contains(word)
        if term is not None:
            terms.append(_not(term) if inverted else term)
    return Filter(text, tuple(terms))


def _level(word: str) -> Predicate | None:
    found = _LEVEL.fullmatch(word)
    if found is None:
        return None
    sign, name = found[1], found[2].lower()
    level = LEVELS.get(name)
    if level is None:
        if sign:
            raise FilterError(
                f"{name!r} is no level", f"levels are {', '.join(one.word for one in Severity)}"
            )
        return None
    return _compared(sign, int(level))


def _compared(sign: str, level: int) -> Predicate:
    after = level + 4
    if sign in ("", ">="):
        return lambda record: record.severity is not None and record.severity >= level
    if sign == ">":
        return lambda record: record.severity is not None and record.severity >= after
    if sign == "<":
        return lambda record: record.severity is not None and record.severity < level
    if sign == "<=":
        return lambda record: record.severity is not None and record.severity < after
    return lambda record: record.severity is not None and level <= record.severity < after


def _note(word: str) -> Predicate | None:
    if not word.startswith("is:"):
        return None
    note = NOTES.get(word[3:])
    if note is None:
        raise FilterError(f"{word!r} asks for nothing that is noted", f"is: takes {', '.join(NOTES)}")
    return note


def _contains(text: str) -> Predicate:
    if text == text.lower():
        return lambda record: text in text_of(record).lower()
    return lambda record: text in text_of(record)


def _not(term: Predicate) -> Predicate:
    return lambda record: not term(record)
