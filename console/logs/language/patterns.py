"""Regular expressions that cannot hang a question.

Python's matcher is quick, but tries again what failed: with ``d`` repetitions without a bound a text of n
characters may cost n to the power d + 1 steps. So it gets texts that are short enough for the pattern, and
longer ones go to a machine that takes one step for each character.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from console.logs.language.automaton import Automaton, UnfitError, parsed, width

LONGEST = 500
"""Characters of a pattern."""

REACH = 16 * 1024
"""Characters of a text that are looked at."""

STEPS = 1_000_000
"""Steps that one text may cost: some milliseconds of Python's matcher, a tenth of a second of the machine."""


class PatternError(ValueError):
    """A pattern that is wrong, or that no machine can follow: where, why, and what to do."""

    def __init__(self, at: int, why: str, remedy: str) -> None:
        super().__init__(why)
        self.at, self.why, self.remedy = at, why, remedy


class Pattern(NamedTuple):
    """Whether a text fits, by its first ``reach`` characters."""

    fits: Callable[[str], bool]
    reach: int


@lru_cache(maxsize=256)
def examine(text: str) -> Pattern:
    """The pattern, safe to search with; in lower case it fits any case. Raises PatternError."""
    if len(text) > LONGEST:
        raise PatternError(LONGEST, f"a pattern has {LONGEST} characters at most", "look for a part of it")
    # a [ in a class is read by future versions of re as a class of its own
    found = re.search(r"\[[^\]\\]*(?:\[|--|&&|~~|\|\|)", text)
    if found is not None and _within_class(text, found.end()):
        raise PatternError(
            found.end() - 1, "a class holds only characters", "write a backslash before this one"
        )
    # escapes such as \S are not upper case that someone meant
    plain = re.sub(r"\\.", "", text)
    flags = re.IGNORECASE if plain == plain.lower() else 0
    try:
        search = re.compile(text, flags).search
        tokens, own = parsed(text)
    except (re.error, OverflowError, RecursionError) as error:
        at = getattr(error, "pos", None) or 0
        raise PatternError(
            at, f"this is no pattern: {error}"[:120], "write texts without ~, in quotes"
        ) from None
    try:
        machine = Automaton(tokens, own | flags)
    except UnfitError as error:
        why = f"this pattern could take for ever: {error}"
        raise PatternError(0, why, "use several comparisons") from None
    unbounded, product, nested = width(tokens)
    short = 0 if nested else min(REACH, int((STEPS / product) ** (1 / (unbounded + 1))))
    reach = min(REACH, STEPS // machine.size)

    def fits(given: str) -> bool:
        if len(given) <= short:
            return search(given) is not None
        return machine.fits(given[:reach], whole=len(given) <= reach)

    return Pattern(fits, max(short, reach))


def _within_class(text: str, end: int) -> bool:
    """Whether what ends at ``end`` stands within a class that is open."""
    depth = at = 0
    while at < end - 1:
        if text[at] == "\\":
            at += 1
        elif text[at] == "[" and not depth:
            depth = 1
            at += text[at + 1 : at + 2] in ("]", "^")
        elif text[at] == "]":
            depth = 0
        at += 1
    return depth > 0
