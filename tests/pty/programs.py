"""The programs that every terminal test runs.

To put another one through the same tests, add a Program: its command, a text that its first
screen holds, and what it needs in its environment. Tests that need a fault on demand (a heartbeat,
a crash, hostile content) run the sample only.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.pty.terminal import Terminal

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Program:
    """A command, the text that shows that it is there, and its own environment."""

    name: str
    command: tuple[str, ...]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)
    quit_key: str = "q"


SAMPLE = Program("sample", (sys.executable, str(HERE / "sample_app.py")), "tock")

QUARTERDECK = Program(
    "quarterdeck", (sys.executable, "-P", "-m", "console", "--config", str(HERE / "small.toml")), "needs you"
)

PROGRAMS = [SAMPLE, QUARTERDECK]


def environment(folder: Path, program: Program = SAMPLE, **more: str) -> dict[str, str]:
    """A terminal user's environment whose home is ``folder``."""
    kept = {
        name: value
        for name in ("PATH", "PYTHONPATH", "COVERAGE_PROCESS_START")
        if (value := os.environ.get(name))
    }
    base = {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "SAMPLE_FOLDER": str(folder),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
    return kept | base | dict(program.env) | more


def opened(program: Program, folder: Path, size: tuple[int, int] = (100, 30), **more: str) -> Terminal:
    """The program on a terminal, its first screen painted; use as a context manager."""
    terminal = Terminal(program.command, environment(folder, program, **more), size)
    try:
        terminal.wait_for(program.ready)
    except BaseException:
        terminal.__exit__(None, None, None)
        raise
    return terminal


def tick(screen: str) -> int:
    """What the sample's clock shows; a slow terminal need not see each of its ticks."""
    found = re.search(r"tick (\d+) ", screen)
    return int(found[1]) if found else 0
