"""A check lies: it says ready while what the service needs cannot be had."""

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.level import Level
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.state import SourceId
from console.findings.view import View

RULE = "lying-health"
POLLS = 6
"""The last passes over a pool that are looked at."""

LEAST = 3
"""Of those, the passes that must find sessions waiting."""

SHARE = 0.5
"""Of the sessions at work, those that must wait."""

WITHIN = 120.0
"""Seconds within which the last passes must lie."""


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
                since=view.began(RULE, service) or view.now,
                worth=500.0,
            )


def _against(service: str, view: View) -> Iterator[str]:
    """What speaks against the readiness of a service."""
    servers: dict[SourceId, list[PoolReading]] = {}
    for row in view.live(Practice.POOLS, service):
        servers.setdefault(row.source, []).append(cast("PoolReading", row.reading))
    for pools in servers.values():
        yield from (f"{pool.subject.label} has no free slot" for pool in pools if pool.saturated)
        if waiting := _waiting(pools, view, stands=view.began(RULE, service) is not None):
            yield f"its sessions ({', '.join(waiting)}) wait for a lock and little else works"
    declared = view.services.get(service)
    for dependency in declared.depends_on if declared else ():
        checks = [cast("HealthReading", row.reading) for row in view.live(Practice.HEALTH, dependency)]
        if checks and all(check.state is HealthState.DOWN for check in checks):
            yield f"{dependency}, on which it depends, is down"


def _waiting(pools: list[PoolReading], view: View, *, stands: bool) -> list[str]:
    """The pools of one server whose sessions waited in the last polls, if most of those at work did.

    A poll between two requests finds nobody at work; the finding stands until no poll finds one waiting.
    """
    if not stands and not any(pool.waiting.value for pool in pools):
        return []
    waiting: defaultdict[float, float] = defaultdict(float)
    active: defaultdict[float, float] = defaultdict(float)
    names: dict[float, set[str]] = {}
    for pool in pools:
        for point in view.points(pool.subject.id, "waiting", WITHIN):
            waiting[point.at] += point.value or 0.0
            if point.value:
                names.setdefault(point.at, set()).add(str(pool.subject.label))
        for point in view.points(pool.subject.id, "active", WITHIN):
            active[point.at] += point.value or 0.0
    polls = sorted(waiting)[-POLLS:]
    hit = [at for at in polls if waiting[at]]
    most = sum(waiting[at] for at in polls) >= SHARE * sum(active[at] for at in polls)
    if not most or len(hit) < (1 if stands else LEAST):
        return []
    return sorted(set().union(*(names[at] for at in hit)))
