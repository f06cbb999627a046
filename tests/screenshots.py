"""Make the pictures of the README from the real screens: ``python -m tests.screenshots [FOLDER]``.

Starts the lab, opens the console on it without a terminal, and waits until charts have a past:
first the shop in calm, then with three incidents. Takes about four minutes.
"""

import asyncio
import html
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from console.terminal.check import apply_environment

apply_environment(low_bandwidth=False)

from rich.cells import cell_len  # noqa: E402 - after the environment, as textual
from textual.pilot import Pilot  # noqa: E402 - textual reads the environment at import

from console.actions.making import make_runner  # noqa: E402
from console.engine.core import Core  # noqa: E402
from console.keys import defaults  # noqa: E402
from console.lab import control  # noqa: E402
from console.lab.run import Lab, start_lab  # noqa: E402
from console.logs.ring import Ring  # noqa: E402
from console.screens.app import Quarterdeck  # noqa: E402
from console.settings import Settings, Source, load  # noqa: E402

FOLDER = Path(__file__).parents[1] / "screenshots"
WIDE = (120, 40)
NARROW = (80, 24)
INCIDENTS = ("dead-letters", "pool-leak", "gateway-slow")
CALM_SECONDS = 90.0
TROUBLE_SECONDS = 75.0

_FOREIGN = re.compile(r"@font-face\s*\{[^}]*\}\s*|<!--.*?-->\s*", re.DOTALL)
"""Fonts from elsewhere, and who made the file."""

_TEXT = re.compile(r'(<text class="[^"]*") x="([\d.]+)" (y="[^"]*") textLength="[^"]*" ([^>]*)>(.*?)</text>')
_CELL = 12.2
"""Width of one cell, as Rich draws it."""

_CALM = (
    ("fleet", ("f",)),
    ("health", ("1",)),
    ("queues", ("2",)),
    ("caches", ("3",)),
    ("pools", ("4",)),
    ("logs", ("5",)),
    ("drains", ("9",)),
    ("migrations", ("6",)),
    ("sources", ("S",)),
    ("help", ("2", "question_mark")),
    ("subject", ("escape", "4", "enter")),
)
_TROUBLE = (
    ("fleet-trouble", ("f", "g")),
    ("queues-trouble", ("2", "g")),
    ("pools-trouble", ("4", "g")),
    ("actions", ("2", "g", "a", "down", "down", "down")),
    ("plan", ("enter", "enter")),
)


async def main(folder: Path, *, calm: float = CALM_SECONDS, trouble: float = TROUBLE_SECONDS) -> None:
    """Write every picture into ``folder``."""
    with start_lab() as lab:
        app = console_of(lab)
        async with app.run_test(size=WIDE) as pilot:
            await pilot.pause(calm)
            await pictures(pilot, _CALM, folder)
            await pilot.press("escape", "f")
            for incident in INCIDENTS:
                await control.start(incident, lab.folder)
            await pilot.pause(trouble)
            await pictures(pilot, _TROUBLE, folder)
            await pilot.press("escape", "f")
            await pilot.resize_terminal(*NARROW)
            await pictures(pilot, (("fleet-80x24", ()),), folder)
            await pictures(pilot, (("queues-80x24", ("2",)),), folder)


def console_of(lab: Lab) -> Quarterdeck:
    """The console on the lab's configuration, neither recorded nor restored."""
    settings: Settings = load(Source(lab.config_path), os.environ, keys=defaults())
    ring = Ring()
    core = Core(settings, emit=ring.append)
    return Quarterdeck(core, ring, runner=make_runner(core, os.environ), lab=lab.folder)


async def pictures(pilot: Pilot[int], wanted: Sequence[tuple[str, tuple[str, ...]]], folder: Path) -> None:
    """Press the keys of each picture, let details arrive, and write it."""
    for name, keys in wanted:
        await pilot.press(*keys)
        await pilot.pause(3.0)
        (folder / f"{name}.svg").write_text(standing(pilot.app.export_screenshot(title="quarterdeck")))
        print(folder / f"{name}.svg")


def standing(svg: str) -> str:
    """The picture with every word in its own cell, whatever the renderer does with blanks; no links."""
    svg = _FOREIGN.sub("", svg)
    svg = svg.replace("font-family: Fira Code, monospace", "font-family: DejaVu Sans Mono, Menlo, monospace")
    svg = svg.replace("font-size: 20px", "font-size: 20.3px")  # whose characters are 12.2 wide
    svg = _TEXT.sub(_words, svg)
    if links := re.findall(r"url\((?!#)|href|src=", svg):
        raise AssertionError(f"the picture links to {links}")
    return svg


def _words(match: re.Match[str]) -> str:
    head, x, y, tail, text = match.groups()
    plain = html.unescape(text).replace("\xa0", " ")
    return "".join(
        f'{head} x="{float(x) + cell_len(plain[: word.start()]) * _CELL:.1f}" {y} '
        f'textLength="{cell_len(word.group()) * _CELL:.1f}" {tail}>'
        f"{html.escape(word.group()).replace(' ', '&#160;')}</text>"
        for word in re.finditer(r"[\u2800-\u28ff]|[^\s\u2800-\u28ff]+(?: [^\s\u2800-\u28ff]+)*", plain)
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(exist_ok=True)
    asyncio.run(main(target))
