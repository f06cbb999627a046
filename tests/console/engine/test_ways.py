"""What the engine makes of servers: words, no back-off of its own, a fresh look when one comes up."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest

from collectors.base import Collector
from collectors.errors import TimedOutError, UnreachableError
from collectors.model.practice import Practice
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.model.sweep import Sweep
from collectors.secret import SecretUrl
from collectors.text import Shown
from collectors.transport.endpoint import TcpDial
from collectors.transport.servers.spec import Server
from collectors.transport.servers.state import Fault, Phase
from console.engine.core import Core
from console.engine.state import Breaker, Freshness, SourceId
from console.settings import Settings
from tests.console.engine.samples import Options, collector_settings, install, settings_of
from tests.console.engine.ways import ScriptedPool, scripted
from tests.servers.waiting import wait_until_async

WEB = {name: Server(name, f"{name}.internal") for name in ("web-1", "web-2")}


class Behind(Collector[Options]):
    """Dials its server at each pass; ``error`` is what it meets behind it."""

    practice = Practice.QUEUES
    Options = Options
    error: Exception | None = None
    broken: Any = None
    threads: set[str]
    passes = 0

    async def collect(self) -> Sweep:
        type(self).passes += 1
        self.threads.add(threading.current_thread().name)
        dial = await self.context.dialer.dial(self.context.endpoint(SecretUrl("redis://cache:6379")))
        assert dial == TcpDial("cache", 6379, "cache")
        if self.broken is not None:
            self.broken()
        if self.error is not None:
            raise self.error
        ran = await self.context.host.run(["echo", "hello"], timeout=5)
        stream = await self.context.host.stream(["printf", "more"])
        more = await stream.read()
        await stream.close()
        subject = self.context.subject(Practice.QUEUES, (ran.out + more).replace(b"\n", b" "))
        return self.sweep([QueueReading(subject=subject, ready=exact(1))])


def behind(**changed: Any) -> type[Behind]:
    return type("BehindThis", (Behind,), {"threads": set(), **changed})


def settings(*servers: str, **changed: Any) -> Settings:
    collectors = [collector_settings(f"at-{name}", server=name, timeout=5.0, **changed) for name in servers]
    return replace(settings_of(*collectors), servers=WEB)


def core_of(
    monkeypatch: pytest.MonkeyPatch, kind: type[Behind], *servers: str, foreign: str = "", **changed: Any
) -> tuple[Core, ScriptedPool]:
    made = scripted(monkeypatch)
    install(monkeypatch, {"queues.sample": kind}, foreign)
    core = Core(settings(*servers, **changed), seed=1)
    (pool,) = made
    return core, pool


async def test_a_source_is_reached_through_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    core, pool = core_of(monkeypatch, behind(), "web-1", "web-2")
    before = core.store.snapshot()
    assert [state.phase for state in before.servers] == [Phase.IDLE, Phase.IDLE]
    await core.once()
    snapshot = core.store.snapshot()
    assert [row.reading.subject.label for row in snapshot.rows] == ["hello more", "hello more"]
    assert {one.server for one in pool.dialled} == {"web-1", "web-2"}
    assert [(state.name, state.phase, state.uses) for state in snapshot.servers] == [
        ("web-1", Phase.UP, ("at-web-1",)),
        ("web-2", Phase.UP, ("at-web-2",)),
    ]
    await core.stop()
    assert pool.closed
    assert core.store.snapshot().servers == snapshot.servers, "what was known stays to be reported"


async def test_a_plug_in_reaches_its_server_from_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = behind()
    core, pool = core_of(monkeypatch, kind, "web-1", foreign="acme 1.0")
    await core.once()
    assert [row.reading.subject.label for row in core.store.snapshot().rows] == ["hello more"]
    assert kind.threads == {"plug-in queues.sample"}
    assert pool.loops == {id(asyncio.get_running_loop())}, "the pool lives on the core's loop"
    assert core.store.snapshot().servers[0].phase is Phase.UP
    await core.stop()


async def test_a_server_that_is_down_speaks_for_its_sources_and_backs_off_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = behind()
    core, pool = core_of(monkeypatch, kind, "web-1", every=600.0)
    pool.put("web-1", Phase.STOPPED, Fault.KEY_CHANGED, hint=Shown("see who changed it"))
    for _ in range(7):
        await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert (source.failure.why, source.failure.hint) == ("web-1: changed host key", "see who changed it")
    assert source.breaker is Breaker.CLOSED
    assert source.freshness(0.0) is Freshness.FAILED
    await core.stop()


async def test_when_a_server_comes_up_its_sources_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = behind()
    core, pool = core_of(monkeypatch, kind, "web-1", "web-2", every=600.0)
    pool.put("web-1", Phase.LOST, Fault.LOST)
    await core.start()
    await wait_until_async(lambda: kind.passes == 2, 10)
    await wait_until_async(lambda: all(one.failure or one.sweep for one in core.store.snapshot().sources), 10)
    core.refresh([SourceId("at-web-1")])
    await wait_until_async(lambda: kind.passes == 3, 10)
    woken: list[Phase] = []
    core.store.on_wake = lambda: woken.append(core.store.snapshot().servers[0].phase)
    core.store.clear()
    pool.put("web-1", Phase.UP)
    await wait_until_async(lambda: woken == [Phase.UP], 10, "the screen is told")
    await wait_until_async(lambda: kind.passes == 4, 10, "although it was refreshed within this second")
    await wait_until_async(lambda: core.store.snapshot().sources[0].failure is None, 10)
    assert kind.passes == 4, "web-2 was up all the time, and had brought itself up"
    await core.stop()


@pytest.mark.parametrize("error", [UnreachableError("reset"), TimedOutError("no answer")])
async def test_what_breaks_with_the_way_is_the_servers_failure(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = behind(error=error)
    core, pool = core_of(monkeypatch, kind, "web-1")
    kind.broken = lambda _self: asyncio.get_running_loop().call_later(
        0.02, pool.put, "web-1", Phase.LOST, Fault.LOST
    )
    await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert source.failure.why == "web-1: connection lost"
    await core.stop()


async def test_behind_a_way_that_stands_a_failure_is_the_sources_own(monkeypatch: pytest.MonkeyPatch) -> None:
    core, _pool = core_of(monkeypatch, behind(error=UnreachableError("refused")), "web-1")
    for _ in range(5):
        await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert (source.failure.why, source.breaker) == ("refused", Breaker.OPEN)
    await core.stop()


async def test_silence_on_a_broken_way_is_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """In health a time-out is a reading: of a server that is not reached it would be a lie."""
    kind = behind(backs_off=False)
    core, pool = core_of(monkeypatch, kind, "web-1")
    await core.once()
    assert len(core.store.snapshot().rows) == 1
    kind.broken = lambda _self: asyncio.get_running_loop().call_later(
        0.02, pool.put, "web-1", Phase.LOST, Fault.TIMED_OUT
    )
    await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert source.failure.why == "web-1: no answer in time"
    assert source.passes == 1
    await core.stop()


async def test_other_servers_mean_a_pool_anew_and_the_same_ones_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = scripted(monkeypatch)
    install(monkeypatch, {"queues.sample": behind()})
    core = Core(settings("web-1", "web-2"), seed=1)
    await core.start()
    await wait_until_async(lambda: len(core.store.snapshot().rows) == 2, 10)
    await core.apply(settings("web-1"))
    assert len(made) == 1
    assert not made[0].closed
    await core.apply(replace(settings("web-1"), servers={"web-1": Server("web-1", "elsewhere")}))
    assert made[0].closed
    assert [state.target for state in core.store.snapshot().servers] == ["elsewhere"]
    await wait_until_async(lambda: bool(made[1].dialled), 10)
    await core.apply(replace(settings(), servers={}))
    assert core.store.snapshot().servers == ()
    assert core.ways.pool is None
    await core.stop()


async def test_a_single_look_waits_for_a_way_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = behind()
    core, pool = core_of(monkeypatch, kind, "web-1", "web-2")
    pool.put("web-1", Phase.CONNECTING)
    asyncio.get_running_loop().call_later(0.5, pool.put, "web-1", Phase.UP)
    await core.once()
    assert [state.failure for state in core.store.snapshot().sources] == [None, None]
    assert kind.passes == 3, "web-2 was looked at once"
    await core.stop()


async def test_a_single_look_does_not_wait_for_a_way_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    core, pool = core_of(monkeypatch, kind := behind(), "web-1")
    pool.put("web-1", Phase.CONNECTING)
    asyncio.get_running_loop().call_later(0.2, pool.put, "web-1", Phase.LOST, Fault.REFUSED)
    async with asyncio.timeout(10):
        await core.once()
    (source,) = core.store.snapshot().sources
    assert source.failure is not None
    assert kind.passes == 1
    await core.stop()
