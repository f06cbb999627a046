"""Questions that make tables on the log screen: shown with what they cover, kept up, stopped, written."""

import json
import stat
from pathlib import Path

import pytest
from textual.widgets import Input

from collectors.model.practice import Practice
from console.logs import running
from console.screens.loganswer import AnswerPanel
from console.settings.values import SavedQuestion, Threshold
from tests.console.screens.stage import Stage, batch, settings_of, staged
from tests.console.screens.test_log_screen import ERROR, LOGS, fill, now, screen_of
from tests.servers.waiting import wait_until_async
from widgets.table import LiveTable


async def ask(stage: Stage, text: str) -> None:
    await stage.press("5")
    screen_of(stage).filter_by(text)


def rows(stage: Stage) -> list[list[str]]:
    table = stage.app.screen.query_one("#rows", LiveTable)
    return [[cell.text for cell in row.cells] for row in table.rows]


async def test_a_table_stands_above_its_lines_with_what_it_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "level>=warn | count by region")
        shown = await stage.until("n=12 of 60 lines")
        assert "complete" in shown
        assert [row[:2] for row in rows(stage)] == [["eu", "6"], ["us", "6"]]
        assert rows(stage)[0][2] == "█" * 16
        assert "LIVE  12 lines" in shown
        stage.app.ring.append(batch(now(0.1, "line 60", ERROR, region="us")))
        await stage.until("n=13 of 61 lines")
        assert [row[:2] for row in rows(stage)] == [["us", "7"], ["eu", "6"]]
        shown = await stage.press("escape")
        assert screen_of(stage).asked.text == "level>=warn"
        assert "of 61 lines" not in shown


async def test_the_last_words_of_a_question_given_up_are_not_those_of_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "* | count by region")
        await stage.until("n=60 of 60 lines")
        screen_of(stage).filter_by("level>=warn | count by region")
        await stage.until("n=12 of 60 lines")
        panel = stage.app.screen.query_one(AnswerPanel)
        panel._hear(panel._asks - 1, running.Told(None, 0.0, done=True, stopped=True))
        assert panel.told is not None
        assert not panel.told.stopped


async def test_a_histogram_is_plotted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "* | hist 10s by region")
        await stage.until("count, 10 s a step")
        await stage.until(lambda shown: any("⠀" < char <= "⣿" for char in shown))
        assert len(rows(stage)) >= 12


async def test_the_answer_is_typed_and_mistakes_of_stages_are_pointed_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "/", *"* | cuont by region")
        await stage.until("did you mean count?")
        await stage.press(*["backspace"] * 15, *"count by region", "enter")
        await stage.until("n=60 of 60 lines")


async def test_ctrl_c_stops_reading_and_keeps_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "REST", 0.3)
    async with staged(monkeypatch, settings=LOGS) as stage:
        for _ in range(200):
            fill(stage.app.ring, 100)
        await ask(stage, "* | count")
        await stage.until("READING")
        assert stage.app.screen.query_one(AnswerPanel).runs
        assert "The question was stopped" in await stage.press("ctrl+c")
        shown = await stage.until("STOPPED")
        assert "stopped before its end" in shown
        assert not stage.app.screen.query_one(AnswerPanel).runs
        assert not stage.app._exit


async def test_a_new_question_ends_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "* | count")
        panel = stage.app.screen.query_one(AnswerPanel)
        await stage.until("n=60")
        first = panel._answering
        assert first is not None
        await ask(stage, "level:error | count")
        await stage.until("n=6 of 60")
        assert first.join(10)
        await stage.press("escape", "escape")
        assert panel._answering is None
        assert not panel.display


async def test_a_question_that_cannot_be_asked_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "* | count | diff")
        await stage.until("diff wants a span of time")


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_the_answer_is_written_for_this_user_alone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"answer.{kind}"
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "level:error | count by region")
        await stage.press("x", "ctrl+u", *str(path), "enter")
        await wait_until_async(path.exists, 20)
        await stage.until("1 rows written into")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text()
        if kind == "csv":
            assert text == "region,count\nus,6\n"
        else:
            told = json.loads(text)
            assert (told["columns"], told["rows"]) == (["region", "count"], [["us", 6]])
            assert told["coverage"]["matched"] == 6
        await stage.press("x", "ctrl+u", *str(path), "enter")
        await stage.until("File exists")
        assert path.read_text() == text


async def test_lines_are_written_where_nothing_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lines.csv"
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "level:error")
        await stage.press("x", "ctrl+u", *str(path), "enter")
        await wait_until_async(path.exists, 20)
        await stage.until("6 rows written into")
        assert len(path.read_text().splitlines()) == 6
        await stage.press("x", "ctrl+u", *"/nowhere.txt", "enter")
        await stage.until("names no kind of file")


async def test_pinned_questions_stand_above_the_lines_with_their_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Threshold(warning=3, critical=50)
    questions = {
        "errors": SavedQuestion(name="errors", ask="level>=error | count", pin=True, threshold=limit),
        "eu": SavedQuestion(name="eu", ask="region=eu"),
    }
    settings = settings_of((Practice.LOGS, Practice.QUEUES), questions=questions)
    async with staged(monkeypatch, settings=settings) as stage:
        fill(stage.app.ring)
        await stage.press("5")
        await stage.until("▲ errors 6")
        stage.app.ring.append(batch(*(now(0.1, f"e{n}", ERROR) for n in range(60))))
        await stage.until("✖ errors 66")
        await palette(stage, "ask: eu")
        assert screen_of(stage).asked.text == "region=eu"


async def test_a_question_is_pinned_saved_and_unpinned_from_the_palette(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await ask(stage, "region=eu | count")
        await palette(stage, "logs: pin this question")
        await stage.until("· count 30")
        await stage.press("escape", "escape")
        assert "· count 30" in stage.text()
        await ask(stage, 'a "b"')
        await palette(stage, "logs: save this question")
        assert stage.app.clipboard == '[questions.NAME]\nask = "a \\"b\\""\n'
        await palette(stage, "logs: unpin count")
        assert "· count 30" not in stage.text()


async def palette(stage: Stage, name: str) -> None:
    """Run a command of the palette by its whole name."""
    await stage.press(":", *name)
    await stage.until(lambda shown: sum(name in line for line in shown.splitlines()) > 1)
    await stage.press("enter")
    await wait_until_async(lambda: len(stage.app.screen_stack) == 1, 10)
    await stage.pilot.pause()


async def test_fields_and_values_seen_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "/", *"reg")
        await stage.until("region= (text, 100 %)")
        await stage.press("tab")
        line = stage.app.screen.query_one(Input)
        assert line.value == "region="
        await stage.press("u")
        await stage.until("us (50 %)")
        await stage.press("tab", "enter")
        assert screen_of(stage).asked.text == "region=us"
