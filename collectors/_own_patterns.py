"""Patterns that a user writes: a part of regular expressions small enough to be quick on every text."""

import re

MOST = 512
"""Characters that one pattern may take."""

_UNBOUNDED = 256
_LEAST_LITERAL = 3
_SET = re.compile(r"\[\^?(?:\\[\\\]^wd-]|[^\\\]\[]){1,80}\]|\\[wd]")
_LITERAL = re.compile(r"\\([^\w\s])|([^\\\[\](){}*+?|^$.])")
_REPEAT = re.compile(r"\{(\d{1,3})(?:,(\d{1,3}))?\}|([+*?])")


def compiled(pattern: str) -> tuple[str, re.Pattern[str]]:
    r"""The literal text without which the pattern cannot fit, and the pattern.

    Allowed are characters, sets such as ``[A-Za-z0-9]``, ``\w`` and ``\d``, each followed by ``{n}``,
    ``{n,m}``, ``+``, ``*`` or ``?``; a repeat takes all that it can and gives nothing back. Raises
    ValueError for anything else, with the place and the remedy.
    """
    parts: list[str] = []
    literals = [""]
    at = taken = 0
    while at < len(pattern):
        found = _SET.match(pattern, at) or _LITERAL.match(pattern, at)
        if found is None:
            raise ValueError(
                f"{pattern!r}: {pattern[at]!r} at character {at + 1} is not understood: "
                "write characters, sets such as [A-Z0-9] and repeats such as {8,64}; a sign itself as \\."
            )
        literal = found.re is _LITERAL and (found[1] or found[2])
        at = found.end()
        repeat, most, at = _repeat(pattern, at)
        taken += most
        parts.append((re.escape(literal) if literal else found.group()) + repeat)
        if literal and not repeat:
            literals[-1] += literal
        else:
            literals.append("")
    gate = max(literals, key=len)
    if len(gate) < _LEAST_LITERAL:
        raise ValueError(
            f"{pattern!r}: name at least {_LEAST_LITERAL} characters in a row that are always there"
        )
    if taken > MOST:
        raise ValueError(f"{pattern!r}: takes up to {taken} characters; bound its repeats to {MOST} in all")
    return gate, re.compile("".join(parts))


def _repeat(pattern: str, at: int) -> tuple[str, int, int]:
    """A repeat as the compiled pattern has it, how many characters it takes, and where it ends."""
    found = _REPEAT.match(pattern, at)
    if found is None:
        return "", 1, at
    if found[3]:
        least, most = {"+": (1, _UNBOUNDED), "*": (0, _UNBOUNDED), "?": (0, 1)}[found[3]]
    else:
        least = int(found[1])
        most = int(found[2] or least)
    if most < least or most == 0:
        raise ValueError(f"{pattern!r}: the repeat at character {at + 1} takes nothing")
    # possessive: nothing is tried twice
    return f"{{{least},{most}}}+", most, found.end()
