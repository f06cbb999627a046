"""Random questions for property tests."""

from hypothesis import strategies as st

from console.logs.language.syntax import (
    Aggregate,
    And,
    Around,
    Compare,
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
    Show,
    Sign,
    Stage,
    Summary,
    Text,
    Top,
    When,
)

NAMES = st.one_of(
    st.sampled_from(
        ("region", "status", "http.status", "@fields.level", "event", "a-b", "since", "is", "time")
    ),
    st.text(min_size=1, max_size=8),
)
FIELDS = st.builds(Field, NAMES, st.booleans())
BARE = st.text("abcXYZ019_./:*-é", min_size=1, max_size=8)
LITERALS = st.one_of(
    st.builds(Literal, BARE),
    st.sampled_from([Literal(one) for one in ("200", "1.5s", "4KiB", "*", "eu*", "//x")]),
    st.builds(Literal, st.text(max_size=8), st.just(True)),
)
EQUALS = (Sign.HAS, Sign.IS, Sign.NOT, Sign.NOT_OR_ABSENT)
PLAIN = st.builds(Compare, FIELDS.filter(lambda field: not field.virtual), st.sampled_from(EQUALS), LITERALS)
LEVELS = st.builds(
    Compare,
    st.just(Field("level")),
    st.sampled_from([sign for sign in Sign if sign is not Sign.MATCHES]),
    st.sampled_from([Literal("warn"), Literal("error"), Literal("info")]),
)
ORDERED = st.builds(
    Compare,
    st.sampled_from([Field("duration"), Field("took_ms"), Field("time"), Field("time", raw=True)]),
    st.sampled_from([Sign.LESS, Sign.AT_MOST, Sign.MORE, Sign.AT_LEAST]),
    st.sampled_from([Literal("5s"), Literal("1m30s"), Literal("1h")]),
)
MATCHED = st.builds(
    Compare,
    st.just(Field("path")),
    st.just(Sign.MATCHES),
    st.sampled_from([Literal("^/a(b|c)d?$"), Literal("x y", True)]),
)
WORDS = st.one_of(
    st.builds(
        Text,
        st.from_regex(r"[a-z0-9][a-zA-Z0-9_/é]{0,6}", fullmatch=True).filter(
            lambda word: word not in ("or", "and", "not")
        ),
    ),
    st.builds(Text, st.text(min_size=1, max_size=8), st.just(True)),
)
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    PLAIN,
    LEVELS,
    ORDERED,
    MATCHED,
    WORDS,
    st.builds(Note, st.sampled_from(("hostile", "unparsed"))),
    st.just(Everything()),
)


def _both(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    pieces = inner.filter(lambda one: not isinstance(one, (And, Everything)))
    return st.builds(And, st.lists(pieces, min_size=2, max_size=3).map(tuple))


def _either(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.builds(
        Or, st.lists(inner.filter(lambda one: not isinstance(one, Or)), min_size=2, max_size=3).map(tuple)
    )


FILTERS: st.SearchStrategy[Filter] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        _both(inner), _either(inner), st.builds(Not, inner.filter(lambda one: not isinstance(one, Not)))
    ),
    max_leaves=8,
)
AGGREGATES = st.one_of(
    st.just(Aggregate(Function.COUNT)),
    st.just(Aggregate(Function.RATE)),
    st.builds(
        Aggregate, st.sampled_from([Function.SUM, Function.UNIQ, Function.MAX, Function.COUNT]), FIELDS
    ),
    st.builds(
        Aggregate, st.just(Function.PERCENTILE), FIELDS, st.sampled_from((0.0, 50.0, 95.0, 99.9, 100.0))
    ),
)
SUMMARIES = st.builds(
    Summary,
    st.lists(AGGREGATES, min_size=1, max_size=3).map(tuple),
    st.lists(FIELDS, max_size=2).map(tuple),
    st.one_of(st.none(), st.sampled_from((0.0, 0.5, 1.0, 90.0, 3600.0, 86_400.0))),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Stage, ...]:
    """Stages that end in a table, or none."""
    kind = draw(st.sampled_from(("none", "summary", "patterns", "fields", "show")))
    if kind == "none":
        return ()
    if kind == "show":
        return (Show(tuple(draw(st.lists(FIELDS, min_size=1, max_size=3)))),)
    if kind != "summary":
        return (Fields(),) if kind == "fields" else (Patterns(draw(st.integers(1, 99))),)
    summary = draw(SUMMARIES)
    columns = (*summary.aggregates, *summary.by)
    top = st.builds(Top, st.integers(1, 99), st.one_of(st.none(), st.sampled_from(columns)))
    return (summary, *draw(st.lists(top, max_size=2)))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Any question that can be written."""
    chosen = draw(FILTERS)
    around = (Around(5.0),) if chosen != Everything() and draw(st.booleans()) else ()
    when = st.sampled_from([When("since", "1h"), When("until", "today"), When("time", "18:00..19:00")])
    return Question(chosen, tuple(draw(st.lists(when, max_size=2))), (*around, *draw(tables())))
