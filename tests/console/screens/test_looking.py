"""What a screen shows and how it is looked at: filters, order, hold, charts, panels, mutes, words."""

import re
from dataclasses import replace

import pytest
from textual.scrollbar import ScrollBar

from collectors.errors import UnreachableError
from collectors.model.practice import Practice
from console.keys import KEYS
from console.screens.practice import PracticeScreen
from tests.console.screens.stage import FILLED, Part, batch, record, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.chart import LineChart
from widgets.table import LiveTable

EMPTY = [practice for practice in Practice if practice not in (*FILLED, Practice.DRAINS)]


def queues(**changed: object) -> dict[Practice, Part]:
    """Parts whose queues differ."""
    parts = {practice: Part() for practice in FILLED}
    for name, value in changed.items():
        setattr(parts[Practice.QUEUES], name, value)
    return parts


@pytest.mark.parametrize("screen", ["f", "1", "2", "3", "4", "S"])
async def test_a_filter_keeps_what_holds_it_and_inverts(screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word = {"f": "catalog", "S": "pools"}.get(screen, "mail")
    async with staged(monkeypatch) as stage:
        await stage.press(screen)
        table = stage.screen.query_one(LiveTable)
        before = len(table.rows)
        assert before > 1
        await stage.press("/", *word.upper(), "enter")
        await wait_until_async(lambda: len(table.rows) == 1, 5, "one row is left")
        await stage.press("/", "!", *word, "enter")
        await wait_until_async(lambda: len(table.rows) == before - 1, 5, "all others")
        await stage.press("/", *"zzz", "enter")
        await stage.until("'zzz'")
        assert "Esc lifts the filter" in stage.text()
        await stage.press("escape")
        await wait_until_async(lambda: len(table.rows) == before, 5, "all are back")


async def test_a_filter_is_named_in_the_header_and_escape_in_the_prompt_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "/", *"mai", "enter")
        await stage.until("queues · /mai")
        await stage.press("/", "x", "escape")
        assert "queues · /mai" in stage.text()
        await stage.press("/", "enter")
        await stage.until(lambda screen: "invoices" in screen)


async def test_log_lines_are_filtered_by_words_and_level(monkeypatch: pytest.MonkeyPatch) -> None:
    from collectors.model.logs import Severity

    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(record(1, "all is well"), record(2, "it burns", Severity.ERROR)))
        await stage.press("5")
        await stage.until("all is well")
        await stage.press("/", *"level>=error", "enter")
        await stage.until(lambda screen: "it burns" in screen and "all is well" not in screen)
        await stage.press("/", *"!burns", "enter")
        await stage.until(lambda screen: "it burns" not in screen and "all is well" in screen)
        await stage.press("/", *"nowhere", "enter")
        await stage.until("no record in memory fits this question")
        await stage.press("escape")
        await stage.until("it burns")


async def test_a_filter_that_means_nothing_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("5", "/", *">=loud", "enter")
        await stage.until("loud")
        assert stage.app.is_running


async def test_s_sorts_by_the_next_column_and_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = queues(keys=[b"a", b"b", b"c"], values={b"a": 1.0, b"b": 9.0, b"c": 5.0})
    async with staged(monkeypatch, parts=parts) as stage:
        await stage.press("2")
        table = stage.screen.query_one(LiveTable)
        assert [row.cells[1].text for row in table.rows] == ["a", "b", "c"]
        await stage.press("s")
        await stage.until(lambda screen: "sorted by ready" in screen and "ready▼" in screen)
        table.settle()
        await stage.press()
        shown = [row.cells[1].text for row in table._keeper._wanted]
        assert shown == ["b", "c", "a"]
        assert isinstance(stage.screen, PracticeScreen)
        for _ in stage.screen._columns:
            await stage.press("s")
        await stage.until("level, worst first")
        assert "▼" not in stage.text()


async def test_only_columns_that_show_are_sorted_by(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, size=(80, 24)) as stage:
        await stage.press("2")
        assert isinstance(stage.screen, PracticeScreen)
        titles = {column.key for column in stage.screen._columns}
        assert "workers" in titles
        assert "overdue" not in titles
        for column in stage.screen._columns:
            assert stage.screen.sort_next() == column.key.replace("_", " ")
        assert stage.screen.sort_next() == "level, worst first"


async def test_p_holds_the_view_while_measuring_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        part = stage.parts[Practice.QUEUES]
        await stage.press("2", "p")
        shown = await stage.until("HELD since")
        assert "▲ HELD since" in shown
        part.values[b"mail"] = 77.0
        seen = part.passes
        await wait_until_async(lambda: part.passes >= seen + 2, 10, "measuring goes on")
        assert "77" not in stage.text()
        await stage.press("f")
        shown = await stage.until("orders")
        assert "80" not in shown, "another screen shows what was held"
        await stage.press("2")
        await stage.pilot.resize_terminal(100, 30)
        assert "77" not in stage.text()
        assert "mail" in stage.text()
        await stage.press("p")
        shown = await stage.until("77")
        assert "HELD" not in shown


async def test_lines_of_a_held_view_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.app.ring.append(batch(record(1, "before")))
        await stage.press("5")
        await stage.until("before")
        await stage.press("p")
        stage.app.ring.append(batch(record(2, "later")))
        await stage.pilot.pause(0.6)
        assert "later" not in stage.text()
        await stage.press("p")
        await stage.until("later")


async def test_y_copies_the_sentence_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "y")
        await stage.until("copied")
        assert stage.app.clipboard == stage.screen.hint()
        assert "invoices" in stage.app.clipboard


async def test_comma_and_full_stop_move_the_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2")
        chart = stage.screen.query_one(LineChart)
        await stage.press(",", "[")
        assert "until 10 min ago" in str(chart.border_title)
        await stage.press(".", "]", ".")
        assert "ago" not in str(chart.border_title)
        assert stage.app.time_shift == 0


async def test_z_shows_the_focused_panel_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "z")
        table = stage.screen.query_one(LiveTable)
        await wait_until_async(lambda: table.size.height >= 36, 5, "the table has the screen")
        assert "verdict" not in stage.text()
        await stage.press("z")
        await stage.until("verdict")
        await stage.press("tab", "z")
        await stage.until(lambda screen: "verdict" in screen and "because" not in screen)
        await stage.press("z")
        await stage.until("because")


async def test_a_mutes_with_a_reason_counts_it_and_unmutes(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = queues(values={b"mail": 300.0})
    async with staged(monkeypatch, parts=parts) as stage:
        await stage.press("2")
        await stage.until("✖ 1 critical")
        await stage.press("a")
        shown = await stage.until("mute 1 h")
        assert "300 ready and no worker alive" in shown
        await stage.press("down", "down", "enter")
        await stage.until("why?")
        await stage.press(*"known", "enter")
        shown = await stage.until("1 muted")
        assert "critical" not in shown.splitlines()[0]
        assert "muted; 300 ready" in shown
        (mute,) = stage.snapshot.mutes
        assert (mute.subject.key, mute.reason) == (b"mail", "known")
        assert 3500 < mute.until - stage.app.clock.wall() <= 3600
        await stage.press("g", "a")
        await stage.until("unmute")
        await stage.press("down", "down", "enter")
        await stage.until("✖ 1 critical")
        assert "muted" not in stage.text()


async def test_escape_in_the_menu_and_in_the_reason_mutes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2", "a")
        await stage.press("escape")
        await stage.press("a")
        await stage.press("down", "down", "enter")
        await stage.until("why?")
        await stage.press("x", "escape")
        assert stage.snapshot.mutes == ()


async def test_the_menu_without_a_row_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("6", "a")
        await stage.until("Put the cursor on a row first")


async def test_the_palette_lists_every_action_and_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press(":")
        await stage.until("go to: fleet")
        await stage.press(*"look hold")
        await stage.until(lambda screen: "stands still" in screen and "go to: fleet" not in screen)
        await stage.press("down", "enter", "enter")
        await wait_until_async(lambda: bool(stage.app.held_since), 5)


async def test_the_palette_names_no_command_of_textual(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press(":", *"screenshot")
        await stage.until("No matches")


async def test_help_lists_keys_and_meanings(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, size=(120, 100)) as stage:
        await stage.press("2", "?")
        shown = await stage.until("keys everywhere")
        for key in KEYS:
            assert key.words in shown, key.id
        for words in ("up k", "one row up", "Enter", "Jobs that a worker could take now.", "? unknown"):
            assert words in shown
        await stage.press("q")
        assert isinstance(stage.screen, PracticeScreen)


@pytest.mark.parametrize("practice", EMPTY, ids=str)
@pytest.mark.parametrize("size", [(120, 40), (60, 15)])
async def test_a_practice_without_a_collector_says_what_it_asks_and_what_will_fill_it(
    practice: Practice, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(monkeypatch, size=size) as stage:
        await stage.press(practice.key)
        shown = await stage.until(lambda screen: "asks" in screen and "No collector of this" in screen)
        assert "filled by" in shown


async def test_a_practice_that_could_be_filled_names_the_types(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of([Practice.HEALTH])
    async with staged(monkeypatch, settings=settings) as stage:
        for practice, words in (
            (Practice.QUEUES, '"queues.rq"'),
            (Practice.CACHES, '"caches.redis"'),
            (Practice.POOLS, '"pools.postgres"'),
            (Practice.DRAINS, '"drains.http"'),
            (Practice.LOGS, "no log stream is configured"),
        ):
            await stage.press(practice.key)
            await stage.until(words)


async def test_nothing_configured_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of([], services=["none"])
    async with staged(monkeypatch, settings=settings) as stage:
        await stage.press("S")
        await stage.until("no collector is configured")


async def test_empty_panels_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = queues(keys=[])
    parts[Practice.POOLS].hang = True
    parts[Practice.CACHES].error = UnreachableError("connection refused", "is the cache up?")
    settings = settings_of()
    patient = tuple(replace(one, timeout=60.0) for one in settings.collectors)
    async with staged(monkeypatch, parts=parts, settings=replace(settings, collectors=patient)) as stage:
        await stage.press("2")
        await stage.until("no queues: 1 source found none")
        await stage.press("3")
        await stage.until("caches-source failed: connection refused. is the cache up?")
        await stage.press("4")
        await stage.until("waiting for the first answer")
        await stage.press("5")
        await stage.until("no lines yet")


async def test_old_values_are_dimmed_with_their_age_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        await stage.press("2")
        stage.parts[Practice.QUEUES].error = UnreachableError("connection refused", "is it up?")
        shown = await stage.until(lambda screen: re.search(r"stale \d.* s: connection r", screen))
        assert "? 1 stale" in shown.splitlines()[0]
        table = stage.screen.query_one(LiveTable)
        assert all(cell.dim for row in table.rows for cell in row.cells)
        await stage.press("f")
        await stage.until("queues-source: connection refused")
        stage.parts[Practice.QUEUES].error = None
        await stage.until(lambda screen: "stale" not in screen, deadline=20)


async def test_sources_shows_every_collector_and_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch) as stage:
        stage.parts[Practice.CACHES].error = UnreachableError("connection refused", "is the cache up?")
        await stage.press("S")
        shown = await stage.until("connection refused")
        lines = shown.splitlines()
        assert "? caches-source" in lines[2], "those in trouble stand first"
        for practice in FILLED:
            assert f"{practice}-source" in shown
        for title in ("every", "took", "failed", "cost a pass", "last error"):
            assert title in lines[1]
        await stage.press("g")
        await stage.until("is the cache up?")
        await stage.press("escape")
        assert stage.app.current_mode == "fleet"


async def test_the_fleet_of_few_services_stands_turned_round(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(services=["orders", "catalog"])
    async with staged(monkeypatch, settings=settings) as stage:
        shown = stage.text()
        assert "because" in shown
        assert "queues" in shown
        await stage.press("down", "enter")
        await stage.until("› queues · orders")


async def test_80_columns_show_the_panels_where_rows_leave_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, size=(80, 24)) as stage:
        await stage.until("verdict")
        await stage.pilot.resize_terminal(80, 16)
        await stage.until(lambda screen: "verdict" not in screen)
        await stage.pilot.resize_terminal(80, 24)
        await stage.until("verdict")


@pytest.mark.parametrize("practice", FILLED, ids=str)
async def test_at_80_columns_every_title_is_whole(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(monkeypatch, size=(80, 24)) as stage:
        await stage.press(practice.key)
        shown = await stage.until("because")
        assert "…" not in shown.splitlines()[1]
        assert all(len(line) <= 80 for line in shown.splitlines())


async def test_in_ascii_nothing_else_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScrollBar, "renderer", ScrollBar.renderer)  # put back at the end
    async with staged(monkeypatch, ascii_only=True) as stage:
        for key in ("f", "2", "5", "S", "6", "?", "escape", "2", "a"):
            await stage.press(key)
            await stage.pilot.pause(0.1)
            shown = stage.text()
            signs = {char for char in shown if not char.isascii()}
            assert not signs, (key, signs)


async def test_at_80_columns_no_place_of_the_fleet_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = queues(values={b"mail": 123_456.0})
    parts[Practice.HEALTH].values[b"mail"] = -1.0
    async with staged(monkeypatch, parts=parts, size=(80, 24)) as stage:
        shown = await stage.until("✖ 1/2 ")
        (row,) = [line for line in shown.splitlines() if "›✖ orders" in line]
        assert "…" not in row
