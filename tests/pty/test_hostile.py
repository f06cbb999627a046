"""Hostile text reaches the terminal as text, and nothing of it as a command."""

import re
import signal
from pathlib import Path

import pytest

from tests.pty.programs import SAMPLE, opened, tick
from tests.pty.terminal import Terminal
from tests.servers.waiting import wait_until

PAYLOADS = {
    "clear": "a\x1b[2Jb",
    "leave": "a\x1b[?1049lb",
    "clipboard": "a\x1b]52;c;cm0gLXJmIC8K\x07b",
    "title": "a\x1b]0;owned\x07b",
    "link": "a\x1b]8;;http://x\x1b\\b",
    "c1": "a\x9b2Jb\x90q\x9c",
    "bidi": "a\u202eb\u2066c\u200b",
    "shift": "a\x0e\x0fb\x08\x7f",
    "surrogate": "a\udc9bb",
    "action": "[@click=app.quit]x[/]",
    "markup": "[/ [/] [red] \\[",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("hostile")
    text = "\n".join(PAYLOADS.values())
    with opened(SAMPLE, folder, (200, 30), SAMPLE_HOSTILE=text) as terminal:
        terminal.wait_for(lambda screen: tick(screen) >= 5)
        column, row = where(terminal.text(), "x[/]")
        terminal.send(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")
        clicked = tick(terminal.text())
        terminal.wait_for(lambda screen: tick(screen) >= clicked + 7)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        return terminal


def test_no_control_byte_but_the_consoles_own(shown: Terminal) -> None:
    assert shown.foreign() == ""


def test_nothing_of_it_is_obeyed(shown: Terminal) -> None:
    raw = bytes(shown.raw)
    assert raw.count(b"\x1b[?1049l") == 1
    assert b"\x1b]52" not in raw
    assert b"\x1b]8;" not in raw
    assert b"\x1b[2J" not in raw
    assert shown.left_on() == []


def test_the_title_is_cleaned(shown: Terminal) -> None:
    assert all(title.isprintable() for title in shown.titles())
    assert "owned" in shown.titles()[0]  # as text within the one title
    assert "\N{SYMBOL FOR ESCAPE}]0;owned\N{SYMBOL FOR BELL}" in shown.titles()[0]


def test_the_text_itself_is_shown(shown: Terminal) -> None:
    text = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]", b"", bytes(shown.raw)).decode()
    for literal in ("[@click=app.quit]x[/]", "a\N{SYMBOL FOR ESCAPE}[2J", "<9B>", "<U+2"):
        assert literal in text


def test_the_title_is_given_back(shown: Terminal) -> None:
    raw = bytes(shown.raw)
    assert shown.titles()[-1] == ""
    assert raw.count(b"\x1b[22;0t") == 1
    assert raw.rindex(b"\x1b]0;\x07\x1b[23;0t") > raw.index(b"\x1b[22;0t")


def test_a_console_that_would_print_them_gets_no_operating_system_commands(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, TERM="linux") as terminal:
        terminal.send("c")
        terminal.wait_for(lambda screen: tick(screen) >= 4)
        terminal.send("q")
        assert terminal.end(6) == 0
        assert b"\x1b]" not in terminal.raw
        assert b";0t" not in terminal.raw


def where(screen: str, text: str) -> tuple[int, int]:
    for row, line in enumerate(screen.splitlines()):
        if text in line:
            return line.index(text), row
    raise AssertionError(f"{text!r} is not on the screen:\n{screen}")


def test_the_mouse_works_without_motion_reports_and_can_be_switched(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path) as terminal:
        column, row = where(terminal.text(), "press")
        terminal.send(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")
        terminal.wait_for("pressed")
        mark = len(terminal.raw)
        terminal.send("m")
        wait_until(lambda: b"\x1b[?1000l" in terminal.raw[mark:], 5)
        assert "?1000h" not in terminal.left_on()
        mark = len(terminal.raw)
        terminal.send("m")
        wait_until(lambda: b"\x1b[?1000h" in terminal.raw[mark:], 5)
        for mode in (b"1003", b"1002", b"1015", b"1016"):
            assert b"\x1b[?" + mode + b"h" not in terminal.raw
        terminal.send("c")
        wait_until(lambda: b"\x1b]52;c;" in terminal.raw, 5)
