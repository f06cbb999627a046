"""Keys invalidated in a real server, beside redis-cli's own pipe, and what another client waits meanwhile."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator

import redis

from console.lab.servers.valkey import Valkey
from tests.bench.figures import Figure
from tests.collectors import acting
from tests.collectors.caches.bystander import Bystander
from tests.collectors.caches.invalidating import DB, ID, caching
from tests.collectors.caches.loaded import fill_many
from tests.servers.debian import installed

KEYS = 250_000
CALM = 5.0
PIPE = "redis-cli --scan into xargs redis-cli unlink"


def invalidated(_place: object) -> Iterator[Figure]:
    """Four fifths of a quarter of a million keys go: how fast, and at what cost to others."""
    rate, added = _measured(_ours)
    cli = installed("redis-cli", "redis-tools")
    if cli is None:
        beside = ("", f"{PIPE}: redis-cli is missing, apt-get install redis-tools")
    else:
        theirs, cost = _measured(lambda server: _pipe(server, cli))
        beside = (f"{theirs:,.0f}/s ({PIPE})", f"{cost * 1000:+.1f} ms (the same pipe)")
    yield Figure("cache keys invalidated", "–", f"{rate:,.0f}/s, counted before", beside[0])
    budget, words = "≤ 3 ms", f"{added * 1000:+.1f} ms"
    yield Figure("p99 that this adds to other clients", budget, words, beside[1], added <= 0.003)


def _measured(run: Callable[[Valkey], None]) -> tuple[float, float]:
    """Keys a second, and seconds added to another client's p99."""
    with Valkey() as server, redis.Redis.from_url(server.url) as client:
        fill_many(client, KEYS)
        before = client.dbsize()
        with Bystander(server.port) as bystander:
            begin = time.monotonic()
            time.sleep(CALM)
            started = time.monotonic()
            run(server)
            ended = time.monotonic()
            time.sleep(CALM)
            last = time.monotonic()
        gone = before - client.dbsize()
    calm = bystander.percentile(0.99, (begin, started), (ended, last))
    return gone / (ended - started), bystander.percentile(0.99, (started, ended)) - calm


def _ours(server: Valkey) -> None:
    async def run() -> None:
        async with caching(server.url) as cache:
            await acting.run(cache, await acting.plan(cache, ID, DB, pattern="frag:*"))

    asyncio.run(run())


def _pipe(server: Valkey, cli: str) -> None:
    command = [cli, "-p", str(server.port)]
    scan = subprocess.Popen([*command, "--scan", "--pattern", "frag:*"], stdout=subprocess.PIPE)
    with scan:
        unlink = ["xargs", *command, "unlink"]
        subprocess.run(unlink, stdin=scan.stdout, check=True, stdout=subprocess.DEVNULL)
