"""A cache to invalidate: its collector on a real server, and what the tests fill it with."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import redis

from collectors.action import Outcome
from collectors.base import Context
from collectors.caches.redis import RedisCache, RedisCacheOptions
from collectors.secret import SecretUrl
from collectors.transport.lease import Leases
from tests.collectors import acting
from tests.collectors.acting import KeepingControl

ID = "caches.invalidate"
DB = b"db0"

HOSTILE = (
    b"frag:*",
    b"frag:[a-z]",
    b"frag:?",
    b"frag:\\",
    b"frag: \t\r\n",
    b"frag:\x00\x1b[2J\x07",
    b"frag:\xff\xfe",
    "frag:\u202eevil\u3164".encode(),
    b"frag:[bold red]x[/]",
    b'"frag:"',
)
"""Names that a terminal, a glob or a line of text would take for something else."""


@asynccontextmanager
async def caching(url: str, **more: Any) -> AsyncIterator[RedisCache]:
    context = Context(collector="cache", service="catalog", timeout=6.0, leases=Leases())
    cache = RedisCache(RedisCacheOptions(url=SecretUrl(url), **more), context)
    try:
        yield cache
    finally:
        await cache.close()


def fill(client: "redis.Redis", **counts: int) -> None:
    """So many strings of each prefix: ``fill(client, frag=3)`` makes ``frag:1`` to ``frag:3``."""
    for prefix, count in counts.items():
        script = "for i = 1, tonumber(ARGV[2]) do redis.call('SET', ARGV[1] .. ':' .. i, 'v') end"
        client.eval(script, 0, prefix, count)


def names(client: "redis.Redis", pattern: bytes | str = "*") -> set[bytes]:
    return set(client.scan_iter(match=pattern, count=1000))


class Meddling(KeepingControl):
    """A control that does something once, before batch number ``at``."""

    def __init__(self, meddle: Callable[[], object], at: int = 2, **more: Any) -> None:
        super().__init__(**more)
        self.meddle, self.at = meddle, at
        self.steps: list[int] = []

    async def step(self, items: int = 1) -> None:
        await super().step(items)
        self.steps.append(items)
        if len(self.steps) == self.at:
            self.meddle()


async def invalidate(url: str, control: KeepingControl | None = None, **arguments: Any) -> Outcome:
    async with caching(url) as cache:
        plan = await acting.plan(cache, ID, DB, **arguments)
        assert plan.refusals == ()
        return await acting.run(cache, plan, control)
