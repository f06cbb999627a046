"""A process on a server is watched and told to stop by remote commands: the road that the one here goes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.action import RefusedError, Result
from collectors.base import Context
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.errors import AccessError, AnswerError, UnreachableError, UnsupportedError
from collectors.model.drains import Phase
from collectors.model.quantity import Known, exact
from collectors.transport.host import Host, Ran
from collectors.transport.read.processes import Identity, boot_here
from collectors.transport.servers.state import ServerError
from tests.collectors.acting import KeepingControl, find, plan, run
from tests.collectors.drains.fleet import Instance, instance, slow_request
from tests.collectors.drains.looking import one
from tests.collectors.machines import OTHER_BOOT, AsNobody, Elsewhere, Rebooted, Says, Through
from tests.servers.debian import program
from tests.servers.processes import alive
from tests.servers.waiting import wait_until_async


@pytest.fixture
def service(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Instance]:
    with instance("orders-1", free_port(), tmp_path) as made:
        yield made


def far(host: Host | None = None, **options: Any) -> ProcessDrain:
    host = host or Through(os.environ["PATH"])
    context = Context(
        collector="orders", service="orders", server="web-1", dialer=Elsewhere(host), timeout=15
    )
    return ProcessDrain(ProcessDrainOptions(**options), context)


def key(path: Path) -> bytes:
    return str(path).encode()


async def test_it_is_read_by_one_command_and_its_exit_is_seen(service: Instance) -> None:
    host = Through(os.environ["PATH"])
    watch = far(host, pid_file=str(service.pid_file), grace=30.0)
    with slow_request(service.url, 60):
        reading = await one(watch)
        assert (reading.phase, reading.ready, reading.state) == (Phase.SERVING, True, "serving")
        assert reading.sessions == exact(1)
        assert reading.uptime.value is not None
        assert 0 <= reading.uptime.value < 60
        assert {str(part.name): str(part.word) for part in reading.parts}["listens on"] == str(service.port)
        assert len(host.asked) == 1
        service.process.send_signal(signal.SIGTERM)
        await wait_until_async(lambda: phase_is(watch, Phase.STOPPING))
        reading = await one(watch)
        assert (reading.ready, reading.sessions) == (False, exact(1))
        assert reading.left().known is Known.ABOUT
        service.process.kill()
    await wait_until_async(lambda: not alive(service.process.pid))
    reading = await one(watch)
    assert (reading.phase, reading.exit, reading.killed) == (Phase.EXITED, "killed by SIGKILL", True)
    service.process.wait()
    assert (await one(watch)).exit == "killed by SIGKILL", "what was seen is not forgotten"


async def phase_is(watch: ProcessDrain, phase: Phase) -> bool:
    return (await one(watch)).phase is phase


async def test_what_is_in_flight_ends_and_then_it_does(service: Instance) -> None:
    watch = far(pid_file=str(service.pid_file))
    with slow_request(service.url, 3) as answers:
        made = await plan(watch, "drains.drain", key(service.pid_file))
        assert made.server == "web-1"
        assert str(made.sample[0]).startswith(f"SIGTERM, once: process {service.process.pid} (")
        control = KeepingControl()
        outcome = await run(watch, made, control)
        await wait_until_async(lambda: answers, 5)
    assert answers == [200]
    assert outcome.result is Result.DONE
    assert str(outcome.words).startswith("exited (ended by SIGTERM) ")
    assert any("1 connections open" in words for _done, words in control.reports)
    assert control.kept == [{"phase": "stop"}]


async def test_another_one_under_its_number_is_not_touched(service: Instance) -> None:
    """The plan's start is not that of the process: as after a restart that got the same number."""
    watch = far(pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    pid, start, boot = made.detail["process"]
    hands_saw = await hands_of(watch).signal("TERM", pid, start - 1, boot)
    assert hands_saw == "gone"
    assert service.ready()


async def test_after_a_reboot_its_number_and_its_start_are_anothers(
    service: Instance, tmp_path: Path
) -> None:
    """The look and the signal of a machine that has been started anew since the plan."""
    watch = far(pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    assert made.detail["process"][2] == boot_here() != ""
    anew = far(Rebooted(tmp_path, OTHER_BOOT), pid_file=str(service.pid_file))
    with pytest.raises(RefusedError, match="it has ended, or was started anew, since the plan"):
        await run(anew, made)
    assert await hands_of(anew).signal("TERM", *made.detail["process"]) == "gone"
    found = await find(anew, "drains.drain").reconcile(made, [{"phase": "stop"}])
    assert (found.result, found.words) == (Result.DONE, "it has exited; how is not known")
    assert service.ready()


@pytest.mark.parametrize("text", ["", "no boot's id", "0" * 36])
async def test_a_boot_that_is_not_told_stops_no_drain(service: Instance, tmp_path: Path, text: str) -> None:
    watch = far(Rebooted(tmp_path, text), pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    assert made.detail["process"][2] == ""
    assert (await run(far(pid_file=str(service.pid_file)), made)).result is Result.DONE


async def test_a_plan_with_a_boot_is_run_where_it_cannot_be_read_now(
    service: Instance, tmp_path: Path
) -> None:
    made = await plan(far(pid_file=str(service.pid_file)), "drains.drain", key(service.pid_file))
    watch = far(Rebooted(tmp_path, ""), pid_file=str(service.pid_file))
    assert (await run(watch, made)).result is Result.DONE


async def test_a_plan_of_before_boots_were_kept_is_read(service: Instance) -> None:
    watch = far(pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    old = replace(made, detail={**made.detail, "process": made.detail["process"][:2]})
    assert (await run(watch, old)).result is Result.DONE


async def test_one_that_was_known_before_a_reboot_is_looked_for_anew(
    service: Instance, tmp_path: Path
) -> None:
    watch = far(port=service.port)
    await one(watch)
    assert watch.identity is not None
    anew = far(Rebooted(tmp_path, OTHER_BOOT), port=service.port)
    anew._watch.identity = watch.identity
    reading = await one(anew)
    assert (reading.phase, reading.exit) == (Phase.SERVING, "unknown")
    assert anew.identity == Identity(service.process.pid, watch.identity.start, OTHER_BOOT)


def hands_of(watch: ProcessDrain) -> Any:
    from collectors.transport.write._far import FarHands

    return FarHands(watch.context.host, seconds=15)


async def test_without_rights_nothing_is_owed_and_the_owner_is_told(service: Instance) -> None:
    service.pid_file.chmod(0o644)
    public = Path("/tmp") / f"{service.name}-{os.getpid()}.pid"
    public.write_text(service.pid_file.read_text())
    try:
        watch = far(AsNobody(), pid_file=str(public))
        reading = await one(watch)
        assert "may not see its connections" in reading.note
        made = await plan(watch, "drains.drain", key(public))
        assert any("cannot be seen" in line for line in made.warnings)
        control = KeepingControl()
        with pytest.raises(Exception, match="on web-1 belongs to"):
            await run(watch, made, control)
        assert [record["phase"] for record in control.kept] == ["stop", "stop refused"]
        assert service.ready()
    finally:
        public.unlink()


class Breaking(Through):
    """A way that breaks while `broken`; `sent` are the signals that went through it."""

    def __init__(self) -> None:
        super().__init__(os.environ["PATH"])
        self.broken = False
        self.failures = 0
        self.after_signal = False

    async def run(self, argv: Sequence[str], **more: Any) -> Ran:
        if self.broken:
            self.failures += 1
            raise ServerError("web-1: connection lost")
        ran = await super().run(argv, **more)
        if self.after_signal and "TERM" in argv:
            self.broken = True
        return ran


async def test_a_way_that_breaks_while_it_ends_does_not_end_the_watch(service: Instance) -> None:
    host = Breaking()
    host.after_signal = True
    watch = far(host, pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    control = KeepingControl()

    def mend() -> None:
        while host.failures < 2:
            threading.Event().wait(0.01)
        host.after_signal = host.broken = False

    mender = threading.Thread(target=mend, daemon=True)
    mender.start()
    outcome = await run(watch, made, control)
    assert outcome.result is Result.DONE
    assert any("cannot be seen now: web-1: connection lost" in words for _done, words in control.reports)


async def test_a_way_that_stays_broken_leaves_it_unknown(service: Instance) -> None:
    host = Breaking()
    host.after_signal = True
    watch = far(host, pid_file=str(service.pid_file))
    outcome = await run(watch, await plan(watch, "drains.drain", key(service.pid_file), deadline="2s"))
    assert outcome.result is Result.UNKNOWN
    assert "whether it has exited is not known" in outcome.words


async def test_after_a_death_of_the_console_it_is_found_out(service: Instance) -> None:
    watch = far(pid_file=str(service.pid_file))
    made = await plan(watch, "drains.drain", key(service.pid_file))
    action = find(watch, "drains.drain")
    assert (await action.reconcile(made, [])).result is Result.FAILED
    told = await action.reconcile(made, [{"phase": "stop"}])
    assert (told.result, "it still runs" in told.words) == (Result.UNKNOWN, True)
    service.process.kill()
    service.process.wait()
    told = await action.reconcile(made, [{"phase": "stop"}])
    assert (told.result, told.words) == (Result.DONE, "it has exited; how is not known")


# systemd


class Systemd:
    """A stand-in for systemctl of 252 on a server's PATH: one unit, whose main process it starts and ends."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.folder = folder
        self.process = subprocess.Popen(command)
        self.told: dict[str, str] = {
            "Id": "orders.service", "LoadState": "loaded", "ActiveState": "active", "SubState": "running",
            "MainPID": str(self.process.pid), "ExecMainCode": "0", "ExecMainStatus": "0", "Result": "success",
            "NRestarts": "2", "TimeoutStopUSec": "1min 30s", "SendSIGKILL": "yes",
            "StateChangeTimestampMonotonic": "1000000", "InactiveEnterTimestampMonotonic": "0",
            "ExecMainStartTimestampMonotonic": "1000000",
        }  # fmt: skip
        self.says()

    def says(self, **changes: str) -> None:
        self.told |= changes
        (self.folder / "out").write_text("".join(f"{name}={value}\n" for name, value in self.told.items()))
        after = "ActiveState=inactive\\nSubState=dead\\nMainPID=0\\nExecMainCode=1\\nExecMainStatus=0\\n"
        script = self.folder / "systemctl"
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$*" >>{self.folder}/asked\n'
            f"case $1 in show) cat {self.folder}/out ;;\n"
            f"stop) kill -TERM {self.process.pid}; "
            f"while [ -d /proc/{self.process.pid} ]; do sleep 0.05; done; "
            f"printf '{after}' >>{self.folder}/out ;; esac\n"
        )
        script.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


QUICK = """
import signal, socket, sys, time
listening = socket.create_server(("127.0.0.1", 0))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up", flush=True)
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Systemd(folder, [sys.executable, "-c", QUICK])
    reaper = threading.Thread(target=made.process.wait, daemon=True)
    reaper.start()
    yield made
    made.process.kill()
    reaper.join(15)


def path_of(systemd: Systemd) -> Through:
    return Through(f"{systemd.folder}:{os.environ['PATH']}")


async def test_a_unit_and_its_process_come_in_one_command(systemd: Systemd) -> None:
    host = path_of(systemd)
    watch = far(host, unit="orders.service")
    reading = await one(watch)
    assert (reading.state, reading.phase) == ("active (running)", Phase.SERVING)
    assert reading.grace.value == 90
    assert "systemd has started it again 2 times" in reading.note
    assert str(reading.parts[0].word).startswith(f"{systemd.process.pid} ")
    assert len(host.asked) == 1
    assert systemd.asked[0].endswith("-- orders.service")


async def test_a_unit_is_stopped_by_systemd_which_tells_its_exit(systemd: Systemd) -> None:
    watch = far(path_of(systemd), unit="orders.service")
    made = await plan(watch, "drains.drain", b"orders.service")
    assert made.detail["grace"] == 90
    outcome = await run(watch, made)
    assert outcome.result is Result.DONE
    assert "exited (code 0)" in outcome.words
    assert "stop --no-block -- orders.service" in systemd.asked


async def test_a_server_without_systemd_is_told_so() -> None:
    nothing = "clock 1.00 1\nunit 127\n sh: systemctl: not found\nend\n"
    with pytest.raises(UnsupportedError, match="web-1 has no systemctl"):
        await one(far(Says(nothing), unit="orders.service"))
    asleep = "clock 1.00 1\nunit 1\n System has not been booted with systemd as init system\nend\n"
    with pytest.raises(UnsupportedError, match="no systemd to ask"):
        await one(far(Says(asleep), unit="orders.service"))


# what goes wrong


async def test_who_is_not_there(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with pytest.raises(UnreachableError, match="no pid file"):
        await one(far(pid_file=str(tmp_path / "none.pid")))
    with pytest.raises(UnreachableError, match="nobody listens"):
        await one(far(port=free_port()))
    stale = tmp_path / "stale.pid"
    stale.write_text(str(os.getpid()))
    os.utime(stale, (1_000_000_000, 1_000_000_000))
    with pytest.raises(UnreachableError, match="stale pid file"):
        await one(far(pid_file=str(stale)))
    with pytest.raises(AnswerError, match="not a regular file"):
        await one(far(pid_file=str(tmp_path)))


async def test_a_listener_that_may_not_be_seen_is_a_question_of_rights(service: Instance) -> None:
    with pytest.raises(AccessError, match="cannot be seen by this user"):
        await one(far(AsNobody(), port=service.port))


async def test_with_sudo_sockets_are_listed_apart(service: Instance) -> None:
    """The login here is root, who needs no password; who needs one is told in words."""
    program("sudo", "sudo")
    program("ss", "iproute2")
    host = Through(os.environ["PATH"])
    watch = far(host, port=service.port, sudo=True)
    with slow_request(service.url, 60):
        reading = await one(watch)
        assert (reading.phase, reading.sessions) == (Phase.SERVING, exact(1))
        assert watch.identity is not None
        assert watch.identity.pid == service.process.pid
        assert [argv[0] for argv in host.asked] == ["env", "sh"]
        service.process.send_signal(signal.SIGTERM)
        await wait_until_async(lambda: phase_is(watch, Phase.STOPPING))
    with pytest.raises(AccessError, match="sudo on web-1 wants a password"):
        await one(far(AsNobody(), pid_file=str(service.pid_file), sudo=True))


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(["sleep", "60"]) as child:
        yield child
        child.kill()


async def test_a_file_that_is_written_anew_within_a_second_names_another(
    tmp_path: Path, service: Instance, sleeper: "subprocess.Popen[bytes]"
) -> None:
    """A server tells times of files in whole seconds."""
    path = tmp_path / "shared.pid"
    path.write_text(f"{sleeper.pid:>10}\n")
    watch = far(pid_file=str(path))
    await one(watch)
    when = path.stat().st_mtime
    with path.open("r+") as file:
        file.write(f"{service.process.pid:>10}\n")
    os.utime(path, (when, when))
    await one(watch)
    assert watch.identity is not None
    assert watch.identity.pid == service.process.pid
