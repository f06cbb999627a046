"""Nobody works: a queue that had workers, or holds jobs, has none alive."""

from collections.abc import Iterator
from typing import cast

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.findings.view import View
from console.present.words import counted, say

RULE = "worker-gone"
REMEMBERS = 1800.0
"""Seconds for which a queue is known to have had workers."""

IN_A_ROW = 2
"""Passes in a row without a worker: a restart is none."""


def find(view: View) -> Iterator[Verdict]:
    """One verdict for each source and service whose queues lost their workers."""
    hit: dict[tuple[str, str], list[QueueReading]] = {}
    for row in view.live(Practice.QUEUES):
        reading = cast("QueueReading", row.reading)
        if reading.workers.value == 0 and _missed(reading, view):
            hit.setdefault((reading.subject.collector, reading.subject.service), []).append(reading)
    for readings in hit.values():
        yield _verdict(readings, view)


def _missed(reading: QueueReading, view: View) -> bool:
    """Whether workers are gone, and somebody would miss them."""
    workers = view.values(reading.subject.id, "workers", REMEMBERS)
    gone = len(workers) >= IN_A_ROW and not any(workers[-IN_A_ROW:])
    return gone and (bool(reading.ready.value) or any(workers))


def _verdict(readings: list[QueueReading], view: View) -> Verdict:
    readings.sort(key=lambda one: -(one.ready.value or 0.0))
    worst = readings[0]
    service = worst.subject.service
    ready = sum(one.ready.value or 0.0 for one in readings)
    names = ", ".join(str(one.subject.label) for one in readings[:3])
    more = f" and {len(readings) - 3} more" if len(readings) > 3 else ""
    evidence = [f"{counted(int(ready), 'job')} ready" if ready else "nothing is ready yet"]
    if worst.oldest_age.value:
        evidence.append(f"the oldest waits for {say(worst.oldest_age)}")
    if worst.last_beat.value is not None:
        evidence.append(f"last sign of life {say(worst.last_beat)} ago")
    return Verdict(
        level=Level.CRITICAL if ready else Level.WARNING,
        rule=RULE,
        service=service,
        practice=Practice.QUEUES,
        reason=Shown(f"no worker serves {names}{more}: {', '.join(evidence[:2])}"),
        evidence=tuple(Shown(line) for line in evidence),
        press="2: the queues; start a worker",
        subject=worst.subject.id,
        since=view.began(RULE, service) or view.now,
        worth=1000.0 + ready,
    )
