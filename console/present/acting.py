"""Plans, offers and the journal in words, for the command line and the screens."""

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.action import Outcome, Plan
from collectors.text import Shown, one_line
from console.present.words import rfc3339, say


def plan_lines(plan: Plan, environment: str, refusals: tuple[Shown, ...]) -> Iterator[tuple[str, str]]:
    """A plan as (name, words), in the order in which an operator asks."""
    yield "action", f"{plan.spec.id}: {plan.spec.words}"
    yield "target", f"{plan.target} ({environment or 'no environment'})"
    yield "risk", str(plan.level)
    yield "hits", say(plan.count)
    for name, value in plan.request.arguments.items():
        yield name, str(one_line(value))
    for line in plan.sample:
        yield "such as", str(line)
    for line in plan.warnings:
        yield "know", str(line)
    yield "undo", plan.undo or "none"
    yield "as of", rfc3339(plan.request.cut_off)
    yield "server", plan.server or "this machine"
    for line in refusals:
        yield "refused", str(line)


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """How it ended, what was passed over, and what else is known."""
    yield f"{outcome.result}: {outcome.words}"
    for why, many in outcome.skipped.items():
        yield f"  {many} {why}"
    for line in outcome.lines:
        yield f"  {line}"


def record_line(record: Mapping[str, Any]) -> str:
    """One record of the journal on one line; what is not there is left out."""
    who = record.get("who")
    names = who if isinstance(who, Mapping) else {}
    person = names.get("person") or names.get("user") or "?"
    plan = record.get("plan")
    told = plan if isinstance(plan, Mapping) else {}
    words = [
        str(record.get("when", "?")),
        str(record.get("phase", "?")),
        str(person),
        str(record.get("id", "")),
    ]
    if told:
        words += [str(told.get("action", "")), str(told.get("target", ""))]
    if record.get("outcome"):
        words += [str(record["outcome"]), str(record.get("words", ""))]
    if record.get("why"):
        words.append(f"because {record['why']}")
    return str(one_line(" ".join(word for word in words if word), 400))
