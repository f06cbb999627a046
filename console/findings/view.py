"""What a finding may look at: the snapshot, history and services, with the usual look-ups."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from console.engine.history import History, Point
from console.engine.state import Freshness, Row, Snapshot
from console.settings import Service

PAST = 3600.0
"""Seconds of the past that tell what is usual."""

LEAST = 5
"""Samples below which nothing is called usual."""


@dataclass(frozen=True, slots=True)
class View:
    """The facts of one moment. Times are UTC epoch seconds."""

    snapshot: Snapshot
    history: History
    services: Mapping[str, Service]
    _live: dict[tuple[Practice, str | None], list[Row]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for row in self.snapshot.rows:
            if row.freshness is Freshness.LIVE and not row.muted:
                practice = row.reading.practice
                self._live.setdefault((practice, None), []).append(row)
                self._live.setdefault((practice, row.reading.subject.service), []).append(row)

    @property
    def now(self) -> float:
        """UTC epoch seconds."""
        return self.snapshot.wall

    def live(self, practice: Practice, service: str | None = None) -> tuple[Row, ...]:
        """Rows with fresh values, of one service where one is named; muted ones are left out."""
        return tuple(self._live.get((practice, service), ()))

    def points(self, subject: SubjectId, field: str, seconds: float) -> list[Point]:
        """Known samples of a field within the last ``seconds``, oldest first."""
        series = self.history.series(subject, field, self.now - seconds)
        return [point for point in series if point.value is not None and point.at <= self.now]

    def values(self, subject: SubjectId, field: str, seconds: float) -> list[float]:
        """Known values of a field within the last ``seconds``, oldest first."""
        return [point.value for point in self.points(subject, field, seconds) if point.value is not None]

    def began(self, rule: str, service: str, subject: SubjectId | None = None) -> float | None:
        """Since when a finding stands, None where it does not; of any subject where none is named."""
        for one in self.snapshot.findings:
            if one.rule == rule and one.service == service and subject in (None, one.subject):
                return one.since
        return None

    def usual(self, subject: SubjectId, field: str, calm: float, least: int = LEAST) -> float | None:
        """Median of a field's past before ``calm``; None where there are fewer than ``least`` samples.

        Whoever asks puts ``calm`` before the trouble began, so that trouble never becomes usual. While
        a finding stands one sample is enough: history thins what is older.
        """
        series = self.history.series(subject, field, calm - PAST)
        values = [point.value for point in series if point.value is not None and point.at <= calm]
        return statistics.median(values) if len(values) >= least else None
