"""What needs somebody: findings first, then verdicts of single subjects that no finding covers."""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.model.verdict import Verdict
from console.engine.state import Freshness, Snapshot
from console.present.words import counted
from console.settings import Service


@dataclass(frozen=True, slots=True)
class Need:
    """One line of the panel: how bad, who, what, by what evidence, what to press."""

    level: Level
    service: str
    practice: Practice
    text: str
    evidence: tuple[str, ...]
    press: str
    subject: SubjectId | None
    rule: str

    @property
    def key(self) -> tuple[str, str, SubjectId | None]:
        """Identity of the line, while its words change."""
        return (self.rule, self.service if self.rule != "silent source" else self.text[:40], self.subject)


def needs(snapshot: Snapshot, services: Mapping[str, Service]) -> tuple[Need, ...]:
    """All that needs somebody, worst first; what a failed dependency explains folds under it."""
    found = [_of(verdict) for verdict in snapshot.findings]
    covered = {verdict.subject for verdict in snapshot.findings if verdict.subject is not None}
    silent = _silent_sources(snapshot)
    for row in snapshot.rows:
        verdict = row.verdict
        told = row.freshness is Freshness.LIVE and verdict.level.rank >= Level.WARNING.rank
        if told and not row.muted and verdict.subject not in covered:
            found.append(_of(verdict, label=str(row.reading.subject.label)))
    found.extend(silent)
    found.sort(key=lambda need: -need.level.rank)
    return _folded(found, services)


def _of(verdict: Verdict, label: str = "") -> Need:
    reason = str(verdict.reason)
    text = f"{label}: {reason}" if label and label not in reason else reason
    return Need(
        verdict.level,
        verdict.service or (verdict.subject.collector if verdict.subject else ""),
        verdict.practice,
        text,
        tuple(str(line) for line in verdict.evidence),
        verdict.press,
        verdict.subject,
        verdict.rule,
    )


def _silent_sources(snapshot: Snapshot) -> list[Need]:
    """Sources without fresh values; those that fail for one reason stand on one line."""
    by_reason: dict[str, list[tuple[str, Practice, str]]] = {}
    for source in snapshot.sources:
        if source.freshness(snapshot.now) in (Freshness.STALE, Freshness.FAILED):
            why = str(source.failure.why) if source.failure else "no answer by its deadline"
            by_reason.setdefault(why, []).append(
                (source.service or source.id.collector, source.practice, source.id.text)
            )
    found = []
    for why, hit in by_reason.items():
        names = ", ".join(name for _service, _practice, name in hit[:3])
        more = f" and {len(hit) - 3} more" if len(hit) > 3 else ""
        text = f"{names}{more}: {why}"
        if len(hit) > 1:
            text = f"{counted(len(hit), 'source')} without fresh values: {text}"
        service, practice, _name = hit[0]
        found.append(Need(Level.UNKNOWN, service, practice, text, (), ":sources", None, "silent source"))
    return found


def _folded(found: list[Need], services: Mapping[str, Service]) -> tuple[Need, ...]:
    """Fold what stands on a critical dependency under it: measuring goes on, shouting does not."""
    critical = {need.service for need in found if need.level is Level.CRITICAL}
    kept = []
    hidden: dict[str, int] = {}
    for need in found:
        service = services.get(need.service)
        causes = [one for one in service.depends_on if one in critical] if service else []
        if causes and need.practice is Practice.HEALTH and need.rule == "limits":
            hidden[causes[0]] = hidden.get(causes[0], 0) + 1
        else:
            kept.append(need)
    for index, need in enumerate(kept):
        count = hidden.pop(need.service, 0) if need.level is Level.CRITICAL else 0
        if count:
            note = f"{counted(count, 'check')} of services that depend on it folded"
            kept[index] = Need(
                need.level,
                need.service,
                need.practice,
                need.text,
                (*need.evidence, note),
                need.press,
                need.subject,
                need.rule,
            )
    return tuple(kept)
