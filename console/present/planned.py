"""A plan as a dialog shows it: the place in its own colour, and every fact on which a yes rests."""

from datetime import UTC

from collectors.action import Plan, Risk
from collectors.errors import QuarterdeckError
from collectors.model.level import Level
from collectors.model.quantity import Known
from collectors.text import Shown, one_line
from console.actions.guard import Consent
from console.actions.series import Bundle
from console.actions.targets import target_text
from console.engine.state import ArmState
from console.present.cells import level_cell
from console.present.deeds import is_armed
from console.present.words import clock_time, counted, number, say, span
from widgets.cell import Cell

Facts = tuple[tuple[str, Cell], ...]

_RISKS = {
    Risk.SAFE: "safe",
    Risk.DISRUPTIVE: "disruptive: others will notice",
    Risk.DESTRUCTIVE: "destructive: what is lost may be lost for good",
}
_HOW = {
    Known.EXACT: "counted just now",
    Known.ABOUT: "estimated from a sample",
    Known.AT_LEAST: "at least: counting was cut short",
    Known.UNKNOWN: "cannot be counted before",
    Known.NEEDS_SAMPLES: "cannot be counted yet",
}


def place_cell(environment: str, arm: ArmState, now: float) -> Cell:
    """The environment: red where it is protected, with what that means just now."""
    name = str(one_line(environment, 60)).upper() or "NO ENVIRONMENT NAMED"
    if arm.read_only:
        return Cell(f"{name}  read-only", Level.CRITICAL, "◆")
    if not arm.protected:
        return Cell(f"{name}  open, not protected", Level.OK, "●")
    if not is_armed(arm, now):
        return Cell(f"{name}  protected, not armed", Level.CRITICAL, "◆")
    return Cell(f"{name}  protected, ARMED: {arm.reason}", Level.CRITICAL, "◆")


def plan_facts(bundle: Bundle) -> Facts:
    """What stands against it first, then what it hits, what is lost, and how it is known."""
    refused = tuple(("refused", level_cell(Level.CRITICAL, str(why))) for why in bundle.refusals)
    if len(bundle.plans) == 1:
        return refused + _facts(bundle.plans[0].plan)
    first = bundle.plans[0].plan
    listed = [("each", Cell(_one(one.plan))) for one in bundle.plans]
    warnings = dict.fromkeys(str(words) for one in bundle.plans for words in one.plan.warnings)
    return (
        *refused,
        ("action", Cell(f"{first.spec.id}: {first.spec.words}")),
        (
            "on",
            Cell(f"{counted(len(bundle.plans), 'subject')}, one after another; the first failure stops it"),
        ),
        *listed,
        *(("warning", level_cell(Level.WARNING, words)) for words in warnings),
        *_rest(first, [one.plan.server for one in bundle.plans]),
    )


def consent_words(bundle: Bundle) -> tuple[str, str, str]:
    """What to press, by what confirms it: words, the phrase that must be typed, words."""
    if bundle.refusals:
        return "It is refused as it stands. r plans it anew, Esc leaves.", "", ""
    if bundle.consent is Consent.TYPED:
        return (
            "To run it type  ",
            str(one_line(bundle.phrase, 400)),
            "  then Enter twice. Esc: nothing is done.",
        )
    return "Right arrow, then Enter runs it. Enter now, or Esc: nothing is done.", "", ""


def error_facts(error: QuarterdeckError) -> Facts:
    """Why there is no plan, or why it was not begun; and the remedy."""
    words = [("refused", level_cell(Level.CRITICAL, str(error.why)))]
    words += [("remedy", Cell(str(error.hint)))] if error.hint else []
    return (*words, ("done", Cell("nothing: nothing was touched")))


def started_words(bundle: Bundle) -> Shown:
    """One line when it begins."""
    plan = bundle.plans[0].plan
    more = f", then {len(bundle.plans) - 1} more" if len(bundle.plans) > 1 else ""
    return one_line(f"{plan.spec.id} {plan.target} runs{more}. A shows it, ctrl+c stops it.", 300)


def _facts(plan: Plan) -> Facts:
    where = " · ".join(word for word in (plan.service, str(plan.target)) if word)
    return (
        ("action", Cell(f"{plan.spec.id}: {plan.spec.words}")),
        ("target", Cell(f"{where} ({_named(plan)})")),
        *((name, Cell(str(one_line(value)))) for name, value in plan.request.arguments.items()),
        ("hits", Cell(_hits(plan))),
        *(("warning", level_cell(Level.WARNING, str(words))) for words in plan.warnings),
        *(("" if place else "such as", Cell(str(words))) for place, words in enumerate(plan.sample)),
        *_rest(plan, [plan.server]),
    )


def _rest(plan: Plan, servers: list[str]) -> Facts:
    request = plan.request
    bounds = [f"{request.maximum} at most"] if request.maximum is not None else []
    bounds += [f"{request.rate:g} a second"] if request.rate is not None else []
    servers = list(dict.fromkeys(server or "this machine" for server in servers))
    undo = Cell(plan.undo) if plan.undo else level_cell(Level.WARNING, "none: it cannot be taken back")
    return (
        ("risk", Cell(_RISKS[plan.level])),
        ("undo", undo),
        *(
            (("after it", level_cell(Level.WARNING, f"owed: {plan.owed[1]} ({plan.owed[0]})")),)
            if plan.owed
            else ()
        ),
        ("cut off", Cell(f"{clock_time(request.cut_off, UTC)}; what came later is not touched")),
        *((("limits", Cell(", ".join(bounds))),) if bounds else ()),
        ("deadline", Cell(f"{span(plan.spec.deadline)}, then it stops at its next step")),
        ("server", Cell(str(one_line(", ".join(servers), 400)))),
    )


def _hits(plan: Plan) -> str:
    if plan.count.value is None:
        return f"unknown: {_HOW[plan.count.known]}"
    exactly = f"{plan.count.value:.0f}" if plan.count.value == int(plan.count.value) else ""
    words = exactly if exactly and plan.count.known is Known.EXACT else say(plan.count)
    return f"{words} {'item' if words == '1' else 'items'}, {_HOW[plan.count.known]}"


def _one(plan: Plan) -> str:
    count = "?" if plan.count.value is None else number(plan.count.value, plan.count.unit)
    undo = "" if plan.undo else "; cannot be taken back"
    return f"{plan.target} ({_named(plan)}): {count}{undo}"


def _named(plan: Plan) -> Shown:
    """The target's own name, which tells instances of one label apart."""
    return one_line(target_text(plan.request.subject), 120)
