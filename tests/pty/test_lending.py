"""The terminal lent to a program that asks something, and taken back."""

import signal
from pathlib import Path

from tests.pty.programs import SAMPLE, opened
from tests.pty.terminal import Terminal
from tests.servers.waiting import wait_until


def lent(terminal: Terminal) -> int:
    """Begin to lend it, as it was before; how many bytes have come when the program asks."""
    terminal.send("l")
    screen = terminal.wait_for("passphrase:")
    assert "the terminal is lent" in screen
    assert terminal.left_on() == []
    return len(terminal.raw)


def back(terminal: Terminal, folder: Path) -> str:
    """Wait until the screen is back and lives; the program's exit status."""
    wait_until((folder / "code").exists, 15)
    tick = (folder / "heartbeat").read_text()
    wait_until(lambda: (folder / "heartbeat").read_text() != tick, 15)
    terminal.wait_for(lambda screen: "tock" in screen and "passphrase" not in screen)
    assert "?1049h" in terminal.left_on()
    return (folder / "code").read_text()


def test_a_program_asks_and_the_screen_comes_back(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        begun = lent(terminal)
        terminal.send("secret")
        terminal.quiet(0.1)
        terminal.send("\r")
        screen = terminal.wait_for("more:")
        assert "heard 6" in screen
        assert "secret" not in screen, "nothing of ours reads or echoes it"
        tick = (tmp_path / "heartbeat").read_text()
        wait_until(lambda: (tmp_path / "heartbeat").read_text() != tick, 15, "the console goes on meanwhile")
        assert b"tock" not in terminal.raw[begun:]
        terminal.send("\r")
        assert back(terminal, tmp_path) == "7"
        terminal.send("q")
        assert terminal.end(6) == 0
        assert terminal.left_on() == []
        assert terminal.attributes() == terminal.before


def test_ctrl_c_is_the_programs_and_ctrl_z_stops_nobody(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        lent(terminal)
        terminal.send("\r")
        terminal.wait_for("more:")
        terminal.send("\x1a")
        terminal.wait_for("^Z")
        terminal.send("\x03")
        assert back(terminal, tmp_path) in ("130", "1")
        terminal.send("q")
        assert terminal.end(6) == 0


def test_sigterm_meanwhile_ends_both_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        lent(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(9) == 143
        assert terminal.left_on() == []
        assert terminal.attributes() == terminal.before
