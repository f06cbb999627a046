"""Machines and processes behind a real sshd: read by one command, drained under load with no request lost."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from collectors.action import Result
from collectors.drains.http import HttpDrain, HttpDrainOptions
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.health.host import HostHealth, HostHealthOptions
from collectors.model.drains import Phase
from collectors.model.health import HealthReading
from collectors.model.quantity import Known, exact
from collectors.secret import SecretUrl
from collectors.testing import check_collector
from collectors.transport.servers.pool import Servers
from tests.collectors.acting import KeepingControl, plan, run, undo
from tests.collectors.drains.fleet import Instance, Load, balanced, instance, slow_request
from tests.collectors.drains.looking import one
from tests.collectors.drains.test_serving import gunicorn, uvicorn
from tests.servers.reaching import at, reaching, state, through
from tests.servers.sshd import Operator, Sshd
from tests.servers.waiting import wait_until_async

KEY = b"/readyz"


@pytest.fixture
def orders(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[list[Instance]]:
    """uvicorn and gunicorn with one application."""
    with (
        instance("orders-1", free_port(), tmp_path, uvicorn()) as first,
        instance("orders-2", free_port(), tmp_path, gunicorn("-k", "asgi")) as second,
    ):
        yield [first, second]


def service(servers: Servers, made: Instance) -> HttpDrain:
    options = HttpDrainOptions(
        url=SecretUrl(made.url),
        ready_path="/readyz",
        drain_url=SecretUrl(made.url + "/drain"),
        pid_file=str(made.pid_file),
    )
    return HttpDrain(options, through(servers, f"{made.name}-drain", instance=made.name, timeout=15.0))


def process(servers: Servers, **options: Any) -> ProcessDrain:
    return ProcessDrain(ProcessDrainOptions(**options), through(servers, "orders", timeout=15.0))


async def test_a_machine_keeps_the_contract_through_ssh_and_tells_its_clock(
    operator: Operator, sshd: Sshd
) -> None:
    operator.meet(sshd)
    async with reaching(operator, at(sshd)) as servers:
        context = through(servers, "web", timeout=15.0)
        await context.host.run(["true"], timeout=15)  # the pool's own files are made at its first use
        sweeps = await check_collector(
            HostHealth, HostHealthOptions(paths=("/",)), type_name="health.host", context=context
        )
    reading = cast("HealthReading", sweeps[-1].readings[0])
    assert reading.subject.label == "web-1"
    assert reading.version == os.uname().release
    error = reading.quantities()["host.clock_error"]
    assert error.known is Known.ABOUT
    assert error.value is not None
    assert error.margin is not None
    assert error.value <= error.margin < 2, "it is the same clock"


async def test_servers_are_drained_one_after_the_other_under_load_and_lose_no_request(
    operator: Operator, sshd: Sshd, orders: list[Instance], free_port: Callable[[], int], tmp_path: Path
) -> None:
    operator.meet(sshd)
    stays = instance("orders-3", free_port(), tmp_path)
    with stays as third, balanced([*orders, third], free_port) as (_lb, url), Load(url) as load:
        async with reaching(operator, at(sshd)) as servers:
            for made, how in zip(orders, ("ended by SIGTERM", "code 0"), strict=True):
                drain = service(servers, made)
                planned = await plan(drain, "drains.drain", KEY, stop="yes", settle="1s")
                assert not planned.refusals
                control = KeepingControl()
                outcome = await run(drain, planned, control)
                assert (outcome.result, outcome.owes) == (Result.DONE, False), outcome
                assert [record["phase"] for record in control.kept] == ["off", "stop"]
                pid = int(planned.detail["process"][0])
                assert [re.sub(r" after [\d.]+ s$", "", str(line)) for line in outcome.lines] == [
                    "readiness off (POST answered 200)",
                    "traffic 0 for 1 s",
                    f"SIGTERM sent to process {pid}",
                    f"exited ({how})",
                ]
                await drain.close()
        assert third.ready()
        lost = list(load.failed)
    assert lost == []
    assert len({*load.served}) >= 3, "all of them had served"


async def test_what_is_in_flight_is_seen_by_its_sockets_and_ends(
    operator: Operator, sshd: Sshd, orders: list[Instance]
) -> None:
    operator.meet(sshd)
    first = orders[0]
    async with reaching(operator, at(sshd)) as servers:
        watch = process(servers, pid_file=str(first.pid_file))
        with slow_request(first.url, 6) as answers:
            reading = await one(watch)
            assert (reading.phase, reading.sessions) == (Phase.SERVING, exact(1))
            by_port = await one(process(servers, port=first.port))
            assert by_port.sessions == exact(1)
            planned = await plan(watch, "drains.drain", str(first.pid_file).encode())
            assert planned.server == "web-1"
            outcome = await run(watch, planned)
            await wait_until_async(lambda: answers, 15)
        assert answers == [200]
        assert outcome.result is Result.DONE
        assert "exited (ended by SIGTERM)" in outcome.words


async def test_a_session_that_dies_while_it_ends_does_not_lose_the_end(
    operator: Operator, sshd: Sshd, orders: list[Instance]
) -> None:
    operator.meet(sshd)
    first = orders[0]

    class KillsTheSession(KeepingControl):
        def report(self, done: int, words: str = "") -> None:
            if words.startswith("told to stop") and not any(
                "told to stop" in told for _, told in self.reports
            ):
                sshd.kill_sessions()
            super().report(done, words)

    async with reaching(operator, at(sshd)) as servers:
        watch = process(servers, pid_file=str(first.pid_file))
        with slow_request(first.url, 4) as answers:
            planned = await plan(watch, "drains.drain", str(first.pid_file).encode())
            control = KillsTheSession()
            outcome = await run(watch, planned, control)
            await wait_until_async(lambda: answers, 10)
        assert answers == [200]
        assert outcome.result is Result.DONE, outcome
        assert state(servers).reconnects == 1


async def test_until_it_is_told_to_stop_its_readiness_comes_back(
    operator: Operator, sshd: Sshd, orders: list[Instance]
) -> None:
    operator.meet(sshd)
    first = orders[0]
    async with reaching(operator, at(sshd)) as servers:
        drain = service(servers, first)
        planned = await plan(drain, "drains.drain", KEY, settle="300ms")
        control = KeepingControl()
        assert (await run(drain, planned, control)).owes is True
        assert not first.ready()
        back = await undo(drain, planned, control.kept)
        assert back.result is Result.DONE
        assert first.ready()
        await drain.close()
