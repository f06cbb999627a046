"""Plan and consent: what is shown is what is hit, and nothing that was typed ahead runs anything."""

from typing import Any

import pytest
from textual.widgets import Button, Input

from collectors.action import ActionSpec, Argument, RefusedError, Risk
from collectors.errors import UnreachableError
from collectors.model.detail import Detail
from collectors.model.quantity import exact
from collectors.model.queues import QueueReading
from collectors.text import Shown
from console.actions.guard import Consent
from console.screens.arguments import ArgumentsScreen, Choice
from console.screens.asking import DEAF_FOR
from console.screens.choices import filled
from console.screens.plan import PlanScreen
from tests.console.screens.deeds import QUEUES, Deeds
from tests.console.screens.road import (
    PRODUCTION,
    acting,
    choose,
    ended,
    on_top,
    open_menu,
    planned,
    put_cursor,
    said,
)
from tests.console.screens.stage import SPEC, Stage
from tests.servers.waiting import wait_until_async
from widgets.plan import PlanView
from widgets.table import LiveTable


def freshness(stage: Stage, key: bytes) -> str:
    """What a queue's values are worth now."""
    return next(str(row.freshness) for row in stage.snapshot.of(QUEUES) if row.reading.subject.id.key == key)


ARMED: dict[str, Any] = {"settings": PRODUCTION, "armed": "incident 7"}


async def test_a_yes_is_two_keys_and_enter_alone_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "touch")
        screen = await planned(stage)
        assert isinstance(screen.focused, Button)
        assert screen.focused.id == "cancel"
        await stage.press("enter")
        assert len(stage.app.screen_stack) == 1
        assert deeds.writes == []
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        assert deeds.writes == [("queues.touch", b"mail")] * 3
        await said(stage, "queues.touch mail: done: 3 jobs")


@pytest.mark.parametrize("keys", [["enter"] * 3, ["right", "enter"], ["tab", "enter"], ["y"] * 3])
async def test_what_was_typed_ahead_runs_nothing(keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await put_cursor(stage, b"mail")
        table = await open_menu(stage)
        names = [row.cells[0].text for row in table.rows]
        await stage.at_once("g", *["down"] * names.index("touch"), "enter", *keys)
        await planned(stage)
        assert isinstance(stage.app.screen, PlanScreen)
        assert stage.app.screen._bundle is not None
        assert stage.app.screen._bundle.consent is Consent.YES
        assert deeds.writes == []
        await stage.press("enter")
        assert deeds.writes == []


async def test_a_dialog_is_deaf_for_half_a_second_after_its_plan_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds = Deeds(holding=True)
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "touch")
        screen: PlanScreen = on_top(stage)
        await wait_until_async(lambda: not screen.is_deaf, 10)
        await stage.press("right", "y")
        assert stage.app.screen is screen, "there is nothing to confirm yet"
        deeds.holding = False
        await wait_until_async(lambda: screen._bundle is not None, 10)
        assert screen.is_deaf
        await stage.press("right", "enter")
        assert screen.is_deaf, "the test was too slow to show anything"
        assert stage.app.screen is screen
        assert screen.focused is screen.query_one("#cancel")
        assert DEAF_FOR == 0.5
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")


async def test_a_click_within_the_half_second_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "touch")
        screen = await planned(stage)
        screen.listen_anew()
        await stage.pilot.click("#run")
        await stage.press()
        assert stage.app.screen is screen
        assert deeds.writes == []
        await planned(stage)
        await stage.pilot.click("#run")
        await ended(stage, "done")
        assert len(deeds.writes) == 3


async def test_what_is_destructive_wants_its_phrase_typed_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "drop")
        screen = await planned(stage)
        shown = stage.text()
        assert "PRODUCTION  protected, ARMED: incident 7" in shown
        assert "production/mail" in shown
        run = screen.query_one("#run", Button)
        assert run.disabled
        await stage.press("right", "enter")
        assert len(stage.app.screen_stack) == 1, "Run cannot be reached: Cancel kept the focus"
        await choose(stage, "drop")
        screen = await planned(stage)
        run = screen.query_one("#run", Button)
        await stage.press(*"production/mai", "enter")
        assert run.disabled
        assert "That is not it" in stage.text()
        await stage.press("x")
        assert run.disabled
        await stage.press("backspace", "l")
        assert not run.disabled
        assert deeds.writes == []
        await stage.press("enter")
        assert screen.focused is run
        await stage.press("enter")
        await ended(stage, "done")
        assert deeds.writes == [("queues.drop", b"mail")] * 3


async def test_a_pasted_phrase_does_not_reach_a_deaf_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    from textual import events

    async with acting(monkeypatch, Deeds(), **ARMED) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "drop")
        screen = await planned(stage)
        line = screen.query_one(Input)
        screen.set_focus(line)
        screen.listen_anew()
        stage.app.post_message(events.Paste("production/mail"))
        await stage.press()
        assert line.value == ""
        await planned(stage)
        stage.app.post_message(events.Paste("production/mail"))
        await wait_until_async(lambda: line.value == "production/mail", 5)


async def test_what_is_safe_runs_at_once_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await choose(stage, "resume")
        await said(stage, "queues.resume invoices runs")
        await ended(stage, "done")
        assert len(stage.app.screen_stack) == 1
        assert {action for action, _ in deeds.writes} == {"queues.resume"}


async def test_everything_on_which_a_yes_rests_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(count=7, words="not idempotent"), **ARMED) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "touch")
        await planned(stage)
        shown = stage.text()
        for words in (
            "queues.touch: touch every job",
            "orders · mail (queues-source/mail)",
            "7 items, counted just now",
            "▲ not idempotent",
            "job 0 not idempotent",
            "disruptive: others will notice",
            "until a worker takes them",
            "UTC; what came later is not touched",
            "10 min, then it stops",
            "run 8f2c primary",
            "Right arrow, then Enter runs it",
        ):
            assert words in shown, words


async def test_a_refused_plan_has_no_run_and_can_be_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(error=UnreachableError("connection refused", "is it alive?"))
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "touch")
        screen = await planned(stage)
        shown = stage.text()
        assert "✖ connection refused" in shown
        assert "is it alive?" in shown
        assert "nothing was touched" in shown
        assert not screen.query_one("#run").display
        deeds.error = None
        await stage.press("r")
        await stage.until("3 items, counted just now")
        await planned(stage)
        assert screen.query_one("#run").display
        await stage.press("escape")
        assert deeds.writes == []


async def test_a_bug_in_a_plan_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(error=ZeroDivisionError("oops"))) as stage:
        await choose(stage, "touch")
        await stage.until("bug: ZeroDivisionError: oops")
        await planned(stage)
        await stage.press("escape")
        assert stage.app.is_running


async def test_what_is_refused_at_the_last_moment_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "touch")
        await planned(stage)
        deeds.server = "run 77aa primary"
        await stage.press("right", "enter")
        await stage.until("the server is another one than the plan's")
        assert "plan anew" in stage.text()
        assert deeds.writes == []
        await planned(stage)
        await stage.press("r")
        await stage.until("run 77aa primary")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")


async def test_an_armed_console_that_ran_out_while_one_read_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await choose(stage, "touch")
        await planned(stage)
        stage.app.runner.planner.arming.disarm()
        await stage.press("right", "enter")
        await stage.until("protected and not armed")
        assert deeds.writes == []


async def test_a_row_that_moves_between_a_and_enter_is_not_another_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds = Deeds()
    parts = deeds.parts(keys=[f"q{n}".encode() for n in range(6)])
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await put_cursor(stage, b"q2")
        table = await open_menu(stage)
        behind = stage.app.screen_stack[-2].query_one(LiveTable)
        parts[QUEUES].values = {b"q5": 500.0}
        parts[QUEUES].keys = [b"q9", *parts[QUEUES].keys]
        await wait_until_async(lambda: behind.rows[0].key.key == b"q5", 20, "the rows move")  # type: ignore[attr-defined]  # a SubjectId
        names = [row.cells[0].text for row in table.rows]
        await stage.press("g", *["down"] * names.index("touch"), "enter")
        await planned(stage)
        assert "orders · q2" in stage.text()
        parts[QUEUES].values = {b"q1": 500.0}
        await wait_until_async(lambda: behind.rows[0].key.key == b"q1", 20, "and move again")  # type: ignore[attr-defined]  # a SubjectId
        await stage.press("right", "enter")
        await ended(stage, "done")
        assert {key for _, key in deeds.writes} == {b"q2"}


async def test_a_subject_that_has_left_is_not_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    parts = deeds.parts()
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "touch")
        await planned(stage)
        parts[QUEUES].keys = [b"invoices"]
        await wait_until_async(lambda: freshness(stage, b"mail") == "gone", 10)
        await stage.press("right", "enter")
        await stage.until("its reading is gone")
        assert deeds.writes == []
        await stage.press("escape")
        await open_menu(stage)
        await stage.until(lambda screen: "touch         – refused     its reading is gone" in screen)


async def test_a_held_view_plans_on_what_is_known_now(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    parts = deeds.parts()
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await put_cursor(stage, b"mail")
        await stage.press("p", ",")
        parts[QUEUES].keys = [b"invoices"]
        await wait_until_async(lambda: freshness(stage, b"mail") == "gone", 10)
        assert "mail" in stage.text()
        assert "gone" not in stage.text()
        table = await open_menu(stage)
        refused = {row.cells[0].text for row in table.rows if row.cells[1].text == "refused"}
        assert refused == {"retry", "pause", "resume", "touch", "drop"}
        await stage.press("escape")
        parts[QUEUES].keys = [b"invoices", b"mail"]
        await wait_until_async(lambda: freshness(stage, b"mail") == "live", 10)
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        assert stage.app.held_since
        await said(stage, "queues.touch mail: done")


async def test_what_only_a_held_view_still_shows_is_not_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await stage.press("p")
        stage.app.core.store.drop_source(stage.snapshot.of(QUEUES)[0].source)
        assert "invoices" in stage.text()
        table = await open_menu(stage)
        refused = {row.cells[0].text for row in table.rows if row.cells[1].text == "refused"}
        assert refused == {"retry", "pause", "resume", "touch", "drop"}


async def test_a_stale_reading_is_no_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    parts = deeds.parts()
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await choose(stage, "touch")
        await planned(stage)
        parts[QUEUES].error = UnreachableError("it is down")
        await wait_until_async(
            lambda: all(row.freshness == "stale" for row in stage.snapshot.of(QUEUES)), 10, "stale"
        )
        await stage.press("right", "enter")
        await stage.until("nothing is done on what is not fresh")
        assert deeds.writes == []


# -- arguments


async def test_the_form_asks_for_arguments_with_defaults_and_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "retry")
        assert isinstance(stage.app.screen, ArgumentsScreen)
        shown = await stage.until("only jobs that died of this. Enter goes on")
        assert "< none >" in shown
        await stage.press(*"SMTP", "down")
        assert isinstance(stage.app.screen.focused, Choice)
        await stage.press("right")
        await stage.until("< ask >")
        await stage.press("right", "right", "left", "space")
        await stage.until("< none >")
        await stage.press("enter")
        await planned(stage)
        assert deeds.plans == [("queues.retry", b"mail", {"error": "SMTP"})]
        assert "error" in stage.text()
        assert "SMTP" in stage.text()
        await stage.press("escape")
        await choose(stage, "retry")
        await stage.press("escape")
        assert len(stage.app.screen_stack) == 1
        assert len(deeds.plans) == 1


async def test_a_needed_argument_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace as changed

    from tests.console.screens.deeds import Retry

    spec = Retry.spec
    needed = changed(spec.arguments[0], required=True)
    monkeypatch.setattr(Retry, "spec", changed(spec, arguments=(needed, spec.arguments[1])))
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "retry")
        await stage.press("tab", "enter")
        await stage.until("error is needed: only jobs that died of this")
        assert isinstance(stage.app.screen, ArgumentsScreen)
        await stage.press(*"x", "enter")
        await planned(stage)


async def test_a_row_of_the_details_fills_in_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    rows = tuple((Shown(f"{name}Error"), exact(n), Shown("ask")) for n, name in enumerate(("Smtp", "Key")))
    parts = deeds.parts(detail_made=Detail(SPEC, ("error", "jobs", "mode"), rows))
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await put_cursor(stage, b"mail")
        await stage.press("enter")
        await stage.until("KeyError")
        await choose(stage, "retry")
        assert stage.app.screen.query_one(Input).value == "", "the cursor stands on no row"
        await stage.press("escape", "down", "down")
        await stage.until("› KeyError")
        await choose(stage, "retry")
        assert stage.app.screen.query_one(Input).value == "KeyError"
        assert stage.app.screen.query_one(Choice).value == "", "its leftmost name, and no other"
        await stage.press("enter")
        await planned(stage)
        assert deeds.plans == [("queues.retry", b"mail", {"error": "KeyError"})]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": "j1", "error": "x"}, {"ids": "j1"}),
        ({"error": "x", "jobs": "3"}, {"error": "x"}),
        ({"Error": "x"}, {"error": "x"}),
        ({"error": "", "ids": "j2"}, {"ids": "j2"}),
        ({"worker": "w"}, {}),
    ],
)
def test_which_argument_a_row_names(columns: dict[str, str], expected: dict[str, str]) -> None:
    arguments = (Argument("ids", "which"), Argument("error", "of what"))
    assert filled(ActionSpec("queues.x", "x", Risk.SAFE, arguments), columns) == expected


# -- several


async def test_marked_rows_are_confirmed_once_and_run_one_after_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds = Deeds(count=2)
    parts = deeds.parts(keys=[b"a", b"b", b"c", b"d"])
    async with acting(monkeypatch, deeds, parts=parts, **ARMED) as stage:
        await stage.press("space", "space", "down", "space")
        await stage.until("3 marked")
        await choose(stage, "drop")
        await planned(stage)
        shown = stage.text()
        for words in ("3 subjects, one after another", "a (queues-source/a): 2", "d (queues-source/d): 2"):
            assert words in shown, words
        assert "production/3-marked" in shown
        await stage.press(*"production/3-marked", "enter", "enter")
        await ended(stage, "done", 3)
        assert deeds.writes == [("queues.drop", key) for key in (b"a", b"a", b"b", b"b", b"d", b"d")]
        await said(stage, "queues.drop: all 3 done")
        await stage.until(lambda screen: "marked" not in screen.splitlines()[0])


async def test_the_first_failure_stops_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=1, fails=frozenset({b"b"}))
    parts = deeds.parts(keys=[b"a", b"b", b"c"])
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await stage.press("space", "space", "space")
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await said(stage, "b: failed: it does not want to. Not touched: c")
        assert deeds.writes == [("queues.touch", b"a")]


async def test_escape_takes_marks_away_first(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await stage.press("/", *"i", "enter", "space", "g")
        assert len(stage.screen.marked()) == 1
        await stage.press("escape")
        assert stage.screen.marked() == ()
        assert "queues · /i" in stage.text()
        await stage.press("escape")
        assert "/i" not in stage.text().splitlines()[0]


async def test_a_marked_row_that_a_filter_hides_is_not_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await stage.press("space", "space", "/", *"mail", "enter")
        await wait_until_async(lambda: len(stage.screen.query_one(LiveTable).rows) == 1, 5)
        assert [one.key for one in stage.screen.marked()] == [b"mail"]
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        assert {key for _, key in deeds.writes} == {b"mail"}


async def test_what_stands_against_one_of_several_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.console.screens.deeds import Touch

    def unfit(self: object, reading: object) -> str:
        return "it is empty" if isinstance(reading, QueueReading) and reading.ready == exact(9.0) else ""

    monkeypatch.setattr(Touch, "unfit", unfit)
    deeds = Deeds()
    parts = deeds.parts(values={b"mail": 9.0})
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await stage.press("space", "space")
        table = await open_menu(stage)
        refused = {row.cells[0].text: row.cells[2].text for row in table.rows if row.cells[2].dim}
        assert refused == {"touch": "mail: it is empty"}


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_small_screens_show_what_is_asked_and_both_buttons(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds = Deeds(count=40, words="a long warning that needs more than one line on a small screen " * 2)
    async with acting(monkeypatch, deeds, size=size, **ARMED) as stage:
        await choose(stage, "drop")
        screen = await planned(stage)
        await stage.until(lambda text: "production/invoices" in text and "Cancel (Esc)" in text)
        assert "PRODUCTION" in stage.text()
        view = screen.query_one(PlanView)
        if size == (60, 15):
            assert "up and down scroll" in stage.text()
            await stage.press(*["down"] * 30)
            assert view.scroll_offset.y > 0
            assert "run 8f2c primary" in stage.text()
        await stage.press(*"production/invoices", "enter", "enter")
        await ended(stage, "done")


async def test_a_runner_that_cannot_write_its_journal_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:

        def full(told: object) -> str:
            raise RefusedError("the journal cannot be written: No space left on device")

        monkeypatch.setattr(stage.app.runner.journal, "append", full)
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await stage.until("No space left on device")
        assert deeds.writes == []
