"""What a finding may look at: the snapshot, history and services, with the usual look-ups."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from console.engine.history import History
from console.engine.state import Freshness, Row, Snapshot
from console.settings import Service


@dataclass(frozen=True, slots=True)
class View:
    """The facts of one moment. Times are UTC epoch seconds."""

    snapshot: Snapshot
    history: History
    services: Mapping[str, Service]

    @property
    def now(self) -> float:
        """UTC epoch seconds."""
        return self.snapshot.wall

    def live(self, practice: Practice, service: str | None = None) -> tuple[Row, ...]:
        """Rows with fresh values, of one service where one is named; muted ones are left out."""
        return tuple(
            row
            for row in self.snapshot.rows
            if row.reading.practice is practice
            and row.freshness is Freshness.LIVE
            and not row.muted
            and (service is None or row.reading.subject.service == service)
        )

    def values(self, subject: SubjectId, field: str, seconds: float, until: float = 0.0) -> list[float]:
        """Known values of a field from ``seconds`` ago until ``until`` seconds ago, oldest first."""
        series = self.history.series(subject, field, self.now - seconds)
        return [point.value for point in series if point.value is not None and point.at <= self.now - until]

    def usual(
        self, subject: SubjectId, field: str, seconds: float, until: float, least: int = 10
    ) -> float | None:
        """Median of a field's past; None where there are fewer than ``least`` samples."""
        values = self.values(subject, field, seconds, until)
        return statistics.median(values) if len(values) >= least else None
