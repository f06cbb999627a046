"""Patterns: what they match is what Python's own matcher matches, and none of them can hang."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.logs.language.automaton import Automaton, parsed
from console.logs.language.patterns import REACH, PatternError, examine

ATOMS = st.sampled_from(
    (
        "a",
        "b",
        "A",
        "é",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\W",
        "[ab]",
        "[^a]",
        "[a-c0]",
        r"\b",
        "^",
        "$",
        r"\B",
        r"\.",
        "1",
        " ",
    )
)
REPEATS = st.sampled_from(("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"))
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds(
            "(?:{}){}".format, inner, st.sampled_from(("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"))
        ),
    ),
    max_leaves=6,
)
# of an empty text Python's \B has changed its mind
TEXTS = st.text("aAbcé01 .\n_-", min_size=1, max_size=12)


@given(PATTERNS, TEXTS, st.booleans())
@settings(max_examples=400, deadline=None)
def test_the_machine_agrees_with_re(pattern: str, text: str, folds: bool) -> None:
    flags = re.IGNORECASE if folds else 0
    tokens, own = parsed(pattern)
    machine = Automaton(tokens, own | flags)
    wanted = re.search(pattern, text, flags) is not None
    assert machine.fits(text) == wanted
    assert machine.fits(text) == wanted


@given(PATTERNS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_what_is_examined_fits_as_re_does(pattern: str, text: str) -> None:
    found = examine(pattern)
    lower = re.sub(r"\\.", "", pattern)
    flags = re.IGNORECASE if lower == lower.lower() else 0
    assert found.fits(text) == (re.search(pattern, text, flags) is not None)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * REACH),
        ("(a|aa)+$", "a" * REACH + "!"),
        ("(.*a){12}", "a" * 11 + "b" * REACH),
        (".*.*.*=.*", "x" * REACH),
        ("a.*a.*a.*!$", "a" * REACH),
        ("[a-z]{1,8}" * 6 + "1", "a" * REACH),
        ("(a|aa)?" * 12 + "x", "a" * REACH),
        ("(x+x+)+y", "x" * REACH),
        (r"^(\w+\s?)*$", "word " * 3000 + "!"),
        ("a{0,90}a{0,90}a{0,90}b", "a" * REACH),
        (r"(a|b)*a(a|b){12}c", "ab" * (REACH // 2)),
    ],
)
def test_no_pattern_hangs(pattern: str, text: str) -> None:
    found = examine(pattern)
    began = time.monotonic()
    assert not found.fits(text)
    for length in (10, 100, 1000, 5000):
        found.fits(text[:length])
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("pattern", "at", "why"),
    [
        ("(a", 0, "no pattern"),
        ("[a", 0, "no pattern"),
        ("*a", 0, "no pattern"),
        ("x" * 501, 500, "at most"),
        (r"(a)\1", 0, "one pass"),
        ("(?=a)b", 0, "one pass"),
        ("(?>a)b", 0, "one pass"),
        ("(?s).", 0, "only (?i)"),
        ("(a{1,90}){90}", 0, "too large"),
        ("[a[b]", 2, "only characters"),
    ],
)
def test_what_no_machine_follows_is_refused(pattern: str, at: int, why: str) -> None:
    with pytest.raises(PatternError) as raised:
        examine(pattern)
    assert raised.value.at == at
    assert why in raised.value.why
    assert raised.value.remedy
