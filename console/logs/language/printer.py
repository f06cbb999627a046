"""Question → text, in one form: what is printed means the same when it is read again."""

from collections.abc import Iterable

from console.logs.language.cursor import NAME, quote
from console.logs.language.parse import WHEN
from console.logs.language.syntax import (
    Aggregate,
    And,
    Around,
    Compare,
    Diff,
    Everything,
    Field,
    Fields,
    Filter,
    Function,
    Literal,
    Not,
    Note,
    Or,
    Patterns,
    Question,
    Sign,
    Stage,
    Summary,
    Text,
    Top,
    When,
)
from console.logs.language.units import seconds_text

_COUNT = (Aggregate(Function.COUNT),)


def as_text(question: Question) -> str:
    """The question as people write it."""
    parts = (
        [] if isinstance(question.filter, Everything) and question.when else [filter_text(question.filter)]
    )
    parts += [when_text(when) for when in question.when]
    return " | ".join([" ".join(parts), *(stage_text(stage) for stage in question.stages)])


def filter_text(term: Filter) -> str:
    """A filter, with the parentheses that it needs."""
    if isinstance(term, Or):
        return " OR ".join(filter_text(one) for one in term.terms)
    if isinstance(term, And):
        return " ".join(_within(one, (Or,)) for one in term.terms)
    if isinstance(term, Not):
        return "-" + _within(term.term, (And, Or))
    if isinstance(term, Compare):
        return _compare(term)
    if isinstance(term, Text):
        return quote(term.text) if term.quoted else term.text
    return f"is:{term.name}" if isinstance(term, Note) else "*"


def _within(term: Filter, wrapped: tuple[type, ...]) -> str:
    text = filter_text(term)
    return f"({text})" if isinstance(term, wrapped) else text


def _compare(term: Compare) -> str:
    value = _literal(term.literal)
    name = field_text(term.field)
    reads_otherwise = term.sign is Sign.HAS and not term.field.raw and name in (*WHEN, "is")
    if reads_otherwise or (term.sign is Sign.HAS and value.startswith("//")):
        name = quote(term.field.name) if not term.field.raw else "." + quote(term.field.name)
    return f"{name}{term.sign}{value}"


def _literal(literal: Literal) -> str:
    return quote(literal.text) if literal.quoted else literal.text


def field_text(field: Field) -> str:
    """A field's name, in quotes where it is odd."""
    name = field.name if NAME.fullmatch(field.name) else quote(field.name)
    return f".{name}" if field.raw else name


def when_text(when: When) -> str:
    """A time, in quotes where it holds blanks."""
    bare = bool(when.text) and not any(char.isspace() or char in '()|"' for char in when.text)
    return f"{when.word}:{when.text if bare else quote(when.text)}"


def stage_text(stage: Stage) -> str:
    """One stage."""
    if isinstance(stage, Summary):
        return _summary(stage)
    if isinstance(stage, Top):
        column = stage.column
        if column is None:
            return f"top {stage.count}"
        name = aggregate_text(column) if isinstance(column, Aggregate) else field_text(column)
        return f"top {stage.count} {name}"
    if isinstance(stage, Patterns):
        return f"patterns {stage.count}"
    if isinstance(stage, Around):
        return f"around {seconds_text(stage.seconds)}"
    if isinstance(stage, (Fields, Diff)):
        return "fields" if isinstance(stage, Fields) else "diff"
    return f"show {_list(stage.fields)}"


def _summary(stage: Summary) -> str:
    words = [", ".join(map(aggregate_text, stage.aggregates))]
    if stage.every is not None:
        words = words if stage.aggregates != _COUNT else []
        words = ["hist", *([seconds_text(stage.every)] if stage.every else []), *words]
    if stage.by:
        words.append(f"by {_list(stage.by)}")
    return " ".join(words)


def _list(fields: Iterable[Field]) -> str:
    return ", ".join(map(field_text, fields))


def aggregate_text(one: Aggregate) -> str:
    """One aggregate."""
    name = one.label.partition("(")[0]
    return name if one.field is None else f"{name}({field_text(one.field)})"
