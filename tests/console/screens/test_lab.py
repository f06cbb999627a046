"""The lab's incidents on the screen: what to press is said when one starts."""

from pathlib import Path

import pytest

from console.lab import control
from console.lab.processes import LabError
from tests.console.screens.stage import Stage, staged
from tests.servers.waiting import wait_until_async

RETRY = "2, then a on mail: retry, once the mail server answers again"


async def told(stage: Stage, begin: str) -> str:
    """Wait for a notification that begins so."""

    def found() -> str:
        return next((note.message for note in stage.app._notifications if note.message.startswith(begin)), "")

    return await wait_until_async(found, 10, begin)


async def test_starting_an_incident_says_what_to_press(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, str]] = []

    async def started(name: str, _lab: Path) -> None:
        done.append(("start", name))

    async def stopped(name: str, _lab: Path) -> None:
        done.append(("stop", name))

    monkeypatch.setattr(control, "start", started)
    monkeypatch.setattr(control, "stop", stopped)
    async with staged(monkeypatch, size=(160, 40)) as stage:
        assert stage.app.lab_commands() == []
        stage.app.lab = Path("/nonexistent")
        offered = {name: (words, run) for name, words, run in stage.app.lab_commands()}
        assert "hangs up" in offered["start incident dead-letters"][0]
        assert f"Press {RETRY}" in offered["start incident dead-letters"][0]
        await offered["start incident dead-letters"][1]()  # type: ignore[misc]  # a coroutine function
        assert RETRY in await told(stage, "start dead-letters: press 2")
        await stage.until("then a on mail: retry")
        await offered["stop incident dead-letters"][1]()  # type: ignore[misc]  # the same
        assert await told(stage, "stop") == "stop dead-letters"
    assert done == [("start", "dead-letters"), ("stop", "dead-letters")]


async def test_what_the_demo_began_with_is_said_when_the_screen_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def active(lab: Path) -> tuple[str, ...]:
        assert lab == Path("/nonexistent")
        return ("pool-leak",)

    monkeypatch.setattr(control, "active", active)
    async with staged(monkeypatch, size=(160, 40), lab=Path("/nonexistent")) as stage:
        said = await told(stage, "pool-leak")
        assert said == "pool-leak: press 4, then a on catalog: terminate sessions idle in transaction."


async def test_a_lab_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def active(_lab: Path) -> tuple[str, ...]:
        raise LabError("no lab answers at [/red]")

    monkeypatch.setattr(control, "active", active)
    async with staged(monkeypatch, size=(160, 40), lab=Path("/nonexistent")) as stage:
        await stage.until("no lab answers at [/red]")
