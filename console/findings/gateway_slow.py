"""Something that a service calls is slow: its health answers take many times their usual time."""

from collections.abc import Iterator
from typing import cast

from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import LEAST, View
from console.present.words import say

RULE = "gateway-slow"
SLOW = 0.8
"""Seconds below which an answer is never called slow."""

VERY_SLOW = 8.0

TIMES = 5.0
IN_A_ROW = 2
"""Answers in a row that must be slow: one alone is a hiccup."""

BEFORE = 5.0
"""Seconds by which the usual past ends before the trouble was seen."""


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each service: its slowest check, with the sub-check that is to blame."""
    worst: dict[str, Verdict] = {}
    for row in view.live(Practice.HEALTH):
        verdict = _judge(cast("HealthReading", row.reading), view)
        if verdict is not None:
            name = verdict.service or str(row.reading.subject.label)
            known = worst.get(name)
            if known is None or verdict.worth > known.worth:
                worst[name] = verdict
    yield from worst.values()


def _judge(reading: HealthReading, view: View) -> Verdict | None:
    latency = reading.latency.value
    if latency is None or latency < SLOW or reading.state is HealthState.DOWN:
        return None
    subject, service = reading.subject.id, reading.subject.service
    last = view.points(subject, "latency", 120.0)[-IN_A_ROW:]
    if len(last) < IN_A_ROW:
        return None
    stands_since = view.began(RULE, service, None if service else subject)
    since = last[0].at if stands_since is None else stands_since
    usual = view.usual(subject, "latency", since - BEFORE, LEAST if stands_since is None else 1)
    if usual is None or min(point.value or 0.0 for point in last) < max(SLOW, TIMES * usual):
        return None
    blamed = list(_blamed(reading))
    cause = f": {', '.join(blamed[:2])}" if blamed else ": what it calls is slow, or it is short of workers"
    return Verdict(
        level=Level.CRITICAL if latency >= VERY_SLOW else Level.WARNING,
        rule=RULE,
        service=service,
        practice=Practice.HEALTH,
        reason=Shown(
            f"{service or reading.subject.label} answers its {reading.probe} check "
            f"in {say(reading.latency)}, usually {say(exact(usual, Unit.SECONDS))}{cause}"
        ),
        evidence=tuple(Shown(line) for line in blamed),
        press="1, then Enter: its sub-checks",
        subject=subject,
        since=since,
        worth=latency,
    )


def _blamed(reading: HealthReading) -> Iterator[str]:
    """Sub-checks that say that they are bad, then those that take long."""
    yield from (f"{part.name} says {part.word}" for part in reading.parts if part.bad and part.word)
    for part in reading.parts:
        value = part.value
        if value is not None and value.unit is Unit.SECONDS and (value.value or 0.0) >= SLOW:
            yield f"{part.name} takes {say(value)}"
