"""Units as systemd 252 tells them, by a stand-in on PATH: in a container no systemd runs."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.action import RefusedError, Result
from collectors.base import Context
from collectors.drains.process import ProcessDrain, ProcessDrainOptions
from collectors.drains.process.systemd import span_of
from collectors.errors import (
    AnswerError,
    OptionsError,
    SourceError,
    TimedOutError,
    UnreachableError,
    UnsupportedError,
)
from collectors.model.drains import DrainReading, Phase
from collectors.model.quantity import Known, Unit, exact, unknown
from collectors.transport.read.exec import run
from tests.collectors.acting import KeepingControl, find, plan
from tests.collectors.acting import run as run_action
from tests.collectors.drains.looking import one
from tests.servers.processes import alive
from tests.servers.waiting import wait_until

RUNNING = {
    "TimeoutStopUSec": "1min 30s",
    "MainPID": "0",
    "Result": "success",
    "NRestarts": "0",
    "ExecMainStartTimestampMonotonic": "9073784732008",
    "ExecMainCode": "0",
    "ExecMainStatus": "0",
    "SendSIGKILL": "yes",
    "Id": "orders.service",
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "StateChangeTimestampMonotonic": "9073784732008",
    "InactiveEnterTimestampMonotonic": "9073761923363",
}


def ago(seconds: float) -> str:
    """A time stamp as systemd writes it: microseconds of CLOCK_MONOTONIC."""
    return str(int((time.clock_gettime(time.CLOCK_MONOTONIC) - seconds) * 1e6))


class StandIn:
    """A systemctl that prints what it is told, and notes what it was asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = folder / "systemctl"

    def says(self, told: dict[str, str] | str, code: int = 0, complaint: str = "", first: str = "") -> None:
        text = told if isinstance(told, str) else "".join(f"{name}={value}\n" for name, value in told.items())
        (self._folder / "out").write_text(text)
        (self._folder / "err").write_text(complaint)
        self._program.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {self._folder}/asked\n{first}\n'
            f"cat {self._folder}/out; cat {self._folder}/err >&2; exit {code}\n"
        )
        self._program.chmod(0o755)

    @property
    def stops(self) -> Path:
        """Where a stand-in that stops may note how it was told to."""
        return self._folder / "stops"

    @property
    def asked(self) -> list[str]:
        return (self._folder / "asked").read_text().splitlines()


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return StandIn(tmp_path)


@pytest.fixture
def main_process() -> "Iterator[subprocess.Popen[bytes]]":
    """A process that listens on a port of its own."""
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(flush=True); time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


def watching(timeout: float = 5.0, grace: float | None = None) -> ProcessDrain:
    options = ProcessDrainOptions(unit="orders.service", grace=grace)
    return ProcessDrain(options, Context(collector="orders", timeout=timeout))


async def seen(systemctl: StandIn, **changed: str) -> DrainReading:
    systemctl.says(RUNNING | changed)
    watch = watching()
    reading = await one(watch)
    await watch.close()
    return reading


async def test_a_unit_that_runs(systemctl: StandIn, main_process: "subprocess.Popen[bytes]") -> None:
    reading = await seen(systemctl, MainPID=str(main_process.pid))
    assert (reading.state, reading.phase, reading.ready) == ("active (running)", Phase.SERVING, True)
    assert reading.grace == exact(90, Unit.SECONDS)
    assert (reading.exit, reading.note) == ("", "")
    assert reading.sessions == exact(0)
    assert reading.uptime.value is not None
    assert reading.subject.id.key == b"orders.service"
    assert systemctl.asked[0:2] == ["show", "--no-pager"]
    assert systemctl.asked[2].startswith("--property=Id,LoadState,ActiveState,")
    assert systemctl.asked[3:] == ["--", "orders.service"]


async def test_a_unit_that_stops_counts_down(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]"
) -> None:
    reading = await seen(
        systemctl,
        MainPID=str(main_process.pid),
        ActiveState="deactivating",
        SubState="stop-sigterm",
        StateChangeTimestampMonotonic=ago(40),
    )
    assert (reading.state, reading.phase, reading.ready) == (
        "deactivating (stop-sigterm)",
        Phase.STOPPING,
        False,
    )
    assert (reading.elapsed.known, reading.left().known) == (Known.EXACT, Known.EXACT)
    left = reading.left().value
    assert left is not None
    assert 35 < left <= 50


@pytest.mark.parametrize(
    ("changed", "words", "killed", "state"),
    [
        ({"ExecMainCode": "1"}, "code 0", False, "inactive (dead)"),
        ({"ExecMainCode": "2", "ExecMainStatus": "15"}, "ended by SIGTERM", False, "inactive (dead)"),
        (
            {"ExecMainCode": "2", "ExecMainStatus": "9", "Result": "timeout", "ActiveState": "failed"},
            "killed by SIGKILL at the deadline",
            True,
            "failed (timeout)",
        ),
        (
            {"ExecMainCode": "1", "ExecMainStatus": "3", "Result": "exit-code", "ActiveState": "failed"},
            "code 3",
            False,
            "failed (exit-code)",
        ),
        (
            {"ExecMainCode": "2", "ExecMainStatus": "9", "Result": "oom-kill", "ActiveState": "failed"},
            "killed by SIGKILL for want of memory",
            True,
            "failed (oom-kill)",
        ),
        (
            {"ExecMainCode": "3", "ExecMainStatus": "6", "Result": "watchdog", "ActiveState": "failed"},
            "killed by SIGABRT by its watchdog, core dumped",
            True,
            "failed (watchdog)",
        ),
        ({"ExecMainStartTimestampMonotonic": "0"}, "", False, "inactive (dead)"),
    ],
)
async def test_how_the_last_one_ended(
    systemctl: StandIn, changed: dict[str, str], words: str, killed: bool, state: str
) -> None:
    ended = {"ActiveState": "inactive", "SubState": "dead", "InactiveEnterTimestampMonotonic": ago(7)}
    reading = await seen(systemctl, **(ended | changed))
    assert (reading.exit, reading.killed) == (words, killed)
    assert (reading.state, reading.phase, reading.ready) == (state, Phase.EXITED, False)
    assert reading.elapsed.value is not None
    assert 6 <= reading.elapsed.value < 30
    assert reading.uptime == unknown(Unit.SECONDS)


async def test_the_exit_is_remembered_when_it_runs_again(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]"
) -> None:
    watch = watching()
    ended = {"ActiveState": "failed", "Result": "timeout", "ExecMainCode": "2", "ExecMainStatus": "9"}
    systemctl.says(RUNNING | ended)
    assert (await one(watch)).phase is Phase.EXITED
    systemctl.says(RUNNING | {"MainPID": str(main_process.pid), "NRestarts": "3"})
    reading = await one(watch)
    assert (reading.phase, reading.exit) == (Phase.SERVING, "killed by SIGKILL at the deadline")
    assert reading.killed
    assert "started it again 3 times" in reading.note
    await watch.close()


async def test_a_unit_that_waits_to_start_again_tells_how_it_ended(systemctl: StandIn) -> None:
    reading = await seen(
        systemctl, ActiveState="activating", SubState="auto-restart", ExecMainCode="1", ExecMainStatus="1"
    )
    assert (reading.state, reading.phase) == ("activating (auto-restart)", Phase.NOT_READY)
    assert (reading.exit, reading.ready) == ("code 1", False)


@pytest.mark.parametrize("changed", [{"TimeoutStopUSec": "infinity"}, {"SendSIGKILL": "no"}])
async def test_one_that_is_never_killed_has_no_countdown(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]", changed: dict[str, str]
) -> None:
    stopping = {"MainPID": str(main_process.pid), "ActiveState": "deactivating", "SubState": "stop-sigterm"}
    reading = await seen(systemctl, **(stopping | changed))
    assert (reading.grace, reading.left()) == (unknown(Unit.SECONDS), unknown(Unit.SECONDS))
    assert "never sends it SIGKILL" in reading.note


async def test_a_grace_of_ones_own_outweighs_systemds(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]"
) -> None:
    systemctl.says(RUNNING | {"MainPID": str(main_process.pid)})
    watch = watching(grace=5.0)
    assert (await one(watch)).grace == exact(5, Unit.SECONDS)
    await watch.close()


# what goes wrong


@pytest.mark.parametrize(
    ("told", "code", "complaint", "kind", "words"),
    [
        ("LoadState=not-found\nActiveState=inactive\n", 0, "", UnreachableError, "no such unit"),
        (
            "",
            1,
            "Failed to connect to bus: No such file or directory\n",
            UnsupportedError,
            "no systemd to ask",
        ),
        ("", 4, "Access denied\n", AnswerError, "systemctl: Access denied"),
        ("", 0, "", AnswerError, "told nothing"),
        ("hello\n", 0, "", AnswerError, "told nothing"),
        ("x" * 300_000, 0, "", AnswerError, "more than 256 KiB"),
    ],
)
async def test_answers_that_tell_of_no_unit(
    systemctl: StandIn, told: str, code: int, complaint: str, kind: type[SourceError], words: str
) -> None:
    systemctl.says(told, code, complaint)
    watch = watching()
    with pytest.raises(kind, match=words):
        await one(watch)
    await watch.close()


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd runs here")
@pytest.mark.skipif(shutil.which("systemctl") is None, reason="the real systemctl is not installed")
async def test_the_real_one_without_its_systemd() -> None:
    watch = watching()
    with pytest.raises(UnsupportedError, match="no systemd to ask") as caught:
        await one(watch)
    assert "`pid_file` or `port`" in caught.value.hint
    await watch.close()


async def test_without_a_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    watch = watching()
    with pytest.raises(UnsupportedError, match="no systemctl on this machine"):
        await one(watch)
    await watch.close()


async def test_one_that_hangs_is_killed_in_time(systemctl: StandIn, tmp_path: Path) -> None:
    systemctl.says(RUNNING, first=f"echo $$ > {tmp_path}/pid; exec sleep 600")
    watch = watching(timeout=0.5)
    with pytest.raises(TimedOutError, match="systemctl gave no answer in"):
        await one(watch)
    number = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(number), 15)
    await watch.close()


async def test_a_cancelled_look_leaves_no_process(systemctl: StandIn, tmp_path: Path) -> None:
    systemctl.says(RUNNING, first=f"echo $$ > {tmp_path}/pid; exec sleep 600")
    watch = watching()
    task = asyncio.create_task(watch.collect())
    pid = tmp_path / "pid"

    def started() -> bool:
        return pid.exists() and bool(pid.read_text())

    while not await asyncio.to_thread(started):
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not exists(pid.read_text().strip()), "it is reaped too"
    await watch.close()


def exists(number: str) -> bool:
    return Path(f"/proc/{number}").exists()


@pytest.mark.parametrize("unit", ["*.service", "-H evil", "--host=evil", "a b", "a;b", "$(id)", "a\nb", "é"])
async def test_names_that_are_no_unit_start_nothing(systemctl: StandIn, unit: str, tmp_path: Path) -> None:
    systemctl.says(RUNNING)
    with pytest.raises(OptionsError, match="cannot be given to systemctl"):
        await run("systemd.show", unit, timeout=5)
    assert not (tmp_path / "asked").exists()


def test_no_collector_starts_a_program_otherwise() -> None:
    root = Path(__file__).parents[3] / "collectors"
    for path in root.rglob("*.py"):
        text = path.read_text()
        # the runner's hands may, and no collector can reach them: an import contract
        if path.parent.name not in ("write", "servers") and path.name not in ("local.py", "spawn.py"):
            assert "subprocess" not in text, path
            assert "transport.spawn" not in text, path
            assert "os.system" not in text, path
        assert "shell=True" not in text, path
        assert "subprocess_shell" not in text, path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1min 30s", 90.0),
        ("5s", 5.0),
        ("500ms", 0.5),
        ("1h 2min 3s 4ms", 3723.004),
        ("2d", 172800.0),
        ("1month", 2629800.0),
        ("infinity", None),
        ("", None),
        ("0", None),
        ("90", None),
    ],
)
def test_spans_as_systemd_writes_them(text: str, seconds: float | None) -> None:
    assert span_of(text) == (None if seconds is None else pytest.approx(seconds))


async def test_a_unit_is_stopped_by_systemd_and_never_twice(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.transport.write.process.PATH", os.environ["PATH"])
    systemctl.says(
        RUNNING | {"MainPID": str(main_process.pid)},
        first=f'[ "$1" = stop ] && {{ echo "$@" >> {systemctl.stops}; kill {main_process.pid}; exit 0; }}',
    )
    watch = watching()
    made = await plan(watch, "drains.drain", b"orders.service")
    assert str(made.sample[0]).startswith("systemctl stop --no-block orders.service: process ")
    assert str(made.sample[-1]) == "until it exits; SIGKILL by its supervisor 90 s after that"
    control = KeepingControl()
    outcome = await run_action(watch, made, control)
    assert outcome.result is Result.DONE, outcome
    assert systemctl.stops.read_text() == "stop --no-block -- orders.service\n"
    assert [record["phase"] for record in control.kept] == ["stop"]
    await watch.close()


async def test_a_unit_that_may_not_be_stopped_is_not_told_of_as_stopped(
    systemctl: StandIn, main_process: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.transport.write.process.PATH", os.environ["PATH"])
    systemctl.says(
        RUNNING | {"MainPID": str(main_process.pid)},
        first='[ "$1" = stop ] && { echo "Interactive authentication required." >&2; exit 1; }',
    )
    watch = watching()
    made = await plan(watch, "drains.drain", b"orders.service")
    control = KeepingControl()
    with pytest.raises(RefusedError, match="systemctl says Interactive authentication required"):
        await run_action(watch, made, control)
    assert main_process.poll() is None
    found = await find(watch, "drains.drain").reconcile(made, control.kept)
    assert (found.result, str(found.words)) == (Result.FAILED, "it was not told to stop")
    await watch.close()
