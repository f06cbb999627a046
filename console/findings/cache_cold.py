"""A cache went cold: its hit ratio has fallen far below its own past, by more than chance."""

import math
from collections.abc import Iterator
from typing import NamedTuple, cast

from collectors.model.caches import CacheReading
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.subject import SubjectId
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import LEAST, PAST, View
from console.present.words import say, tell

RULE = "cache-cold"
LOOKUPS = 20.0
"""Look-ups that a ratio must rest on, now and in the past."""

WINDOW = 120.0
"""Seconds that may be joined to reach so many."""

FALLEN = 0.7
DEEP = 0.35
USUAL_AT_LEAST = 0.3
CHANCE = 3.0
"""Standard deviations by which a fall exceeds chance."""


class _Look(NamedTuple):
    """Look-ups and hits between two samples; ``since`` and ``at``: UTC epoch seconds."""

    since: float
    at: float
    lookups: float
    hits: float


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each cache under load whose hits are far below their usual share."""
    for row in view.live(Practice.CACHES):
        reading = cast("CacheReading", row.reading)
        stands_since = view.began(RULE, reading.subject.service, reading.subject.id)
        ratio = reading.hit_ratio.value
        # most caches are well: their past need not be read
        if stands_since is not None or (ratio is not None and ratio < FALLEN):
            yield from _judge(reading, view, stands_since)


def _judge(reading: CacheReading, view: View, stands_since: float | None) -> Iterator[Verdict]:
    subject, service = reading.subject.id, reading.subject.service
    window = _latest(_looks(view, subject, WINDOW + 60.0), view.now)
    if not window:
        return
    since = window[0].since if stands_since is None else stands_since
    past = [look for look in _looks(view, subject, view.now - since + PAST) if look.at <= since]
    lookups = sum(look.lookups for look in past)
    enough = len(past) >= LEAST and lookups >= LOOKUPS
    if not lookups or not (enough or stands_since is not None):
        return
    usual = sum(look.hits for look in past) / lookups
    ratio = sum(look.hits for look in window) / sum(look.lookups for look in window)
    if usual < USUAL_AT_LEAST or ratio >= _least(usual, sum(look.lookups for look in window)):
        return
    evidence = [f"{tell(reading.lookups)} look-ups: the misses go to what is behind the cache"]
    if reading.evictions.value:
        evidence.append(f"{tell(reading.evictions)} evicted")
    if reading.expirations.value:
        evidence.append(f"{tell(reading.expirations)} expired")
    keys = view.usual(subject, "keys", since, 1)
    if keys and reading.keys.value is not None and reading.keys.value < 0.5 * keys:
        evidence.append(f"{say(reading.keys)} keys, usually {say(exact(keys))}: it was emptied")
    told = f"hit ratio {say(exact(ratio, Unit.RATIO))}, usually {say(exact(usual, Unit.RATIO))}"
    yield Verdict(
        level=Level.CRITICAL if ratio < DEEP * usual else Level.WARNING,
        rule=RULE,
        service=service,
        practice=Practice.CACHES,
        reason=Shown(f"{told}: {evidence[-1]}"),
        evidence=tuple(Shown(line) for line in evidence),
        press="3, then Enter: what fills it",
        subject=subject,
        since=since,
        worth=(usual - ratio) * 100,
    )


def _least(usual: float, lookups: float) -> float:
    """The ratio from which on a fall is none: a share of the usual one, and what chance explains."""
    spread = math.sqrt(max(0.05, usual * (1 - usual)) / lookups)
    return min(FALLEN * usual, usual - CHANCE * spread)


def _looks(view: View, subject: SubjectId, seconds: float) -> list[_Look]:
    """What came between each two samples of the last ``seconds``; unknown and idle ones are left out."""
    rates = {point.at: point.value for point in view.points(subject, "lookups", seconds)}
    looks = []
    before = None
    for point in view.history.series(subject, "hit_ratio", view.now - seconds):
        if before is not None and point.value is not None and (rate := rates.get(point.at)):
            lookups = rate * min(30.0, point.at - before)
            looks.append(_Look(before, point.at, lookups, lookups * point.value))
        before = point.at
    return looks


def _latest(looks: list[_Look], now: float) -> list[_Look]:
    """The latest samples that together hold enough look-ups; none where they are too old or too few."""
    taken: list[_Look] = []
    for look in reversed(looks):
        if look.since < now - WINDOW:
            break
        taken.insert(0, look)
        if sum(one.lookups for one in taken) >= LOOKUPS:
            return taken
    return []
