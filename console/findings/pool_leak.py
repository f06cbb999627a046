"""A pool leaks: an application's sessions that are idle in transaction pile up and age."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import say

RULE = "pool-leak"
LEAST = 3
"""Sessions that must be held; one or two are somebody's debugger."""

OLD = 5.0
"""Seconds that the longest must have been idle in its transaction."""

SHORT = 0.8
"""Share of the slots from which on others will be refused soon."""


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each application; the server's own row counts where no application is told apart."""
    rows = view.live(Practice.POOLS)
    named = {row.reading.subject.collector for row in rows if row.reading.subject.id.key != b"server"}
    for row in rows:
        reading = cast("PoolReading", row.reading)
        if reading.subject.id.key == b"server" and reading.subject.collector in named:
            continue
        held, oldest = reading.idle_in_transaction.value, reading.oldest_idle_in_transaction.value
        if held is None or oldest is None or held < LEAST or oldest < OLD:
            continue
        usual = view.usual(reading.subject.id, "idle_in_transaction", 1800.0, 30.0, least=5)
        if usual is not None and held < 2 * usual:
            continue
        fill = reading.fill.value or 0.0
        critical = fill >= SHORT or held >= 10
        slots = f", {say(reading.fill)} of all slots" if reading.fill.is_known else ""
        yield Verdict(
            level=Level.CRITICAL if critical else Level.WARNING,
            rule=RULE,
            service=reading.subject.service,
            practice=Practice.POOLS,
            reason=Shown(
                f"{reading.subject.label} holds {held:.0f} sessions idle in transaction, the longest for "
                f"{say(reading.oldest_idle_in_transaction)}: they are opened and not given back{slots}"
            ),
            evidence=(
                Shown(f"{say(reading.in_use)} sessions in all, {say(reading.active)} active"),
                Shown(
                    f"usually {usual:.0f} idle in transaction" if usual is not None else "no past to compare"
                ),
            ),
            press="4, then Enter: the sessions",
            subject=reading.subject.id,
            worth=held,
        )
