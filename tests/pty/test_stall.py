"""A terminal that stops reading stops the painting and nothing else."""

import re
import signal
from pathlib import Path

import pytest

from tests.pty.programs import PROGRAMS, SAMPLE, Program, opened, tick
from tests.servers.waiting import wait_until

SIZE = (150, 50)


def beats(folder: Path) -> int:
    return int(((folder / "heartbeat").read_text().split() or ["0"])[0])


def is_stalled(folder: Path) -> bool:
    return "stalled" in (folder / "heartbeat").read_text()


def test_the_loop_goes_on_and_the_whole_screen_comes_back(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SIZE, SAMPLE_FLOOD="1") as terminal:
        terminal.wait_for(lambda screen: tick(screen) >= 3)
        terminal.stall()
        wait_until(lambda: is_stalled(tmp_path), 20)
        start = beats(tmp_path)
        wait_until(lambda: beats(tmp_path) >= start + 15, 15, "15 ticks while nobody reads")
        mark, lost = len(terminal.raw), beats(tmp_path)
        terminal.go_on()
        terminal.wait_for(lambda screen: tick(screen) > lost)
        after = bytes(terminal.raw[mark:])
        assert len(after) < 500_000, "what nobody read was kept"
        # The button never changes: only a repaint of the whole screen sends it again.
        wait_until(lambda: b"press" in bytes(terminal.raw[mark:]), 5)
        screen = terminal.wait_for(lambda screen: screen.count("\n") and "press" in screen)
        body = [line for line in screen.splitlines()[4:] if line]
        assert len(body) == SIZE[1] - 4
        terminal.signal(signal.SIGTERM)
        assert terminal.end(6) == 143
        assert terminal.left_on() == []
        updates = re.findall(rb"\x1b\[\?2026([hl])", bytes(terminal.raw))
        assert len(updates) > 10
        assert updates == [b"h", b"l"] * (len(updates) // 2), "an update was begun and not ended"


def test_keys_pressed_during_a_stall_still_act(tmp_path: Path) -> None:
    with opened(SAMPLE, tmp_path, SIZE, SAMPLE_FLOOD="1") as terminal:
        terminal.stall()
        wait_until(lambda: is_stalled(tmp_path), 20)
        terminal.send("q")
        wait_until(lambda: terminal.process.poll() is not None, 9)
        assert terminal.process.returncode == 0
        assert terminal.attributes() == terminal.before
        terminal.go_on()
        terminal.quiet(0.1)
        assert terminal.left_on() == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_stall_that_ends_leaves_a_whole_screen(program: Program, tmp_path: Path) -> None:
    with opened(program, tmp_path, SIZE) as terminal:
        terminal.stall()
        for step in range(60):
            terminal.resize(SIZE[0] + step % 2, SIZE[1], tell=False)
        terminal.resize(*SIZE, tell=False)
        mark = len(terminal.raw)
        terminal.go_on()
        wait_until(lambda: program.ready.encode() in terminal.raw[mark:], 30)
        assert program.ready in terminal.text()
