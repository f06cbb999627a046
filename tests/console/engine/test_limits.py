from typing import Any

import pytest

from collectors.model.caches import CacheReading
from collectors.model.health import HealthReading, HealthState, Probe
from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.pools import PoolReading
from collectors.model.quantity import Unit, at_least, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Part, Reading
from collectors.text import Shown
from console.engine.limits import judge_hard
from tests.console.findings.readings import subject_of

DAY = 86400.0
NONE: list[tuple[Level, str]] = []


def share(value: float) -> Any:
    return exact(value, Unit.RATIO)


def told(kind: type[Reading], **fields: Any) -> list[tuple[Level, str]]:
    reading = kind(subject=subject_of(kind.practice, "orders", "it"), **fields)
    return [(one.level, one.reason) for one in judge_hard(reading)]


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (HealthState.UP, Level.OK),
        (HealthState.DEGRADED, Level.WARNING),
        (HealthState.DOWN, Level.CRITICAL),
        (HealthState.UNKNOWN, Level.UNKNOWN),
        (HealthState.DRAINING, Level.OK),
    ],
)
def test_the_state_of_a_check_is_its_level(state: HealthState, level: Level) -> None:
    assert told(HealthReading, state=state) == [(level, f"readiness is {state}")]


def test_a_check_that_is_down_says_its_word_and_the_parts_that_are_bad() -> None:
    parts = tuple(
        Part(name=Shown(name), bad=name != "disk") for name in ("db", "disk", "cache", "mq", "smtp")
    )
    fields = {"state": HealthState.DOWN, "probe": Probe.LIVENESS, "word": Shown("503"), "parts": parts}
    assert told(HealthReading, **fields) == [(Level.CRITICAL, "liveness is down: 503 (db, cache, mq)")]


def test_a_check_that_cannot_be_believed_is_a_warning() -> None:
    fields = {"state": HealthState.UP, "flaws": (Shown("it is a redirect"),)}
    assert told(HealthReading, **fields)[1] == (Level.WARNING, "not to be believed: it is a redirect")


@pytest.mark.parametrize(
    ("left", "level", "words"),
    [
        (14 * DAY + 60, Level.OK, "certificate ends in 14 d"),
        (14 * DAY, Level.WARNING, "certificate ends in 14 d"),
        (3 * DAY, Level.CRITICAL, "certificate ends in 3 d"),
        (-5.0, Level.CRITICAL, "certificate has ended"),
    ],
)
def test_a_certificate_warns_two_weeks_before_its_end(left: float, level: Level, words: str) -> None:
    fields = {"state": HealthState.UP, "tls_expires": exact(left, Unit.SECONDS)}
    assert told(HealthReading, **fields)[1] == (level, words)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, NONE),
        ({"ready": exact(9)}, NONE),
        ({"workers": exact(0)}, NONE),
        ({"ready": exact(0), "workers": exact(0)}, [(Level.OK, "0 ready")]),
        ({"ready": exact(9), "workers": exact(1)}, [(Level.OK, "9 ready")]),
        ({"ready": exact(9), "workers": exact(0)}, [(Level.CRITICAL, "9 ready and no worker alive")]),
        (
            {"ready": at_least(500), "workers": exact(0)},
            [(Level.CRITICAL, "≥ 500 ready and no worker alive")],
        ),
        ({"overdue": exact(0)}, NONE),
        ({"overdue": exact(3)}, [(Level.WARNING, "3 scheduled jobs are overdue")]),
        ({"paused": False}, NONE),
        ({"paused": True}, [(Level.WARNING, "paused")]),
        ({"dead": exact(1e6), "oldest_age": exact(1e6, Unit.SECONDS)}, NONE),
    ],
)
def test_a_queue_has_limits_where_nobody_works_or_what_is_due_stays(
    fields: dict[str, Any], expected: list[tuple[Level, str]]
) -> None:
    assert told(QueueReading, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, NONE),
        ({"memory_share": share(0.99), "policy": Shown("allkeys-lru")}, NONE),
        (
            {"memory_share": share(0.8), "policy": Shown("noeviction")},
            [(Level.WARNING, "memory 80 % of its maximum, and nothing is evicted")],
        ),
        (
            {"memory_share": share(0.95), "policy": Shown("noeviction")},
            [(Level.CRITICAL, "memory 95 % of its maximum, and nothing is evicted")],
        ),
        ({"policy": Shown("noeviction")}, NONE),
        (
            {"clients_share": share(0.5), "clients": exact(5), "clients_max": exact(10)},
            [(Level.OK, "5 clients of 10")],
        ),
        (
            {"clients_share": share(1.0), "clients": exact(10), "clients_max": exact(10)},
            [(Level.CRITICAL, "10 clients of 10")],
        ),
        ({"rejections": exact(0, Unit.PER_SECOND)}, NONE),
        (
            {"rejections": exact(2, Unit.PER_SECOND)},
            [(Level.CRITICAL, "2/s connections refused at the client limit")],
        ),
        (
            {"word": Shown("link down")},
            [(Level.WARNING, "a replica that does not hear its primary: what it holds grows old")],
        ),
        ({"persistence": Shown("last save ok, append-only file ok")}, NONE),
        (
            {"persistence": Shown("last save err, append-only file ok")},
            [(Level.WARNING, "it cannot save what it holds: last save err, append-only file ok")],
        ),
        ({"hit_ratio": share(0.0), "evictions": exact(1e6, Unit.PER_SECOND)}, NONE),
    ],
)
def test_a_cache_has_limits_where_memory_slots_or_what_it_holds_ends(
    fields: dict[str, Any], expected: list[tuple[Level, str]]
) -> None:
    assert told(CacheReading, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, NONE),
        ({"fill": share(0.5), "in_use": exact(5), "capacity": exact(10)}, [(Level.OK, "5 of 10 slots")]),
        ({"fill": share(0.8), "in_use": exact(8), "capacity": exact(10)}, [(Level.WARNING, "8 of 10 slots")]),
        (
            {"fill": share(1), "in_use": exact(10), "capacity": exact(10)},
            [(Level.CRITICAL, "10 of 10 slots")],
        ),
        ({"saturated": True}, [(Level.CRITICAL, "all slots are taken: new sessions are refused")]),
        ({"xid_age": exact(9e8)}, NONE),
        (
            {"xid_age": exact(1.2e9)},
            [(Level.WARNING, "1.2G transactions since the oldest unfrozen one; the limit is 2.1G")],
        ),
        ({"waiting": exact(50), "idle_in_transaction": exact(50)}, NONE),
    ],
)
def test_a_pool_has_limits_where_its_slots_end(
    fields: dict[str, Any], expected: list[tuple[Level, str]]
) -> None:
    assert told(PoolReading, **fields) == expected


def test_a_stream_that_is_not_followed_is_unknown_and_says_why() -> None:
    assert told(LogReading, word=Shown("following")) == [(Level.OK, "the stream is followed")]
    assert told(LogReading, word=Shown("missing"), note=Shown("no such file")) == [
        (Level.UNKNOWN, "the stream is missing: no such file")
    ]
