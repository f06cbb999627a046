"""Something that a service calls is slow: its health answers take many times their usual time."""

from collections.abc import Iterator
from typing import cast

from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import say

RULE = "gateway-slow"
SLOW = 0.8
"""Seconds below which an answer is never called slow."""

TIMES = 5.0


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each service: its slowest check, with the sub-check that is to blame."""
    worst: dict[str, Verdict] = {}
    for row in view.live(Practice.HEALTH):
        reading = cast("HealthReading", row.reading)
        latency = reading.latency.value
        if latency is None or latency < SLOW or reading.state is HealthState.DOWN:
            continue
        usual = view.usual(reading.subject.id, "latency", 1800.0, 15.0, least=5)
        if usual is None or latency < TIMES * usual:
            continue
        blamed = [f"{part.name} says {part.word}" for part in reading.parts if part.bad and part.word]
        blamed += [
            f"{part.name} takes {say(part.value)}"
            for part in reading.parts
            if part.value is not None
            and part.value.unit is Unit.SECONDS
            and (part.value.value or 0.0) >= SLOW
        ]
        cause = (
            f": {', '.join(blamed[:2])}" if blamed else ": what it calls is slow, or it is short of workers"
        )
        name = reading.subject.service or str(reading.subject.label)
        verdict = Verdict(
            level=Level.CRITICAL if latency >= 10 * SLOW else Level.WARNING,
            rule=RULE,
            service=reading.subject.service,
            practice=Practice.HEALTH,
            reason=Shown(
                f"{name} answers its {reading.probe} check in {say(reading.latency)}, "
                f"usually {say(exact(usual, Unit.SECONDS))}{cause}"
            ),
            evidence=tuple(Shown(line) for line in blamed),
            press="1, then Enter: its sub-checks",
            subject=reading.subject.id,
            worth=latency,
        )
        known = worst.get(name)
        if known is None or verdict.worth > known.worth:
            worst[name] = verdict
    yield from worst.values()
