"""Plans and outcomes as JSON: for the command line, and for the journal, which can make a plan again."""

from collections.abc import Mapping
from typing import Any

from collectors.action import ActionSpec, Outcome, Plan, Request
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, unknown
from collectors.model.subject import SubjectId
from collectors.text import Shown
from console.actions.targets import target_text
from console.present.report import FORMAT, quantity_json
from console.present.words import rfc3339


def plan_json(plan: Plan, *, arguments: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A plan for people and programs: ``{action, target, risk, count, sample, refusals, undo, …, hash}``."""
    return {
        "format": FORMAT,
        "action": plan.spec.id,
        "target": target_text(plan.request.subject),
        "label": str(plan.target),
        "service": plan.service,
        "arguments": dict(plan.request.arguments if arguments is None else arguments),
        "risk": str(plan.level),
        "count": quantity_json(plan.count),
        "sample": [str(line) for line in plan.sample],
        "warnings": [str(line) for line in plan.warnings],
        "refusals": [str(line) for line in plan.refusals],
        "undo": plan.undo,
        "cut_off": rfc3339(plan.request.cut_off),
        "server": plan.server,
        "hash": plan.hash,
    }


def plan_record(plan: Plan) -> dict[str, Any]:
    """What the journal keeps of a plan, from which ``plan_of`` makes one again, without its items."""
    subject = plan.request.subject
    return {
        **plan_json(plan),
        "subject": [str(subject.practice), subject.collector, subject.instance, subject.key.hex()],
        "at": plan.request.cut_off,
        "maximum": plan.request.maximum,
        "rate": plan.request.rate,
        "detail": dict(plan.detail),
        "owed": list(plan.owed) if plan.owed else None,
    }


def subject_of(record: Mapping[str, Any]) -> SubjectId:
    """The subject of a ``plan_record``; raises LookupError, TypeError or ValueError for another record."""
    practice, collector, instance, key = record["subject"]
    return SubjectId(Practice(practice), str(collector), str(instance), bytes.fromhex(key))


def plan_of(record: Mapping[str, Any], spec: ActionSpec) -> Plan:
    """The plan of a ``plan_record``, without items; raises as ``subject_of`` does."""
    request = Request(
        subject=subject_of(record),
        cut_off=float(record["at"]),
        arguments=dict(record["arguments"]),
        maximum=record["maximum"],
        rate=record["rate"],
    )
    count = record["count"]["value"]
    return Plan(
        spec=spec,
        request=request,
        target=Shown(record["label"]),
        service=str(record["service"]),
        server=str(record["server"]),
        count=unknown() if count is None else Quantity(float(count), Unit.COUNT),
        undo=str(record["undo"]),
        detail=dict(record["detail"]),
        owed=tuple(record["owed"]) if record["owed"] else None,
    )


def outcome_json(outcome: Outcome, journal_id: str) -> dict[str, Any]:
    """An outcome: ``{outcome, count, words, skipped, lines, journal_id}``, and ``owes`` where it says so."""
    told = {} if outcome.owes is None else {"owes": outcome.owes}
    return {
        "format": FORMAT,
        "outcome": str(outcome.result),
        "count": outcome.count,
        "words": str(outcome.words),
        "skipped": dict(outcome.skipped),
        "lines": [str(line) for line in outcome.lines],
        "journal_id": journal_id,
        **told,
    }
