"""Reasons not to believe a health answer: each is one cheap rule, and none of them is health."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from collectors.health._parsed import Outcome, ParsedHealth
from collectors.text import Shown, one_line
from collectors.transport.read.http import Response

_CACHE_HEADERS = ("x-cache", "x-cache-status", "cf-cache-status", "x-proxy-cache")
_DATE_PATIENCE = 3.0
"""Seconds after which the Date of a fresh answer has changed, coarse server clocks included."""


def flaws(response: Response, parsed: ParsedHealth) -> Iterator[Shown]:
    """What this answer alone gives away."""
    if 300 <= response.status < 400:
        yield Shown(f"redirects to {_place(response.header('location'))} (not followed)")
    if parsed.format == "html":
        yield Shown("an HTML page instead of a health answer")
    if response.truncated:
        yield Shown("an endless or huge answer, cut")
    yield from _contradictions(response, parsed)
    yield from _cached(response)


def _contradictions(response: Response, parsed: ParsedHealth) -> Iterator[Shown]:
    good = 200 <= response.status < 300
    if good and parsed.outcome is Outcome.FAIL:
        yield Shown(f"says {parsed.word or 'failed'} with status {response.status}")
    elif response.status >= 400 and parsed.outcome is Outcome.PASS:
        yield Shown(f"says {parsed.word or 'ok'} with status {response.status}")
    bad = [part.name for part in parsed.parts if part.bad]
    if parsed.outcome is Outcome.PASS and bad:
        yield one_line(f"says {parsed.word or 'ok'} while {', '.join(bad[:3])} fails", 120)


def _cached(response: Response) -> Iterator[Shown]:
    age = response.header("age").strip()
    if re.fullmatch(r"\d{1,9}", age) and int(age) > 0:
        yield Shown(f"a cached answer, {int(age)} s old")
    for name in _CACHE_HEADERS:
        value = response.header(name)
        if re.search(r"\b(?:hit|stale|updating)\b", value[:200], re.IGNORECASE):
            yield one_line(f"a cached answer: {name}: {value}", 80)
            return
    if re.search(r";\s*hit\b", response.header("cache-status")[:500], re.IGNORECASE):
        yield Shown("a cached answer: cache-status says hit")


def _place(location: str) -> Shown:
    """Where a redirect leads, without its query: that may hold a token."""
    try:
        parts = urlsplit(location[:2000])
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return Shown("a broken address")
    return one_line(f"{host}{parts.path}" or "nowhere", 100)


class DateWatch:
    """Notices a Date header that stands still: the answer is stored somewhere."""

    def __init__(self) -> None:
        self._date = ""
        self._since = 0.0

    def see(self, response: Response, now: float) -> Shown | None:
        """The flaw, where the same Date came ``now`` (seconds of a clock that never jumps) as before."""
        date = response.header("date")
        if date != self._date or not date:
            self._date, self._since = date, now
            return None
        stood = now - self._since
        return (
            Shown(f"the same Date as {stood:.0f} s ago: a stored answer") if stood >= _DATE_PATIENCE else None
        )
