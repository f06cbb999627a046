"""Completions: fields and values seen, levels, times, stages; whatever is typed, nothing breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.logs import LogRecord, Severity
from collectors.text import Shown
from console.logs.completing import MOST, complete
from console.logs.language import parse
from console.logs.seen import Seen


def seen() -> Seen:
    found = Seen()
    for number in range(20):
        fields = {
            "region": "eu" if number % 4 else "us",
            "user id": f"u {number % 3}",
            "status": str(200 + number % 2),
            "path": f"/a/{number}",
        }
        pairs = tuple((Shown(name), Shown(value)) for name, value in fields.items())
        found.add([LogRecord(number, 0.0, True, Severity.INFO, Shown("x"), b"", pairs)])
    return found


def offered(text: str, cursor: int | None = None) -> list[str]:
    at = len(text) if cursor is None else cursor
    return [text[: one.start] + one.text + text[one.end :] for one in complete(text, at, seen())]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "level>="),
        ("reg", "region="),
        ("-reg", "-region="),
        ("a b reg", "a b region="),
        ("region=", "region=eu "),
        ("region=u", "region=us "),
        ("-region:e", "-region:eu "),
        ("level>=w", "level>=warning "),
        ("is:h", "is:hostile "),
        ("since:y", "since:yesterday "),
        ("user", '"user id"='),
        ('"user id"=', '"user id"="u 0" '),
        ("(region=e", "(region=eu "),
        ("region=eu | ", "region=eu | count "),
        ("region=eu | p9", "region=eu | p95("),
        ("* | p95(sta", "* | p95(status)"),
        ("* | count by reg", "* | count by region"),
        ("* | count by region | t", "* | count by region | top "),
        ("* | count by region, sta", "* | count by region, status"),
        ("* | show pa", "* | show path"),
    ],
)
def test_the_first_offered(text: str, first: str) -> None:
    assert offered(text)[0] == first


def test_at_a_cursor_within() -> None:
    assert offered("reg timeout", 3)[0] == "region= timeout"


def test_values_say_how_many_have_them_and_fields_their_type() -> None:
    (eu, us) = complete("region=", 7, seen())
    assert (eu.words, us.words) == ("75 %", "25 %")
    assert complete("stat", 4, seen())[0].words == "number, 100 %"


def test_what_stands_there_already_is_not_offered() -> None:
    assert offered("region=us ") == offered("region=us ", 10)
    assert all(text != "region=us " for text in offered("region=us"))


def test_values_are_read_back_as_questions() -> None:
    for text in ('"user id"=', "path=", "status=", "region:"):
        for one in offered(text):
            parse(one)


@given(st.text(max_size=60), st.integers(0, 60))
def test_any_text_is_taken(text: str, cursor: int) -> None:
    assert len(complete(text, min(cursor, len(text)), seen())) <= MOST


def test_no_text_makes_it_slow() -> None:
    for piece in ("a", '"', "a=", "(", "\\", "| ", "-"):
        complete(piece * 30_000, 30_000 * len(piece), seen())
        complete(piece * 30_000 + "(", 30_000 * len(piece) + 1, seen())
