"""django-health-check: JSON ``{"Database(alias='default')": "OK"}``, text ``Database(…): OK``; 500 on error.

Before 4.0 a check says "working"; a name is the check's repr, or "Cache backend: default".
"""

import re
from collections.abc import Mapping

from collectors.health._parsed import Outcome, ParsedHealth, kept, part
from collectors.text import one_line

_PASSED = frozenset({"OK", "working"})
_CHECK = re.compile(
    r"[A-Za-z_][\w.]{0,80}\([^\n]{0,200}\)|[\w ]{1,60}(?:Backend|backend|HealthCheck)(?:: \w{1,60})?"
)
_LINE = re.compile(r"([^\n]{1,300}?)\s*: ([^\n]{1,400})")


def parse(document: Mapping[str, object]) -> ParsedHealth | None:
    """Of a JSON object, None where it is of another format."""
    told = {str(name): word for name, word in document.items() if isinstance(word, str)}
    if not told or len(told) != len(document):
        return None
    return _parsed(told)


def parse_text(text: str) -> ParsedHealth | None:
    """Of a text, None where it is of another format."""
    lines = [line.strip() for line in text.splitlines()[:500] if line.strip()]
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    if not found or len(found) != len(lines):
        return None
    return _parsed({match[1]: match[2] for match in found})


def _parsed(told: Mapping[str, str]) -> ParsedHealth | None:
    named = any(_CHECK.fullmatch(name[:400]) for name in told)
    if not named and any(word != "working" for word in told.values()):
        return None
    parts = [
        part(name, word) if word in _PASSED else part(name, "error", word) for name, word in told.items()
    ]
    bad = [item for item in parts if item.bad]
    return ParsedHealth(
        format="django",
        outcome=Outcome.FAIL if bad else Outcome.PASS,
        word=one_line(f"{len(bad)} of {len(parts)} failed" if bad else next(iter(told.values())), 40),
        parts=kept(parts),
    )
