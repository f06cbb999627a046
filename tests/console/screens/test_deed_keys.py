"""Every key of the console over every dialog of an action: none crashes, none does anything by itself."""

from typing import Any

import pytest

from console.screens.arguments import ArgumentsScreen
from console.screens.asking import Asking, Question
from console.screens.plan import PlanScreen
from tests.console.screens.deeds import Deeds
from tests.console.screens.road import acting, choose
from tests.console.screens.stage import Stage
from tests.console.screens.test_all_keys import MOVES, PRESSED
from tests.servers.waiting import wait_until_async
from widgets.cell import Cell

OVER: dict[str, type[Any]] = {
    "plan": PlanScreen,
    "typed": PlanScreen,
    "form": ArgumentsScreen,
    "question": Question,
}


async def at(stage: Stage, place: str) -> None:
    """Stand in a dialog that hears keys, however that is left by the key before."""
    app = stage.app
    if not isinstance(app.screen, OVER[place]):
        await app.action_go("queues")
        if place == "question":
            app.push_screen(Question("sure?", Cell("here"), (("what", Cell("x")),), "Yes"))
            await stage.press()
        else:
            await choose(stage, {"plan": "touch", "typed": "drop", "form": "retry"}[place])
    screen = app.screen
    if isinstance(screen, PlanScreen):
        await wait_until_async(lambda: not screen._busy, 10)
    if isinstance(screen, Asking):
        screen._heard_from = 0.0


@pytest.mark.parametrize("place", OVER)
async def test_no_key_crashes_and_none_runs_anything(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        for key in [*PRESSED, *MOVES]:
            await at(stage, place)
            if isinstance(stage.app.screen, PlanScreen):
                stage.app.screen.set_focus(stage.app.screen.query_one("#cancel"))
            await stage.press(key)
            assert stage.app.is_running
            assert not stage.app._exit, key
            assert deeds.writes == [], key


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (20, 5), (5, 2), (200, 60)])
async def test_no_size_crashes_a_dialog(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(), size=size) as stage:
        for place in OVER:
            await at(stage, place)
            await stage.press("down", "right")
            lines = stage.text().splitlines()
            assert len(lines) <= size[1]
            assert all(len(line) <= size[0] for line in lines), place
            await stage.press("escape")


async def test_ascii_terminals_get_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"environment": "production", "protected": True}
    async with acting(monkeypatch, Deeds(), settings=settings, armed="x", ascii_only=True) as stage:
        for place in OVER:
            await at(stage, place)
            await stage.press()
            wrong = {char for char in stage.text() if not char.isascii()}
            assert not wrong, (place, wrong)
            await stage.press("escape")
        await stage.press("a")
        assert stage.text().isascii()
        await stage.press("escape", "A")
        assert stage.text().isascii()
