"""A pool leaks: an application's sessions that are idle in transaction pile up and age."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import number, say

RULE = "pool-leak"
LEAST = 3.0
"""Sessions that must be held; one or two are somebody's debugger."""

OLD = 5.0
"""Seconds that the longest must have been idle in its transaction."""

TIMES = 2.0
SHORT = 0.8
"""Share of the slots from which on others will be refused soon."""

MANY = 10.0
BEFORE = 10.0
"""Seconds by which the usual past ends before the longest of them was opened."""

OWN_ROW = b"server"


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each application; the server's own row counts where no application explains it."""
    rows = [cast("PoolReading", row.reading) for row in view.live(Practice.POOLS)]
    rows.sort(key=lambda reading: reading.subject.id.key == OWN_ROW)
    told = set()
    for reading in rows:
        source = (reading.subject.collector, reading.subject.instance)
        if reading.subject.id.key == OWN_ROW and source in told:
            continue
        verdict = _judge(reading, view)
        if verdict is not None:
            told.add(source)
            yield verdict


def _judge(reading: PoolReading, view: View) -> Verdict | None:
    held, oldest = reading.idle_in_transaction.value, reading.oldest_idle_in_transaction.value
    if held is None or oldest is None or held < LEAST or oldest < OLD:
        return None
    subject, service = reading.subject.id, reading.subject.service
    since = view.began(RULE, service, subject) or view.now - oldest
    usual = view.usual(subject, "idle_in_transaction", since - BEFORE)
    if usual is not None and held < TIMES * usual:
        return None
    critical = (reading.fill.value or 0.0) >= SHORT or held >= MANY
    slots = f", {say(reading.fill)} of all slots" if reading.fill.is_known else ""
    unit = reading.idle_in_transaction.unit
    return Verdict(
        level=Level.CRITICAL if critical else Level.WARNING,
        rule=RULE,
        service=service,
        practice=Practice.POOLS,
        reason=Shown(
            f"{reading.subject.label} holds {number(held, unit)} sessions idle in transaction, the longest "
            f"for {say(reading.oldest_idle_in_transaction)}: they are opened and not given back{slots}"
        ),
        evidence=(
            Shown(f"{say(reading.in_use)} sessions in all, {say(reading.active)} active"),
            Shown(
                f"usually {number(usual, unit)} idle in transaction"
                if usual is not None
                else "no past to compare"
            ),
        ),
        press=f"4, then a on {reading.subject.label}: terminate idle in transaction",
        subject=subject,
        since=since,
        worth=held,
    )
