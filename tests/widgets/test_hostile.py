"""Whatever a log line, a host name or a queue calls itself: no widget obeys it."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget

from collectors.model.detail import Detail, DetailSpec
from collectors.model.level import Level
from collectors.model.quantity import Unit, exact
from collectors.model.reading import Part
from widgets.bars import HintLine, StatusLine
from widgets.cell import Cell, Column, Row
from widgets.chart import LineChart
from widgets.chartdata import Chart, ChartLine, ChartMark
from widgets.detail import DetailView, Facts, Parts
from widgets.gauge import Gauge, Reach
from widgets.loglines import LogView
from widgets.logwindow import LogLine
from widgets.sentences import Sentence, SentenceList
from widgets.table import LiveTable

HOSTILE = [
    "[@click=app.quit]x[/]",
    "[/",
    "[/]",
    "oops [/foo] [red]",
    "ends in [",
    "ends in \\",
    "\x1b[2J\x1b[?1049l",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x07\x1b]8;;http://evil\x1b\\link",
    "\x9b2J\x9d0;x\x9c",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\x00\x0e\x0f\x7f\r\n\t\v",
    "\ud800 lone",
    "e\u0301" + "\u0301" * 50,
    "👩\u200d👩\u200d👧 家族 " * 5,
    "x" * 100_000,
]

LINES = 5


def hostile_cell(text: str) -> Cell:
    return Cell(text, Level.WARNING, mark=text[:3], short=text[:4], hint=text, spark=text[:2])


def table(text: str, **options: Any) -> Widget:
    widget = LiveTable(**options)
    columns = [
        Column(text, text, 12),
        Column("b", text, 12, short=5, short_title=text),
        Column("c", text, 10),
    ]
    widget.show(
        columns, [Row(text, (hostile_cell(text),) * 3, fold=True), Row("b", (Cell(text),))], empty=text
    )
    return widget


def empty_table(text: str, **options: Any) -> Widget:
    widget = LiveTable(**options)
    widget.show([Column("a", text)], [], empty=text)
    return widget


def chart(text: str, **options: Any) -> Widget:
    widget = LineChart(number=lambda value, unit: text, **options)
    lines = (ChartLine(text, ((9.0, 1.0), (0.0, 2.0))), ChartLine(text, ((9.0, 1.0),)))
    widget.show(Chart(text, Unit.COUNT, lines, marks=(ChartMark(400, text),)))
    return widget


def empty_chart(text: str, **options: Any) -> Widget:
    widget = LineChart(number=lambda value, unit: text, **options)
    widget.show(Chart(text, Unit.COUNT, (), empty=text))
    return widget


def gauge(text: str, **options: Any) -> Widget:
    widget = Gauge(say=lambda quantity: text, **options)
    widget.show(Reach(text, exact(1), exact(2), Level.CRITICAL))
    return widget


def detail(text: str, **options: Any) -> Widget:
    widget = DetailView(say=lambda quantity: text, **options)
    raw: Any = text
    rows: Any = ((raw, exact(1)), (raw, exact(2)))
    spec = DetailSpec("x", text, text)
    part = Part(name=raw, word=raw, value=exact(1), bad=True)
    widget.show(
        [
            Detail(spec, (text, text), rows, raw, (0, 3)),
            Facts(text, ((text, hostile_cell(text)),)),
            Parts(text, (part,)),
        ]
    )
    return widget


def sentences(text: str, **options: Any) -> Widget:
    widget = SentenceList(**options)
    widget.show([Sentence(i, Level.CRITICAL, text, text) for i in range(9)])
    return widget


def status(text: str, **options: Any) -> Widget:
    widget = StatusLine(**options)
    widget.show([hostile_cell(text)], [hostile_cell(text)])
    return widget


def hint(text: str, **options: Any) -> Widget:
    widget = HintLine(**options)
    widget.show_cell(hostile_cell(text))
    return widget


class Hostile:
    first_seq = 0

    def __init__(self, text: str) -> None:
        self.text = text

    def __len__(self) -> int:
        return 3

    def line(self, index: int) -> LogLine:
        return LogLine(self.text, Level.CRITICAL, self.text, self.text)


def log(text: str, **options: Any) -> Widget:
    widget = LogView(**options)
    widget.show(Hostile(text), empty=text)
    return widget


MAKERS = [table, empty_table, chart, empty_chart, gauge, detail, sentences, status, hint, log]


class Shell(App[None]):
    def __init__(self, widgets: list[Widget]) -> None:
        super().__init__()
        self.shown = widgets

    def compose(self) -> ComposeResult:
        yield from self.shown


@pytest.mark.parametrize("ascii_only", [False, True], ids=["utf-8", "ascii"])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
async def test_no_widget_obeys_what_it_shows(make: Callable[..., Widget], ascii_only: bool) -> None:
    app = Shell([make(text, ascii_only=ascii_only) for text in HOSTILE])
    for widget in app.shown:
        widget.styles.height = LINES
    async with app.run_test(size=(70, LINES * len(HOSTILE))) as pilot:
        await pilot.press("down", "w", "enter", "G")
        await pilot.pause()
        seen = 0
        for strip in app.screen._compositor.render_strips():
            for text, style, control in strip:
                assert text.isprintable(), repr(text)
                assert not control
                assert not (style and (style.link or "@click" in (style.meta or {})))
                seen += bool(text.strip())
        assert seen > 10
        for widget in app.shown:
            for y in range(widget.scrollable_content_region.height):
                strip = widget.render_line(y)
                assert strip.cell_length == widget.scrollable_content_region.width
                assert not ascii_only or strip.text.isascii()
        for y in (1, 6):
            await pilot.click(offset=(20, y))
        assert app.is_running
