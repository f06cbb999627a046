"""Which fields a question names, and whether they are all that is to be read of a line."""

from collections.abc import Iterator

from console.logs.language.syntax import (
    And,
    Compare,
    Field,
    Fields,
    Filter,
    Not,
    Note,
    Or,
    Patterns,
    Question,
    Show,
    Summary,
)


def terms_of(term: Filter) -> Iterator[Filter]:
    """A filter's terms, those within others too."""
    yield term
    if isinstance(term, Not):
        yield from terms_of(term.term)
    elif isinstance(term, (And, Or)):
        for one in term.terms:
            yield from terms_of(one)


def fields_of(question: Question) -> frozenset[Field]:
    """Every field that the question names."""
    found = {term.field for term in terms_of(question.filter) if isinstance(term, Compare)}
    for stage in question.stages:
        if isinstance(stage, Summary):
            found |= {*stage.by, *(one.field for one in stage.aggregates if one.field is not None)}
        elif isinstance(stage, Show):
            found |= set(stage.fields)
        elif isinstance(stage, Patterns):
            found |= {Field("message"), Field("level")}
    return frozenset(found)


def needs_whole(question: Question) -> bool:
    """Whether lines are to be read whole: to see what is odd about them, or all of their fields."""
    notes = any(isinstance(term, Note) for term in terms_of(question.filter))
    return notes or any(isinstance(stage, Fields) for stage in question.stages)
