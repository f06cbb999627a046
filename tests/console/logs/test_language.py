"""Questions as they are written: read, printed, and refused with the place and the remedy."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.logs.language import Question, QuestionError, as_text, parse
from console.logs.language.syntax import (
    Aggregate,
    And,
    Compare,
    Everything,
    Field,
    Function,
    Literal,
    Not,
    Or,
    Sign,
    Summary,
    Text,
    Top,
    When,
)
from tests.console.logs.questions import questions


def asked(text: str) -> Question | QuestionError:
    try:
        return parse(text)
    except QuestionError as error:
        return error


def wrong(text: str) -> QuestionError:
    with pytest.raises(QuestionError) as raised:
        parse(text)
    return raised.value


def test_the_example_of_the_help_reads_as_meant() -> None:
    text = (
        'level>=warn service:orders duration>200ms "timed out" -path:/healthz since:1h'
        " | p95(duration), count by region | top 10"
    )
    assert parse(text) == Question(
        And(
            (
                Compare(Field("level"), Sign.AT_LEAST, Literal("warn")),
                Compare(Field("service"), Sign.HAS, Literal("orders")),
                Compare(Field("duration"), Sign.MORE, Literal("200ms")),
                Text("timed out", quoted=True),
                Not(Compare(Field("path"), Sign.HAS, Literal("/healthz"))),
            )
        ),
        (When("since", "1h"),),
        (
            Summary(
                (Aggregate(Function.PERCENTILE, Field("duration"), 95.0), Aggregate(Function.COUNT)),
                (Field("region"),),
            ),
            Top(10),
        ),
    )
    assert as_text(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", "*"),
        ("a AND b OR c", "a b OR c"),
        ("(a OR b) c", "(a OR b) c"),
        ("NOT (a b)", "-(a b)"),
        ("!-x:1", "x:1"),
        ("region:(eu OR us)", "region:eu OR region:us"),
        ("* | top 3 path", "* | count by path | top 3"),
        ("x | hist", "x | hist"),
        ("x | hist 90s p95(duration) by region", "x | hist 90s p95(duration) by region"),
        ("http://example.org/x", "http://example.org/x"),
        ('."odd name"="a \\"b\\""', '."odd name"="a \\"b\\""'),
        ("path~^/v(1|2)/", "path~^/v(1|2)/"),
        ("since:18:00..19:00", "since:18:00..19:00"),
    ],
)
def test_ways_to_write_the_same(text: str, printed: str) -> None:
    assert as_text(parse(text)) == printed


@pytest.mark.parametrize(
    ("text", "at", "why", "hint"),
    [
        ("level>=warm", 7, "no level", "there are trace"),
        ("level:errro", 6, "no level", "did you mean error?"),
        ("level>=40", 7, "a number is no level", ".level"),
        ("region= x", 7, "wants a value", 'region=""'),
        ("a | cout", 4, "no stage", "did you mean count?"),
        ("a | p95", 4, "wants a field", "p95(duration)"),
        ("a | count by x | top 3 cuont", 23, "no column", "did you mean count?"),
        ("x p95(duration)", 2, "stages stand behind a bar", "* | p95"),
        ("(a", 0, "not closed", ")"),
        ("a)", 1, "nothing is open", "quotes"),
        ('x "abc', 2, "not closed", '"'),
        ("a or b", 2, "a word to look for", "write OR"),
        ("duration>200", 9, "durations have units", "200ms"),
        ("x~(?=a)b", 2, "could take for ever", "several"),
        ("x~[a[b]", 4, "only characters", "backslash"),
        ("x~[a", 2, "no pattern", "quotes"),
        ("since:foo", 6, "no time", "yesterday"),
        ("-since:1h", 0, "whole question", "take it out"),
        ("is:hostil", 3, "asks for nothing", "did you mean hostile?"),
        ("trace:zz", 6, "no trace id", "hexadecimal"),
        ("a==b", 1, "no comparison", "write = once"),
        ("a | count | sum(x)", 12, "has made a table", "top"),
        ("| around 5s", 2, "wants lines", "filter"),
        ("x<eu", 2, "is not a number", "4KiB"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, why: str, hint: str) -> None:
    error = wrong(text)
    assert error.at == at, str(error)
    assert why in error.why
    assert hint in error.hint
    line, carets = error.pointed()
    assert line == text
    assert carets.index("^") == at


def test_carets_stand_under_wide_characters() -> None:
    line, carets = wrong("日本 | cuont").pointed()
    assert line == "日本 | cuont"
    assert carets == "       ^^^^^"
    line, carets = wrong("x" * 500 + " level>=warm").pointed()
    assert line[len(line) - 4 :] == "warm"
    assert carets == " " * (len(line) - 4) + "^^^^"


@given(questions())
@settings(max_examples=150, deadline=None)
def test_what_is_printed_means_the_same(question: Question) -> None:
    assert parse(as_text(question)) == question


@given(st.text('ab:=<>!?~|(),."*- 1ms\\ORN\n', max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_question_or_a_mistake_with_a_place(text: str) -> None:
    question = asked(text)
    if isinstance(question, QuestionError):
        assert 0 <= question.at <= len(text)
        assert question.why
        assert question.hint
        assert "^" in question.pointed()[1]
    else:
        assert parse(as_text(question)) == question


@pytest.mark.parametrize(
    "text",
    [
        "x" * 64_000,
        "x:" + "y" * 64_000,
        '"' + "\\" * 60_001 + '"',
        "(" * 10_000,
        "-" * 60_000 + "x",
        "!(" * 10_000,
        "a OR " * 10_000 + "a",
        "a " * 30_000,
        "x:" * 30_000,
        "* | " * 10_000,
        "* | count by " + "a," * 20_000 + "a",
        "x~" + "(" * 400 + ")" * 400,
        "x~" + "a?" * 200,
        "x~" + "[" * 400,
        "x" * 200_000,
    ],
    ids=lambda text: text[:6],
)
def test_no_question_hangs(text: str) -> None:
    began = time.monotonic()
    question = asked(text)
    if isinstance(question, QuestionError):
        assert question.hint
    else:
        assert parse(as_text(question)) == question
    assert time.monotonic() - began < 6


def test_everything_adds_nothing_to_other_terms() -> None:
    assert parse("* x").filter == Text("x")
    assert parse("* OR x").filter == Or((Everything(), Text("x")))
    assert parse("-*").filter == Not(Everything())
