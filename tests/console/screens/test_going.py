"""Where keys lead: there, back, and out; and what is fetched on the way."""

import time

import pytest

from collectors.model.practice import Practice
from console.engine.state import SourceId
from console.screens.logs import LogsScreen
from console.screens.practice import PracticeScreen
from console.screens.subject import SubjectScreen
from tests.console.screens.stage import Part, batch, record, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.table import LiveTable

QUEUES = SourceId("queues-source")


async def test_escape_never_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        for key in ("f", "2", "S", "5"):
            await stage.press(key, *["escape"] * 6)
            assert stage.app.current_mode == "fleet"
            assert not stage.app._exit


async def test_q_goes_back_and_then_quits_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "enter")
        await stage.until("queues · ")
        await stage.press("q")
        assert isinstance(stage.screen, PracticeScreen)
        await stage.press("q")
        assert stage.app.current_mode == "fleet"
        await stage.press("q")
        assert stage.app._exit
    assert stage.app.return_code == 0


async def test_ctrl_c_says_what_it_does_and_twice_quits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("ctrl+c")
        assert not stage.app._exit
        await stage.until("Press ctrl+c again")
        await stage.press("ctrl+c")
        assert stage.app._exit
    assert stage.app.return_code == 130


async def test_ctrl_c_long_after_another_does_not_quit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("ctrl+c")
        stage.app._cancelled_at -= 3.0
        await stage.press("ctrl+c")
        assert not stage.app._exit


async def test_ctrl_c_twice_quits_out_of_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("/", "m", "ctrl+c", "ctrl+c")
        assert stage.app._exit
    assert stage.app.return_code == 130


@pytest.mark.parametrize("practice", Practice, ids=str)
async def test_digits_open_the_practices(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        shown = await stage.press(practice.key)
        assert stage.app.current_mode == practice
        assert f"› {practice}" in shown.splitlines()[0]


async def test_enter_opens_practice_then_subject_with_details_that_are_given_up_on_leaving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch) as stage:
        part = stage.parts[Practice.QUEUES]
        await stage.press("right", "right", "enter")
        await stage.until("queues · orders")
        assert part.details == []
        await stage.press("enter")
        await stage.until("because")
        assert isinstance(stage.screen, SubjectScreen)
        key = stage.screen.subject().key
        assert {(subject.key, name) for subject, name in part.details} == {(key, "why")}
        assert "Why it is so" in stage.text()
        await stage.press("escape")
        await wait_until_async(lambda: not stage.snapshot.details, 5, "the detail is forgotten")
        seen = len(part.details)
        await stage.pilot.pause(2.3)
        assert len(part.details) == seen, "it is fetched although nobody looks"


async def test_a_detail_that_fails_says_why_over_its_last_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "enter")
        await stage.until("because")
        stage.parts[Practice.QUEUES].detail_error = True
        await stage.until("cannot be had now: bug: LookupError: no such detail")
        assert "because" in stage.text()


async def test_a_subject_that_leaves_while_it_is_looked_at_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "enter")
        await stage.until("because")
        stage.app.core.store.drop_source(QUEUES)
        await stage.until("this subject has left")
        await stage.press("a")
        await stage.until("this subject has left")


async def test_looking_polls_more_often_and_leaving_gives_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2")
        await wait_until_async(lambda: QUEUES in stage.app.core._looked_at, 5)
        await stage.press("1")
        await wait_until_async(lambda: QUEUES not in stage.app.core._looked_at, 5)
        assert SourceId("health-source") in stage.app.core._looked_at


async def test_l_opens_the_logs_of_the_service_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(record(1, "mine")))
        stage.app.ring.append(batch(record(2, "another's"), service="billing"))
        await stage.press("2", "L")
        assert isinstance(stage.screen, LogsScreen)
        shown = await stage.until(lambda screen: "mine" in screen and "logs · orders" in screen)
        assert "another's" not in shown
        await stage.press("escape")
        await stage.until("another's")


async def test_a_record_opens_with_all_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(record(1, "one"), record(2, "two", user="u17")))
        await stage.press("5", "G", "enter")
        shown = await stage.until("logs · record")
        for words in ("u17", "2023-11-14T22:13:22.000Z", "orders", "two"):
            assert words in shown
        await stage.press("escape")
        assert isinstance(stage.screen, LogsScreen)


async def test_what_needs_somebody_leads_to_its_practice(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {practice: Part() for practice in settings_of_practices()}
    parts[Practice.QUEUES].values[b"mail"] = 300.0
    async with staged(monkeypatch, parts=parts) as stage:
        shown = await stage.until("no worker alive")
        assert "needs you" in shown
        await stage.press("shift+tab", "enter")
        await wait_until_async(lambda: stage.screen.subject() is not None, 5)
        assert stage.app.current_mode == "queues"
        subject = stage.screen.subject()
        assert subject is not None
        assert subject.key == b"mail"


async def test_the_cursor_stays_on_its_subject_while_rows_move(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {practice: Part() for practice in settings_of_practices()}
    parts[Practice.QUEUES].keys = [f"q{number}".encode() for number in range(6)]
    async with staged(monkeypatch, parts=parts) as stage:
        await stage.press("2", "down", "down")
        chosen = stage.screen.subject()
        assert chosen is not None
        assert chosen.key == b"q2"
        parts[Practice.QUEUES].values[b"q5"] = 500.0
        await wait_until_async(lambda: "no worker" in stage.text() and rank_of(stage.text(), "q5") == 0, 15)
        assert stage.screen.subject() == chosen
        assert stage.screen.query_one(LiveTable).cursor_key == chosen


def rank_of(screen: str, name: str) -> int:
    """Where a queue stands among the others, top first."""
    lines = [line for line in screen.splitlines() if " q" in line and "orders" in line]
    return next((place for place, line in enumerate(lines) if f" {name} " in line), -1)


def settings_of_practices() -> list[Practice]:
    return [one.practice for one in settings_of().collectors]


async def test_refresh_asks_the_source_of_the_row_at_most_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of(every=60.0)
    async with staged(monkeypatch, settings=settings) as stage:
        part, other = stage.parts[Practice.QUEUES], stage.parts[Practice.POOLS]
        await stage.press("2")
        before, others, begun = part.passes, other.passes, time.monotonic()
        for _ in range(10):
            await stage.press("ctrl+r")
        await wait_until_async(lambda: part.passes > before, 5)
        await stage.pilot.pause(0.1)
        assert part.passes - before <= 1 + int(time.monotonic() - begun)
        assert other.passes == others
        await stage.pilot.pause(1.1)
        again = part.passes
        await stage.press("ctrl+r")
        await wait_until_async(lambda: part.passes > again, 5)


async def test_refresh_on_the_sources_screen_asks_that_source(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of(every=60.0)) as stage:
        await stage.press("S", "G")
        chosen = stage.screen.sources()
        (practice,) = [one.practice for one in stage.snapshot.sources if one.id in chosen]
        before = {practice: part.passes for practice, part in stage.parts.items()}
        await stage.press("ctrl+r")
        await wait_until_async(lambda: stage.parts[practice].passes > before[practice], 5)
        assert {one for one, part in stage.parts.items() if part.passes > before[one]} == {practice}


async def test_plus_and_minus_change_every_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=settings_of(every=2.0)) as stage:
        await stage.press("+", "+")
        await stage.until("intervals × 4")
        await wait_until_async(lambda: {one.every for one in stage.snapshot.sources} == {8.0}, 5)
        await stage.press("-", "-", "-")
        await stage.until("intervals × 0.5")
        await wait_until_async(lambda: {one.every for one in stage.snapshot.sources} == {1.0}, 5)


async def test_the_clock_strikes_while_a_screen_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        subject = stage.snapshot.rows[0].reading.subject.id
        opening = stage.app.push_screen(SubjectScreen(subject))
        assert not stage.app.screen.is_mounted
        stage.app._tick()
        stage.app._paint()
        await opening
        stage.app._paint()
        assert "quarterdeck" in stage.text()
