"""A pinned question about logs answers more than its threshold allows; the subject's key is what it asks."""

from collections.abc import Iterator

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.model.verdict import Verdict
from collectors.text import Shown, one_line
from console.engine.state import PinnedAnswer
from console.findings.view import View

RULE = "pinned-question"


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each question over its limit; its ``for`` and ``clear`` are in its level already."""
    for one in view.snapshot.pinned:
        if one.level in (Level.WARNING, Level.CRITICAL):
            yield _verdict(one, view)


def _verdict(one: PinnedAnswer, view: View) -> Verdict:
    subject = SubjectId(Practice.LOGS, one.name, "", one.ask.encode())
    part = "" if one.whole else "; not all lines of its time are known"
    return Verdict(
        level=one.level,
        rule=RULE,
        service=one.service,
        practice=Practice.LOGS,
        reason=Shown(f"{one_line(one.name, 40)}: {one.value}, {one.limit}{part}"),
        evidence=(one_line(one.ask),),
        press=f"Enter: its lines; from anywhere :, then ask: {one.name}",
        subject=subject,
        since=view.began(RULE, one.service, subject) or view.now,
        worth=one.times,
    )
