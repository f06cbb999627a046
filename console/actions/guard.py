"""Whether something may be done, and what the operator must do to confirm it: pure rules."""

from collections.abc import Iterator
from enum import StrEnum

from collectors.action import ActionSpec, Plan, Risk
from collectors.text import Shown, one_line
from console.actions.arming import Arming
from console.actions.limits import bounds_of
from console.actions.targets import subject_text
from console.engine.state import Freshness, Row, Snapshot
from console.settings import Settings

DRIFT = 0.1
"""Part by which what a plan hits may have changed before it must be made anew."""

VALID_FOR = 300.0
"""Seconds for which a plan may be confirmed."""


class Consent(StrEnum):
    """What confirms a plan: nothing, a yes, or the target typed."""

    NONE = "none"
    YES = "yes"
    TYPED = "typed"


def consent(plan: Plan, *, protected: bool) -> Consent:
    """By risk; in a protected environment what cannot be counted counts as destructive."""
    level = plan.level
    if level is Risk.DISRUPTIVE and protected and not plan.count.is_known:
        level = Risk.DESTRUCTIVE
    return {Risk.SAFE: Consent.NONE, Risk.DISRUPTIVE: Consent.YES, Risk.DESTRUCTIVE: Consent.TYPED}[level]


def phrase(settings: Settings, plan: Plan) -> str:
    """What is typed to confirm: ``ENV/SUBJECT``, percent-encoded; an environment without a name is ``-``."""
    return f"{settings.environment or '-'}/{subject_text(plan.request.subject.key)}"


def standing(spec: ActionSpec, service: str, settings: Settings, arming: Arming) -> Iterator[Shown]:
    """Why this action may not be done on this service now, whatever the plan says."""
    why, remedy = arming.why_not
    if why:
        yield Shown(f"{why}: {remedy}")
    denied = bounds_of(settings, spec, service).denied
    if denied:
        yield one_line(f"[limits] deny = {denied!r} forbids {spec.id} on {service or 'it'}")


def unsound(row: Row | None, snapshot: Snapshot) -> Iterator[Shown]:
    """Why what is known of the subject is no ground to act on."""
    if row is None:
        yield Shown("the source does not name it any more")
        return
    if row.freshness is not Freshness.LIVE:
        age = max(0.0, snapshot.now - row.arrived)
        yield Shown(f"its reading is {row.freshness}, {age:.0f} s old: nothing is done on what is not fresh")


def beyond(plan: Plan) -> Iterator[Shown]:
    """Why a plan hits more than it may."""
    most, count = plan.request.maximum, plan.count.value
    if most is not None and count is not None and count > most:
        yield Shown(f"it would hit {count:g}, and {most} is the most: choose fewer, or raise the limit")


def drifted(plan: Plan, fresh: Plan) -> str:
    """What has changed since the plan was made; empty where it holds, or may within its margins."""
    if fresh.server != plan.server:
        return "the server is another one now, or has another role"
    before, now = plan.count.value, fresh.count.value
    if before is None or now is None:
        return ""
    chance = (plan.count.margin or 0.0) + (fresh.count.margin or 0.0)
    if abs(now - before) > DRIFT * max(before, 1.0) + chance:
        return f"it would hit {now:g} now, not {before:g}"
    return ""
