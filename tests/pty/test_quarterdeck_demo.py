"""The demo on a real terminal: the whole shop lives, and nothing outlives it."""

import signal
import sys
from pathlib import Path

from console.lab.run import Lab
from tests.pty.programs import Program, environment, opened
from tests.pty.terminal import Terminal
from tests.servers.processes import alive, tree
from tests.servers.waiting import wait_until

COMMAND = (sys.executable, "-P", "-m", "console")


def test_the_console_on_the_shop(lab: Lab, tmp_path: Path) -> None:
    one = Program("shop", (*COMMAND, "--config", str(lab.config_path)), "needs you")
    with opened(one, tmp_path, (120, 40)) as terminal:
        terminal.wait_for(
            lambda screen: all(name in screen for name in ("catalog", "orders", "payments", "database"))
        )
        terminal.send("2")
        terminal.wait_for(lambda screen: all(name in screen for name in ("mail", "payments:webhooks")))
        terminal.send("5")
        terminal.wait_for("request.finished")
        terminal.send("4\r")
        terminal.wait_for(lambda screen: "lock tree" in screen and "sessions" in screen)
        terminal.resize(20, 5)
        terminal.quiet(0.05)
        terminal.resize(80, 24)
        terminal.wait_for("sessions")
        terminal.send("qqq")
        assert terminal.end(6) == 0
        assert terminal.left_on() == []
        assert terminal.attributes() == terminal.before
        assert lab.running


def test_sigkill_of_the_demo_leaves_no_process(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with Terminal((*COMMAND, "demo"), env, (120, 40)) as terminal:
        terminal.wait_for("needs you", 40)
        pids = tree(terminal.process.pid)
        assert len(pids) > 15
        terminal.signal(signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in pids), 30, "every process gone")


def test_leaving_the_demo_leaves_no_process(tmp_path: Path) -> None:
    with Terminal(
        (*COMMAND, "demo", "--incident", "dead-letters"), environment(tmp_path), (120, 40)
    ) as terminal:
        terminal.wait_for("needs you", 40)
        pids = tree(terminal.process.pid)
        terminal.send("q")
        assert terminal.end(25) == 0
        assert terminal.left_on() == []
        wait_until(lambda: not any(alive(pid) for pid in pids), 10, "every process gone")
