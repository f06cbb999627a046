from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.quantity import Quantity, Unit, about, at_least, exact, needs_samples, unknown
from console.present.words import brief, number, rfc3339, say, span, tell, tiny


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (0.0123, "12 ms"), (0.9994, "999 ms"), (0.9996, "1 s"), (3.42, "3.4 s"), (42, "42 s"),
        (59.6, "1 min"), (125, "2 min"), (840, "14 min"), (3600, "1 h"), (7500, "2 h 5 min"), (86399, "1 d"),
        (90_000, "1 d 1 h"), (40 * 86400, "40 d"), (-5, "-5 s"),
    ],
)  # fmt: skip
def test_a_span_is_said_in_its_two_greatest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("quantity", "long", "short"),
    [
        (exact(8234), "8.2k", "8.2k"),
        (exact(999.6), "1k", "1k"),
        (exact(0.97, Unit.RATIO), "97 %", "97%"),
        (exact(0.034, Unit.RATIO), "3.4 %", "3.4%"),
        (exact(3 * 2**20, Unit.BYTES), "3 MiB", "3M"),
        (exact(0, Unit.BYTES), "0 B", "0B"),
        (exact(0.123, Unit.PER_SECOND), "0.12/s", "0.12/s"),
        (at_least(42, Unit.SECONDS), "≥ 42 s", "≥42s"),
        (about(1000, 100), "≈ 1k ± 10 %", "≈1k"),
        (unknown(), "unknown", "?"),
        (needs_samples(), "needs 2 samples", "…"),
    ],
)
def test_a_quantity_says_how_well_it_is_known(quantity: Quantity, long: str, short: str) -> None:
    assert say(quantity) == long
    assert brief(quantity) == short


def test_a_table_leaves_the_margin_to_the_facts() -> None:
    assert tell(about(1000, 100)) == "≈ 1k"
    assert tell(unknown()) == "?"


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(list(Unit)))
def test_any_number_has_words_and_short_ones(value: float, unit: Unit) -> None:
    words = number(value, unit)
    assert words
    assert "nan" not in words
    if abs(value) < 1e15:
        assert len(words) <= 14


def test_times_are_utc_with_their_zone() -> None:
    assert rfc3339(0.5) == "1970-01-01T00:00:00.500Z"


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (exact(8234), "8.2k"), (at_least(8234), "≥8k"), (at_least(8934), "≥8k"), (about(8999, 9), "≈9k"),
        (at_least(120_000), "120k"), (exact(999), "999"), (exact(0), "0"), (at_least(0), "≥0"),
        (exact(0.3, Unit.SECONDS), "0.3s"), (exact(0.012, Unit.SECONDS), "12ms"),
        (exact(7500, Unit.SECONDS), "2h5m"), (exact(9000, Unit.SECONDS), "2h"),
        (exact(122_400, Unit.SECONDS), "1d"), (at_least(42, Unit.SECONDS), "≥42s"),
        (at_least(3.6, Unit.SECONDS), "≥3s"), (exact(0.034, Unit.RATIO), "3.4%"),
        (about(0.034, 0.01, Unit.RATIO), "≈3%"), (at_least(1, Unit.RATIO), "100%"),
        (exact(0.12, Unit.PER_SECOND), "0.12"), (about(0.12, None, Unit.PER_SECOND), "0.12"),
        (exact(45_000, Unit.PER_SECOND), "45k"), (exact(30 * 2**20, Unit.BYTES), "30M"),
        (unknown(), "?"), (needs_samples(), "…"), (exact(-999_000), "-99…"),
    ],
)  # fmt: skip
def test_four_characters_never_change_a_magnitude(quantity: Quantity, words: str) -> None:
    assert tiny(quantity) == words


def test_a_tag_stands_where_it_finds_room() -> None:
    assert [tiny(exact(value), "†") for value in (7, 312, 8200, 12_000)] == ["7†", "312†", "8.2k", "12k†"]


@given(st.floats(0, 1e14), st.sampled_from(list(Unit)), st.sampled_from([exact, at_least]))
def test_four_characters_are_never_more(value: float, unit: Unit, known: Callable[..., Quantity]) -> None:
    words = tiny(known(value, unit), "w")
    assert len(words) <= 4
    assert words.endswith("…") or any(char.isdigit() for char in words)
