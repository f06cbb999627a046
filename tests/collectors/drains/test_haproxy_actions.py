"""Servers of a real HAProxy are drained, put into maintenance and back; nothing else can be said to it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.action import RefusedError, Result, Risk, StoppedError
from collectors.base import Collector, Context
from collectors.drains.haproxy import HaproxyDrain, HaproxyDrainOptions
from collectors.transport.write import open_hands
from tests.collectors.acting import KeepingControl, find, plan, run, undo
from tests.collectors.drains.looking import Customers, Gated
from tests.servers.haproxy import Haproxy, haproxy
from tests.servers.waiting import wait_until_async
from tests.servers.web import uvicorn_server

SHOP = """
frontend www
    bind 127.0.0.1:{www}
    default_backend shop
backend shop
    balance first
    server web-1 127.0.0.1:{app} maxconn 10
    server web-2 127.0.0.1:{app} maxconn 10
"""
WEB = b"shop/web-1"


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
def app(gated: Gated) -> Iterator[int]:
    with uvicorn_server(gated) as port:
        yield port
        gated.gate.set()


@pytest.fixture
def www(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def balancer(app: int, www: int, free_port: Callable[[], int]) -> Iterator[Haproxy]:
    with haproxy(SHOP.format(www=www, app=app), free_port()) as server:
        yield server


def collector(place: object) -> HaproxyDrain:
    options = HaproxyDrainOptions(socket=str(place))
    return HaproxyDrain(options, Context(collector="lb", attribute=(("shop", "orders"),), timeout=3.0))


def state(balancer: Haproxy, name: str = "web-1") -> str:
    return next(
        line.split(",")[17] for line in balancer.tell("show stat").splitlines() if f",{name}," in line
    )


async def drain_hands(place: object) -> Any:
    made: Collector[Any] = collector(place)
    return await open_hands("drain", made)


class StopAt(KeepingControl):
    """Stops as soon as the progress tells these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    async def pause(self, seconds: float) -> None:
        if any(self.words in told for _done, told in self.reports):
            raise StoppedError("stopped by the test")
        await super().pause(seconds)


async def test_it_is_drained_once_its_last_session_has_ended(
    balancer: Haproxy, www: int, gated: Gated
) -> None:
    lb = collector(balancer.admin)
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(3)
        await wait_until_async(lambda: gated.slow == 3)
        made = await plan(lb, "drains.drain", WEB)
        assert [str(line) for line in made.sample] == [
            "no new sessions: set server … state drain",
            "until its sessions have ended (3 sessions now)",
            "1 other of shop up, of 1",
        ]
        assert (made.service, made.owed) == ("orders", ("drains.ready", "shop/web-1 is drained"))
        control = KeepingControl()
        task = asyncio.create_task(run(lb, made, control))
        await wait_until_async(lambda: (0, "drained; 3 sessions") in control.reports)
        assert state(balancer) == "DRAIN"
        customers.come(2)
        await wait_until_async(lambda: gated.slow == 5)
        assert (await lb.collect()).readings
        gated.gate.set()
        assert await customers.leave() == [200] * 5
        outcome = await task
    assert (outcome.result, outcome.count, outcome.owes) == (Result.DONE, 1, True)
    assert str(outcome.words) == "drained: no session is left"
    assert [str(line).split(" after")[0].split(",")[0] for line in outcome.lines] == [
        "no new sessions",
        "sessions 0",
    ]
    back = await undo(lb, made, control.kept)
    assert (back.result, state(balancer)) == (Result.DONE, "no check")


async def test_idle_connections_are_told_apart(balancer: Haproxy, www: int, gated: Gated) -> None:
    gated.gate.set()
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(1)
        await customers.leave()
        lb = collector(balancer.admin)
        outcome = await run(lb, await plan(lb, "drains.drain", WEB))
    assert outcome.result is Result.DONE
    assert "sessions 0, 1 idle connection kept open after" in str(outcome.lines[-1])


async def test_sessions_that_do_not_end_are_announced_and_told(
    balancer: Haproxy, www: int, gated: Gated
) -> None:
    lb = collector(balancer.admin)
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(1)
        await wait_until_async(lambda: gated.slow == 1)
        control = KeepingControl()
        outcome = await run(lb, await plan(lb, "drains.drain", WEB, deadline="3s"), control)
        gated.gate.set()
        await customers.leave()
    assert (outcome.result, outcome.owes) == (Result.FAILED, True)
    assert str(outcome.words) == "1 session at the deadline; it is drained"
    [late] = [str(line) for line in outcome.lines if "will not end before the deadline in" in line]
    assert float(late.rpartition(" in ")[2].split()[0]) > 1.0


async def test_stopped_in_the_middle_it_is_drained_and_owed(
    balancer: Haproxy, www: int, gated: Gated
) -> None:
    lb = collector(balancer.admin)
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(1)
        await wait_until_async(lambda: gated.slow == 1)
        made = await plan(lb, "drains.drain", WEB)
        outcome = await run(lb, made, StopAt("drained; 1 session"))
        gated.gate.set()
        await customers.leave()
    assert (outcome.result, outcome.owes) == (Result.FAILED, True)
    assert str(outcome.words) == "stopped by the test; it is drained, and its sessions go on"
    assert state(balancer) == "DRAIN"
    paid = await run(lb, await plan(lb, "drains.ready", WEB))
    assert (paid.result, state(balancer)) == (Result.DONE, "no check")


async def test_maintenance_is_destructive_with_sessions_and_refused_when_they_have_come(
    balancer: Haproxy, www: int, gated: Gated
) -> None:
    lb = collector(balancer.admin)
    idle = await plan(lb, "drains.maint", WEB)
    assert idle.level is Risk.DISRUPTIVE
    async with Customers(f"http://127.0.0.1:{www}/slow") as customers:
        customers.come(1)
        await wait_until_async(lambda: gated.slow == 1)
        with pytest.raises(RefusedError, match="sessions have come since the plan"):
            await run(lb, idle)
        assert state(balancer) == "no check"
        made = await plan(lb, "drains.maint", WEB)
        assert made.level is Risk.DESTRUCTIVE
        assert "1 session open now" in str(made.warnings[0])
        control = KeepingControl()
        outcome = await run(lb, made, control)
        assert (outcome.result, outcome.owes, state(balancer)) == (Result.DONE, True, "MAINT")
        assert (await undo(lb, made, control.kept)).result is Result.DONE
        assert state(balancer) == "no check"
        gated.gate.set()
        await customers.leave()


async def test_what_became_of_it_is_found_out(balancer: Haproxy) -> None:
    lb = collector(balancer.admin)
    drain, maint, ready = (find(lb, f"drains.{verb}") for verb in ("drain", "maint", "ready"))
    made = {verb: await plan(lb, f"drains.{verb}", WEB) for verb in ("drain", "maint", "ready")}
    kept: list[dict[str, Any]] = [{"state": "x"}]

    async def found(action: Any, verb: str, kept: list[dict[str, Any]]) -> tuple[Result, bool | None]:
        outcome = await action.reconcile(made[verb], kept)
        return outcome.result, outcome.owes

    assert await found(drain, "drain", []) == (Result.FAILED, False)
    assert await found(drain, "drain", kept) == (Result.FAILED, False)
    assert await found(ready, "ready", []) == (Result.DONE, None)
    balancer.tell("set server shop/web-1 state drain")
    assert await found(drain, "drain", kept) == (Result.DONE, True)
    assert await found(maint, "maint", kept) == (Result.FAILED, False)
    assert await found(ready, "ready", []) == (Result.FAILED, None)
    balancer.tell("set server shop/web-1 state maint")
    assert await found(maint, "maint", kept) == (Result.DONE, True)
    balancer.process.kill()
    balancer.process.wait()
    assert await found(drain, "drain", kept) == (Result.UNKNOWN, True)


async def test_what_is_drained_or_out_already_is_refused(balancer: Haproxy) -> None:
    lb = collector(balancer.admin)
    for word, verb, why in (
        ("drain", "drain", "told to drain already"),
        ("maint", "drain", "in maintenance"),
        ("maint", "maint", "in maintenance already"),
    ):
        balancer.tell(f"set server shop/web-1 state {word}")
        made = await plan(lb, f"drains.{verb}", WEB)
        assert why in "; ".join(made.refusals)
        [reading] = [one for one in (await lb.collect()).readings if one.subject.id.key == WEB]
        assert why in find(lb, f"drains.{verb}").unfit(reading)
    with pytest.raises(RefusedError, match="no server of this HAProxy"):
        await plan(lb, "drains.drain", b"shop/web-9")


async def test_rights_are_told_before_anything_is_done(balancer: Haproxy) -> None:
    for place, lacking in ((balancer.admin, ""), (balancer.user, "needs `level admin`")):
        hands = await drain_hands(place)
        try:
            assert lacking in await hands.why_not(find(collector(place), "drains.drain").needs)
            assert bool(lacking) == bool(await hands.why_not(("admin",)))
        finally:
            await hands.close()
    assert state(balancer) == "no check"
    lb = collector(balancer.user)
    with pytest.raises(RefusedError, match="HAProxy says: Permission denied"):
        await run(lb, await plan(lb, "drains.drain", WEB))


@pytest.mark.parametrize(
    "line",
    [
        "set server shop/web-1 weight 0",
        "set server shop/web-1 state drain; shutdown sessions server shop/web-1",
        "set server shop/web-1 state ready\nclear counters all",
        "disable server shop/web-1",
        "shutdown session 1",
        "show info",
        "",
    ],
)
async def test_no_other_line_is_sent(balancer: Haproxy, line: str) -> None:
    hands = await drain_hands(balancer.admin)
    try:
        with pytest.raises(ValueError, match="not on the list"):
            await hands.lines.say(line)
        with pytest.raises(RefusedError):
            _ = hands.process
        with pytest.raises(RefusedError):
            _ = hands.http
    finally:
        await hands.close()


async def test_two_consoles_are_kept_apart(balancer: Haproxy, tmp_path: Path) -> None:
    first, second = [await drain_hands(balancer.admin) for _ in range(2)]
    try:
        name = f"lb/{tmp_path}"
        assert await first.hold(name, "ada", 60) == ""
        assert await second.hold(name, "bob", 60) == "ada"
        await first.let_go(name, "ada")
        assert await second.hold(name, "bob", 60) == ""
    finally:
        await first.close()
        await second.close()
