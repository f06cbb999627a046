"""Plain words: ASP.NET's ``Healthy``, lightship's ``SERVER_IS_READY``, anybody's ``ok`` or ``db: ok``."""

import re

from collectors.health._parsed import Outcome, ParsedHealth, kept, outcome_of, part
from collectors.text import one_line

_ASPNET = frozenset({"Healthy", "Degraded", "Unhealthy"})
_LINE = re.compile(r"([^\n:]{1,100}):[ ]{0,20}([^\n]{1,60})")


def parse(text: str) -> ParsedHealth:
    """Of any text; where its first line is no word that we know, only the status code speaks."""
    lines = _lines(text)
    if lines is not None:
        return lines
    word = text.split("\n", 1)[0].strip().strip('"')
    name = "lightship" if word.startswith("SERVER_IS_") else "text"
    return ParsedHealth(
        format="aspnet" if text in _ASPNET else name,
        outcome=outcome_of(word) or Outcome.SILENT,
        word=one_line(word, 80),
    )


def _lines(text: str) -> ParsedHealth | None:
    """Lines such as ``db: ok``, where each has a word that we know; ``status`` names the whole."""
    found = [_LINE.fullmatch(line.strip()) for line in text.splitlines()[:500] if line.strip()]
    told = {match[1].strip(): match[2] for match in found if match and outcome_of(match[2]) is not None}
    if not told or len(told) != len(found):
        return None
    word = told.pop("status", None)
    parts = kept(part(name, said) for name, said in told.items())
    bad = any(item.bad for item in parts)
    outcome = outcome_of(word) or (Outcome.FAIL if bad else Outcome.PASS)
    return ParsedHealth(format="text", outcome=outcome, word=one_line(word or "", 80), parts=parts)
