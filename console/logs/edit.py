"""Questions changed by keys and the mouse: what was pressed becomes text, so that it can be learned."""

from datetime import UTC, datetime, tzinfo

from console.logs.language import Question, QuestionError, as_text, parse
from console.logs.language.syntax import (
    And,
    Compare,
    Field,
    Filter,
    Literal,
    Sign,
    Text,
    When,
    all_of,
    negated,
)

SOON = 12 * 3600.0
"""Seconds within which a time of day names a moment without doubt."""


def with_value(text: str, name: str, value: str, *, wanted: bool) -> str:
    """The question for lines that have, or have not, this value; raises QuestionError for a wrong ``text``.

    A value that the field of this name cannot have in a question, such as a duration without a unit, is
    that of the line's own field.
    """
    asked = _with(text, Compare(Field(name), Sign.IS, _literal(value)), wanted=wanted)
    try:
        parse(asked)
    except QuestionError:
        return _with(text, Compare(Field(name, raw=True), Sign.IS, _literal(value)), wanted=wanted)
    return asked


def with_phrase(text: str, phrase: str) -> str:
    """The question for lines that hold a phrase as well."""
    return _with(text, Text(phrase, quoted=True), wanted=True)


def with_window(text: str, since: float, until: float, now: float, zone: tzinfo = UTC) -> str:
    """The question for this time alone, in the zone that is shown; whatever time it had before is lifted.

    What goes on until now or later has no end: it is followed.
    """
    asked = parse(text)
    when = [When("since", moment(since, now, zone))]
    if until < now:
        when.append(When("until", moment(until, now, zone)))
    return _text(Question(asked.filter, tuple(when), asked.stages))


def without_window(text: str) -> str:
    """The question for all times; the same text where it has none."""
    asked = parse(text)
    return _text(Question(asked.filter, (), asked.stages)) if asked.when else text


def without_stages(text: str) -> str:
    """The question for the records themselves."""
    asked = parse(text)
    return _text(Question(asked.filter, asked.when)) if asked.stages else text


def moment(at: float, now: float, zone: tzinfo = UTC) -> str:
    """A moment as a question writes it: a time of day where that is the last one of its kind."""
    then = datetime.fromtimestamp(at, zone)
    if now - SOON < at <= now:
        return then.strftime("%H:%M:%S")
    return then.strftime("%Y-%m-%dT%H:%M:%S") + ("Z" if zone is UTC else then.strftime("%z"))


def _with(text: str, term: Filter, *, wanted: bool) -> str:
    asked = parse(text)
    term = term if wanted else negated(term)
    before = asked.filter.terms if isinstance(asked.filter, And) else (asked.filter,)
    terms = [one for one in before if one not in (term, negated(term))] + [term]
    return _text(Question(all_of(terms), asked.when, asked.stages))


def _literal(value: str) -> Literal:
    """The value bare where it is read back as itself."""
    plain = value.replace("-", "").replace(".", "").replace("_", "").replace("/", "").replace(":", "")
    return Literal(value, quoted=not (plain.isalnum() and plain.isascii()))


def _text(asked: Question) -> str:
    """The text; nothing for a question that asks for all."""
    return "" if asked == Question() else as_text(asked)
