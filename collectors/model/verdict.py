"""The one thing that judgement is."""

from dataclasses import dataclass

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.text import Shown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong (or not), why, by what evidence, and what to press.

    A verdict about one subject names it; a finding across practices has a ``rule`` name of its
    own and may name none. ``since``: UTC epoch seconds when it began, None where not known.
    ``worth``: orders verdicts of one level, higher first.
    """

    level: Level
    rule: str
    service: str
    practice: Practice
    reason: Shown
    evidence: tuple[Shown, ...] = ()
    press: str = ""
    subject: SubjectId | None = None
    since: float | None = None
    worth: float = 0.0
