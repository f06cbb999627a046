"""When it paints: bounded under a flood, never without reason."""

import threading
import time
from dataclasses import replace

import pytest
from textual.message import Message

from collectors.model.practice import Practice
from console.engine.state import SourceId
from console.screens.foundation import GAP
from console.screens.wake import Woken
from tests.console.screens.stage import Stage, settings_of, staged

QUEUES = SourceId("queues-source")


def flood(stage: Stage, sweeps: int, seconds: float) -> None:
    """Put so many sweeps into the store, from a thread as the core does, over so many seconds."""
    store = stage.app.store
    sweep = next(one.sweep for one in stage.snapshot.sources if one.id == QUEUES)
    assert sweep is not None
    verdicts = [row.verdict for row in stage.snapshot.rows if row.source == QUEUES]
    for _ in range(sweeps):
        store.put_sweep(QUEUES, replace(sweep, arrived=stage.app.clock.boottime()), verdicts, 0.01)
        time.sleep(seconds / sweeps)


async def test_two_hundred_sweeps_are_a_few_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of(every=60.0)) as stage:
        woken = 0
        post = stage.app.post_message

        def counted(message: Message) -> bool:
            nonlocal woken
            woken += isinstance(message, Woken)
            return post(message)

        monkeypatch.setattr(stage.app, "post_message", counted)
        begun, before = time.monotonic(), stage.app._painter.paints
        thread = threading.Thread(target=flood, args=(stage, 200, 1.5))
        thread.start()
        while thread.is_alive():
            await stage.pilot.pause(0.02)
        await stage.pilot.pause(2 * GAP)
        spent = time.monotonic() - begun
        paints = stage.app._painter.paints - before
        assert 2 <= paints <= spent / GAP + 2
        assert 1 <= woken <= paints + 1, "a dirty store wakes once"


async def test_nothing_new_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of(every=60.0)) as stage:
        for place in ("f", "2", "S"):
            await stage.press(place)
            await stage.pilot.pause(2 * GAP)
            before = stage.app._painter.paints
            await stage.pilot.pause(1.5)
            assert stage.app._painter.paints == before, place


async def test_a_value_that_turns_stale_paints_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2")
        stage.parts[Practice.QUEUES].hang = True
        await stage.until("stale", 15)


async def test_a_stalled_terminal_is_not_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        monkeypatch.setattr(type(stage.app), "stalled", True)
        await stage.press("2")
        passes = stage.parts[Practice.QUEUES].passes
        stage.parts[Practice.QUEUES].values[b"mail"] = 55.0
        await stage.pilot.pause(1.5)
        assert stage.parts[Practice.QUEUES].passes > passes, "measuring goes on"
        assert "55" not in stage.text()
        monkeypatch.setattr(type(stage.app), "stalled", False)
        stage.app.repaint()
        await stage.until("55")
