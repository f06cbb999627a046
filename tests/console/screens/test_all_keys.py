"""Every key of the console, on every screen and over every dialog."""

from dataclasses import replace

import pytest

from collectors.model.practice import Practice
from console.keys import KEYS
from tests.console.screens.stage import Stage, batch, record, staged
from tests.servers.waiting import wait_until_async

MODES = ["fleet", *Practice, "sources", "servers", "actions", "journal"]
OVER = {
    "filter": "Prompt",
    "help": "HelpScreen",
    "palette": "Palette",
    "menu": "Menu",
    "reason": "Prompt",
    "record": "RecordScreen",
    "subject": "SubjectScreen",
}
"""What opens over the screens, and the class that then stands on top."""

GOING = {key for one in KEYS if one.id.startswith("go.") for key in one.keys}
LEAVING = {"q", "ctrl+c"}
PRESSED = [key for one in KEYS for key in one.keys if key not in LEAVING]
MOVES = ["down", "up", "right", "left", "j", "k", "l", "h", "g", "G", "home", "end", "pageup", "pagedown",
         "tab", "shift+tab", "space", "enter", "escape", "backspace", "delete", "x", "insert"]  # fmt: skip


async def at(stage: Stage, place: str) -> None:
    """Stand on a screen or in a dialog, however that is left by the key before."""
    app = stage.app
    if place in MODES:
        if app.current_mode != place or len(app.screen_stack) > 1:
            await app.action_go(place)
        return
    if type(app.screen).__name__ == OVER[place]:
        return
    await app.action_go("logs" if place == "record" else "queues")
    for mute in stage.snapshot.mutes:
        app.store.mute(replace(mute, until=0.0))
    keys = {
        "filter": "/",
        "help": "?",
        "palette": ":",
        "menu": "a",
        "reason": "a",
        "record": "g",
        "subject": "",
    }
    await stage.press(*keys[place])
    if place == "reason":
        await stage.press("down", "down")
    if place in ("reason", "record", "subject"):
        await stage.press("enter")
    await wait_until_async(lambda: len(app.screen_stack) > 1, 5, f"{place} opens")


@pytest.mark.parametrize("place", [*MODES, *OVER])
async def test_no_key_crashes(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(record(1, "one"), record(2, "two")))
        going = GOING if place in MODES[1:] else set()  # from the fleet and every dialog they are walked
        for key in [key for key in PRESSED + MOVES if key not in going]:
            await at(stage, place)
            await stage.press(key)
            assert stage.app.is_running
            assert not stage.app._exit, key
        await stage.app.action_go("fleet")
        assert "orders" in stage.text()


async def test_every_dialog_of_the_walk_is_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        app = stage.app
        app.ring.append(batch(record(1, "one")))
        seen = {}
        for place in OVER:
            await app.action_go("fleet")
            await at(stage, place)
            seen[place] = type(app.screen).__name__
        assert seen == OVER


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (20, 5), (5, 2), (200, 60)])
async def test_no_size_crashes_a_screen(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, size=size) as stage:
        stage.app.ring.append(batch(record(1, "one")))
        for place in [*MODES, *OVER]:
            await at(stage, place)
            await stage.press("down", "right", "z")
            lines = stage.text().splitlines()
            assert len(lines) <= size[1]
            assert all(len(line) <= size[0] for line in lines), place
            await stage.press("z")
