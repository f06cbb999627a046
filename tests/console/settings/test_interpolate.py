import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.interpolate import InterpolationError, interpolate

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
NAME = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,12}\Z")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${A}", "one"),
        ("x${A}y${A}z", "xoneyonez"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$$$${A}", "$${A}"),
        ("$$${A}", "$one"),
        ("^foo$", "^foo$"),
        ("$A", "$A"),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${NONE:-}", ""),
        ("${NONE:-a:-b}", "a:-b"),
        ("${NONE:-{x}", "{x"),
        ("${A:?why}", "one"),
        ("${DOLLAR}", "${A}$$"),
        ("${NONE:-$A}", "$A"),
    ],
)
def test_forms(text: str, filled: str) -> None:
    assert interpolate(text, {"A": "one", "EMPTY": "", "DOLLAR": "${A}$$"}) == filled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "$NONE is not set"),
        ("${NONE:?ask ops}", "$NONE is not set: ask ops"),
        ("${EMPTY:?}", "$EMPTY is not set"),
        ("${A} ${B} ${A}", "$A is not set, $B is not set"),
        ("${", "'${' is not"),
        ("${A", "'${A' is not"),
        ("${}", "'${}' is not"),
        ("${1A}", "'${1A}' is not"),
        ("${A:+x}", "'${A:+x}' is not"),
        ("${A B}", "'${A B}' is not"),
        ("${CONTROL}", "$CONTROL holds control characters"),
        ("${NEWLINE}", "$NEWLINE holds control characters"),
        ("${BYTES}", "$BYTES holds control characters or is not UTF-8"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    environ = {"EMPTY": "", "CONTROL": "a\x1b[2J", "NEWLINE": "a\nb", "BYTES": "\udcff"}
    with pytest.raises(InterpolationError) as caught:
        interpolate(text, environ)
    assert str(caught.value).startswith(message)
    assert caught.value.remedy
    assert "2J" not in str(caught.value)


@given(PRINTABLE)
def test_text_with_its_dollars_doubled_comes_back(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), {}) == text


@given(NAME, PRINTABLE, PRINTABLE, PRINTABLE)
def test_what_is_filled_in_is_never_looked_at_again(name: str, value: str, before: str, after: str) -> None:
    text = f"{before.replace('$', '$$')}${{{name}}}{after.replace('$', '$$')}"
    assert interpolate(text, {name: value}) == before + value + after


@given(st.text(max_size=60), st.dictionaries(NAME, PRINTABLE, max_size=3))
def test_any_text_is_filled_in_or_refused(text: str, environ: dict[str, str]) -> None:
    with contextlib.suppress(InterpolationError):
        assert isinstance(interpolate(text, environ), str)
