"""Where nothing may be done nothing is done, by whichever road it is tried; and the reason stands there."""

from typing import Any

import pytest

from collectors.model.subject import SubjectId
from console.actions.offers import all_offers
from console.screens.menu import Menu
from console.screens.plan import PlanScreen, Wish
from tests.console.screens.deeds import Deeds
from tests.console.screens.road import PRODUCTION, acting, ended, open_menu, planned, put_cursor, said
from tests.console.screens.stage import Stage
from tests.servers.waiting import wait_until_async

READ_ONLY_LAB = {"environment": "lab", "protected": False}
PLACES: dict[str, tuple[dict[str, Any], bool, str]] = {
    "unarmed": (PRODUCTION, False, "this environment is protected and not armed"),
    "read-only": (READ_ONLY_LAB, True, "this console is read-only"),
    "read-only production": (PRODUCTION, True, "this console is read-only"),
}


def lock(stage: Stage, *, read_only: bool) -> None:
    """As ``read_only`` in [console] makes it."""
    stage.app.runner.planner.arming.read_only = read_only
    stage.app.runner.publish()


def offered(stage: Stage) -> list[tuple[str, SubjectId]]:
    """Every action of every subject, from the one list that the menu, the palette and the commands share."""
    runner = stage.app.runner
    return [
        (offer.spec.verb, offer.subject)
        for offer in all_offers(runner.planner, stage.snapshot, runner.rights)
    ]


@pytest.mark.parametrize("place", PLACES)
async def test_every_action_is_refused_by_key_and_mouse(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, read_only, why = PLACES[place]
    deeds = Deeds()
    async with acting(monkeypatch, deeds, settings=settings) as stage:
        lock(stage, read_only=read_only)
        await stage.until("read-only")
        tried = offered(stage)
        assert len(tried) == 10, "five actions on two queues"
        for verb, subject in tried:
            await put_cursor(stage, subject.key)
            table = await open_menu(stage)
            names = [row.cells[0].text for row in table.rows]
            line = names.index(verb)
            assert why in table.rows[line].cells[2].text
            assert table.rows[line].cells[2].dim
            await stage.press("g", *["down"] * line)
            assert why in " ".join(stage.text().split())
            await stage.press("enter")
            assert isinstance(stage.app.screen, Menu)
            await said(stage, f"{verb} is refused: {why}")
            stage.app.clear_notifications()
            await stage.pilot.click(table, offset=(10, line + 2))
            await stage.pilot.click(table, offset=(10, line + 2), times=2)
            await said(stage, f"{verb} is refused: {why}")
            assert isinstance(stage.app.screen, Menu)
            stage.app.clear_notifications()
            await stage.press("escape")
        assert (deeds.writes, deeds.plans) == ([], [])
        assert list(stage.app.runner.journal.records()) == []


@pytest.mark.parametrize("place", PLACES)
async def test_every_action_is_refused_by_the_palette(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, read_only, why = PLACES[place]
    deeds = Deeds()
    async with acting(monkeypatch, deeds, settings=settings) as stage:
        lock(stage, read_only=read_only)
        await put_cursor(stage, b"mail")
        for verb in sorted({verb for verb, _subject in offered(stage)}):
            await stage.press(":", *f"act: {verb} mail")
            await stage.until(f"refused: {why}")
            await stage.press("down", "enter")
            await said(stage, f"{verb} mail is refused: {why}")
            stage.app.clear_notifications()
        assert (deeds.writes, deeds.plans) == ([], [])


@pytest.mark.parametrize("place", PLACES)
async def test_a_plan_that_was_opened_all_the_same_has_no_run(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, read_only, why = PLACES[place]
    deeds = Deeds()
    async with acting(monkeypatch, deeds, settings=settings) as stage:
        lock(stage, read_only=read_only)
        source = stage.app.core.source(stage.snapshot.rows[0].source)
        assert source is not None
        for offer in all_offers(stage.app.runner.planner, stage.snapshot, {}):
            stage.app.plan(Wish(offer.spec, (offer.subject,), "x"))
            await stage.press()
            screen = await planned(stage)
            assert why in " ".join(stage.text().split())
            assert not screen.query_one("#run").display
            await stage.press("enter")
            await wait_until_async(lambda: not isinstance(stage.app.screen, PlanScreen), 10)
        assert deeds.writes == []


async def test_missing_rights_grey_an_action_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(lacking="the user quarterdeck may not ZADD")
    async with acting(monkeypatch, deeds) as stage:
        table = await open_menu(stage)
        await stage.until("the user quarterdeck may not ZADD")
        lines = {row.cells[0].text: row.cells[2] for row in table.rows}
        assert lines["retry"].dim
        assert not lines["touch"].dim, "it needs no right"
        names = list(lines)
        await stage.press("g", *["down"] * names.index("retry"), "enter")
        assert isinstance(stage.app.screen, Menu)
        await said(stage, "retry is refused: the user quarterdeck may not ZADD")
        assert deeds.plans == []


async def test_what_a_subject_is_not_fit_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(unfit="nothing is dead here")) as stage:
        table = await open_menu(stage)
        refused = {row.cells[2].text for row in table.rows if row.cells[2].dim}
        assert refused == {"nothing is dead here"}


async def test_the_menu_follows_while_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, settings=PRODUCTION) as stage:
        table = await open_menu(stage)
        await stage.press("G")
        assert table.rows[-1].cells[2].dim
        await stage.app.arm("incident 7")
        await wait_until_async(lambda: not table.rows[-1].cells[2].dim, 10)
        assert table.cursor_key == table.rows[-1].key
        await stage.press("enter")
        await planned(stage)


async def test_an_action_with_a_bug_is_greyed_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.console.screens.deeds import Touch

    def unfit(self: object, reading: object) -> str:
        raise ZeroDivisionError("a plug-in's bug")

    monkeypatch.setattr(Touch, "unfit", unfit)
    async with acting(monkeypatch, Deeds()) as stage:
        table = await open_menu(stage)
        lines = {row.cells[0].text: row.cells[2] for row in table.rows if row.cells[2].dim}
        assert {name: cell.text for name, cell in lines.items()} == {
            "touch": "bug: ZeroDivisionError: a plug-in's bug"
        }
        await stage.press("escape", ":", *"touch")
        await stage.until("refused: bug: ZeroDivisionError")


async def test_a_click_on_a_menu_entry_and_on_the_buttons_goes_the_same_road(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        rows = stage.text().splitlines()
        line = next(y for y, text in enumerate(rows) if " mail " in text)
        await stage.pilot.click(offset=(20, line))
        table = await open_menu(stage)
        names = [row.cells[0].text for row in table.rows]
        await stage.pilot.click(table, offset=(10, names.index("touch") + 2))
        await planned(stage)
        assert "orders · mail" in stage.text()
        await stage.pilot.click("#cancel")
        await wait_until_async(lambda: len(stage.app.screen_stack) == 1, 5)
        assert deeds.writes == []
        table = await open_menu(stage)
        await stage.pilot.click(table, offset=(10, names.index("touch") + 2))
        await planned(stage)
        await stage.pilot.click("#run")
        await ended(stage, "done")
        assert {key for _, key in deeds.writes} == {b"mail"}
