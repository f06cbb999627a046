"""The log screen: asking, choosing a time, errors, bookmarks, values, columns, holding, never a jump."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Input

from collectors.model.logs import LogRecord, Severity
from collectors.model.practice import Practice
from console.logs.ring import Ring
from console.screens.logs import LogsScreen
from console.screens.record import RecordScreen
from tests.console.screens.stage import Stage, batch, record, settings_of, staged
from tests.servers.waiting import wait_until_async
from widgets.logbars import LogBars
from widgets.loglines import LogView
from widgets.timechart import TimeChart

LOGS = settings_of((Practice.LOGS, Practice.QUEUES))
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def now(ago: float, message: str, severity: Severity = INFO, **fields: str) -> LogRecord:
    """A record of so many seconds ago."""
    made = record(0, message, severity, **fields)
    at = time.time() - ago
    raw = json.dumps(json.loads(made.raw) | {"time": at}).encode()
    return LogRecord(0, at, True, severity, made.message, raw, made.fields)


def fill(ring: Ring, count: int = 60) -> None:
    """Every tenth an error, every fifth a warning; the regions take turns."""
    for number in range(count):
        severity = ERROR if number % 10 == 0 else WARNING if number % 5 == 0 else INFO
        one = now(
            count - number, f"line {number}", severity, region="eu" if number % 2 else "us", n=str(number)
        )
        ring.append(batch(one, service="orders" if number % 3 else "billing"))


def screen_of(stage: Stage) -> LogsScreen:
    screen = stage.screen
    assert isinstance(screen, LogsScreen)
    return screen


async def test_a_question_is_typed_tried_and_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "/", *"level:error")
        shown = await stage.until(lambda text: "LIVE  6 lines" in text)
        assert "line 57" not in shown
        await stage.press("enter")
        assert screen_of(stage).asked.text == "level:error"
        shown = await stage.press("escape")
        assert "LIVE  60 lines" in shown


async def test_esc_leaves_the_prompt_and_the_question_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "/", *"region=eu")
        await stage.until("LIVE  30 lines")
        shown = await stage.press("escape")
        assert "LIVE  60 lines" in shown
        assert screen_of(stage).asked.text == ""


async def test_a_mistake_is_pointed_at_and_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "/", *"level:loud")
        lines = (await stage.press("enter")).splitlines()
        typed = next(at for at, line in enumerate(lines) if line.strip() == "level:loud")
        carets = lines[typed + 1]
        assert carets.index("^") == lines[typed].index("loud")
        assert "'loud' is no level: there are trace" in carets
        assert isinstance(stage.app.focused, Input)
        await stage.press("escape")


async def test_up_brings_back_what_was_asked_and_u_asks_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        await stage.press("5", "/", *"alpha", "enter", "/", *["backspace"] * 5, *"beta", "enter")
        screen = screen_of(stage)
        assert screen.asked.text == "beta"
        await stage.press("/", "up")
        assert stage.app.screen.query_one(Input).value == "alpha"
        await stage.press("down")
        assert stage.app.screen.query_one(Input).value == "beta"
        await stage.press("escape", "u")
        assert screen.asked.text == "alpha"
        await stage.press("u")
        assert screen.asked.text == ""
        assert "no question was asked before" in await stage.press("u")


async def test_a_time_chosen_on_the_bars_stands_in_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5")
        stage.app.screen.query_one(LogBars).focus()
        shown = await stage.press(*["left"] * 12)
        assert "UTC: " in shown
        await stage.press("space", *["right"] * 4, "enter")
        asked = screen_of(stage).asked
        assert asked.text.startswith("since:")
        assert " until:" in asked.text
        assert asked.text in await stage.press()
        kept = len(screen_of(stage).records or ())
        assert 0 < kept < 60
        records = screen_of(stage).records
        assert records is not None
        for at in range(kept):
            entry = records.entry(records.first_seq + at)
            assert entry is not None
            assert asked.window.holds(entry.record.time)
        await stage.press("escape", "escape")
        assert screen_of(stage).asked.text == ""
        assert "60 lines" in stage.text()


async def test_errors_and_bookmarks_are_gone_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "E")
        assert "HELD +0 new  51 of 60" in stage.text()
        await stage.press("E", "E")
        assert "31 of 60" in stage.text()
        assert "41 of 60" in await stage.press("e")
        await stage.press("space", "e", "space", "up", "up")
        assert "◆" in stage.text()
        assert "41 of 60" in await stage.press("B")
        assert "51 of 60" in await stage.press("b")
        assert "no bookmark after this line" in await stage.press("b")
        await stage.press("space", "B", "space")
        assert "◆" not in stage.text()
        assert "◈" not in stage.text()


async def test_a_value_under_the_cursor_is_asked_for_and_the_view_stays_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "E", "right", "i")
        screen = screen_of(stage)
        assert screen.asked.text in ("service=orders", "service=billing")
        await stage.until(lambda text: "›" in text and "line 50" in text and "HELD" in text)
        await stage.press("right", "n")
        assert screen.asked.text.endswith("-level=error")
        assert "✖" not in "\n".join(stage.text().splitlines()[12:])


async def test_a_field_of_the_record_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "E", "i")
        await wait_until_async(lambda: isinstance(stage.screen, RecordScreen), 10)
        assert "choose a field" in await stage.press("i")
        await stage.press("down", "i")
        await wait_until_async(lambda: isinstance(stage.screen, LogsScreen), 10)
        assert screen_of(stage).asked.text == "region=us"


async def test_columns_are_chosen_from_the_fields_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "c")
        shown = await stage.until("of the newest 60 lines")
        assert "region" in shown
        assert "100 %" in shown
        shown = await stage.press("down", "space", "enter")
        assert "region message" in shown
        assert "n=59" not in shown
        await stage.press("up", "right", "right", "right", "i")
        assert screen_of(stage).asked.text == "region=us"
        await stage.press("c")
        await stage.until("of the newest 30 lines")
        await stage.press("space", "escape")
        assert "region message" in stage.text()


async def test_p_holds_the_lines_while_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "p")
        await stage.until("HELD +0 new")
        before = [line for line in stage.text().splitlines() if "line 5" in line]
        fill(stage.app.ring, 40)
        shown = await stage.until("HELD +40 new")
        assert [line for line in shown.splitlines() if "line 5" in line] == before
        await stage.press("p")
        await stage.until("LIVE  100 lines")
        assert not stage.app.held_since
        await stage.press("p")
        await stage.until("HELD")
        await stage.press("end")
        await stage.until("LIVE  100 lines")
        await wait_until_async(lambda: not stage.app.held_since, 10)


async def test_behind_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LogsScreen, "_unread", lambda _self: 5 * 1024 * 1024)
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5")
        await stage.until("BEHIND  5 MiB written and not read yet  60 lines")


async def test_patterns_are_counted_and_one_leads_to_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        stage.app.ring.append(batch(*(now(400 + n, f"took {n} ms") for n in range(30))))
        stage.app.ring.append(batch(*(now(5, f"refused by 10.0.0.{n}", ERROR) for n in range(3))))
        await stage.press("5", "P")
        shown = await stage.until("33 lines in 2 patterns, 1 new in the last 5 min")
        rows = [line for line in shown.splitlines() if "*" in line]
        assert "refused by *" in rows[0]
        assert "new" in rows[0]
        assert "30" in rows[1]
        stage.app.ring.append(batch(now(1, "took 99 ms")))
        await stage.until("34 lines in 2 patterns")
        await stage.press("g", "enter")
        await wait_until_async(lambda: isinstance(stage.screen, LogsScreen), 10)
        assert screen_of(stage).asked.text == '"refused by"'
        await stage.until("LIVE  3 lines")


async def test_a_trace_is_followed_through_all_services_in_the_order_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with staged(monkeypatch, settings=LOGS) as stage:
        ring = stage.app.ring
        ring.append(batch(now(1, "paid", trace_id=trace), service="payments"))
        ring.append(batch(now(3, "ordered", traceparent=f"00-{trace}-00f067aa0ba902b7-01")))
        decimal = {"dd.trace_id": str(int(trace[16:], 16))}
        ring.append(batch(now(0.5, "billed", INFO, **decimal), service="billing"))
        ring.append(batch(now(2, "another", trace_id="0" * 31 + "1"), now(2, f"names {trace}")))
        ring.append(batch(now(2, "checked", traceId=trace.upper()), service="catalog"))
        await stage.press("5", "t")
        shown = await stage.until(f"trace:{trace} · 4 lines of 4 services")
        rows = [line.split("traceparent")[0] for line in shown.splitlines() if " s " in line and "+" in line]
        assert [
            next(word for word in ("ordered", "checked", "paid", "billed") if word in row) for row in rows[:4]
        ] == [
            "ordered",
            "checked",
            "paid",
            "billed",
        ]
        assert "+0.000 s" in rows[0]
        await stage.press("escape")
        assert isinstance(stage.screen, LogsScreen)


async def test_a_line_without_a_trace_says_so_and_its_moment_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        assert "neither a trace id nor a request id" in await stage.press("5", "E", "t")
        shown = await stage.press("o")
        shown = await stage.until(lambda text: "± 10 s" in text)
        assert "+0.000 s" in next(line for line in shown.splitlines() if "›" in line and "line 50" in line)
        assert "of 2 services" in shown
        await stage.press("o")
        await stage.until("± 30 s")


async def test_l_takes_the_time_of_the_charts_along(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        stage.app.ring.append(batch(now(500, "then"), now(5, "lately")))
        shown = await stage.press("2", ",", "L")
        asked = screen_of(stage).asked
        assert asked.service == "orders"
        assert asked.text.startswith("since:")
        assert "then" in shown
        assert "lately" not in shown


async def test_new_questions_keep_the_line_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        fill(stage.app.ring)
        await stage.press("5", "E", "E")
        assert "41 of 60" in stage.text()
        await stage.press("/", *"level:error", "enter")
        await stage.until("HELD +0 new  5 of 6")
        await stage.press("escape")
        await stage.until("HELD +0 new  41 of 60")


async def test_a_flood_paints_the_lines_four_times_a_second_and_counts_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged(monkeypatch, settings=LOGS) as stage:
        await stage.press("5")
        view = stage.app.screen.query_one(LogView)
        painted: list[float] = []
        repaint: Callable[[], Any] = view.sync

        def counted() -> None:
            painted.append(time.monotonic())
            repaint()

        monkeypatch.setattr(view, "sync", counted)
        end, sent, begun = time.monotonic() + 1.5, 0, time.monotonic()
        while time.monotonic() < end:
            stage.app.ring.append(batch(*(record(sent + n, f"line {sent + n}") for n in range(50))))
            sent += 50
            await stage.pilot.pause(0.005)
        spent = time.monotonic() - begun
        assert len(painted) <= 2 * (spent / 0.25 + 3), "the lines and their state, four times a second each"
        await stage.until(f"line {sent - 1}")
        assert stage.app.ring.tallies.whole.total == sent


async def test_l_takes_the_moment_under_the_cursor_of_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, settings=LOGS, size=(120, 40)) as stage:
        stage.app.ring.append(batch(now(500, "then"), now(2, "lately")))
        await stage.press("2")
        chart = stage.app.screen.query_one(TimeChart)
        await stage.until(lambda shown: "waiting" in shown or chart._chart is not None)
        chart.focus()
        await stage.pilot.pause()
        shown = await stage.press("left")
        assert chart.words() in shown
        await stage.press("L")
        asked = screen_of(stage).asked
        assert asked.service == "orders"
        assert asked.text.startswith("since:")
        await stage.until(lambda shown: "lately" in shown and "then" not in shown)
