"""Hard limits: what is judged without any configuration, one function for each practice."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from collectors.model.caches import CacheReading
from collectors.model.drains import DrainReading, Phase
from collectors.model.health import HealthReading, HealthState
from collectors.model.level import Level
from collectors.model.logs import LogReading
from collectors.model.pools import PoolReading
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from console.present.words import countdown, say

DAY = 86400.0


class Finding(NamedTuple):
    """One judgement of one reading: its level, why, and how it ranks among its equals."""

    level: Level
    reason: str
    worth: float = 0.0


def judge_hard(reading: Reading) -> Iterator[Finding]:
    """What hard limits say of a reading; ``OK`` where one was checked and holds."""
    judge = _BY_PRACTICE.get(reading.practice)
    if judge is not None:
        yield from judge(reading)


_STATES = {
    HealthState.UP: Level.OK,
    HealthState.DRAINING: Level.OK,
    HealthState.DEGRADED: Level.WARNING,
    HealthState.UNKNOWN: Level.UNKNOWN,
    HealthState.DOWN: Level.CRITICAL,
}


def _health(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("HealthReading", any_reading)
    level = _STATES[reading.state]
    failing = [part.name for part in reading.parts if part.bad]
    said = f": {reading.word}" if reading.word else ""
    parts = f" ({', '.join(failing[:3])})" if failing else ""
    yield Finding(level, f"{reading.probe} is {reading.state}{said}{parts}", reading.failing.value or 0.0)
    if reading.flaws:
        yield Finding(Level.WARNING, f"not to be believed: {reading.flaws[0]}")
    expires = reading.tls_expires.value
    if expires is not None:
        words = f"certificate ends in {say(reading.tls_expires)}" if expires > 0 else "certificate has ended"
        yield _above_is_fine(expires, 14 * DAY, 3 * DAY, words)
    for name, (what, warning, critical) in _SHARES.items():
        share = dict(reading.extra).get(name)
        if share is not None and share.value is not None:
            where = next((f" on {part.name}" for part in reading.parts if part.word == what), "")
            yield _below_is_fine(share, warning, critical, f"{what} {say(share)} full{where}")


_SHARES = {
    "host.disk": ("disk", 0.95, 0.99),
    "host.inodes": ("inodes", 0.95, 0.99),
    "host.files": ("table of open files", 0.8, 0.95),
}
"""Shares of a machine that end in refusals; memory, load and clock have no limit that holds everywhere."""


def _queues(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("QueueReading", any_reading)
    ready, workers = reading.ready.value, reading.workers.value
    if ready is not None and workers is not None:
        if ready > 0 and workers == 0:
            yield Finding(Level.CRITICAL, f"{say(reading.ready)} ready and no worker alive", ready)
        else:
            yield Finding(Level.OK, f"{say(reading.ready)} ready", ready)
    if reading.overdue.value:
        yield Finding(
            Level.WARNING, f"{say(reading.overdue)} scheduled jobs are overdue", reading.overdue.value
        )
    if reading.paused:
        yield Finding(Level.WARNING, "paused", ready or 0.0)


def _caches(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("CacheReading", any_reading)
    if reading.memory_share.value is not None and reading.policy == "noeviction":
        words = f"memory {say(reading.memory_share)} of its maximum, and nothing is evicted"
        yield _below_is_fine(reading.memory_share, 0.8, 0.95, words)
    if reading.clients_share.value is not None:
        words = f"{say(reading.clients)} clients of {say(reading.clients_max)}"
        yield _below_is_fine(reading.clients_share, 0.8, 0.95, words)
    if reading.rejections.value:
        yield Finding(Level.CRITICAL, f"{say(reading.rejections)} connections refused at the client limit")
    if reading.word == "link down":
        yield Finding(Level.WARNING, "a replica that does not hear its primary: what it holds grows old")
    if "err" in reading.persistence.replace(",", " ").split():
        yield Finding(Level.WARNING, f"it cannot save what it holds: {reading.persistence}")


def _pools(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("PoolReading", any_reading)
    if reading.saturated:
        yield Finding(Level.CRITICAL, "all slots are taken: new sessions are refused", 1.0)
    if reading.fill.value is not None:
        words = f"{say(reading.in_use)} of {say(reading.capacity)} slots"
        yield _below_is_fine(reading.fill, 0.8, 0.95, words)
    if reading.xid_age.value is not None:
        words = f"{say(reading.xid_age)} transactions since the oldest unfrozen one; the limit is 2.1G"
        found = _below_is_fine(reading.xid_age, 1.0e9, 1.5e9, words)
        if found.level is not Level.OK:
            yield found


def _logs(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("LogReading", any_reading)
    if reading.word in ("", "following"):
        yield Finding(Level.OK, "the stream is followed")
    else:
        yield Finding(
            Level.UNKNOWN, f"the stream is {reading.word}{f': {reading.note}' if reading.note else ''}"
        )


_SOON, _NOW = 0.5, 0.2
"""Parts of the grace that are left when work that is not finished becomes a warning, and critical."""


def _drains(any_reading: Reading) -> Iterator[Finding]:
    reading = cast("DrainReading", any_reading)
    if reading.phase is Phase.SERVING or reading.phase.leaving:
        yield Finding(Level.OK, f"it is {reading.state}")
    left, grace = reading.left().value, reading.grace.value
    work = _unfinished(reading)
    if left is not None and grace and work:
        words = f"{work} and SIGKILL in {countdown(reading.left())}"
        found = _above_is_fine(left / grace, _SOON, _NOW, words)
        if found.level is not Level.OK:
            yield found
    if reading.ready_peers.value == 0 and reading.peers.value:
        # a drain is somebody's order, and may be meant
        level = Level.WARNING if reading.phase.leaving else Level.CRITICAL
        yield Finding(level, f"none of {say(reading.peers)} in its group takes new work")
    if reading.killed and reading.phase is Phase.EXITED:
        yield Finding(Level.WARNING, f"it did not end by itself: {reading.exit}")


def _unfinished(reading: DrainReading) -> str:
    """What it still works on; connections count where nothing better is told."""
    told = [(reading.in_flight, "in flight"), (reading.streams, "long-lived")]
    if any(quantity.value for quantity, _name in told):
        return ", ".join(f"{say(quantity)} {name}" for quantity, name in told if quantity.value)
    if not reading.in_flight.is_known and reading.sessions.value:
        return f"{say(reading.sessions)} connections"
    return ""


_BY_PRACTICE: dict[Practice, Callable[[Reading], Iterator[Finding]]] = {
    Practice.HEALTH: _health,
    Practice.QUEUES: _queues,
    Practice.CACHES: _caches,
    Practice.POOLS: _pools,
    Practice.LOGS: _logs,
    Practice.DRAINS: _drains,
}


def _below_is_fine(quantity: Quantity, warning: float, critical: float, words: str) -> Finding:
    value = quantity.value or 0.0
    level = Level.CRITICAL if value >= critical else Level.WARNING if value >= warning else Level.OK
    return Finding(level, words, value)


def _above_is_fine(value: float, warning: float, critical: float, words: str) -> Finding:
    level = Level.CRITICAL if value <= critical else Level.WARNING if value <= warning else Level.OK
    return Finding(level, words, -value)
