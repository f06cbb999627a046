"""What a filter means, and a view that follows it at the cost of what is new."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Context
from collectors.model.logs import LogRecord, Severity
from collectors.model.practice import Practice
from collectors.text import Shown
from console.logs.filter import FilterError, compile_filter
from console.logs.ring import Entry

SUBJECT = Context(collector="test").subject(Practice.LOGS, b"app.log")
LEVELS = {"t": 1, "d": 5, "i": 9, "w": 13, "e": 17, "c": 21}


def entry(
    level: str = "",
    message: str = "x",
    *,
    parsed: bool = True,
    hostile: bool = False,
    timed: bool = True,
    lost: int = 0,
    **fields: str,
) -> Entry:
    pairs = tuple((Shown(name), Shown(value)) for name, value in fields.items())
    severity = Severity(LEVELS[level]) if level else None
    return Entry(
        SUBJECT, LogRecord(0, 0.0, timed, severity, Shown(message), b"", pairs, parsed, hostile, lost)
    )


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        *(
            ("error", "ec"),
            ("ERROR", "ec"),
            (">=warn", "wec"),
            ("warning", "wec"),
            (">warn", "ec"),
            ("=warn", "w"),
        ),
        *(("<warn", "tdi"), ("<=warn", "tdiw"), ("trace", "tdiwec"), ("fatal", "c"), ("=info", "i")),
        *(
            ("!error", "tdiw-"),
            ("!>=info", "td-"),
            (">=info <error", "iw"),
            ("", "tdiwec-"),
            ("!debug", "t-"),
        ),
    ],
)
def test_levels(text: str, passing: str) -> None:
    chosen = compile_filter(text)
    assert [level for level in "tdiwec-" if chosen.matches(entry(level.strip("-")))] == list(passing)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        *(("timed out", True), ("TIMED", False), ("Order", True), ("order", True), ("!order", False)),
        *(
            ('"timed out"', True),
            ('"out timed"', False),
            ('!"timed out"', False),
            ('"timed ou', True),
            ('""', True),
        ),
        *(("region=eu", True), ("region=us", False), ("eu", True), ("gion=e", True), ("Region=eu", False)),
        *(("order !payment", True), ("order payment", False), ('"error"', True), ("=", True), ("!", False)),
    ],
)
def test_words(text: str, passes: bool) -> None:
    one = entry("i", "Order 7 timed out: error", region="eu")
    assert compile_filter(text).matches(one) is passes


def test_what_was_noted() -> None:
    assert compile_filter("is:hostile").matches(entry(hostile=True))
    assert not compile_filter("is:hostile").matches(entry())
    assert compile_filter("is:unparsed").matches(entry(parsed=False))
    assert compile_filter("is:untimed").matches(entry(timed=False))
    assert compile_filter("is:cut").matches(entry(lost=5))
    assert compile_filter("!is:cut").matches(entry())


@pytest.mark.parametrize(("text", "why"), [(">=loud", "'loud' is no level"), ("is:odd", "'is:odd' asks")])
def test_what_means_nothing_is_refused_with_a_remedy(text: str, why: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text)
    assert caught.value.why.startswith(why)
    assert caught.value.hint


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    try:
        chosen = compile_filter(text)
    except FilterError:
        return
    chosen.matches(entry("i", text, a=text))
