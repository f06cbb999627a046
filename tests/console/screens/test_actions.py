"""What runs, asks, is owed and ended; stopping, answering, taking back; arming and leaving."""

import re
from typing import Any

import pytest

from console.actions.making import make_runner
from console.actions.past import Story
from console.engine.state import Event
from console.present import deeds as present
from console.screens.asking import Question
from console.screens.charts import chart_of
from console.screens.plan import PlanScreen
from tests.console.screens.deeds import QUEUES, Deeds
from tests.console.screens.road import PRODUCTION, acting, choose, ended, heard, planned, put_cursor, said
from tests.console.screens.stage import Stage
from tests.servers.waiting import wait_until_async
from widgets.gauge import Gauge
from widgets.table import LiveTable

ARMED: dict[str, Any] = {"settings": PRODUCTION, "armed": "incident 7"}


async def begin(stage: Stage, mode: str, key: bytes = b"mail") -> None:
    """A retry that asks, or waits after its first item."""
    await put_cursor(stage, key)
    await choose(stage, "retry")
    await stage.press("tab", *["right"] * ["", "ask", "wait"].index(mode), "enter")
    screen = await planned(stage)
    assert screen._bundle is not None
    before = len(stage.app.store.acting.acts)
    await stage.press(*screen._bundle.phrase, "enter", "enter")
    await wait_until_async(lambda: len(stage.app.store.acting.acts) > before, 30)
    await wait_until_async(lambda: stage.app.screen is not screen, 30, "the plan has left")


def phases(stage: Stage) -> list[str]:
    return [act.phase for act in stage.app.store.acting.acts]


# -- what runs


async def test_what_runs_is_in_the_header_and_on_its_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=4)
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await begin(stage, "wait")
        await stage.until(lambda screen: "1 running" in screen.splitlines()[0])
        await stage.press("A")
        for words in ("1 of 4", "queues.retry", "running", "item 1", "X stops everything"):
            await stage.until(words)
        await stage.until(lambda screen: re.search(r"at most [345] min", screen))
        assert stage.screen.query_one(Gauge).display
        assert stage.screen.subject() is not None
        await stage.press("X")
        await ended(stage, "failed")
        await stage.until(lambda screen: "stopped by the operator" in screen and "1 running" not in screen)
        assert deeds.writes == [("queues.retry", b"mail")]


async def test_ctrl_c_cancels_what_runs_and_twice_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=4)
    async with acting(monkeypatch, deeds) as stage:
        await begin(stage, "wait")
        await stage.press("/", "ctrl+c")
        await said(stage, "Stopping 1 action. Press ctrl+c again to quit.")
        await ended(stage, "failed")
        assert not stage.app._exit
        stage.app._cancelled_at -= 3.0
        await stage.press("escape", "ctrl+c")
        await said(stage, "Nothing runs that could be cancelled.")
        await stage.press("ctrl+c")
        assert stage.app._exit
    assert stage.app.return_code == 130


async def test_x_stops_the_one_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=4)
    async with acting(monkeypatch, deeds) as stage:
        await begin(stage, "wait", b"mail")
        await begin(stage, "wait", b"invoices")
        await stage.press("A")
        await stage.until("› actions")
        await stage.press("g")

        def targets() -> list[str]:
            return [row.cells[2].text for row in stage.screen.query_one(LiveTable).rows]

        await wait_until_async(lambda: targets() == ["mail", "invoices"], 20)
        await stage.press("down", "x")
        await ended(stage, "failed")
        assert [act.target for act in stage.app.store.acting.running] == ["mail"]
        await stage.until("stopped by the operator")
        await stage.press("G", "x")
        await said(stage, "this does not run")


async def test_stopping_stops_those_that_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=2)
    parts = deeds.parts(keys=[b"a", b"b", b"c"])
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await stage.press("space", "space", "space")
        await choose(stage, "retry")
        await stage.press("tab", "right", "right", "enter")
        await planned(stage)
        await stage.press(*"lab/3-marked", "enter", "enter")
        await wait_until_async(lambda: stage.app.store.acting.running and deeds.writes, 10)
        await stage.press("A")
        await stage.until("actions · 2 more subjects after it")
        await stage.press("X")
        await ended(stage, "failed")
        await wait_until_async(lambda: stage.app.series.left == 0, 10)
        assert deeds.writes == [("queues.retry", b"a")]


async def test_stopping_between_two_subjects_stops_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.actions.planner.AGED", 0.0)
    deeds = Deeds(count=1)
    parts = deeds.parts(keys=[b"a", b"b"])
    async with acting(monkeypatch, deeds, parts=parts) as stage:
        await stage.press("space", "space")
        await choose(stage, "touch")
        await planned(stage)
        deeds.hold_after = 1
        await stage.press("right", "enter")
        await ended(stage, "done")
        await wait_until_async(lambda: deeds.holding, 10, "the second is looked at once more")
        assert stage.app.store.acting.running == ()
        await stage.press("f", "q")
        await heard(stage)
        assert "1 more subject" in stage.text()
        await stage.press("escape", "X")
        await said(stage, "stopping 1 action, each at its next step")
        deeds.holding = False
        await wait_until_async(lambda: stage.app.series.left == 0, 10)
        assert deeds.writes == [("queues.touch", b"a")]


async def begin_held(stage: Stage, deeds: Deeds) -> None:
    """Press Run, and let the last look before the first step take its time."""
    await put_cursor(stage, b"mail")
    await choose(stage, "touch")
    await planned(stage)
    deeds.hold_after = 0
    await stage.press("right", "enter")
    await stage.until("Beginning … ctrl+c stops it.")
    await wait_until_async(lambda: deeds.holding, 10)


async def test_what_is_just_being_begun_is_stopped_before_its_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("console.actions.planner.AGED", 0.0)
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await begin_held(stage, deeds)
        await stage.press("enter", "right", "enter", "ctrl+c")
        await said(stage, "Stopping 1 action.")
        deeds.holding = False
        await ended(stage, "failed")
        assert deeds.writes == []
        await said(stage, "queues.touch mail: failed: stopped by the operator")


@pytest.mark.parametrize("server", ["run 8f2c primary", "run 77aa primary"])
async def test_a_dialog_that_is_left_while_it_begins_tells_what_became_of_it(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.actions.planner.AGED", 0.0)
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await begin_held(stage, deeds)
        await stage.press("escape")
        assert len(stage.app.screen_stack) == 1
        changed, deeds.server = deeds.server != server, server
        deeds.holding = False
        if changed:
            await said(stage, "touch mail is refused: what it would hit has changed: the server is another")
            assert deeds.writes == []
        else:
            await said(stage, "queues.touch mail runs")
            await ended(stage, "done")


async def test_rows_that_are_no_subjects_are_not_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        for place in ("f", "S", "A"):
            await stage.press(place, "space")
            if place != "A":
                await said(stage, "only rows of a practice's screen are marked")
                stage.app.clear_notifications()
            assert stage.screen.query_one(LiveTable).marked == frozenset()


async def test_a_read_only_console_cannot_be_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        stage.app.runner.planner.arming.read_only = True
        await stage.app.arm("please")
        await said(stage, "arm is refused: this console is read-only: take `read_only` out of [console]")


async def test_a_question_is_answered_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await begin(stage, "ask")
        await said(
            stage, "queues.retry mail asks: go on? jobs are not declared idempotent Press A to answer."
        )
        await stage.until(lambda screen: "1 asks you" in screen.splitlines()[0])
        await stage.press("A")
        await stage.until("y or n: queues.retry mail asks: go on?")
        await stage.press("y")
        assert deeds.writes == [], "a key within half a second was meant for something else"
        screen: Any = stage.screen
        screen._asked = {run: (words, since - 1.0) for run, (words, since) in screen._asked.items()}
        await stage.press("y")
        await ended(stage, "done")
        assert len(deeds.writes) == 3


async def test_no_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await begin(stage, "ask")
        await stage.press("A")
        screen: Any = stage.screen
        await wait_until_async(lambda: screen._asked, 10)
        screen._asked = {run: (words, since - 1.0) for run, (words, since) in screen._asked.items()}
        await stage.press("n")
        await ended(stage, "failed")
        await stage.until("nobody said yes")
        assert deeds.writes == []
        await stage.press("y")
        assert stage.app.clipboard, "without a question y copies, as everywhere"


# -- what ended


async def test_undo_after_a_yes_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        await stage.press("A")
        await stage.until("u takes it back")
        await stage.press("u")
        await heard(stage)
        assert "takes back  queues.touch mail" in stage.text()
        await stage.press("enter")
        assert ("undo", b"mail") not in deeds.writes, "Cancel has the focus"
        await stage.press("u", "y", "y")
        assert ("undo", b"mail") not in deeds.writes, "typed ahead"
        await heard(stage)
        await stage.press("y")
        await ended(stage, "done", 2)
        assert deeds.writes.count(("undo", b"mail")) == 1
        await stage.until("3 put back")
        await stage.press("G", "u")
        await said(stage, "nothing is kept to take this back")


async def test_undo_in_a_place_that_is_not_armed_any_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds, **ARMED) as stage:
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        await stage.app.disarm()
        await stage.press("A", "u")
        await heard(stage)
        await stage.press("y")
        await said(stage, "undo of queues.touch invoices is refused: this environment is protected")
        assert ("undo", b"invoices") not in deeds.writes


async def test_what_ended_too_fast_to_be_seen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(count=0)) as stage:
        await choose(stage, "resume")
        await said(stage, "queues.resume invoices: done")


async def test_what_was_done_is_a_mark_on_the_charts_of_its_practice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await choose(stage, "resume")
        await ended(stage, "done")
        events = [event for event in stage.snapshot.events if event.kind == "action"]
        assert [(event.service, event.practice) for event in events] == [("orders", QUEUES)]
        stage.app.store.add_event(Event(stage.snapshot.wall, "action", "billing", events[0].text, QUEUES))
        for part in stage.parts.values():
            part.passes = 0
        await stage.live()
        labels = {}
        for row in stage.snapshot.rows:
            chart = chart_of(row, stage.app.history, stage.snapshot)
            labels[row.reading.practice] = [mark.label for mark in chart.marks]
        assert labels[QUEUES] == ["resume"]
        assert not any(marks for practice, marks in labels.items() if practice is not QUEUES)


# -- what is owed


async def test_what_is_owed_is_offered_until_it_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await put_cursor(stage, b"mail")
        await choose(stage, "pause")
        await planned(stage)
        assert "owed: resume the queue (queues.resume)" in stage.text()
        await stage.press("right", "enter")
        await ended(stage, "done")
        await stage.until(lambda screen: "1 owed" in screen.splitlines()[0])
        await said(stage, "1 thing owed: A shows what, Enter there plans it")
        await stage.press("A", "g")
        shown = await stage.until("resume the queue")
        assert "not by itself" in shown
        await stage.press("enter")
        await wait_until_async(lambda: deeds.writes[-1] == ("queues.resume", b"mail"), 10)
        await ended(stage, "done", 2)
        await stage.until(lambda screen: "owed" not in screen.splitlines()[0])


async def test_what_is_owed_on_something_that_has_left_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        await choose(stage, "pause")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        stage.app.core.store.drop_source(stage.snapshot.of(QUEUES)[0].source)
        await stage.press("A", "g", "enter")
        await said(stage, "queues.resume queues-source/invoices is refused: the source does not name it")


# -- arming


async def test_arming_is_red_everywhere_and_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    async with acting(monkeypatch, Deeds(), settings=PRODUCTION) as stage:
        monkeypatch.setattr(stage.app, "set_title", titles.append)
        await stage.until(lambda screen: "read-only" in screen.splitlines()[0])
        await stage.press(":", *"arm because of incident 7")
        await stage.until("arm: because of incident 7")
        await stage.press("enter")
        shown = await stage.until(lambda screen: "◆ ARMED 1" in screen.splitlines()[0])
        assert "read-only" not in shown
        assert stage.screen.has_class("-armed")
        header = stage.screen.query_one("#header")
        red = header.styles.background
        await stage.press("f")
        assert stage.screen.has_class("-armed")
        assert stage.screen.query_one("#header").styles.background == red
        assert titles == ["ARMED quarterdeck test production"]
        [record] = stage.app.runner.journal.records()
        assert (record["phase"], record["why"]) == ("arm", "because of incident 7")
        await stage.press(":", *"disarm")
        await stage.until("put the catch back on")
        await stage.press("down", "enter")
        await stage.until(lambda screen: "read-only" in screen.splitlines()[0])
        assert not stage.screen.has_class("-armed")
        assert stage.screen.query_one("#header").styles.background != red
        assert titles[-1] == "quarterdeck test production"


async def test_arming_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.actions.arming.ARMED_FOR", 2.0)
    async with acting(monkeypatch, Deeds(), armed="short", settings=PRODUCTION, spared=True) as stage:
        await stage.until(lambda screen: "ARMED" in screen.splitlines()[0])
        await stage.until(lambda screen: "read-only" in screen.splitlines()[0], 10)


async def test_arm_without_a_reason_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds(), settings=PRODUCTION) as stage:
        await stage.press(":", *"arm")
        await stage.until("arm REASON: for 15 minutes")
        await stage.press("enter")
        await stage.until("why? It is written into the journal")
        await stage.press("enter")
        await said(stage, "arm is refused: arming wants a reason")
        await stage.press(":", *"act: arm")
        await stage.until("arm REASON: for 15 minutes")
        await stage.press("enter")
        await stage.until("why? It is written into the journal")
        await stage.press(*"x7", "enter")
        await stage.until(lambda screen: "ARMED" in screen.splitlines()[0])


async def test_an_open_environment_needs_no_arming(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await stage.press(":", *"arm me")
        await stage.until("arm: me")
        await stage.press("enter")
        await said(stage, "lab is an open environment: arming is not needed")
        assert "ARMED" not in stage.text()


# -- leaving


async def test_q_asks_while_something_runs_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds = Deeds(count=4)
    async with acting(monkeypatch, deeds) as stage:
        await begin(stage, "wait")
        await stage.press("f", "q")
        await heard(stage)
        assert isinstance(stage.app.screen, Question)
        assert "queues.retry mail: 1 of 4 done" in stage.text()
        await stage.press("enter")
        assert not stage.app._exit
        await stage.press("q")
        await heard(stage)
        await stage.press("y")
        assert stage.app._exit
        stage.app.wind_down(3)
        runner = stage.app.runner
        [past] = Story.of(runner.journal.records()).runs.values()
        assert past.result == "failed"
        assert "the console is leaving; 1 done before" in str(past.outcome)
    assert stage.app.return_code == 0


async def test_an_action_that_does_not_stop_is_written_down_as_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    from collectors.action import Control, Outcome, Plan
    from tests.console.screens.deeds import FakeHands, Touch

    async def run(self: object, plan: Plan, hands: FakeHands, control: Control) -> Outcome:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr(Touch, "run", run)
    async with acting(monkeypatch, Deeds()) as stage:
        await choose(stage, "touch")
        await planned(stage)
        await stage.press("right", "enter")
        await wait_until_async(lambda: stage.app.store.acting.running, 10)
        stage.app.wind_down(1.5)
        records = list(stage.app.runner.journal.records())
        assert [record["phase"] for record in records] == ["intent", "outcome"]
        assert records[1]["outcome"] == "unknown"
        assert "interrupted: the console left before it ended" in records[1]["words"]


async def test_q_asks_while_something_is_owed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await choose(stage, "pause")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        await stage.press("f", "q")
        await heard(stage)
        assert "resume the queue (queues.resume queues-source/invoices)" in stage.text()
        await stage.press("n")
        assert not stage.app._exit
        await stage.press("q", "q", "q", "enter", "y", "y")
        assert not stage.app._exit, "typed ahead"


async def test_q_with_nothing_to_do_quits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await stage.press("f", "q")
        assert stage.app._exit


async def test_the_next_start_says_what_became_of_an_interrupted_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from console.actions.plans import plan_record

    deeds = Deeds()
    async with acting(monkeypatch, deeds) as stage:
        runner = stage.app.runner
        bundle = await stage.app.on_core(
            lambda: stage.app.series.plan(
                "queues.pause", [stage.snapshot.of(QUEUES)[0].reading.subject.id], {}
            )
        )
        runner.journal.append({"phase": "intent", "id": "lost", "plan": plan_record(bundle.plans[0].plan)})
        folder = runner.journal.path.parents[2]
        stage.app.runner = make_runner(stage.app.core, {"XDG_STATE_HOME": str(folder)})
        stage.app.begin()
        await said(stage, "interrupted earlier: queues.pause mail: unknown: what happened cannot be")
        await stage.until(lambda screen: "1 owed" in screen.splitlines()[0])


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_the_screen_of_actions_is_of_use_when_it_is_small(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acting(monkeypatch, Deeds(), size=size, **ARMED) as stage:
        await choose(stage, "pause")
        await planned(stage)
        await stage.press("right", "enter")
        await ended(stage, "done")
        await stage.press("A")
        shown = await stage.until(lambda screen: "owed" in screen and "done" in screen)
        assert "ARMED" in shown.splitlines()[0]
        assert all(len(line) <= size[0] for line in shown.splitlines())


def test_an_action_without_a_total_has_no_gauge() -> None:
    from collectors.model.subject import SubjectId
    from collectors.text import Shown
    from console.engine.state import ActState

    act = ActState(
        "x", "queues.touch", SubjectId(QUEUES, "c", "", b"k"), Shown("k"), "s", "running", 0.0, 9.0
    )
    assert present.reach_of(act) is None
    assert dict(present.facts(act, 0.0, 0.0))["done"].text == "0"


async def test_help_names_the_keys_of_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acting(monkeypatch, Deeds()) as stage:
        await stage.press("A", "?")
        shown = await stage.until("take the action back")
        assert "yes to what is asked" in shown
        assert not isinstance(stage.app.screen, PlanScreen)
