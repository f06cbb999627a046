"""What is known about a terminal before textual is imported."""

import io
import subprocess
import sys

import pytest

from console.terminal.check import apply_environment, glyphs_are_safe, low_bandwidth, screen_refusal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def isatty(self) -> bool:
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize(
    ("environ", "stdin", "stdout", "word"),
    [
        ({"TERM": "xterm"}, io.StringIO(), Tty(), "standard input"),
        ({"TERM": "xterm"}, Tty(), io.StringIO(), "standard output"),
        ({"TERM": "xterm"}, None, Tty(), "standard input"),
        ({"TERM": "xterm"}, Closed(), Tty(), "standard input"),
        ({"TERM": "dumb"}, Tty(), Tty(), "TERM=dumb"),
        ({"TERM": ""}, Tty(), Tty(), "TERM is not set"),
        ({}, Tty(), Tty(), "TERM is not set"),
    ],
)
def test_a_refusal_says_why_and_what_works(
    environ: dict[str, str], stdin: io.StringIO | None, stdout: io.StringIO | None, word: str
) -> None:
    said = screen_refusal(environ, stdin, stdout)
    assert said is not None
    assert word in said
    for verb in ("quarterdeck check", "quarterdeck show PRACTICE", "--plain"):
        assert verb in said
    assert "\n" not in said


def test_a_real_terminal_is_not_refused() -> None:
    assert screen_refusal({"TERM": "xterm-256color"}, Tty(), Tty()) is None


@pytest.mark.parametrize(
    ("encoding", "safe"),
    [("utf-8", True), ("UTF-8", True), ("utf8", True), ("ascii", False), ("latin-1", False)],
)
def test_glyphs_need_utf_8(encoding: str, safe: bool) -> None:
    assert glyphs_are_safe(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is safe


def test_without_an_encoding_glyphs_are_not_safe() -> None:
    assert not glyphs_are_safe(None)
    assert not glyphs_are_safe(io.StringIO())


def test_the_line_is_spared_under_ssh() -> None:
    assert low_bandwidth({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"})
    assert not low_bandwidth({})


def test_switches_are_set_where_the_user_has_not() -> None:
    environ = {"TEXTUAL_FPS": "3"}
    apply_environment(low_bandwidth=True, environ=environ)
    assert environ == {
        "TEXTUAL_FPS": "3",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
        "TEXTUAL_SMOOTH_SCROLL": "0",
    }
    environ = {}
    apply_environment(low_bandwidth=False, environ=environ)
    assert environ == {"TEXTUAL_FPS": "30", "TEXTUAL_ANIMATIONS": "none"}


def test_it_never_imports_textual_and_textual_obeys_it() -> None:
    code = (
        "import sys\n"
        "from console.terminal.check import apply_environment, screen_refusal\n"
        "assert apply_environment(low_bandwidth=True)\n"
        "assert not any(name.split('.')[0] in ('textual', 'rich') for name in sys.modules)\n"
        "from textual import constants as c\n"
        "assert (c.MAX_FPS, c.TEXTUAL_ANIMATIONS) == (15, 'none')\n"
        "assert (c.DISABLE_KITTY_KEY, c.SMOOTH_SCROLL) == (True, False)\n"
        "assert not apply_environment(low_bandwidth=True)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
