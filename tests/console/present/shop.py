"""One moment of a shop: everything that a fleet may show at once."""

from dataclasses import replace

from collectors.model.caches import CacheReading
from collectors.model.health import HealthState
from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, about, at_least, exact, needs_samples
from collectors.model.queues import QueueReading
from collectors.model.reading import Part
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Freshness, Snapshot
from console.settings import Service
from tests.console.findings.readings import health, queue, subject_of
from tests.console.present.scene import event, finding, past, row, snapshot, source

SERVICES = {
    "catalog": Service("catalog", depends_on=("database",)),
    "orders": Service("orders", instances=tuple(f"web-{number}" for number in range(1, 13)), quorum=8),
    "payments": Service("payments"),
    "database": Service("database"),
    "mailer": Service("mailer"),
}

MAIL = QueueReading(
    subject=subject_of(Practice.QUEUES, "orders", "mail", "jobs"),
    word=Shown("busy"),
    note=Shown("one of two schedulers is alive"),
    ready=exact(8234),
    oldest_age=exact(840, Unit.SECONDS),
    running=exact(4),
    dead=exact(312),
    add_rate=exact(12.5, Unit.PER_SECOND),
    drain_rate=needs_samples(),
    workers=exact(4),
    busy=exact(4),
    parts=(
        Part(name=Shown("worker 1"), word=Shown("busy"), value=exact(12, Unit.SECONDS)),
        Part(name=Shown("worker 2"), word=Shown("lost"), bad=True),
    ),
    extra=(("rq.intermediate", exact(2)),),
)
EVENTS = QueueReading(
    subject=subject_of(Practice.QUEUES, "orders", "events", "events"),
    ready=at_least(40),
    oldest_age=at_least(42, Unit.SECONDS),
)
CACHE = CacheReading(
    subject=subject_of(Practice.CACHES, "catalog", "0", "catalog-cache"),
    policy=Shown("allkeys-lru"),
    hit_ratio=exact(0.61, Unit.RATIO),
    lookups=exact(210, Unit.PER_SECOND),
    memory=about(30 * 2**20, 2**20, Unit.BYTES),
    memory_share=exact(0.94, Unit.RATIO),
    keys=exact(12_400),
)
POOL = PoolReading(
    subject=subject_of(Practice.POOLS, "catalog", "catalog", "shop-db"),
    in_use=exact(31),
    capacity=exact(97),
    fill=exact(0.32, Unit.RATIO),
    idle_in_transaction=exact(3),
    waiting=exact(12),
)
OWN = PoolReading(
    subject=subject_of(Practice.POOLS, "", "server", "shop-db"),
    in_use=exact(40),
    capacity=exact(97),
    fill=exact(0.41, Unit.RATIO),
)
LOG = LogReading(
    subject=subject_of(Practice.LOGS, "payments", "payments.log", "payments-log"),
    format="logfmt",
    errors=exact(41),
    line_rate=exact(12, Unit.PER_SECOND),
)


def history() -> History:
    """Ten minutes of what is charted."""
    told = History()
    past(told, MAIL, "ready", [exact(100.0 * number) for number in range(60)])
    past(told, CACHE, "hit_ratio", [exact(0.9 - 0.005 * number) for number in range(60)])
    return told


def shop() -> Snapshot:
    """Some of all that can be well, bad, silent, stale, gone, muted and waiting."""
    rows = [
        row(replace(health(0.012 * number, instance=f"web-{number}")), Level.OK, "readiness is up")
        for number in range(1, 13)
        if number != 7
    ]
    rows += [
        row(
            health(None, HealthState.DOWN, instance="web-7"),
            Level.CRITICAL,
            "readiness is down: 503",
            worth=1.0,
        ),
        row(MAIL, Level.CRITICAL, "dead 312, above the limit of 20", evidence=("oldest age 14 min",)),
        row(EVENTS, Level.OK, "≥ 40 ready"),
        row(queue("old", "orders"), Level.OK, freshness=Freshness.GONE, age=120.0),
        row(CACHE, Level.WARNING, "hit ratio 61 %, below the limit of 80 %"),
        row(health(0.02, service="catalog"), Level.OK, "readiness is up"),
        row(POOL, Level.WARNING, "waiting 12, above the limit of 1"),
        row(OWN, Level.OK, "40 of 97 slots"),
        row(LOG, Level.NONE),
        row(health(0.3, service="payments"), freshness=Freshness.STALE, age=95.0),
        row(health(0.9, service="database"), Level.WARNING, "latency 900 ms", muted=True),
    ]
    sources = [
        source("source", Practice.QUEUES, "orders"),
        source("payments-ready", Practice.HEALTH, "payments", why="refused", answered=95.0),
        source("payments-cache", Practice.CACHES, "payments", why="password refused", answered=None),
        source("mailer-jobs", Practice.QUEUES, "mailer", answered=None, running_at=997.0),
        source("broker", Practice.QUEUES, why="refused", answered=None),
    ]
    findings = (
        finding(
            "dead-letters",
            "orders",
            "312 dead jobs in mail, 9 new within 2 min",
            of=MAIL,
            press="2, then Enter",
        ),
    )
    events = (
        event("version", "orders", "orders-ready: v40 → v41", 180.0),
        event("new", "orders", "x appeared", 5.0),
        event("restart", "catalog", "catalog-ready restarted", 4000.0),
        event("mark", "payments", "deploy v7", 1200.0),
    )
    return snapshot(rows, sources, findings=findings, events=events)
