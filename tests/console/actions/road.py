"""A runner on a core with one collector: a set of keys in a real Valkey that can be taken away."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis

from collectors import registry
from collectors.action import Action, ActionSpec, Argument, Control, Outcome, Plan, Request, Result, Risk
from collectors.base import Collector
from collectors.hands import RedisHands
from collectors.model.practice import Practice
from collectors.model.quantity import exact, unknown
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.registry import TypeInfo
from collectors.secret import SecretUrl
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_options import RedisOptions
from console.actions.arming import Arming
from console.actions.journal import FILE, Journal
from console.actions.planner import Planned, Planner
from console.actions.run import Run
from console.actions.runner import Runner
from console.actions.undo import UndoStore
from console.actions.who import Who
from console.engine.core import Core
from console.settings import CollectorSettings, ConsoleSettings, Service, Settings
from tests.servers.waiting import wait_until_async

KEY = b"items"
CUT_OFFS: list[float] = []
"""The moments as of which plans were made, all tests' together."""

SUBJECT = SubjectId(Practice.QUEUES, "items", "", KEY)


class Take(Action["Items", RedisHands]):
    """Takes keys away one by one."""

    spec = ActionSpec(
        "queues.take",
        "take items away",
        Risk.DESTRUCTIVE,
        (Argument("mode", "what goes wrong", choices=("", "ask", "fall", "stuck")),),
        bulk=True,
        undoable=True,
        deadline=20.0,
    )
    kind = "redis"
    needs = ("UNLINK", "SET")

    def unfit(self, reading: Reading) -> str:
        return "there is nothing" if isinstance(reading, QueueReading) and not reading.ready.value else ""

    async def plan(self, request: Request) -> Plan:
        return await self.collector.plan_of(self.spec, request)

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        done = 0
        if plan.request.argument("mode") == "ask" and not await control.ask("go on?"):
            return Outcome(result=Result.FAILED, count=0, words=Shown("nobody said yes"))
        for item in plan.items:
            await control.step()
            if plan.request.argument("mode") == "fall" and done == 2:
                raise RuntimeError("a bug")
            if plan.request.argument("mode") == "stuck" and done == 1:
                control.report(done, "stuck")
                await asyncio.sleep(60)
            await control.keep({"item": item.decode("latin-1")})
            [gone] = await hands.send(("UNLINK", item))
            done += int(gone)
            control.report(done)
        return Outcome(result=Result.DONE, count=done, words=Shown(f"{done} taken"))

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        left = await self.collector.found()
        return Outcome(
            result=outcome.result, count=outcome.count, words=Shown(f"{outcome.words}, {len(left)} left")
        )

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        left = set(await self.collector.found())
        gone = [one for one in kept if one["item"].encode("latin-1") not in left]
        return Outcome(result=Result.FAILED, count=len(gone), words=Shown(f"{len(gone)} had been taken"))

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        for one in kept:
            await hands.send(("SET", one["item"].encode("latin-1"), "back"))
        return Outcome(result=Result.DONE, count=len(kept), words=Shown(f"{len(kept)} put back"))


class Look(Action["Items", RedisHands]):
    """Does nothing, safely."""

    spec = ActionSpec("queues.look", "do nothing", Risk.SAFE)
    kind = "redis"

    async def plan(self, request: Request) -> Plan:
        return Plan(spec=self.spec, request=request, target=Shown("items"), service="", server="")

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        await hands.send(("PING",))
        return Outcome(result=Result.DONE, count=1, words=Shown("looked"))


class Halt(Look):
    """Leaves something owed."""

    spec = ActionSpec("queues.halt", "halt", Risk.DISRUPTIVE)

    async def plan(self, request: Request) -> Plan:
        return Plan(
            spec=self.spec,
            request=request,
            target=Shown("items"),
            service="",
            server="",
            count=unknown(),
            owed=("queues.look", "look again"),
        )


class Items(Collector[RedisOptions]):
    """Keys that begin with item: in one database."""

    practice = Practice.QUEUES
    Options = RedisOptions
    actions = (Take, Look, Halt)
    _reader: RedisReader | None = None

    @property
    def reader(self) -> RedisReader:
        self._reader = self._reader or RedisReader(self.context, self.options)
        return self._reader

    async def found(self) -> list[bytes]:
        [reply] = await self.reader.ask(read("SCAN", "0", "MATCH", "item:*", "COUNT", 10_000))
        return sorted(reply[1])

    async def plan_of(self, spec: ActionSpec, request: Request) -> Plan:
        CUT_OFFS.append(request.cut_off)
        items = await self.found()
        server = self.reader.server
        return Plan(
            spec=spec,
            request=request,
            target=Shown("items"),
            service="",
            server=f"{server.run_id} {server.role}",
            count=exact(len(items)),
            items=tuple(items),
        )

    async def collect(self) -> Sweep:
        ready = exact(len(await self.found()))
        subject = self.context.subject(Practice.QUEUES, KEY)
        return self.sweep([QueueReading(subject=subject, ready=ready)])

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()


@dataclass
class Road:
    """A runner with all that belongs to it."""

    core: Core
    runner: Runner
    folder: Path
    client: redis.Redis = field(repr=False)
    subject: SubjectId = SUBJECT

    def fill(self, items: int) -> None:
        for number in range(items):
            self.client.set(f"item:{number:04}", "x")

    def command(self, *words: str) -> None:
        self.client.execute_command(*words)  # type: ignore[no-untyped-call] # redis-py left it untyped

    @property
    def left(self) -> int:
        return len(list(self.client.scan_iter("item:*")))

    @property
    def records(self) -> list[dict[str, Any]]:
        return list(self.runner.journal.records())

    async def plan(self, action: str = "queues.take", **more: Any) -> Planned:
        return await self.runner.planner.plan(self.subject, action, **more)

    async def done(self, run: Run, deadline: float = 30.0) -> Outcome:
        await wait_until_async(run.finished.is_set, deadline, "the run has ended")
        assert run.outcome is not None
        return run.outcome

    async def take(self, **more: Any) -> Outcome:
        planned = await self.plan(**more)
        return await self.done(await self.runner.start(planned, planned.phrase))


@asynccontextmanager
async def road(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    url: str,
    *,
    environment: str = "lab",
    name: str = "ada",
    act_url: str = "",
    **console: Any,
) -> AsyncIterator[Road]:
    """A core that collects nothing by itself, and its runner."""
    monkeypatch.setattr(registry, "types", lambda: {"queues.items": TypeInfo("queues.items")})
    monkeypatch.setattr(registry, "load", lambda _name: Items)
    options = RedisOptions(url=SecretUrl(url), act_url=SecretUrl(act_url) if act_url else None)
    collector = CollectorSettings(
        name="items", type="queues.items", practice=Practice.QUEUES, options=options, service="orders"
    )
    settings = Settings(
        name="test",
        environment=environment,
        protected=environment != "lab",
        services={"orders": Service("orders")},
        collectors=(collector,),
        console=ConsoleSettings(name="test", environment=environment, **console),
    )
    core = Core(settings)
    arming = Arming(core.clock, protected=settings.protected, read_only=settings.console.read_only)
    who = Who("root", name, "", "jump-1")
    runner = Runner(Planner(core, arming), Journal(folder / FILE), UndoStore(folder), who)
    with redis.Redis.from_url(url) as client:
        try:
            yield Road(core, runner, folder, client)
        finally:
            await runner.close(2.0)
            await core.stop()
