"""What needs somebody: findings first, then verdicts of single subjects that no finding covers."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from collectors.model.level import Level
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from collectors.model.verdict import Verdict
from collectors.transport.servers.state import ServerState
from console.engine.state import Freshness, Snapshot, SourceState
from console.present.fold import fold_all, place_of
from console.present.servers import DOWN, state_words
from console.present.words import counted
from console.settings import Service

_EXPLAINS = (Practice.HEALTH, Practice.POOLS)
"""Practices in which a failed dependency explains the checks of what depends on it."""

_FOLDS = ("limits", "gateway-slow")
"""Rules whose needs in health fold under such a dependency."""


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
    most = _quorums(snapshot, services)
    for row in snapshot.rows:
        verdict = row.verdict
        told = row.freshness is Freshness.LIVE and verdict.level.rank >= Level.WARNING.rank
        if told and not row.muted and verdict.subject not in covered:
            need = _of(
                verdict, " ".join(filter(None, (row.reading.subject.instance, row.reading.subject.label)))
            )
            level = most.get((need.service, need.practice), need.level)
            found.append(replace(need, level=level) if level.rank < need.level.rank else need)
    found.extend(_silent_sources(snapshot))
    found.sort(key=lambda need: -need.level.rank)
    return _folded(found, services)


def _of(verdict: Verdict, label: str = "") -> Need:
    reason = str(verdict.reason)
    text = f"{label}: {reason}" if label and label not in reason else reason
    return Need(
        verdict.level,
        place_of(verdict)[0],
        verdict.practice,
        text,
        tuple(str(line) for line in verdict.evidence),
        verdict.press,
        verdict.subject,
        verdict.rule,
    )


def _quorums(snapshot: Snapshot, services: Mapping[str, Service]) -> dict[tuple[str, Practice], Level]:
    """The level of the places whose quorum decides: no instance is worse than its service."""
    if not any(service.quorum for service in services.values()):
        return {}
    places = fold_all(snapshot, services)
    return {
        (name, Practice.HEALTH): places[name, Practice.HEALTH].level
        for name, service in services.items()
        if service.quorum and (name, Practice.HEALTH) in places
    }


def _silent_sources(snapshot: Snapshot) -> list[Need]:
    """Sources without fresh values; those that fail for one reason stand on one line."""
    by_reason: dict[str, list[tuple[str, Practice, str]]] = {}
    behind: dict[str, list[tuple[ServerState, SourceState]]] = {}
    ways = {state.name: state for state in snapshot.servers if state.phase in DOWN}
    for source in snapshot.sources:
        if source.freshness(snapshot.now) not in (Freshness.STALE, Freshness.FAILED):
            continue
        way = ways.get(source.server)
        if way is not None:
            behind.setdefault(way.hop or way.name, []).append((way, source))
        else:
            why = str(source.failure.why) if source.failure else "no answer by its deadline"
            by_reason.setdefault(why, []).append(
                (source.service or source.id.collector, source.practice, source.id.text)
            )
    found = [_unreached(name, pairs) for name, pairs in behind.items()]
    for why, hit in by_reason.items():
        names = ", ".join(name for _service, _practice, name in hit[:3])
        more = f" and {len(hit) - 3} more" if len(hit) > 3 else ""
        text = f"{names}{more}: {why}"
        if len(hit) > 1:
            text = f"{counted(len(hit), 'source')} without fresh values: {text}"
        service, practice, _name = hit[0]
        found.append(Need(Level.UNKNOWN, service, practice, text, (), ":sources", None, "silent source"))
    return found


def _unreached(name: str, behind: list[tuple[ServerState, SourceState]]) -> Need:
    """One line for a server that is not reached, whatever runs through it or through those behind it."""
    way, first = behind[0]
    count = counted(len({source.id for _way, source in behind}), "source")
    over = list(dict.fromkeys(way.name for way, _source in behind if way.name != name))
    others = f", on the way to {', '.join(over[:2])}{f' and {len(over) - 2} more' if len(over) > 2 else ''}"
    text = f"{state_words(way)}{others if over else ''}; {count} without fresh values"
    return Need(Level.UNKNOWN, name, first.practice, text, (), ":servers", None, "unreached server")


def _folded(found: list[Need], services: Mapping[str, Service]) -> tuple[Need, ...]:
    """Fold checks under the failed dependency that explains them: measuring goes on, shouting does not."""
    failed = {need.service for need in found if need.level is Level.CRITICAL and need.practice in _EXPLAINS}
    kept = []
    hidden: dict[str, int] = {}
    for need in found:
        root = _root(need.service, failed, services)
        # of services that depend on each other none explains the others
        folds = need.rule in _FOLDS and need.practice is Practice.HEALTH
        if not folds or root == need.service or _root(root, failed, services) != root:
            kept.append(need)
        else:
            hidden[root] = hidden.get(root, 0) + 1
    for index, need in enumerate(kept):
        if need.level is Level.CRITICAL and need.practice in _EXPLAINS and need.service in hidden:
            count = hidden.pop(need.service)
            note = f"{counted(count, 'check')} of services that depend on it folded"
            kept[index] = replace(need, evidence=(*need.evidence, note))
    return tuple(kept)


def _root(service: str, failed: AbstractSet[str], services: Mapping[str, Service]) -> str:
    """The last failed service on the way along what each depends on; the service itself where none is."""
    seen = {service}
    while True:
        declared = services.get(service)
        causes = [one for one in declared.depends_on if one in failed] if declared else []
        if not causes or causes[0] in seen:
            return service
        service = causes[0]
        seen.add(service)
