"""The lab's shop is drained by the console's own road: nothing is lost, the journal tells it, peers count."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.action import Outcome, RefusedError
from collectors.model.subject import SubjectId
from console.actions.making import make_runner
from console.actions.planner import Planned
from console.actions.runner import Runner
from console.engine.core import Core
from console.lab.run import Lab
from console.lab.shop.wiring import Wiring
from console.settings import load
from console.settings.source import Source
from tests.servers.debian import program
from tests.servers.waiting import wait_until, wait_until_async


@dataclass
class Console:
    """A console over the lab, without a screen."""

    core: Core
    runner: Runner

    def subject(self, collector: str, key: bytes | None = None) -> SubjectId:
        """The subject of a collector; with several of them that of a key."""
        rows = [row for row in self.core.store.snapshot().rows if row.source.collector == collector]
        return next(
            row.reading.subject.id for row in rows if key is None or row.reading.subject.id.key == key
        )

    async def plan(self, subject: SubjectId, action: str = "drains.drain", **arguments: str) -> Planned:
        return await self.runner.planner.plan(subject, action, arguments)

    async def act(self, subject: SubjectId, action: str = "drains.drain", **arguments: str) -> Outcome:
        planned = await self._allowed(subject, action, **arguments)
        run = await self.runner.start(planned, planned.phrase)
        await wait_until_async(run.finished.is_set, 60, "the run has ended")
        assert run.outcome is not None
        return run.outcome

    async def _allowed(self, subject: SubjectId, action: str, **arguments: str) -> Planned:
        """A plan that nothing refuses: what another test drained may not yet be seen as back."""
        plans: list[Planned] = []

        async def unopposed() -> bool:
            plans.append(await self.plan(subject, action, **arguments))
            return not plans[-1].refusals

        await wait_until_async(unopposed, 30, "nothing refuses it")
        return plans[-1]

    @property
    def owed(self) -> list[str]:
        return [str(one.words) for one in self.core.store.snapshot().acting.owed]


@pytest.fixture
async def console(lab: Lab, tmp_path: Path) -> AsyncIterator[Console]:
    async with over(lab, tmp_path) as one:
        yield one


@asynccontextmanager
async def over(lab: Lab, folder: Path) -> AsyncIterator[Console]:
    core = Core(load(Source(lab.config_path), {}), seed=1)
    runner = make_runner(core, {"XDG_STATE_HOME": str(folder), "HOME": str(folder)})
    await core.start()
    task = asyncio.create_task(runner.watch())
    try:
        await wait_until_async(
            lambda: all(source.sweep for source in core.store.snapshot().sources), 30, "all have told"
        )
        yield Console(core, runner)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await runner.close(5.0)
        await core.stop()


def wiring_of(lab: Lab) -> Wiring:
    return Wiring.load(lab.folder / "wiring.json")


def pid(lab: Lab, name: str) -> int:
    return int((lab.folder / f"{name}.pid").read_text())


def journal(console: Console) -> list[dict[str, Any]]:
    return [record for record in console.runner.journal.records() if record["phase"] == "outcome"]


def answers(wiring: Wiring, name: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(wiring.url(name) + "/readyz", trust_env=False).status_code == 200
    return False


async def test_an_instance_is_drained_and_comes_back_as_another(lab: Lab, console: Console) -> None:
    wiring, before = wiring_of(lab), pid(lab, "orders-1")
    wait_until(lambda: answers(wiring, "orders-1") and answers(wiring, "orders-2"), 30, "both are ready")
    outcome = await console.act(console.subject("orders-1-drain"), stop="yes", settle="2s", quiet="0.1")
    assert outcome.result == "done", outcome
    told = [line.split(" (")[0].split(" for ")[0].split(" after ")[0] for line in outcome.lines]
    assert told == ["readiness off", "traffic 0", f"SIGTERM sent to process {before}", "exited"]
    assert journal(console)[-1]["lines"] == [str(line) for line in outcome.lines]
    assert journal(console)[-1]["owes"] is False
    assert console.owed == []
    await wait_until_async(lambda: pid(lab, "orders-1") != before, 30, "another is there")
    await wait_until_async(lambda: answers(wiring, "orders-1"), 30, "it is ready")


async def test_what_is_drained_is_owed_quiet_and_paid(lab: Lab, console: Console) -> None:
    wiring = wiring_of(lab)
    await wait_until_async(lambda: answers(wiring, "orders-1") and answers(wiring, "orders-2"), 30)
    subject = console.subject("orders-2-drain")
    outcome = await console.act(subject, settle="1s", quiet="0.1")
    assert outcome.result == "done", outcome
    assert console.owed == ["the readiness of orders-2 is off"]

    def muted() -> bool:
        muted = {mute.subject.collector for mute in console.core.store.snapshot().mutes}
        return "orders-2-ready" in muted and "orders-1-ready" not in muted

    await wait_until_async(muted, 20, "what follows from it is muted")

    async def refused() -> bool:
        planned = await console.plan(console.subject("orders-1-drain"), stop="yes")
        return any("the last ready instance of orders" in why for why in planned.refusals)

    await wait_until_async(refused, 20, "the other may not go")
    paid = await console.act(subject, "drains.ready")
    assert paid.result == "done", paid
    assert console.owed == []
    assert answers(wiring, "orders-2")


async def test_a_single_service_is_the_last_of_its_kind(console: Console) -> None:
    planned = await console.plan(console.subject("catalog-drain"), stop="yes")
    assert [str(why) for why in planned.refusals] == [
        "the last ready instance of catalog: [services.catalog] min_ready = 0 allows it"
    ]
    with pytest.raises(RefusedError, match="last ready instance"):
        await console.runner.start(planned, planned.phrase)


async def test_the_balancer_drains_and_takes_back(lab: Lab, console: Console) -> None:
    program("haproxy", "haproxy")
    subject = console.subject("balancer", b"orders/orders-1")
    outcome = await console.act(subject, deadline="40s")
    assert outcome.result == "done", outcome
    assert console.owed == ["orders/orders-1 is drained"]

    async def refused() -> bool:
        other = await console.plan(console.subject("balancer", b"orders/orders-2"))
        return any("the last ready instance of orders" in why for why in other.refusals)

    await wait_until_async(refused, 20, "the other may not go")
    run = await console.runner.undo(journal(console)[-1]["id"])
    await wait_until_async(run.finished.is_set, 30)
    assert run.outcome is not None
    assert run.outcome.result == "done", run.outcome
    assert console.owed == []
    await wait_until_async(lambda: answers(wiring_of(lab), "orders-1"), 20)


async def test_the_only_worker_is_refused_or_warned_of(console: Console) -> None:
    planned = await console.plan(console.subject("worker-drain"))
    words = [str(line) for line in (*planned.refusals, *planned.plan.warnings)]
    assert any("the last live worker of " in line for line in words)
    assert not any("ready instance" in line for line in words)
