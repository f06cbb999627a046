"""Readings in short: a None is a value that is not known."""

from collectors.model.caches import CacheReading
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.logs import LogReading
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.quantity import exact_or_unknown as known
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.text import Shown


def subject_of(
    practice: Practice, service: str, key: str, collector: str = "source", instance: str = ""
) -> Subject:
    return Subject(SubjectId(practice, collector, instance, key.encode()), service, Shown(key))


def queue(
    key: str = "mail",
    service: str = "orders",
    *,
    ready: float | None = 0.0,
    dead: float | None = 0.0,
    workers: float | None = 1.0,
) -> QueueReading:
    return QueueReading(
        subject=subject_of(Practice.QUEUES, service, key),
        ready=known(ready),
        dead=known(dead),
        workers=known(workers),
    )


def cache(
    hit_ratio: float | None,
    lookups: float | None = 10.0,
    *,
    keys: float = 100.0,
    key: str = "0",
    service: str = "catalog",
) -> CacheReading:
    return CacheReading(
        subject=subject_of(Practice.CACHES, service, key, "cache"),
        hit_ratio=known(hit_ratio, Unit.RATIO),
        lookups=known(lookups, Unit.PER_SECOND),
        keys=exact(keys),
    )


def pool(
    held: float | None = 0.0,
    oldest: float | None = 0.0,
    *,
    key: str = "catalog",
    service: str = "catalog",
    waiting: float = 0.0,
    active: float = 0.0,
    fill: float = 0.3,
    saturated: bool = False,
) -> PoolReading:
    return PoolReading(
        subject=subject_of(Practice.POOLS, service, key, "shop-db"),
        saturated=saturated,
        in_use=exact(20),
        fill=exact(fill, Unit.RATIO),
        active=exact(active),
        waiting=exact(waiting),
        idle_in_transaction=known(held),
        oldest_idle_in_transaction=known(oldest, Unit.SECONDS),
    )


def health(
    latency: float | None = 0.01,
    state: HealthState = HealthState.UP,
    *,
    service: str = "orders",
    key: str = "ready",
    instance: str = "",
    probe: Probe = Probe.READINESS,
) -> HealthReading:
    name = f"{service}-{key}"
    return HealthReading(
        subject=subject_of(Practice.HEALTH, service, name, name, instance),
        probe=probe,
        state=state,
        latency=known(latency, Unit.SECONDS),
    )


def stream(
    silent: float | None,
    longest: float | None = 5.0,
    usual: float | None = 2.0,
    *,
    word: str = "following",
    key: str = "app.jsonl",
    service: str = "orders",
) -> LogReading:
    return LogReading(
        subject=subject_of(Practice.LOGS, service, key, "orders-log"),
        word=Shown(word),
        last_line_age=known(silent, Unit.SECONDS),
        longest_silence=known(longest, Unit.SECONDS),
        usual_rate=known(usual, Unit.PER_SECOND),
    )
