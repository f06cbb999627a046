"""Hands on this machine, on real processes: what a signal cannot hit, and what a program gets and leaves."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from collectors.action import RefusedError
from collectors.errors import TimedOutError
from collectors.hands import THIS_MACHINE, ProcessHands
from collectors.secret import Secret
from collectors.transport.read import processes
from collectors.transport.read.processes import boot_here
from collectors.transport.write import process as module
from collectors.transport.write._flocks import lock_folders
from collectors.transport.write._said import HALF
from collectors.transport.write.process import Hands, started_at
from tests.collectors.machines import OTHER_BOOT
from tests.servers.processes import alive
from tests.servers.waiting import wait_until, wait_until_async

FOREIGN = 54321


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    made = Hands(grace=10)
    yield made
    await made.close()


Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    made: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, user: int | None = None) -> subprocess.Popen[bytes]:
        made.append(subprocess.Popen(argv or ("sleep", "60"), user=user))
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.wait()


def start_of(pid: int) -> int:
    found = started_at(pid)
    assert found is not None
    return found


def zombie_start(pid: int) -> int:
    """The start of a process that has ended, 0 while it has not."""
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return int(fields[19]) if fields[0] == b"Z" else 0


def script(folder: Path, text: str) -> str:
    path = folder / "script"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


async def test_they_are_what_actions_expect(hands: Hands) -> None:
    typed: ProcessHands = hands
    assert typed.server == THIS_MACHINE


# signals


async def test_a_signal_reaches_the_process_that_still_has_its_start(hands: Hands, spawn: Spawn) -> None:
    process = spawn()
    assert await hands.signal("TERM", process.pid, start_of(process.pid)) == "done"
    assert process.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("name", ["HUP", "QUIT", "USR1"])
async def test_the_other_signals(hands: Hands, spawn: Spawn, name: str) -> None:
    process = spawn()
    assert await hands.signal(name, process.pid, start_of(process.pid)) == "done"
    assert process.wait(10) == -signal.Signals[f"SIG{name}"]


async def test_a_process_of_another_boot_is_gone_and_untouched(
    hands: Hands, spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = spawn()
    start, boot = start_of(process.pid), boot_here()
    monkeypatch.setattr(processes, "BOOT_ID", tmp_path / "boot_id")
    assert boot_here() == "", "it cannot be read"
    (tmp_path / "boot_id").write_text(OTHER_BOOT + "\n")
    assert boot_here() == OTHER_BOOT
    assert await hands.signal("TERM", process.pid, start, boot) == "gone"
    assert alive(process.pid)
    monkeypatch.setattr(processes, "BOOT_ID", tmp_path / "none")
    assert await hands.signal("TERM", process.pid, start, boot) == "done"


async def test_a_process_with_another_start_is_gone_and_untouched(hands: Hands, spawn: Spawn) -> None:
    process = spawn()
    start = start_of(process.pid)
    assert await hands.signal("TERM", process.pid, start - 1) == "gone"
    assert await hands.signal("TERM", process.pid, start + 1) == "gone"
    assert alive(process.pid)
    assert await hands.signal("TERM", process.pid, start) == "done"


def reuse(pid: int, spawn: Spawn) -> subprocess.Popen[bytes]:
    """A new process under an old pid: the kernel is told where to go on counting."""
    for _ in range(500):
        try:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        except OSError as error:
            pytest.skip(f"pids cannot be chosen here: {error}")
        process = spawn()
        if process.pid == pid:
            return process
    pytest.skip(f"pid {pid} is never free")


async def test_a_pid_that_is_used_anew_is_not_hit(hands: Hands, spawn: Spawn) -> None:
    old = spawn()
    start = start_of(old.pid)
    old.kill()
    old.wait()
    # a start is told in hundredths of a second
    wait_until(lambda: started_at(spawn().pid) != start, 10, "the next tick")
    new = reuse(old.pid, spawn)
    assert await hands.signal("TERM", old.pid, start) == "gone"
    assert alive(new.pid)
    assert await hands.signal("TERM", new.pid, start_of(new.pid)) == "done"


async def test_a_pid_that_is_used_anew_between_look_and_signal_is_not_hit(
    hands: Hands, spawn: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = spawn()
    start = start_of(old.pid)
    new: list[subprocess.Popen[bytes]] = []

    def reused_after_the_look(pid: int) -> int | None:
        found = started_at(pid)
        old.kill()
        old.wait()
        new.append(reuse(pid, spawn))
        return found

    monkeypatch.setattr(module, "started_at", reused_after_the_look)
    assert await hands.signal("TERM", old.pid, start) == "gone"
    assert new[0].pid == old.pid
    assert alive(new[0].pid)


async def test_a_process_that_ended_is_gone_reaped_or_not(hands: Hands, spawn: Spawn) -> None:
    process = spawn("true")
    start = wait_until(lambda: zombie_start(process.pid), 10, "a zombie")
    assert await hands.signal("TERM", process.pid, start) == "gone"
    process.wait()
    assert await hands.signal("TERM", process.pid, start) == "gone"


@pytest.mark.parametrize("name", ["KILL", "SIGKILL", "STOP", "9", ""])
async def test_no_other_signal_is_sent(hands: Hands, spawn: Spawn, name: str) -> None:
    process = spawn()
    answer = await hands.signal(name, process.pid, start_of(process.pid))
    assert answer == f"refused: {name} is not sent; there are TERM, HUP, QUIT, USR1"
    assert alive(process.pid)


@pytest.mark.parametrize("pid", [-1, 0, 1])
async def test_groups_and_init_are_not_signalled(hands: Hands, pid: int) -> None:
    assert await hands.signal("TERM", pid, 0) == f"refused: process {pid} is not a service"


async def test_the_console_does_not_signal_itself(hands: Hands) -> None:
    pid = os.getpid()
    assert await hands.signal("TERM", pid, start_of(pid)) == f"refused: process {pid} is this console"


@pytest.mark.skipif(os.geteuid() != 0, reason="a process of another user is made by root alone")
async def test_processes_of_other_users_are_refused(hands: Hands, spawn: Spawn) -> None:
    process = spawn(user=FOREIGN)
    start = start_of(process.pid)
    os.seteuid(FOREIGN + 1)
    try:
        answer = await hands.signal("TERM", process.pid, start)
    finally:
        os.seteuid(0)
    assert answer == f"refused: process {process.pid} belongs to user {FOREIGN}"
    assert alive(process.pid)


# programs


async def test_arguments_arrive_whole_and_nothing_else_does(hands: Hands, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1:], dict(os.environ), os.getcwd(), sys.stdin.read() == '')"
    hostile = ["a b", "$(id); `id` | *", "", "-x", "\x1b[2J\n"]
    os.environ["QD_TEST_LEAK"] = "hunter2"
    try:
        status, said = await Hands({"TOKEN": Secret("t0ken")}).run([sys.executable, "-c", code, *hostile], 30)
    finally:
        del os.environ["QD_TEST_LEAK"]
    text = said.decode()
    assert status == 0
    assert repr(hostile) in text
    assert "'TOKEN': 't0ken'" in text
    assert f"'PATH': '{module.PATH}'" in text
    assert "hunter2" not in text
    assert text.rstrip().endswith("/ True")


async def test_status_and_both_outputs_are_told(hands: Hands, tmp_path: Path) -> None:
    path = script(tmp_path, "echo out; echo err >&2; exit 3")
    assert await hands.run([path], 30) == (3, b"out\nerr\n")
    path = script(tmp_path, "kill -TERM $$")
    assert await hands.run([path], 30) == (-signal.SIGTERM, b"")


async def test_it_has_no_terminal_to_prompt_on(hands: Hands, tmp_path: Path) -> None:
    path = script(tmp_path, "if (: < /dev/tty) 2>/dev/null; then echo tty; else echo none; fi")
    assert await hands.run([path], 30) == (0, b"none\n")


@pytest.mark.parametrize(
    ("program", "words"), [("/none/there", "No such file"), ("/etc/passwd", "Permission")]
)
async def test_what_cannot_be_started_was_not_begun(hands: Hands, program: str, words: str) -> None:
    with pytest.raises(RefusedError, match=f"{program} cannot be run: {words}"):
        await hands.run([program], 30)


async def test_a_null_in_an_argument_is_refused(hands: Hands) -> None:
    with pytest.raises(RefusedError, match="cannot be run: embedded null byte"):
        await hands.run(["echo", "a\0b"], 30)


async def test_of_much_that_was_said_begin_and_end_are_kept(hands: Hands) -> None:
    code = "print('first'); print('x' * 5_000_000); print('last')"
    status, said = await hands.run([sys.executable, "-c", code], 60)
    assert status == 0
    assert said.startswith(b"first\nxxx")
    assert said.endswith(b"xxx\nlast\n")
    assert len(said) == 2 * HALF + len("\n…\n".encode())


async def test_what_stays_behind_with_the_output_open_is_not_waited_for(hands: Hands, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = script(tmp_path, f"sleep 60 & echo $! > {pid}; echo started")
    began = time.monotonic()
    assert await hands.run([path], 50) == (0, b"started\n")
    assert time.monotonic() - began < 30
    left = int(pid.read_text())
    assert alive(left)
    os.kill(left, signal.SIGTERM)


async def test_at_the_time_out_it_gets_term_and_its_children_too(hands: Hands, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = script(tmp_path, f"trap 'echo bye; exit 0' TERM; sleep 60 & echo $! > {pid}; echo busy; wait")
    with pytest.raises(TimedOutError) as caught:
        await hands.run([path], 1)
    assert caught.value.why == f"{path} did not end within 1 s: it was sent TERM, and ended"
    assert caught.value.hint == "bye"
    left = int(pid.read_text())
    await wait_until_async(lambda: not alive(left), 10, "the child's end")


async def test_what_ignores_term_is_killed_after_its_grace_and_that_is_said(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = script(tmp_path, f"echo $$ > {pid}; trap '' TERM; while :; do sleep 1; done")
    with pytest.raises(TimedOutError) as caught:
        await Hands(grace=0.5).run([path], 1)
    words = "did not end within 1 s: it was sent TERM, and killed 0.5 s later"
    assert caught.value.why == f"{path} {words}"
    assert not alive(int(pid.read_text()))


async def test_a_run_that_is_cancelled_ends_its_program(hands: Hands, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = script(tmp_path, f"trap 'rm {pid}; exit 0' TERM; echo $$ > {pid}; while :; do sleep 0.1; done")
    task = asyncio.create_task(hands.run([path], 60))
    await wait_until_async(lambda: pid.exists() and pid.read_text().strip(), 10, "it runs")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not pid.exists()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptor_is_left(hands: Hands, tmp_path: Path) -> None:
    path = script(tmp_path, "ls -l /proc/self/fd | wc -l; exit 1")
    await hands.run([path], 30)
    before = descriptors()
    for _ in range(3):
        await hands.run([path], 30)
        with pytest.raises(RefusedError):
            await hands.run(["/none/there"], 30)
    assert descriptors() == before


async def test_programs_that_are_not_here_are_named(hands: Hands) -> None:
    assert await hands.why_not(["sh", "no-such-program"]) == "no-such-program cannot be found on this machine"
    assert await hands.why_not(["sh", "/bin/sh"]) == ""


# leases


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


async def test_a_lease_keeps_two_consoles_apart(hands: Hands, runtime: Path) -> None:
    name, other = f"jobs/{runtime}", Hands()
    assert await hands.hold(name, "kim", 60) == ""
    assert await hands.hold(name, "kim", 60) == ""
    assert await other.hold(name, "sam", 60) == "kim"
    assert await other.hold(f"{name}/2", "sam", 60) == ""
    await other.let_go(name, "sam")
    assert await Hands().hold(name, "sam", 60) == "kim"
    await hands.let_go(name, "kim")
    assert await other.hold(name, "sam", 60) == ""
    await other.close()
    assert await hands.hold(name, "kim", 60) == ""


async def test_another_environment_is_no_other_lease(
    hands: Hands, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"jobs/{runtime}"
    assert await hands.hold(name, "kim", 60) == ""
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert await Hands().hold(name, "sam", 60) == "kim"


HOLDER = """\
import asyncio, sys
from collectors.transport.write.process import Hands
hands = Hands()
print(repr(asyncio.run(hands.hold(sys.argv[1], "kim", 60))), flush=True)
sys.stdin.read()
"""


async def test_a_lease_ends_with_its_holder(hands: Hands, runtime: Path) -> None:
    name = f"jobs/{runtime}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, name),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"''\n"
    assert await hands.hold(name, "sam", 60) == "kim"
    process.kill()
    await process.communicate()
    assert await hands.hold(name, "sam", 60) == ""


def test_folders_that_others_may_enter_hold_no_lock(runtime: Path) -> None:
    assert runtime / "quarterdeck" in list(lock_folders())
    (runtime / "quarterdeck").chmod(0o755)
    assert runtime / "quarterdeck" not in list(lock_folders())
    (runtime / "quarterdeck").rmdir()
    (runtime / "quarterdeck").symlink_to(runtime)
    assert runtime / "quarterdeck" not in list(lock_folders())


async def test_where_no_lock_can_be_kept_that_is_said(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.transport.write._flocks.lock_folders", lambda: iter(()))
    assert await hands.hold("jobs", "kim", 60) is None
