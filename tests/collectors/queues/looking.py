"""Helpers of the queue tests: a collector on a URL, its readings by key, and what a server saw."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import redis

from collectors.base import Collector, Context
from collectors.model.quantity import Known, Quantity
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep


class StepClock:
    """A clock that a test moves: rates between two looks become counts."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def boottime(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return time.time()


@asynccontextmanager
async def looking(
    kind: type[Collector[Any]], context: Context, **options: Any
) -> AsyncIterator[Collector[Any]]:
    collector = kind(kind.Options(**options), context)
    await collector.open()
    try:
        yield collector
    finally:
        await collector.close()


def by_key(sweep: Sweep) -> dict[bytes, QueueReading]:
    return {reading.subject.id.key: cast("QueueReading", reading) for reading in sweep.readings}


def value(quantity: Quantity) -> float:
    assert quantity.value is not None, quantity
    return quantity.value


def is_exact(quantity: Quantity, expected: float) -> bool:
    return quantity.known is Known.EXACT and quantity.value == expected


def everything(client: "redis.Redis") -> dict[bytes, Any]:
    """Every key with its type, value and time to live, byte for byte."""
    kinds: dict[bytes, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"hash": client.hgetall,
        b"stream": lambda key: (client.xrange(key), cast("Any", client).xinfo_groups(key)),
    }
    return {
        key: (kinds[cast("bytes", client.type(key))](key), client.pexpiretime(key))
        for key in client.scan_iter()
    }


def write_commands(client: "redis.Redis") -> set[str]:
    """Commands that the server ran since its statistics were reset and that it calls writes."""
    stats: Any = client.info("commandstats")
    found = set()
    for row in stats:
        name = row.removeprefix("cmdstat_")
        [told] = cast("Any", client).execute_command("COMMAND INFO", name)
        if b"write" in told[2]:
            found.add(name)
    return found
