"""Jobs die: the dead of a queue have grown within the last minutes."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import counted, number, say, span

RULE = "dead-letters"
WITHIN = 300.0
"""Seconds in which the dead must have grown."""

MANY = 10.0


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each queue whose dead have grown; a heap that only lies there is none."""
    for row in view.live(Practice.QUEUES):
        reading = cast("QueueReading", row.reading)
        dead = reading.dead.value
        if not dead:
            continue
        past = [(point.value or 0.0, -point.at) for point in view.points(reading.subject.id, "dead", WITHIN)]
        fewest, at = min(past, default=(dead, 0.0))
        grown, since = dead - fewest, -at
        if len(past) < 2 or grown <= 0:
            continue
        lasted = span(max(1.0, view.now - since))
        unit = reading.dead.unit
        evidence = [f"{number(grown, unit)} of them within {lasted}"]
        if reading.failure_rate.value:
            evidence.append(f"failing at {say(reading.failure_rate)}")
        if reading.retrying.value:
            evidence.append(f"{say(reading.retrying)} more will be tried again")
        yield Verdict(
            level=Level.CRITICAL if grown >= MANY else Level.WARNING,
            rule=RULE,
            service=reading.subject.service,
            practice=Practice.QUEUES,
            reason=Shown(
                f"{counted(int(dead), 'dead job')} in {reading.subject.label}, "
                f"{number(grown, unit)} new within {lasted}"
            ),
            evidence=tuple(Shown(line) for line in evidence),
            press="2, then a: retry",
            subject=reading.subject.id,
            since=since,
            worth=grown,
        )
