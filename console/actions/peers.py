"""Who would still serve while an instance is away: counted over what is known of its service; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.action import Plan
from collectors.model.drains import DrainReading
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.practice import Practice
from collectors.model.quantity import Known
from collectors.text import Shown, one_line
from console.engine.state import Freshness, Row, Snapshot
from console.settings import Service

TAKES_AWAY = frozenset({"drains.drain", "drains.maint", "drains.stop"})
"""Actions after which an instance takes no new work."""

COUNTED = "peers_counted"
"""In a plan's detail: the adapter has counted the peers itself, by what only it knows."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The others of a service: how many are ready, and the names of those of which it is not known.

    ``others``: how many there are at all; ``here``: whether the one that goes takes new work now.
    """

    ready: int
    unknown: tuple[str, ...]
    others: int
    here: bool | None


def bereft(plan: Plan, snapshot: Snapshot, services: Mapping[str, Service]) -> Iterator[Shown]:
    """Why an instance may not be taken away: too few of its service would be ready.

    ``min_ready`` of the service is the least, 1 where nobody said.
    """
    peers, least = _counted(plan, snapshot, services), _least(plan, services)
    if peers is None or peers.ready >= least or _blind(peers):
        return
    name = plan.service or str(plan.target)
    remedy = f"[services.{name}] min_ready = {peers.ready} allows it"
    if not peers.ready and not peers.unknown:
        known = "the last ready instance" if peers.here is not False else "no instance is ready"
        yield one_line(f"{known} of {name}: {remedy}", 300)
        return
    dark = f"; nothing is known of {', '.join(peers.unknown)}" if peers.unknown else ""
    yield one_line(
        f"only {peers.ready} of {name} would be ready, and {least} must be{dark}: {remedy}",
        300,
    )


def unseen(plan: Plan, snapshot: Snapshot, services: Mapping[str, Service]) -> Iterator[Shown]:
    """What a plan says where nothing is known about the others."""
    peers = _counted(plan, snapshot, services)
    if peers is not None and _least(plan, services) and _blind(peers):
        names = ", ".join(peers.unknown)
        yield one_line(f"whether {names} of {plan.service} would take the load is not known", 300)


def _least(plan: Plan, services: Mapping[str, Service]) -> int:
    service = services.get(plan.service)
    return 1 if service is None or service.min_ready is None else service.min_ready


def _blind(peers: Peers) -> bool:
    """Whether there are others, and nothing is known of any of them."""
    return bool(peers.unknown) and len(peers.unknown) == peers.others


def _counted(plan: Plan, snapshot: Snapshot, services: Mapping[str, Service]) -> Peers | None:
    """None for an action that takes nothing away, and for one whose adapter has counted."""
    if plan.spec.id not in TAKES_AWAY or plan.detail.get(COUNTED):
        return None
    subject = plan.request.subject
    row = next((row for row in snapshot.rows if row.reading.subject.id == subject), None)
    own = row.reading if row is not None and isinstance(row.reading, DrainReading) else None
    here = own.ready if own is not None else None
    if own is not None and own.ready_peers.known is Known.EXACT and own.ready_peers.value is not None:
        # its balancer knows the group better than we do
        ready = int(own.ready_peers.value) - bool(own.ready)
        return Peers(ready, (), int(own.peers.value or ready + 1) - 1, here)
    told: dict[str, bool | None] = {}
    kind = snapshot.source(row.source) if row is not None else None
    for one in snapshot.rows:
        if one.reading.subject.service == plan.service:
            _take(told, one, snapshot, kind.type if kind else "")
    mine = subject.instance or subject.collector
    declared = services[plan.service].instances if plan.service in services else ()
    for name in declared if subject.instance else ():
        told.setdefault(name, None)
    told.pop(mine, None)
    dark = tuple(sorted(name for name, ready in told.items() if ready is None))
    return Peers(sum(ready is True for ready in told.values()), dark, len(told), here)


def _take(told: dict[str, bool | None], row: Row, snapshot: Snapshot, kind: str) -> None:
    """What a row tells of an instance: of several the worst, and nothing good of one that is not live."""
    reading, subject = row.reading, row.reading.subject.id
    ready: bool | None
    if isinstance(reading, DrainReading):
        source = snapshot.source(row.source)
        if source is None or source.type != kind:
            return
        name, ready = subject.instance or subject.collector, reading.ready
    elif isinstance(reading, HealthReading) and reading.probe is Probe.READINESS and subject.instance:
        name, ready = subject.instance, _healthy(reading)
    else:
        return
    if row.freshness is not Freshness.LIVE:
        ready = False
    before = told.get(name)
    told[name] = ready if before is None else before and ready is not False


def _healthy(reading: HealthReading) -> bool | None:
    if reading.state is HealthState.UNKNOWN:
        return None
    return reading.state in (HealthState.UP, HealthState.DEGRADED)


PRACTICES = frozenset({Practice.DRAINS, Practice.HEALTH})
"""Practices whose readings tell who is ready."""
