"""``key=value`` pairs, in linear time."""

import json
import re

MOST = 16 * 1024
"""Characters looked at: no expression of ours runs over more."""

# possessive throughout: on a 64,000-character token the naive form takes half a minute
_PAIR = re.compile(r'(?<![^\s])([^\s="]++)=("(?:[^"\\]|\\.)*"?|[^\s]*+)')
_STARTS = re.compile(r"\s{0,8}[A-Za-z_@][\w.@/-]{0,64}+=")


def looks_like(text: str, start: int = 0) -> bool:
    """Whether a line, or what stands behind ``start`` in it, begins with a pair."""
    return _STARTS.match(text, start) is not None


def pairs(text: str) -> dict[str, str]:
    """The pairs of a line, unquoted; the last of equal keys counts."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(text[:MOST]):
        found[match[1]] = unquoted(match[2])
    return found


def raw_pairs(text: str) -> dict[str, str]:
    """The same with values as they stand, quotation marks and all; many times as quick."""
    return dict(_PAIR.findall(text[:MOST]))


def words_before(text: str) -> tuple[str, str]:
    """A line as its words before the first pair, and the rest."""
    match = _PAIR.search(text[:MOST])
    if match is None:
        return text, ""
    return text[: match.start()].rstrip(), text[match.start() :]


def unquoted(value: str) -> str:
    """A pair's value without its quotation marks."""
    if not value.startswith('"'):
        return value
    if "\\" not in value:
        return value[1:].removesuffix('"')
    try:
        return str(json.loads(value, strict=False))
    except (ValueError, RecursionError):
        return value[1:].removesuffix('"')
