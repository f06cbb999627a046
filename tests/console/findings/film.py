"""Passes of readings by hand, judged one after the other as the core judges them."""

from collections.abc import Mapping

from collectors.model.level import Level
from collectors.model.reading import Reading
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Freshness, PinnedAnswer, Row, Snapshot, SourceId
from console.findings import find_all
from console.settings import Service

START = 1_700_000_000.0


class Film:
    """Each ``show`` is one pass over all sources, ``every`` seconds after the one before."""

    def __init__(self, every: float = 2.0, services: Mapping[str, Service] | None = None) -> None:
        self.every = every
        self.services = services or {}
        self.now = START
        self.history = History()
        self.findings: tuple[Verdict, ...] = ()
        self.pinned: tuple[PinnedAnswer, ...] = ()

    def show(
        self, *readings: Reading, freshness: Freshness = Freshness.LIVE, muted: bool = False
    ) -> tuple[Verdict, ...]:
        """What is found after one more pass; values that are not live are not new."""
        self.now += self.every
        rows = []
        for reading in readings:
            subject = reading.subject.id
            if freshness is Freshness.LIVE:
                self.history.add(subject, self.now, reading.quantities())
            verdict = Verdict(
                Level.NONE, "limits", reading.subject.service, reading.practice, Shown(""), subject=subject
            )
            source = SourceId(subject.collector, subject.instance)
            rows.append(Row(source, reading, freshness, self.now, self.now, verdict, muted))
        snapshot = Snapshot(
            self.now - START, self.now, 1, rows=tuple(rows), findings=self.findings, pinned=self.pinned
        )
        self.findings = find_all(snapshot, self.history, self.services)
        return self.findings

    def calm(self, *readings: Reading, passes: int = 30) -> None:
        """So many passes in which nothing must be found."""
        for _ in range(passes):
            assert self.show(*readings) == ()


def rules(findings: tuple[Verdict, ...]) -> list[tuple[str, str, Level]]:
    return [(one.rule, one.service, one.level) for one in findings]
