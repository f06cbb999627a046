"""Any size, any number of changes of it."""

import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.pty.programs import PROGRAMS, SAMPLE, Program, environment, opened
from tests.pty.terminal import Terminal
from tests.servers.waiting import wait_until

programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


@programs
def test_hundreds_of_size_changes_are_survived_with_bounded_output(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path, (120, 40)) as terminal:
        mark = len(terminal.raw)
        for step in range(400):
            terminal.resize(80 + step % 41, 20 + step % 21, tell=False)
            time.sleep(0.005)
        terminal.resize(110, 35)
        terminal.quiet(0.02)
        terminal.wait_for(program.ready)
        assert len(terminal.raw) - mark < 1_000_000
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert terminal.left_on() == []


@programs
def test_it_takes_the_new_size(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path, (60, 20), COLUMNS="30", LINES="10") as terminal:
        for size in ((100, 30), (70, 15)):
            terminal.resize(*size)
            wait_until(partial(holds_after, terminal, len(terminal.raw), f"\x1b[{size[1]};1H"), 10)
        terminal.wait_for(program.ready)


def test_a_window_that_grew_and_came_back_is_painted_anew(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, (100, 30)) as terminal:
        mark = len(terminal.raw)
        terminal.resize(101, 30, tell=False)
        terminal.resize(100, 30, tell=False)
        # the button never changes: only a repaint of the whole screen sends it again
        wait_until(lambda: b"press" in terminal.raw[mark:], 10)


@programs
@pytest.mark.parametrize("size", [(20, 5), (5, 2), (1, 1), (0, 0)])
def test_tiny_terminals_do_not_end_it(program: Program, size: tuple[int, int], tmp_path: Path) -> None:
    with Terminal(program.command, environment(tmp_path, program), size) as terminal:
        wait_until(lambda: b"\x1b[?1049h" in terminal.raw, 15)
        wait_until(lambda: b"\x1b[1;1H" in terminal.raw, 15)
        terminal.resize(100, 30)
        terminal.wait_for(program.ready)
        terminal.resize(*size)
        terminal.quiet(0.05)
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert terminal.left_on() == []


def holds_after(terminal: Terminal, mark: int, text: str) -> bool:
    return text.encode() in terminal.raw[mark:]
