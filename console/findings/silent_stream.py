"""A stream that usually speaks is silent for much longer than ever: its writer hangs or writes elsewhere."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import say

RULE = "silent-stream"
TIMES = 3.0
"""How many times its longest silence a stream must be silent."""

LEAST = 60.0
"""Seconds below which no silence is worth a word."""


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each silent stream."""
    for row in view.live(Practice.LOGS):
        verdict = _judge(cast("LogReading", row.reading), view.now)
        if verdict is not None:
            yield verdict


def _judge(reading: LogReading, now: float) -> Verdict | None:
    silent, longest = reading.last_line_age.value, reading.longest_silence.value
    usual = reading.usual_rate.value
    if reading.word not in ("", "following") or silent is None or longest is None or not usual:
        return None
    if silent < max(LEAST, TIMES * longest):
        return None
    subject = reading.subject
    return Verdict(
        level=Level.WARNING,
        rule=RULE,
        service=subject.service,
        practice=Practice.LOGS,
        reason=Shown(
            f"{subject.label} is silent since {say(reading.last_line_age)}, "
            f"never longer than {say(reading.longest_silence)} before: "
            "its writer hangs, is gone, or writes elsewhere"
        ),
        evidence=(
            Shown(f"usually {say(reading.usual_rate)}; the stream itself is followed without a fault"),
        ),
        press="5, then Enter: its last lines",
        subject=subject.id,
        since=now - silent,
        worth=silent / max(longest, 1.0),
    )
