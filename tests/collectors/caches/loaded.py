"""One body at two scales: many keys go while another client measures how long it waits."""

import asyncio
import time
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import redis

from collectors.action import Outcome, StoppedError
from collectors.caches.redis.unlinking import MOST
from collectors.model.quantity import Quantity
from console.lab.servers.valkey import Valkey
from tests.collectors import acting
from tests.collectors.acting import KeepingControl
from tests.collectors.caches.bystander import Bystander
from tests.collectors.caches.invalidating import DB, ID, caching, fill
from tests.servers.waiting import wait_until_async

STAYS = 5
"""Of so many keys one does not match."""


@dataclass
class Stoppable(KeepingControl):
    """Ends the run at the next step once ``stopped`` is set, as the operator's key does."""

    stopped: bool = False
    steps: list[int] = field(default_factory=list)

    async def step(self, items: int = 1) -> None:
        if self.stopped:
            raise StoppedError("stopped by the operator")
        await super().step(items)
        self.steps.append(items)


@dataclass(frozen=True)
class Measured:
    """What a whole run and a stopped one came to.

    ``calm`` and ``meanwhile``: seconds that 99 % of the bystander's answers took at most, without us and
    with us; ``slow``: commands of ours that took the server more than 3 ms. ``gone``: keys that had gone
    when the stop was said, and at last; ``told``: how many the stopped run had reported.
    """

    keys: int
    count: Quantity
    outcome: Outcome
    steps: list[int]
    left: int
    seconds: float
    calm: float
    meanwhile: float
    slow: int
    gone: tuple[int, int]
    told: int

    @property
    def matching(self) -> int:
        """How many keys the pattern hits."""
        return self.keys - self.keys // STAYS

    @property
    def added(self) -> float:
        """Seconds that we add to what the others wait."""
        return self.meanwhile - self.calm

    def check(self) -> None:
        """What holds at every scale; all of it is counted."""
        assert self.outcome.count == sum(self.steps) == self.matching
        assert self.count.value == pytest.approx(self.matching, abs=2.55 * (self.count.margin or 0))
        assert self.left == self.keys // STAYS
        assert max(self.steps) <= MOST
        assert self.gone[1] == self.told
        assert 0 <= self.gone[1] - self.gone[0] <= MOST
        assert self.told < self.matching


async def measure(server: Valkey, keys: int, calm: float) -> Measured:
    """Run twice over ``keys`` keys: to the end, with ``calm`` seconds before and after, and stopped early."""
    with redis.Redis.from_url(server.url) as client:
        fill_many(client, keys)
        client.config_set("slowlog-log-slower-than", 3000)
        client.config_set("slowlog-max-len", 10_000)
        client.slowlog_reset()
        with Bystander(server.port) as bystander:
            marks = [time.monotonic()]
            await asyncio.sleep(calm)
            marks.append(time.monotonic())
            async with caching(server.url) as cache:
                plan = await acting.plan(cache, ID, DB, pattern="frag:*")
                control = Stoppable()
                outcome = await acting.run(cache, plan, control)
            marks.append(time.monotonic())
            await asyncio.sleep(calm)
            marks.append(time.monotonic())
        before, during, after = pairwise(marks)
        slow = [one for one in client.slowlog_get(10_000) if one["client_name"] == b"quarterdeck"]
        left = client.dbsize()
        gone, told = await _stopped(server, client, keys)
    return Measured(
        keys=keys,
        count=plan.count,
        outcome=outcome,
        steps=control.steps,
        left=left,
        seconds=marks[2] - marks[1],
        calm=bystander.percentile(0.99, before, after),
        meanwhile=bystander.percentile(0.99, during),
        slow=len(slow),
        gone=gone,
        told=told,
    )


async def _stopped(server: Valkey, client: "redis.Redis", keys: int) -> tuple[tuple[int, int], int]:
    """Keys that had gone when a stop was said and at last, and how many were told of."""
    fill_many(client, keys)
    before = client.dbsize()
    control = Stoppable()
    async with caching(server.url) as cache:
        plan = await acting.plan(cache, ID, DB, pattern="frag:*")
        running = asyncio.ensure_future(acting.run(cache, plan, control))
        await wait_until_async(lambda: control.taken >= keys // 4, 300, "a quarter has gone")
        control.stopped = True
        gone = before - client.dbsize()
        with pytest.raises(StoppedError):
            await running
    return (gone, before - client.dbsize()), control.reports[-1][0]


def fill_many(client: "redis.Redis", keys: int) -> None:
    """So many keys, in steps for which the server holds still; ``frag:*`` hits all but each fifth."""
    for start in range(0, keys, 20_000):
        some = min(20_000, keys - start)
        fill(client, **{f"frag:{start}": some - some // STAYS, f"user:{start}": some // STAYS})
