"""What a question is made of: frozen values that compare by what they mean.

``level>=warn service:orders duration>200ms "timed out" -path:/healthz since:1h | p95(duration), count by
region | top 10`` is a filter, a span of time and stages. Every line goes through the filter; the stages
make of what is left records or a table.
"""

from dataclasses import dataclass
from enum import StrEnum

VIRTUAL = (
    "time", "level", "message", "logger", "service", "host", "stream", "trace", "request", "error", "stack",
    "duration",
)  # fmt: skip
"""Fields that every stream has, each resolved by the stream's format; ``.level`` is the line's own."""

ALSO = {"ts": "time", "severity": "level", "msg": "message"}
"""Other names of these, where a line has no field of that name."""

NOTES = ("hostile", "unparsed", "untimed", "cut")
"""What ``is:`` takes."""


class Sign(StrEnum):
    """How a field is compared. All are false where the field is absent, but ``?!=``."""

    HAS = ":"
    IS = "="
    NOT = "!="
    NOT_OR_ABSENT = "?!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    MATCHES = "~"


ORDERING = frozenset({Sign.LESS, Sign.AT_MOST, Sign.MORE, Sign.AT_LEAST})


@dataclass(frozen=True, slots=True)
class Field:
    """A field's name, dotted where it lies deeper; ``raw``: the line's own, whatever else has the name."""

    name: str
    raw: bool = False

    @property
    def virtual(self) -> str:
        """The virtual field that is meant, or empty."""
        return "" if self.raw else self.name if self.name in VIRTUAL else ALSO.get(self.name, "")

    @property
    def label(self) -> str:
        """As a column is headed."""
        return f".{self.name}" if self.raw else self.name


@dataclass(frozen=True, slots=True)
class Literal:
    """What a field is compared with, as it was written; ``quoted``: no number, no ``*``, just this text."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Everything:
    """``*``: every line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A word or a phrase, looked for in the line and in what it says; in lower case it fits any case.

    In a word ``*`` stands for any characters; a ``quoted`` phrase is what it is.
    """

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """``is:hostile`` and the like; one of NOTES."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A field beside a literal."""

    field: Field
    sign: Sign
    literal: Literal


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; never of a Not."""

    term: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more terms, none of which is an And."""

    terms: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of two or more terms, none of which is an Or."""

    terms: tuple["Filter", ...]


Filter = Everything | Text | Note | Compare | Not | And | Or


@dataclass(frozen=True, slots=True)
class When:
    """``since:``, ``until:`` or ``time:`` and a moment or span as it was written."""

    word: str
    text: str


class Function(StrEnum):
    """What is made of many records; ``pN`` stands for every percentile."""

    COUNT = "count"
    RATE = "rate"
    PERCENTILE = "p"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    UNIQ = "uniq"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``p95(duration)``: ``field`` None for ``count`` and ``rate``; ``percent`` of a percentile, 0 to 100."""

    function: Function
    field: Field | None = None
    percent: float = 0.0

    @property
    def label(self) -> str:
        """As it is written, and as its column is headed."""
        name = f"p{self.percent:g}" if self.function is Function.PERCENTILE else str(self.function)
        return name if self.field is None else f"{name}({self.field.label})"


@dataclass(frozen=True, slots=True)
class Summary:
    """Aggregates for each combination of ``by``; ``every`` seconds apart for ``hist``, else None.

    ``every`` 0 leaves the step to the span of time.
    """

    aggregates: tuple[Aggregate, ...]
    by: tuple[Field, ...] = ()
    every: float | None = None


@dataclass(frozen=True, slots=True)
class Top:
    """The first ``count`` rows by a column, or by the first that is an aggregate where it is None."""

    count: int
    column: Aggregate | Field | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Lines with the same template, counted; ``count`` templates at most."""

    count: int = 20


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields seen: type, share of lines, different values."""


@dataclass(frozen=True, slots=True)
class Around:
    """All records ``seconds`` before and after those that the filter found."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Show:
    """These fields as columns."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """The table beside the same one of the span before."""


Stage = Summary | Top | Patterns | Fields | Around | Show | Diff


@dataclass(frozen=True, slots=True)
class Question:
    """A whole question; without stages it asks for the records themselves."""

    filter: Filter = Everything()
    when: tuple[When, ...] = ()
    stages: tuple[Stage, ...] = ()


def negated(term: Filter) -> Filter:
    """The opposite, never twice."""
    return term.term if isinstance(term, Not) else Not(term)


def all_of(terms: list[Filter]) -> Filter:
    """The terms together; ``*`` adds nothing to others."""
    flat: list[Filter] = []
    for term in terms:
        flat += term.terms if isinstance(term, And) else () if isinstance(term, Everything) else (term,)
    return And(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Everything()


def one_of(terms: list[Filter]) -> Filter:
    """Any of the terms."""
    flat: list[Filter] = []
    for term in terms:
        flat += term.terms if isinstance(term, Or) else (term,)
    return Or(tuple(flat)) if len(flat) > 1 else flat[0]
