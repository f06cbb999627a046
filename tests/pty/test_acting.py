"""Actions in the real program on a real terminal: arming, what is typed ahead, signals, stalls."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pty.programs import HERE, Program, opened
from tests.pty.terminal import Terminal
from tests.servers.waiting import wait_until

COMMAND = (sys.executable, "-P", str(HERE / "staged_console.py"))
PROTECTED = Program("staged", COMMAND, "needs you", {"STAGE_ENVIRONMENT": "production"})


def folder_with_value(folder: Path) -> Path:
    (folder / "value").write_text("3")
    return folder


def journal(folder: Path) -> list[dict[str, Any]]:
    """What the program has written down so far."""
    [file] = folder.glob("state/quarterdeck/*/journal.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def done(folder: Path) -> int:
    """Lines that the action has written."""
    file = folder / "done"
    return len(file.read_text().splitlines()) if file.exists() else 0


def arm(terminal: Terminal) -> None:
    terminal.send(":")
    terminal.wait_for("Search")
    terminal.send("arm ticket 7")
    terminal.wait_for("arm: ticket 7")
    terminal.send("\r")
    terminal.wait_for("ARMED 1")


def begin(terminal: Terminal, folder: Path) -> None:
    """Start the action on the first row."""
    terminal.send("2")
    terminal.wait_for("› queues")
    terminal.send("a")
    terminal.wait_for("count for a minute")
    terminal.send("G\r")
    terminal.wait_for("Right arrow, then Enter runs it")
    terminal.send("\x1b[C\r\r\r")
    terminal.quiet(0.7)
    assert done(folder) == 0, "typed within half a second"
    terminal.send("\x1b[C")
    terminal.send("\r")
    wait_until(lambda: done(folder) > 2, 15)
    terminal.wait_for("1 run")


def test_the_title_says_armed_and_is_given_back(tmp_path: Path) -> None:
    with opened(PROTECTED, folder_with_value(tmp_path)) as terminal:
        terminal.wait_for("read-only")
        assert not any("ARMED" in title for title in terminal.titles())
        arm(terminal)
        wait_until(lambda: "ARMED quarterdeck staged production" in terminal.titles(), 5)
        terminal.send("q")
        assert terminal.end(6) == 0
        assert terminal.left_on() == []
        assert terminal.titles()[-1] == ""
    assert [record["phase"] for record in journal(tmp_path)] == ["arm"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_runs_and_the_journal_tells_it(number: signal.Signals, tmp_path: Path) -> None:
    with opened(PROTECTED, folder_with_value(tmp_path)) as terminal:
        arm(terminal)
        begin(terminal, tmp_path)
        terminal.signal(number)
        assert terminal.end(6) == 128 + number
        assert terminal.left_on() == []
    outcome = journal(tmp_path)[-1]
    assert (outcome["phase"], outcome["outcome"]) == ("outcome", "failed")
    assert "the console is leaving" in outcome["words"]
    assert outcome["count"] == done(tmp_path)


def test_a_stalled_terminal_stops_no_action_and_the_journal_tells_its_end(tmp_path: Path) -> None:
    with opened(PROTECTED, folder_with_value(tmp_path), (150, 50)) as terminal:
        arm(terminal)
        begin(terminal, tmp_path)
        terminal.stall()
        for step in range(40):  # whole repaints, so that the line is full
            terminal.resize(150 + step % 2, 50, tell=False)
        before = done(tmp_path)
        wait_until(lambda: done(tmp_path) > before + 10, 15, "it runs on")
        terminal.signal(signal.SIGTERM)
        wait_until(lambda: terminal.process.poll() is not None, 9)
        terminal.go_on()
        assert terminal.end(1) == 143
    outcome = journal(tmp_path)[-1]
    assert (outcome["phase"], outcome["outcome"]) == ("outcome", "failed")
    assert outcome["count"] == done(tmp_path)


def test_q_asks_and_leaving_writes_it_down(tmp_path: Path) -> None:
    with opened(PROTECTED, folder_with_value(tmp_path)) as terminal:
        arm(terminal)
        begin(terminal, tmp_path)
        terminal.send("f")
        terminal.wait_for("needs you")
        terminal.send("q")
        terminal.wait_for("Leave (y)")
        terminal.send("yyy")
        terminal.quiet(0.7)
        assert terminal.process.poll() is None, "typed within half a second"
        terminal.send("y")
        assert terminal.end(6) == 0
    assert journal(tmp_path)[-1]["outcome"] == "failed"


def test_sigkill_leaves_an_intent_that_the_next_start_closes(tmp_path: Path) -> None:
    with opened(PROTECTED, folder_with_value(tmp_path)) as terminal:
        arm(terminal)
        begin(terminal, tmp_path)
        terminal.process.kill()
        terminal.process.wait(10)
    assert journal(tmp_path)[-1]["phase"] == "intent"
    with opened(PROTECTED, tmp_path) as terminal:
        terminal.wait_for("interrupted earlier")
        terminal.send("q")
        assert terminal.end(6) == 0
    assert (journal(tmp_path)[-1]["phase"], journal(tmp_path)[-1]["outcome"]) == ("outcome", "unknown")
