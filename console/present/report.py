"""What ``check`` and ``show`` print as JSON, and the exit status of a level."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_from_bytes

from collectors.model.level import Level, worst
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.verdict import Verdict
from console.engine.state import Failure, Freshness, Row, Snapshot
from console.present.fold import fold_all
from console.present.servers import as_json
from console.present.words import rfc3339
from console.settings import Service

FORMAT = 1

EXIT = {Level.NONE: 0, Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2, Level.UNKNOWN: 3}
"""Exit status of ``check`` by overall level."""


def report(
    snapshot: Snapshot, environment: str, services: Mapping[str, Service], practice: Practice | None = None
) -> dict[str, Any]:
    """The whole report, or one practice's part of it; see README for the fields."""
    rows = snapshot.rows if practice is None else snapshot.of(practice)
    failures = [source.failure for source in snapshot.sources if source.failure is not None]
    findings = [one for one in snapshot.findings if practice is None or one.practice is practice]
    return {
        "format": FORMAT,
        "environment": environment,
        "level": str(level_of(snapshot, services, practice)),
        "readings": [_reading(row) for row in rows],
        "failures": [_failure(one) for one in failures if practice is None or one.practice is practice],
        "verdicts": [_verdict(one) for one in findings],
        "servers": as_json(snapshot.servers),
    }


def level_of(snapshot: Snapshot, services: Mapping[str, Service], practice: Practice | None = None) -> Level:
    """The worst level of all places of the fleet and of all findings; ``OK`` where no limit is set."""
    folds = fold_all(snapshot, services)
    levels = [folded.level for (_name, of), folded in folds.items() if practice is None or of is practice]
    levels += [one.level for one in snapshot.findings if practice is None or one.practice is practice]
    never = any(
        source.freshness(snapshot.now) is Freshness.NEVER_RAN
        for source in snapshot.sources
        if practice is None or source.practice is practice
    )
    found = worst(levels)
    if never and found.rank < Level.UNKNOWN.rank:
        return Level.UNKNOWN
    return Level.OK if found is Level.NONE else found


def quantities_json(quantities: Iterable[tuple[str, Quantity]]) -> dict[str, dict[str, Any]]:
    """Quantities by name; a value that is not known is null."""
    return {name: quantity_json(quantity) for name, quantity in quantities}


def quantity_json(quantity: Quantity) -> dict[str, Any]:
    """A value with its unit and how well it is known; null where it is not."""
    value = quantity.value
    whole = value is not None and value == int(value) and abs(value) < 2**53
    told: dict[str, Any] = {
        "value": int(value) if value is not None and whole else value,
        "unit": str(quantity.unit),
        "known": str(quantity.known),
    }
    if quantity.margin is not None:
        told["margin"] = quantity.margin
    return told


def _reading(row: Row) -> dict[str, Any]:
    subject = row.reading.subject
    return {
        "practice": str(row.reading.practice),
        "service": subject.service,
        "instance": subject.instance,
        "collector": subject.collector,
        "subject": str(subject.label),
        "key": quote_from_bytes(subject.id.key, safe=""),
        "level": str(row.verdict.level),
        "because": str(row.verdict.reason),
        "freshness": str(row.freshness),
        "taken": rfc3339(row.taken),
        "word": str(row.reading.word),
        "note": str(row.reading.note),
        "quantities": quantities_json(row.reading.quantities().items()),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "collector": failure.source.collector,
        "instance": failure.source.instance,
        "practice": str(failure.practice),
        "service": failure.service,
        "why": str(failure.why),
        "hint": str(failure.hint),
        "since": rfc3339(failure.since),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "level": str(verdict.level),
        "rule": verdict.rule,
        "service": verdict.service,
        "practice": str(verdict.practice),
        "because": str(verdict.reason),
        "evidence": [str(line) for line in verdict.evidence],
        "press": verdict.press,
        "subject": quote_from_bytes(verdict.subject.key, safe="") if verdict.subject else None,
        "since": rfc3339(verdict.since) if verdict.since is not None else None,
    }
