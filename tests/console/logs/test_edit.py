"""What keys and mouse make of a question: text that is read back as what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.logs import edit
from console.logs.language import QuestionError, parse
from console.logs.language.syntax import Compare, Literal, Sign

NOW = 1_795_460_000.0  # 2026-11-23 18:53:20 UTC
LATE = NOW - 600


@pytest.mark.parametrize(
    ("text", "name", "value", "wanted", "asked"),
    [
        ("", "region", "eu", True, "region=eu"),
        ("region=eu", "path", "/a b", False, 'region=eu -path="/a b"'),
        ("a OR b", "region", "eu", True, "(a OR b) region=eu"),
        ("region=eu", "region", "eu", True, "region=eu"),
        ("region=eu x", "region", "eu", False, "x -region=eu"),
        ("a since:1h | count", "status", "500", True, "a status=500 since:1h | count"),
        ("", "odd name", 'a"b', True, '"odd name"="a\\"b"'),
        ("", "duration", "12.5", True, ".duration=12.5"),
        ("", "level", "error", False, "-level=error"),
    ],
)  # fmt: skip
def test_a_value_is_asked_for_or_left_out(text: str, name: str, value: str, wanted: bool, asked: str) -> None:
    assert edit.with_value(text, name, value, wanted=wanted) == asked


def test_a_window_replaces_the_one_before_and_is_lifted_again() -> None:
    once = edit.with_window("level>=warn since:1h", LATE, LATE + 60, NOW)
    assert once == "level>=warn since:18:43:20 until:18:44:20"
    again = edit.with_window(once, LATE + 5, LATE + 10, NOW)
    assert again == "level>=warn since:18:43:25 until:18:43:30"
    assert edit.without_window(again) == "level>=warn"
    assert edit.without_window("a   b") == "a   b"
    assert edit.without_window("since:1h") == ""


def test_a_window_of_another_day_names_the_day_and_one_up_to_now_has_no_end() -> None:
    assert edit.with_window("", NOW - 90_000, NOW - 86_400, NOW) == (
        "since:2026-11-22T17:53:20Z until:2026-11-22T18:53:20Z"
    )
    assert edit.with_window("", LATE, NOW + 5, NOW) == "since:18:43:20"


def test_a_question_that_is_wrong_is_not_changed() -> None:
    with pytest.raises(QuestionError):
        edit.with_value("level>=loud", "region", "eu", wanted=True)


def test_stages_are_lifted() -> None:
    assert edit.without_stages("region=eu | count by path") == "region=eu"
    assert edit.with_phrase("region=eu", "timed out") == 'region=eu "timed out"'


@given(st.text(min_size=1, max_size=40), st.text(max_size=40), st.booleans())
def test_any_name_and_value_is_read_back_as_itself(name: str, value: str, wanted: bool) -> None:
    try:
        text = edit.with_value("", name, value, wanted=wanted)
    except QuestionError:
        raise AssertionError("refused") from None
    term = parse(text).filter
    found = term if wanted else getattr(term, "term")  # noqa: B009 - a Not
    assert isinstance(found, Compare)
    assert (found.field.name, found.sign, found.literal.text) == (name, Sign.IS, value)
    assert found.literal == Literal(value, quoted=found.literal.quoted)
