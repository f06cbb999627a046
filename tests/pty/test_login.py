"""Logging in to a server whose key has a passphrase: before the screen, and from it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.verbs.shop import collector, configuration, push
from tests.pty.programs import Program, environment
from tests.pty.terminal import Terminal
from tests.servers.sshd import Operator, Sshd, new_key
from tests.servers.waiting import wait_until

CONSOLE = (sys.executable, "-P", "-m", "console")
ASKED = "Enter passphrase for key"


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, sshd: Sshd, valkey_db: str) -> Path:
    """The home of somebody whose key wants a passphrase."""
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    operator = Operator(folder)
    new_key(operator.key, "open sesame")
    operator.config = folder / "config"
    operator.write()
    operator.meet(sshd)
    push(valkey_db, "mail", 3)
    configuration(
        tmp_path,
        '[console]\nname = "through"\nenvironment = "lab"\n',
        f'[servers.web-1]\nhost = "127.0.0.1"\nport = {sshd.port}\n',
        collector("jobs", "queues.redis", valkey_db, keys='["mail"]', server='"web-1"', every='"1s"'),
    )
    return tmp_path


def opened(home: Path, *verb: str) -> Terminal:
    command = (*CONSOLE, "--config", str(home / "quarterdeck.toml"), *verb)
    program = Program("login", command, "")
    return Terminal(command, environment(home, program), (110, 30))


def test_login_asks_and_then_the_screen_opens_on_what_stands(home: Path, sshd: Sshd) -> None:
    with opened(home, "login") as terminal:
        terminal.wait_for(ASKED)
        assert "?1049h" not in terminal.left_on(), "the screen waits"
        terminal.send("open sesame\r")
        terminal.wait_for("within their limits")
        terminal.send("W")
        screen = terminal.wait_for("up")
        assert "1: jobs" in screen
        terminal.send("qq")
        assert terminal.end(9) == 0
        assert terminal.left_on() == []
        assert terminal.attributes() == terminal.before
    wait_until(lambda: not sshd.sessions(), 15, "nothing of ours outlives the console")


def test_a_login_that_fails_opens_the_screen_which_asks_again(home: Path, sshd: Sshd) -> None:
    with opened(home) as terminal:
        terminal.wait_for("web-1 stopped")
        terminal.send("I")
        terminal.wait_for(ASKED)
        terminal.send("\x03")
        terminal.wait_for("web-1: not logged in: ssh ended with status")
        terminal.send("W")
        terminal.wait_for("stopped: login refused")
        terminal.send("I")
        terminal.wait_for(lambda _screen: terminal.raw.count(ASKED.encode()) == 2)
        terminal.send("open sesame\r")
        terminal.wait_for("web-1: logged in")
        terminal.wait_for(lambda screen: "stopped" not in screen)
        terminal.send("qq")
        assert terminal.end(9) == 0
        assert terminal.left_on() == []
    wait_until(lambda: not sshd.sessions(), 15)


def test_ctrl_c_at_the_question_leaves_before_any_screen(home: Path, sshd: Sshd) -> None:
    with opened(home, "login") as terminal:
        terminal.wait_for(ASKED)
        terminal.send("\x03")
        assert terminal.end(9) == 130
        assert terminal.attributes() == terminal.before
        assert b"1049h" not in terminal.raw
        assert b"Traceback" not in terminal.raw
    wait_until(lambda: not sshd.sessions(), 15)
