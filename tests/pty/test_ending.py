"""However a console ends, the terminal is given back and the exit code says why."""

import contextlib
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.pty.programs import PROGRAMS, SAMPLE, Program, environment, opened
from tests.pty.terminal import Terminal, cpu_seconds
from tests.servers.waiting import wait_until

programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


def assert_given_back(terminal: Terminal) -> None:
    assert terminal.left_on() == []
    assert terminal.attributes() == terminal.before


@programs
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_cleanly(program: Program, number: signal.Signals, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        terminal.signal(number)
        assert terminal.end(6) == 128 + number
        assert_given_back(terminal)
        assert b"Traceback" not in terminal.raw


@programs
def test_its_quit_key_ends_it_with_0(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        terminal.send(program.quit_key)
        assert terminal.end(6) == 0
        assert_given_back(terminal)


@programs
def test_sigterm_on_a_stalled_terminal(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path, (150, 50), SAMPLE_FLOOD="1") as terminal:
        terminal.stall()
        for step in range(40):  # whole repaints, so that any program fills the line
            terminal.resize(150 + step % 2, 50, tell=False)
            time.sleep(0.02)
        terminal.signal(signal.SIGTERM)
        begun = time.monotonic()
        wait_until(lambda: terminal.process.poll() is not None, 9)
        assert time.monotonic() - begun < 9
        assert terminal.attributes() == terminal.before
        terminal.go_on()
        assert terminal.end(1) == 143
        assert terminal.left_on() == []


@programs
def test_a_vanished_terminal_with_sighup_ignored(program: Program, tmp_path: Path) -> None:
    env = environment(tmp_path, program)
    with Terminal(program.command, env, ignoring=[signal.SIGHUP]) as terminal:
        terminal.wait_for(program.ready)
        used = cpu_seconds(terminal.process.pid)
        before = used
        terminal.vanish()

        def spent() -> bool:
            nonlocal used
            with contextlib.suppress(OSError):
                used = max(used, cpu_seconds(terminal.process.pid))
            return terminal.process.poll() is not None

        wait_until(spent, 6)
        assert terminal.process.returncode == 129
        assert used - before < 1.0, "it spun on a terminal that was gone"


@programs
def test_a_window_that_is_closed(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        terminal.vanish()
        wait_until(lambda: terminal.process.poll() is not None, 6)
        assert terminal.process.returncode == 129


@programs
def test_stopped_and_continued_it_lets_go_and_paints_again(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        terminal.signal(signal.SIGTSTP)
        wait_until(lambda: is_stopped(terminal), 5)
        terminal.quiet(0.1)
        assert_given_back(terminal)
        mark = len(terminal.raw)
        terminal.signal(signal.SIGCONT)
        wait_until(lambda: program.ready.encode() in terminal.raw[mark:], 5)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert_given_back(terminal)


@programs
def test_killed_while_stopped_it_does_not_take_the_terminal_again(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        terminal.signal(signal.SIGTSTP)
        wait_until(lambda: is_stopped(terminal), 5)
        terminal.quiet(0.1)
        mark = len(terminal.raw)
        terminal.signal(signal.SIGTERM)  # what `kill %1` sends
        terminal.signal(signal.SIGCONT)
        assert terminal.end(6) == 143
        assert b"\x1b[?1049h" not in terminal.raw[mark:]
        assert_given_back(terminal)


@programs
def test_continued_without_having_stopped_it_still_restores(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path) as terminal:
        mark = len(terminal.raw)
        terminal.signal(signal.SIGCONT)
        wait_until(lambda: b"\x1b[?1049h" in terminal.raw[mark:], 5)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert_given_back(terminal)


@pytest.mark.parametrize("how", [signal.SIGTERM, "q", "x"])
def test_work_behind_the_screen_is_stopped(how: signal.Signals | str, tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        if isinstance(how, str):
            terminal.send(how)
        else:
            terminal.signal(how)
        terminal.end(6)
    assert (tmp_path / "stopped").read_text() == "1.5\n"


def test_work_that_does_not_stop_is_given_up(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SAMPLE_STOP_SECONDS="60") as terminal:
        terminal.send("q")
        assert terminal.end(9) == 0
        assert_given_back(terminal)


def test_a_stuck_event_loop_is_ended_by_the_watch(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        terminal.send("b")
        wait_until(lambda: is_beating(tmp_path) is False, 5)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(9) == 143
        assert_given_back(terminal)


def test_a_second_signal_hurries(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SAMPLE_STOP_SECONDS="60") as terminal:
        terminal.send("b")
        wait_until(lambda: is_beating(tmp_path) is False, 5)
        terminal.signal(signal.SIGTERM)
        wait_until((tmp_path / "stopped").exists, 5)
        time.sleep(0.4)
        terminal.signal(signal.SIGINT)
        begun = time.monotonic()
        assert terminal.end(6) == 143
        assert time.monotonic() - begun < 1.8
        assert_given_back(terminal)


def test_a_crash_tells_one_message_and_keeps_secrets(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, (200, 30)) as terminal:
        mark = len(terminal.raw)
        terminal.send("x")
        assert terminal.end(6) == 70
        assert_given_back(terminal)
        said = bytes(terminal.raw[mark:]).decode()
    assert "quarterdeck stopped by a fault of its own: ZeroDivisionError" in said
    assert "Traceback" not in said
    assert re.search(r"\x1b\[\d+;\d+H", said.rpartition("\x1b[?1049l")[2]) is None, "painted on the shell"
    report = next((tmp_path / "state" / "quarterdeck").glob("crash-*.txt"))
    assert str(report) in said
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert "ZeroDivisionError" in text
    assert "key_x" in text
    for secret in ("hunter2@", "hunter2-in-a-local", "\x1b"):
        assert secret not in text
        assert secret not in said.rpartition("fault of its own")[2]


def test_a_vanished_terminal_while_the_loop_is_stuck(tmp_path: Path) -> None:
    with Terminal(SAMPLE.command, environment(tmp_path), ignoring=[signal.SIGHUP]) as terminal:
        terminal.wait_for(SAMPLE.ready)
        terminal.send("b")
        wait_until(lambda: is_beating(tmp_path) is False, 5)
        before = cpu_seconds(terminal.process.pid)
        terminal.vanish()
        time.sleep(1.5)
        assert cpu_seconds(terminal.process.pid) - before < 0.75, "it spun on a terminal that was gone"
        wait_until(lambda: terminal.process.poll() is not None, 9)
        assert terminal.process.returncode == 129


def test_bytes_that_are_no_text_are_not_the_end(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        terminal.send(b"\xff\xfe\xc3(")
        beating = is_beating(tmp_path)
        terminal.send("q")
        assert terminal.end(6) == 0
        assert beating
        assert_given_back(terminal)


def test_a_crash_while_it_leaves_is_told_too(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SAMPLE_BAD_END="raise") as terminal:
        terminal.send("q")
        assert terminal.end(6) == 70
        assert b"RuntimeError: at the very end" in terminal.raw
        assert b"Traceback" not in terminal.raw
        assert_given_back(terminal)


def test_a_screen_that_does_not_close_is_ended(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SAMPLE_BAD_END="hang") as terminal:
        terminal.send("q")
        assert terminal.end(9) == 0
        assert_given_back(terminal)


def test_a_crash_in_the_input_thread_ends_it(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        terminal.send("t")
        assert terminal.end(6) == 70
        assert_given_back(terminal)


def test_another_threads_crash_is_told_at_the_end(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        terminal.send("o")
        wait_until(lambda: list((tmp_path / "state" / "quarterdeck").glob("crash-*.txt")), 5)
        assert is_beating(tmp_path)
        terminal.send("q")
        assert terminal.end(6) == 0
        assert b"lost a thread" in terminal.raw


def test_while_suspended_the_terminal_belongs_to_others(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        terminal.send("s")
        wait_until(lambda: b"outside" in terminal.raw, 5)
        assert_given_back(terminal)
        mark = len(terminal.raw)
        (tmp_path / "return").touch()
        wait_until(lambda: b"press" in terminal.raw[mark:], 5)
        terminal.send("q")
        assert terminal.end(6) == 0
        assert_given_back(terminal)


@pytest.mark.parametrize("stuck", [False, True])
def test_in_the_background_it_ends_instead_of_being_stopped(stuck: bool, tmp_path: Path) -> None:
    env = environment(tmp_path)
    with Terminal((sys.executable, "-c", SHELL, *SAMPLE.command), env) as terminal:
        terminal.wait_for(SAMPLE.ready)
        if stuck:
            terminal.send("b")
            wait_until(lambda: is_beating(tmp_path) is False, 5)
        (tmp_path / "background").touch()
        assert terminal.end(9) == 143
        assert_given_back(terminal)


SHELL = """
import os, signal, sys, time
child = os.fork()
if not child:
    os.setpgid(0, 0)
    time.sleep(0.1)
    os.execv(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.setpgid(child, child)
os.tcsetpgrp(0, child)
while not os.path.exists(os.environ["SAMPLE_FOLDER"] + "/background"):
    time.sleep(0.01)
os.tcsetpgrp(0, os.getpgrp())
os.kill(child, signal.SIGTERM)
_, status = os.waitpid(child, os.WUNTRACED)
if os.WIFSTOPPED(status):
    os.kill(child, signal.SIGKILL)
    sys.exit("it was stopped")
sys.exit(os.waitstatus_to_exitcode(status))
"""


def is_stopped(terminal: Terminal) -> bool:
    stat = Path(f"/proc/{terminal.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def is_beating(folder: Path) -> bool:
    before = (folder / "heartbeat").read_text()
    time.sleep(0.3)
    return (folder / "heartbeat").read_text() != before
