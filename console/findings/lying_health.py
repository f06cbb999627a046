"""A check lies: it says ready while what the service needs cannot be had."""

from collections.abc import Iterator
from typing import cast

from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.level import Level
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import say

RULE = "lying-health"
POLLS = 3
"""Passes in a row that must show the trouble."""


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each service whose readiness is up while evidence says that it cannot serve."""
    ready: dict[str, HealthReading] = {}
    unready: set[str] = set()
    for row in view.live(Practice.HEALTH):
        reading = cast("HealthReading", row.reading)
        if reading.probe is Probe.READINESS and reading.subject.service:
            if reading.state is HealthState.UP:
                ready.setdefault(reading.subject.service, reading)
            else:
                unready.add(reading.subject.service)
    for service, reading in ready.items():
        evidence = [] if service in unready else list(_against(service, view))
        if evidence:
            yield Verdict(
                level=Level.CRITICAL,
                rule=RULE,
                service=service,
                practice=Practice.HEALTH,
                reason=Shown(f"{service} says ready, yet {evidence[0]}: do not believe this check"),
                evidence=tuple(Shown(line) for line in evidence),
                press="1: its checks; 4: who waits for whom",
                subject=reading.subject.id,
                worth=500.0,
            )


def _against(service: str, view: View) -> Iterator[str]:
    """What speaks against the readiness of a service."""
    for row in view.live(Practice.POOLS, service):
        pool = cast("PoolReading", row.reading)
        waited = view.values(pool.subject.id, "waiting", 60.0)[-POLLS:]
        if pool.saturated:
            yield f"{pool.subject.label} has no free slot"
        elif len(waited) == POLLS and min(waited) > 0:
            yield f"{say(pool.waiting)} of its sessions ({pool.subject.label}) wait for a lock"
    declared = view.services.get(service)
    for dependency in declared.depends_on if declared else ():
        checks = [cast("HealthReading", row.reading) for row in view.live(Practice.HEALTH, dependency)]
        if checks and all(check.state is HealthState.DOWN for check in checks):
            yield f"{dependency}, on which it depends, is down"
