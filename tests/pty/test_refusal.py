"""Where no screen can be shown, one sentence says so and names what works without one."""

import subprocess
from pathlib import Path

import pytest

from tests.pty.programs import PROGRAMS, Program, environment
from tests.pty.terminal import Terminal

programs = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


@programs
@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_is_refused(program: Program, term: str, tmp_path: Path) -> None:
    with Terminal(program.command, environment(tmp_path, program, TERM=term)) as terminal:
        assert terminal.end(15) == 64
        said = terminal.raw.decode()
    assert "quarterdeck check" in said
    assert "\x1b" not in said
    assert len(said.strip().splitlines()) <= 2


@programs
def test_without_any_terminal_it_is_refused(program: Program, tmp_path: Path) -> None:
    run = subprocess.run(
        program.command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(tmp_path, program),
        timeout=20,
        check=False,
    )
    assert run.returncode == 64
    assert run.stdout == b""
    assert b"quarterdeck show PRACTICE" in run.stderr
    assert b"\x1b" not in run.stderr


@programs
def test_one_stream_elsewhere_is_enough_to_refuse(program: Program, tmp_path: Path) -> None:
    piped = ("/bin/sh", "-c", 'exec "$@" | cat', "sh", *program.command)
    with Terminal(piped, environment(tmp_path, program)) as terminal:
        terminal.end(15)
        assert b"standard output" in terminal.raw
        assert b"\x1b" not in terminal.raw


@programs
def test_errors_led_elsewhere_do_not_take_the_screen_along(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "errors"
    redirected = ("/bin/sh", "-c", 'exec "$@" 2>"$SAMPLE_FOLDER/errors"', "sh", *program.command)
    with Terminal(redirected, environment(tmp_path, program)) as terminal:
        terminal.wait_for(program.ready)
        terminal.send(program.quit_key)
        assert terminal.end(6) == 0
        assert terminal.left_on() == []
    assert log.read_text() == ""
