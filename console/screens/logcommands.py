"""The palette's part about logs: saved questions, pinned ones, files."""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from collectors.text import one_line
from console.screens.logask import ask_logs
from console.screens.logs import LogsScreen
from console.settings.questions import MOST_PINNED

if TYPE_CHECKING:
    from console.screens.app import Quarterdeck

Command = tuple[str, str, Callable[[], object]]


def log_commands(console: "Quarterdeck") -> list[Command]:
    """Saved questions by name; on the log screen, what can be done with the present one."""
    found: list[Command] = [
        (f"ask: {one.name}", str(one_line(one.ask)), partial(ask_logs, console, _instead(one.ask)))
        for one in console.settings.questions.values()
    ]
    # the palette itself stands on top
    screen = next((one for one in reversed(console.screen_stack) if isinstance(one, LogsScreen)), None)
    if screen is None:
        return found
    asked, pins = screen.asked, console.pins
    if asked.question.stages:
        pin = partial(_pin, console, asked.text)
        found.append(("logs: pin this question", "keep its answer on the screen", pin))
    found += [
        (f"logs: unpin {one.name}", str(one_line(one.ask)), partial(pins.unpin, one.name))
        for one in pins.pinned
    ]
    if asked.text:
        save = partial(_save, console, asked.text)
        found.append(("logs: save this question", "copies its lines for [questions] in TOML", save))
    return found


def _pin(console: "Quarterdeck", ask: str) -> None:
    if not console.pins.pin(ask):
        console.tell(f"{MOST_PINNED} questions are pinned: unpin one first", bad=True)


def _save(console: "Quarterdeck", ask: str) -> None:
    """Copy what saves a question: the console never writes its configuration."""
    console.copy_to_clipboard(f"[questions.NAME]\nask = {json.dumps(ask, ensure_ascii=False)}\n")
    console.tell(
        "copied: paste it into quarterdeck.toml and give it a name; pin = true keeps it on the screen"
    )


def _instead(ask: str) -> Callable[[str], str]:
    return lambda _before: ask
