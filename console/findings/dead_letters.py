"""Jobs die: the dead of a queue have grown within the last minutes."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import counted, say, span

RULE = "dead-letters"
WITHIN = 300.0
"""Seconds in which the dead must have grown."""

MANY = 10.0


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each queue whose dead have grown; a heap that only lies there is none."""
    for row in view.live(Practice.QUEUES):
        reading = cast("QueueReading", row.reading)
        dead = reading.dead.value
        past = view.values(reading.subject.id, "dead", WITHIN)
        if not dead or len(past) < 2:
            continue
        grown = dead - min(past)
        if grown <= 0:
            continue
        series = view.history.series(reading.subject.id, "dead", view.now - WITHIN)
        since = next((point.at for point in series if point.value == min(past)), view.now)
        evidence = [f"{grown:.0f} of them within {span(max(1.0, view.now - since))}"]
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
                f"{grown:.0f} new within {span(max(1.0, view.now - since))}"
            ),
            evidence=tuple(Shown(line) for line in evidence),
            press="2, then Enter: the dead by error",
            subject=reading.subject.id,
            since=since,
            worth=grown,
        )
