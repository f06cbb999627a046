"""Pinned questions from the console's start: kept up, found, opened, cleared, and gone with the console."""

import threading
from dataclasses import replace

import pytest

from collectors.model.level import Level
from collectors.model.practice import Practice
from console.settings import Settings
from console.settings.values import SavedQuestion, Threshold
from tests.console.screens.stage import Stage, batch, settings_of, staged
from tests.console.screens.test_log_screen import ERROR, LOGS, fill, now, screen_of
from tests.servers.waiting import wait_until_async
from widgets.sentences import SentenceList


def pinned(ask: str, name: str = "high", **limits: float) -> Settings:
    threshold = Threshold(**limits) if limits else None
    question = SavedQuestion(name=name, ask=ask, pin=True, threshold=threshold)
    return settings_of((Practice.LOGS, Practice.QUEUES), questions={name: question})


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "log tiles"]


def say(stage: Stage, number: int) -> None:
    stage.app.ring.append(batch(now(0.1, f"line {number}", ERROR, n=str(number))))


def found(stage: Stage) -> list[tuple[Level, str]]:
    return [(one.level, str(one.reason)) for one in stage.snapshot.findings]


async def test_a_question_is_found_before_anybody_looks_at_logs_and_clears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = pinned("n<100 | min(n)", warning=10, critical=50, clear=5)
    async with staged(monkeypatch, settings=settings) as stage:
        assert "warning" not in stage.text()
        say(stage, 60)
        shown = await stage.until("high: 60, above the limit of 50")
        assert "✖ high" in shown
        assert "1 critical" in shown.splitlines()[0]
        say(stage, 20)
        await stage.until("high: 20, above the limit of 10")
        say(stage, 8)
        await stage.until("high: 8, not yet back at 5")
        assert "1 warning" in stage.text().splitlines()[0]
        say(stage, 4)
        shown = await stage.until(lambda shown: "high:" not in shown)
        assert not found(stage)
        assert "warning" not in shown.splitlines()[0]
    await wait_until_async(lambda: not threads(), 10, "the board's thread has ended")


async def test_enter_on_the_finding_asks_the_question_of_all_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=pinned("level>=error | count", warning=3)) as stage:
        fill(stage.app.ring)
        await stage.press("5")
        screen_of(stage).ask("region=eu", "billing")
        await stage.press("f")
        await stage.until("high: 6, above the limit of 3")
        stage.screen.query_one(SentenceList).focus()
        await stage.press("enter")
        await stage.until("n=6 of 60 lines")
        asked = screen_of(stage).asked
        assert (asked.text, asked.service) == ("level>=error | count", "")
        assert "▲ high 6" in stage.text()


async def test_a_question_of_one_service_raises_its_place_in_the_fleet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = pinned("service:orders level>=error | count", warning=1)
    async with staged(monkeypatch, settings=settings) as stage:
        await stage.until("● 1 ok")
        stage.app.ring.append(batch(now(0.1, "e", ERROR)))
        shown = await stage.until("high: 1, at the limit of 1")
        assert "1 warning" in shown.splitlines()[0]
        assert "1 ok" not in shown.splitlines()[0]


async def test_what_is_not_known_whole_is_found_as_such_and_what_is_unknown_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=pinned("since:1h n>0 | max(n)", warning=10)) as stage:
        say(stage, 0)
        await stage.press("5")
        await stage.until("? high –")
        assert not found(stage)
        say(stage, 12)
        await wait_until_async(lambda: found(stage), 20)
        assert found(stage) == [
            (Level.WARNING, "high: 12, above the limit of 10; not all lines of its time are known")
        ]


async def test_pins_by_hand_share_the_board_and_are_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = pinned("level>=error | count", warning=3)
    async with staged(monkeypatch, settings=settings) as stage:
        fill(stage.app.ring)
        await stage.until("high: 6")
        assert stage.app.pins.pin("region=eu | count")
        await stage.press("5")
        await stage.until("· count 30")
        assert "▲ high 6" in stage.text()
        assert len(threads()) == 1
        assert [one.name for one in stage.snapshot.pinned] == ["high"]
        await stage.app._apply(replace(settings, questions={}))
        await wait_until_async(lambda: not found(stage), 20)
        shown = await stage.until(lambda shown: "▲ high" not in shown)
        assert "· count 30" in shown
        stage.app.pins.unpin("count")
        await wait_until_async(lambda: not threads(), 10, "nothing is pinned, nothing runs")


async def test_where_nothing_is_pinned_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        await stage.press("5", "f")
        assert not threads()
        for number in range(12):
            assert stage.app.pins.pin(f"* | count by f{number}")
        assert not stage.app.pins.pin("* | count")
        assert stage.app.pins.pin("* | count by f3")
        assert len(stage.app.pins.pinned) == 12
