"""Regular expressions that cannot hang: a few quantifiers, on single characters, over texts of bounded size.

Python's matcher tries again what failed; how often depends on the quantifiers that can share a text. With
``d`` of them without a bound, a text of n characters costs n to the power d + 1, so n is bounded by d.
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 500
"""Characters of a pattern."""

MOST_QUANTIFIERS = 6
REACH = (16_384, 4_096, 512, 160)
"""Characters of a text that are looked at, by the number of quantifiers without a bound."""

_COUNTED = re.compile(r"\{(\d{0,4})(,?)(\d{0,4})\}")


class PatternError(ValueError):
    """A pattern that is wrong, or that could take for ever: where, why, and what to do."""

    def __init__(self, at: int, why: str, remedy: str) -> None:
        super().__init__(why)
        self.at, self.why, self.remedy = at, why, remedy


class Pattern(NamedTuple):
    """A pattern to search with, within the first ``reach`` characters of a text."""

    search: re.Pattern[str]
    reach: int


@lru_cache(maxsize=256)
def examine(text: str) -> Pattern:
    """The pattern, safe to search with; in lower case it fits any case. Raises PatternError."""
    if len(text) > LONGEST:
        raise PatternError(LONGEST, f"a pattern has {LONGEST} characters at most", "look for a part of it")
    unbounded = _walk(text)
    # escapes such as \S are not upper case that someone meant
    plain = re.sub(r"\\.", "", text)
    try:
        search = re.compile(text, re.IGNORECASE if plain == plain.lower() else 0)
    except (re.error, OverflowError, RecursionError) as error:
        at = getattr(error, "pos", None) or 0
        raise PatternError(
            at, f"this is no pattern: {error}"[:120], "write texts without ~, in quotes"
        ) from None
    return Pattern(search, REACH[unbounded])


def _walk(text: str) -> int:
    """Refuse what may take long; the number of quantifiers without a bound."""
    at = quantifiers = unbounded = 0
    after_group = False
    while at < len(text):
        char = text[at]
        if char == "\\":
            if text[at + 1 : at + 2].isdigit():
                raise PatternError(at, "a pattern cannot refer back", "leave it out")
            at, after_group = at + 2, False
            continue
        if char == "[":
            at, after_group = _class_end(text, at), False
            continue
        if text.startswith("(?", at) and not text.startswith(("(?:", "(?i)"), at):
            raise PatternError(at, "a pattern cannot look around", "use (?:…) or (…) alone")
        width, open_end = _quantifier(text, at)
        if width:
            quantifiers += 1
            unbounded += open_end
            if after_group and char != "?":
                raise PatternError(at, "only ? may follow a group", "repeat characters or [classes] instead")
            if quantifiers > MOST_QUANTIFIERS or unbounded >= len(REACH):
                raise PatternError(at, "so many quantifiers could take for ever", "use several comparisons")
        after_group = char == ")"
        at += width or 1
        if width and text[at : at + 1] in ("?", "+"):
            at += 1
    return unbounded


def _quantifier(text: str, at: int) -> tuple[int, bool]:
    """How long a quantifier at ``at`` is (0: there is none) and whether it goes on for ever."""
    if text[at] in "*+":
        return 1, True
    if text[at] == "?":
        return (0 if at and text[at - 1] == "(" else 1), False
    found = _COUNTED.match(text, at)
    if found is None or not (found[1] or found[3]):
        return 0, False
    low = int(found[1] or 0)
    high = int(found[3]) if found[3] else low if not found[2] else 10_000
    if low > 200:
        raise PatternError(at, "so many repetitions could take for ever", "repeat 200 times at most")
    return len(found[0]), high - low > 8


def _class_end(text: str, at: int) -> int:
    """Behind a class of characters, which holds no quantifiers."""
    at += 1
    if text[at : at + 1] == "^":
        at += 1
    if text[at : at + 1] == "]":
        at += 1
    while at < len(text) and text[at] != "]":
        if text[at] == "[" or text[at : at + 2] in ("--", "&&", "~~", "||"):
            raise PatternError(at, "a class holds only characters", "write a backslash before this one")
        at += 2 if text[at] == "\\" else 1
    return at + 1
