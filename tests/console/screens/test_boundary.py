"""A value that cannot be shown costs its own panel and no more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.model.detail import Detail
from collectors.model.logs import Severity
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.queues import QueueReading
from collectors.model.reading import Part as ReadingPart
from collectors.model.reading import Reading
from collectors.model.subject import Subject
from collectors.text import Shown
from tests.console.screens.stage import FILLED, SPEC, Part, batch, queue, record, staged
from tests.servers.waiting import wait_until_async
from widgets.detail import DetailView
from widgets.table import LiveTable

BAD: Any = object()


class Unsayable(str):
    """Text of a plug-in that fails as soon as somebody looks at it."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        raise LookupError("this text cannot be said")

    __str__ = __repr__ = lambda self: self.__format__("")


def bad(**fields: Any) -> dict[Practice, Part]:
    """Parts whose queue ``mail`` has readings with these fields."""

    def make(subject: Subject, value: float, word: str) -> Reading:
        good = queue(subject, value, word)
        return replace(good, **fields) if subject.id.key == b"mail" else good

    parts = {practice: Part() for practice in FILLED}
    parts[Practice.QUEUES].make = make
    return parts


VALUES = {
    "a part without a name": {"parts": (ReadingPart(name=BAD),)},
    "parts that are none": {"parts": (BAD,)},
    "a word that is none": {"word": BAD},
    "a word that fails": {"word": Unsayable("x")},
    "a quantity that is none": {"running": BAD},
    "a unit that is none": {"running": Quantity(1.0, BAD)},
}


@pytest.mark.parametrize("name", VALUES)
async def test_no_reading_takes_the_console_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=bad(**VALUES[name]), wait=False) as stage:
        await wait_until_async(lambda: stage.parts[Practice.POOLS].passes >= 2, 10)
        for key in ("f", "2", "down", "enter", "escape", "S", "f"):
            await stage.press(key)
            await stage.pilot.pause(0.05)
        assert stage.app.is_running
        shown = await stage.press("1")
        assert "mail" in shown


async def test_the_panel_says_so_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with staged(monkeypatch, parts=bad(parts=(ReadingPart(name=Unsayable("x")),))) as stage:  # type: ignore[arg-type]  # as a plug-in may
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        await stage.press("2", "G")
        shown = await stage.until("this panel cannot be shown: LookupError: this text cannot")
        assert "mail" in shown, "the table is there"
        assert "ready, dead · 1 min" in shown, "and so is the chart"
        for _ in range(20):
            stage.app._painter.now()
        reports = list((tmp_path / "quarterdeck").iterdir())
        assert len(reports) == 1, "one report, however often it is met"
        assert "LookupError" in reports[0].read_text()
        await stage.press("g")
        await stage.until(lambda screen: "cannot be shown" not in screen and "verdict" in screen)


async def test_a_panel_recovers_when_its_values_do(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = bad(word=Unsayable("x"))
    async with staged(monkeypatch, parts=parts, wait=False) as stage:
        await stage.press("2")
        await stage.until("cannot be shown")
        parts[Practice.QUEUES].make = None
        await stage.until(lambda screen: "invoices" in screen and "cannot be shown" not in screen)


async def test_a_detail_that_does_not_fit_its_columns_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        part = stage.parts[Practice.QUEUES]
        part.detail_made = Detail(SPEC, ("one", "two"), ((Shown("x"),),))
        await stage.press("2", "enter")
        shown = await stage.until("this panel cannot be shown: ValueError")
        assert "verdict" in shown
        await stage.pilot.resize_terminal(90, 50)
        await stage.until("this panel cannot be shown")
        part.detail_made = None
        await stage.until("because")


@pytest.mark.parametrize("panel", ["header", "needs", "fleet", "facts", "chart", "hint", "keys"])
async def test_each_panel_of_the_fleet_fails_alone(panel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        widget = stage.screen.query_one(f"#{panel}")
        show = "show_cell" if panel == "hint" else "show"
        good = getattr(widget, show)
        calls = []

        def fail(*arguments: Any, **named: Any) -> None:
            calls.append(arguments)
            if len(calls) % 2:
                raise ZeroDivisionError("on purpose")
            good(*arguments, **named)

        monkeypatch.setattr(widget, show, fail)
        stage.app._painter.now()
        others = {
            "header": "test · lab",
            "needs": "within their limits",
            "fleet": "catalog",
            "keys": "practices",
        }
        others.pop(panel, None)
        await stage.until(lambda screen: all(words in screen for words in others.values()))
        assert stage.app.is_running
        assert calls


async def test_what_a_hidden_panel_is_given_fails_no_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, parts=bad(parts=(BAD,)), size=(80, 12)) as stage:
        await stage.press("2", "G")
        await stage.pilot.resize_terminal(120, 40)
        await stage.until("cannot be shown")
        assert stage.screen.query_one(LiveTable).rows
        assert stage.screen.query_one(DetailView).is_attached


@pytest.mark.parametrize("time", [float("nan"), float("inf"), 1e18, -1e18])
async def test_a_log_record_of_no_time_is_shown(time: float, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(replace(record(1, "whenever", Severity.ERROR), time=time)))
        await stage.press("5")
        await stage.until("whenever")
        await stage.press("G", "enter")
        await stage.until("logs · record")
        assert stage.app.is_running


async def test_a_reading_of_another_practice_is_no_ones_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {practice: Part() for practice in FILLED}
    parts[Practice.POOLS].make = lambda subject, value, word: QueueReading(subject=subject)
    async with staged(monkeypatch, parts=parts, wait=False) as stage:
        await wait_until_async(lambda: parts[Practice.POOLS].passes >= 2, 10)
        for key in ("f", "2", "4", "S"):
            await stage.press(key)
        assert stage.app.is_running
