"""A process is told to stop and watched to its exit: the one of the plan, once, never by SIGKILL."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.action import RefusedError, Result
from collectors.base import Context
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.transport.read import processes
from tests.collectors.acting import KeepingControl, find, plan, run
from tests.collectors.drains.fleet import Instance, instance, slow_request
from tests.collectors.machines import OTHER_BOOT
from tests.servers.waiting import wait_until, wait_until_async

STUBBORN = """
import signal, sys, time
caught = []
signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
print("up", flush=True)
while len(caught) < 2:
    time.sleep(0.05)
print("twice", flush=True)
"""

CUTS = """
import signal, socket, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True)
held, _ = listening.accept()
signal.sigwait({signal.SIGTERM})
listening.close()
time.sleep(1.5)
held.close()
time.sleep(1.2)
"""
"""Cuts off who is connected 1.5 s after SIGTERM, and exits 1.2 s later."""


@pytest.fixture
def service(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Instance]:
    with instance("orders-1", free_port(), tmp_path) as one:
        yield one


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process that does not end by one SIGTERM, and its pid file."""
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        path = tmp_path / "stubborn.pid"
        path.write_text(f"{process.pid}\n")
        yield process, path
        process.kill()


def collector(path: Path, **more: Any) -> ProcessDrain:
    options = ProcessDrainOptions(pid_file=str(path), **more)
    return ProcessDrain(options, Context(collector="orders", service="orders", timeout=3.0))


def key(path: Path) -> bytes:
    return str(path).encode()


async def test_what_is_in_flight_ends_and_then_it_does(service: Instance) -> None:
    one = collector(service.pid_file)
    with slow_request(service.url, 3) as answers:
        made = await plan(one, "drains.drain", key(service.pid_file))
        assert str(made.sample[0]).startswith(f"SIGTERM, once: process {service.process.pid} (")
        assert any("connections are open to it" in line for line in made.warnings)
        assert any("SIGKILL is not known" in line for line in made.warnings)
        control = KeepingControl()
        outcome = await run(one, made, control)
        await wait_until_async(lambda: answers, 5)
    assert answers == [200]
    assert outcome.result is Result.DONE
    assert str(outcome.words).startswith("exited (ended by SIGTERM) ")
    assert any("1 connections open" in words for _done, words in control.reports)
    assert service.process.wait(1) == -15


async def test_after_a_reboot_its_number_and_its_start_are_anothers(
    service: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = collector(service.pid_file)
    made = await plan(one, "drains.drain", key(service.pid_file))
    (tmp_path / "boot_id").write_text(OTHER_BOOT)
    monkeypatch.setattr(processes, "BOOT_ID", tmp_path / "boot_id")
    control = KeepingControl()
    with pytest.raises(RefusedError, match="it has ended, or was started anew, since the plan"):
        await run(one, made, control)
    assert control.kept == []
    assert service.ready()


async def test_one_that_came_in_its_place_does_not_confuse(
    service: Instance, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    one = collector(service.pid_file)
    made = await plan(one, "drains.drain", key(service.pid_file))
    again: list[int | None] = []

    def supervise() -> None:
        service.process.wait()
        with instance("orders-1", free_port(), tmp_path) as new:
            over.wait(20)
            again.append(new.process.poll())

    over = threading.Event()
    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    outcome = await run(one, made)
    over.set()
    await asyncio.to_thread(supervisor.join)
    assert outcome.result is Result.DONE
    assert again == [None]


async def test_what_a_limit_cut_is_not_taken_for_done_when_the_exit_comes_later(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port, path = free_port(), tmp_path / "cuts.pid"
    argv = [sys.executable, "-c", CUTS, str(port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220 - it begins at once
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        path.write_text(f"{process.pid}\n")
        with socket.create_connection(("127.0.0.1", port)):
            one = collector(path)
            made = await plan(one, "drains.drain", key(path))
            outcome = await run(one, replace(made, detail={**made.detail, "cut": 1.5}))
    assert outcome.result is Result.UNKNOWN, outcome
    words = "at its own limit of 1.5 s: 1 connections open just before, which may be cut"
    assert words in outcome.words


async def test_one_that_does_not_end_is_told_once_and_told_of(
    stubborn: tuple["subprocess.Popen[str]", Path],
) -> None:
    process, path = stubborn
    one = collector(path, grace=2.0)
    control = KeepingControl()
    outcome = await run(one, await plan(one, "drains.drain", key(path), deadline="3s"), control)
    assert outcome.result is Result.FAILED
    assert "not exited by the deadline" in outcome.words
    assert "no SIGKILL comes from here" in outcome.words
    reports = [words for _done, words in control.reports]
    assert any(re.search(r"SIGKILL in [12] s", words) for words in reports)
    assert any("SIGKILL is due" in words for words in reports)
    assert process.poll() is None


async def test_one_that_is_killed_at_its_deadline_is_told_so(
    stubborn: tuple["subprocess.Popen[str]", Path],
) -> None:
    process, path = stubborn
    one = collector(path, grace=1.0)
    control = KeepingControl()

    def supervise() -> None:
        wait_until(lambda: any("SIGKILL is due" in words for _done, words in control.reports), 15)
        process.kill()

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    outcome = await run(one, await plan(one, "drains.drain", key(path)), control)
    await asyncio.to_thread(supervisor.join)
    assert outcome.result is Result.FAILED
    assert str(outcome.words).startswith("killed by SIGKILL at the deadline")


async def test_it_must_be_the_process_of_the_plan(
    service: Instance, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    one = collector(service.pid_file)
    made = await plan(one, "drains.drain", key(service.pid_file))
    service.process.kill()
    service.process.wait()
    with instance("orders-1", free_port(), tmp_path) as again:
        with pytest.raises(RefusedError, match="started anew"):
            await run(one, made)
        assert again.process.poll() is None


async def test_what_became_of_it_is_found_out(service: Instance) -> None:
    one = collector(service.pid_file)
    action = find(one, "drains.drain")
    made = await plan(one, "drains.drain", key(service.pid_file))
    kept = [{"phase": "stop"}]
    assert (await action.reconcile(made, [])).result is Result.FAILED
    assert (await action.reconcile(made, kept)).result is Result.UNKNOWN
    service.process.terminate()
    service.process.wait()
    assert (await action.reconcile(made, kept)).result is Result.DONE
    assert "ended by itself" in (await action.reconcile(made, [])).words


async def test_one_that_stops_already_gets_no_second_signal(service: Instance) -> None:
    one = collector(service.pid_file)
    await one.collect()
    with slow_request(service.url, 20):
        service.process.terminate()

        async def stopping() -> Any:
            [reading] = (await one.collect()).readings
            return find(one, "drains.drain").unfit(reading)

        assert "it stops already" in await wait_until_async(stopping, 10)
