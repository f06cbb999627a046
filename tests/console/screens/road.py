"""The road of an action on a staged console, as an operator walks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from collectors.model.practice import Practice
from console.screens.asking import Asking
from console.screens.menu import Menu
from console.screens.plan import PlanScreen
from tests.console.screens.deeds import Deeds, give_hands
from tests.console.screens.stage import Part, Stage, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.table import LiveTable

PRODUCTION = {"environment": "production", "protected": True}


@asynccontextmanager
async def acting(
    monkeypatch: pytest.MonkeyPatch,
    deeds: Deeds,
    *,
    armed: str = "",
    parts: dict[Practice, Part] | None = None,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Stage]:
    """The queues' screen of a console on these deeds; ``armed`` is a reason."""
    give_hands(monkeypatch, deeds)
    made = settings_of(**(settings if settings is not None else {}))
    async with staged(monkeypatch, parts=parts or deeds.parts(), settings=made, **options) as stage:
        if armed:
            await stage.app.arm(armed)
        await stage.press("2")
        yield stage


async def put_cursor(stage: Stage, key: bytes) -> None:
    """Put the cursor on a queue."""
    table = stage.screen.query_one(LiveTable)
    wanted = next(row.key for row in table.rows if getattr(row.key, "key", None) == key)
    assert table.go_to(wanted)
    await stage.press()


async def open_menu(stage: Stage) -> LiveTable:
    """Press ``a``."""
    await stage.press("a")
    await wait_until_async(lambda: isinstance(stage.app.screen, Menu), 10)
    return stage.app.screen.query_one(LiveTable)


async def choose(stage: Stage, verb: str) -> None:
    """Press ``a`` and choose an action with the arrows and Enter."""
    table = await open_menu(stage)
    names = [row.cells[0].text for row in table.rows]
    await stage.press("g", *["down"] * names.index(verb), "enter")


async def planned(stage: Stage) -> PlanScreen:
    """Wait until the plan is there and hears keys."""

    def there() -> bool:
        screen = stage.app.screen
        return isinstance(screen, PlanScreen) and not screen._busy and not screen.is_deaf

    await wait_until_async(there, 20, "a plan that hears")
    return on_top(stage)


def on_top(stage: Stage) -> PlanScreen:
    """The dialog of a plan."""
    screen = stage.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


async def heard(stage: Stage) -> Asking[Any]:
    """Wait until a question is there that hears keys."""

    def there() -> bool:
        screen = stage.app.screen
        return isinstance(screen, Asking) and not screen.is_deaf

    await wait_until_async(there, 20, "a question that hears")
    screen = stage.app.screen
    assert isinstance(screen, Asking)
    return screen


async def said(stage: Stage, words: str) -> None:
    """Wait until something has been said to the operator, wherever it was broken into lines."""
    notes = stage.app._notifications
    await wait_until_async(lambda: any(words in str(note.message) for note in notes), 20, words)


async def ended(stage: Stage, phase: str, count: int = 1) -> None:
    """Wait until so many actions have ended in this way."""
    await wait_until_async(
        lambda: sum(act.phase == phase for act in stage.app.store.acting.acts) >= count, 20, phase
    )
    await stage.press()
