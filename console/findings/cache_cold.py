"""A cache went cold: its hit ratio has fallen far below its own past, under load."""

from collections.abc import Iterator
from typing import cast

from collectors.model.caches import CacheReading
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import say, tell

RULE = "cache-cold"
LOAD = 0.5
"""Look-ups per second below which a ratio says nothing."""

FALLEN = 0.7
DEEP = 0.35
USUAL_AT_LEAST = 0.3


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each cache whose last two ratios are both far below the usual one."""
    for row in view.live(Practice.CACHES):
        reading = cast("CacheReading", row.reading)
        subject = reading.subject.id
        if (reading.lookups.value or 0.0) < LOAD or reading.hit_ratio.value is None:
            continue
        usual = view.usual(subject, "hit_ratio", 1800.0, 8.0, least=5)
        last = view.values(subject, "hit_ratio", 60.0)[-2:]
        if usual is None or usual < USUAL_AT_LEAST or len(last) < 2 or max(last) >= FALLEN * usual:
            continue
        keys = view.usual(subject, "keys", 1800.0, 8.0, least=5)
        evidence = [f"{tell(reading.lookups)} look-ups: the misses go to what is behind the cache"]
        if keys and reading.keys.value is not None and reading.keys.value < 0.5 * keys:
            evidence.append(f"{say(reading.keys)} keys, usually {say(exact(keys))}: it was emptied")
        if reading.evictions.value:
            evidence.append(f"{tell(reading.evictions)} evicted")
        yield Verdict(
            level=Level.CRITICAL if max(last) < DEEP * usual else Level.WARNING,
            rule=RULE,
            service=reading.subject.service,
            practice=Practice.CACHES,
            reason=Shown(
                f"hit ratio {say(reading.hit_ratio)}, usually {say(exact(usual, Unit.RATIO))}: {evidence[-1]}"
            ),
            evidence=tuple(Shown(line) for line in evidence),
            press="3, then Enter: what fills it",
            subject=subject,
            worth=(usual - max(last)) * 100,
        )
