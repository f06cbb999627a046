"""Many subjects of one service and practice → one level, with how many of how many and the worst."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.verdict import Verdict
from console.engine.state import Freshness, Row, Snapshot, SourceState
from console.settings import Service

_NO_ANSWER = (Freshness.FAILED, Freshness.STALE)


@dataclass(frozen=True, slots=True)
class Folded:
    """One place of the fleet: the rows behind it, and what they come to.

    ``bad`` of ``total`` subjects are worse than ok; ``worst`` is the row that decides.
    ``waiting`` sources have told nothing yet, ``failed`` ones have no subject and no fresh answer.
    """

    service: str
    practice: Practice
    level: Level
    rows: tuple[Row, ...]
    worst: Row | None
    bad: int
    total: int
    stale: int
    failed: tuple[SourceState, ...]
    waiting: tuple[SourceState, ...]


def fold(
    service: str,
    practice: Practice,
    rows: Sequence[Row],
    sources: Iterable[SourceState],
    now: float,
    quorum: int | None = None,
) -> Folded:
    """Fold the rows and row-less sources of one service and practice; ``now`` is boottime."""
    there = [row for row in rows if row.freshness is not Freshness.GONE]
    counted = [row for row in there if not row.muted]
    worst = max(counted, key=_badness, default=None)
    level = worst.verdict.level if worst else Level.NONE
    waiting = tuple(source for source in sources if source.freshness(now) is Freshness.NEVER_RAN)
    failed = tuple(source for source in sources if source.freshness(now) in _NO_ANSWER)
    if failed and Level.UNKNOWN.rank > level.rank:
        level = Level.UNKNOWN
    if quorum is not None and practice is Practice.HEALTH and level.rank > Level.WARNING.rank:
        level = _by_quorum(counted, failed, quorum)
    return Folded(
        service=service,
        practice=practice,
        level=level,
        rows=tuple(rows),
        worst=worst,
        bad=sum(row.verdict.level.rank > Level.OK.rank for row in counted),
        total=len(there),
        stale=sum(row.freshness is Freshness.STALE for row in there),
        failed=failed,
        waiting=waiting,
    )


Folds = Mapping[tuple[str, Practice], Folded]


def fold_all(snapshot: Snapshot, services: Mapping[str, Service]) -> Folds:
    """Every place of the fleet that has a collector, by owner and practice.

    A place is no better than what was found there. Subjects that belong to no service stand under
    their collector's own name. The last answer is
    kept, since header, table and needs of one paint ask the same.
    """
    global _last  # noqa: PLW0603 - one answer, replaced as a whole: any thread may ask
    if _last is None or _last[0] is not snapshot or _last[1] is not services:
        _last = (snapshot, services, _fold_all(snapshot, services))
    return _last[2]


_last: tuple[Snapshot, Mapping[str, Service], Folds] | None = None


def _fold_all(snapshot: Snapshot, services: Mapping[str, Service]) -> Folds:
    rows: dict[tuple[str, Practice], list[Row]] = {}
    told = set()
    for row in snapshot.rows:
        if row.freshness is not Freshness.GONE:
            told.add(row.source)
        rows.setdefault((owner(row), row.reading.practice), []).append(row)
    silent: dict[tuple[str, Practice], list[SourceState]] = {}
    for source in snapshot.sources:
        if source.id not in told and source.freshness(snapshot.now) is not Freshness.LIVE:
            silent.setdefault((source.service or source.id.collector, source.practice), []).append(source)
    folded = {}
    for key in rows.keys() | silent.keys():
        service = services.get(key[0])
        quorum = service.quorum if service else None
        folded[key] = fold(*key, rows.get(key, ()), silent.get(key, ()), snapshot.now, quorum)
    for finding in snapshot.findings:
        key = place_of(finding)
        place = folded.get(key)
        if place is not None and finding.level.rank > place.level.rank:
            folded[key] = replace(place, level=finding.level)
    return folded


def place_of(finding: Verdict) -> tuple[str, Practice]:
    """Where a finding belongs in the fleet; there may be no such place."""
    name = finding.service or (finding.subject.collector if finding.subject is not None else "")
    return name, finding.practice


def owner(row: Row) -> str:
    """The service of a row, or its collector's name where it belongs to none."""
    return row.reading.subject.service or row.reading.subject.collector


def _badness(row: Row) -> tuple[int, float]:
    return (row.verdict.level.rank, row.verdict.worth)


def _by_quorum(rows: Sequence[Row], failed: Sequence[SourceState], quorum: int) -> Level:
    """A warning while so many instances are fine, critical once so many cannot be, else unknown."""
    instances = {source.id.instance: Level.UNKNOWN.rank for source in failed}
    for row in rows:
        name = row.reading.subject.instance
        instances[name] = max(instances.get(name, 0), row.verdict.level.rank)
    fine = sum(rank <= Level.WARNING.rank for rank in instances.values())
    if fine >= quorum:
        return Level.WARNING
    perhaps = sum(rank == Level.UNKNOWN.rank for rank in instances.values())
    return Level.UNKNOWN if fine + perhaps >= quorum else Level.CRITICAL
