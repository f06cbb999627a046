"""What a terminal shows after any number of partial updates is what a full painting would show."""

import random
from typing import Any

import pyte
import pytest
from rich.console import Console
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from collectors.model.level import Level
from collectors.model.quantity import Unit
from widgets.bars import StatusLine
from widgets.cell import Cell, Column, Row
from widgets.chart import LineChart
from widgets.chartdata import Chart, ChartLine
from widgets.sentences import Sentence, SentenceList
from widgets.table import LiveTable

SIZE = (100, 30)
NAMES = ["orders", "日本語サービス", "catalog-search-worker-17", "naïve", "🚀 rocket", "payments"]


class Dialog(ModalScreen[None]):
    CSS = "Dialog { align: center middle; } Dialog Static { width: 30; height: 5; background: red; }"

    def compose(self) -> ComposeResult:
        yield Static(Content("really?"))


class Shell(App[None]):
    CSS = "Input { width: 1fr; } LineChart { height: 8; } #row { height: 3; }"

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield SentenceList()
        yield LiveTable()
        with Horizontal(id="row"):
            yield Input()
            yield Static(Content("still"), id="still")
        yield LineChart(number=lambda value, unit: f"{value:g}")

    def change(self, dice: random.Random) -> None:
        columns = [Column("n", "service", 14), *(Column(f"c{i}", f"c{i}", 10) for i in range(6))]
        names = dice.sample(NAMES, dice.randint(1, 6))
        cells = [tuple(cell(dice) for _ in range(6)) for _ in names]
        rows = [Row(name, (Cell(name), *row)) for name, row in zip(names, cells, strict=True)]
        self.query_one(LiveTable).show(columns, rows * 1 if dice.random() < 0.8 else [], empty="nothing")
        sentences = [
            Sentence(i, Level.WARNING, dice.choice(NAMES), f"{dice.random()}")
            for i in range(dice.randint(0, 7))
        ]
        self.query_one(SentenceList).show(sentences)
        self.query_one(StatusLine).show([Cell("quarterdeck")], [Cell(f"14:03:{dice.randint(10, 59)} UTC")])
        points = tuple((float(i * 10), dice.random()) for i in range(90))
        self.query_one(LineChart).show(Chart("x", Unit.COUNT, (ChartLine("x", points),)))


def cell(dice: random.Random) -> Cell:
    text = dice.choice(["12 ms", "13 ms", "8.2k 14m", "日本", "–", ""])
    return Cell(text, dice.choice(list(Level)), spark=dice.choice(["", "▁▂"]), dim=dice.random() < 0.2)


def terminal_of(app: App[None], monkeypatch: pytest.MonkeyPatch) -> pyte.Screen:
    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)
    console = Console(force_terminal=True, color_system="truecolor", width=SIZE[0])
    display = app._display

    def displaying(shown: Any, update: Any) -> None:
        if update is not None:
            stream.feed("\x1b[H" + update.render_segments(console).replace("\n", "\r\n"))
        display(shown, update)

    monkeypatch.setattr(app, "_display", displaying)
    return screen


def shown_by(screen: pyte.Screen) -> list[tuple[str, Any, Any]]:
    return [
        (char.data, char.fg if char.data.strip() else None, char.bg)
        for y in range(SIZE[1])
        for char in (screen.buffer[y][x] for x in range(SIZE[0]))
    ]


async def test_partial_updates_add_up_to_the_whole(until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)
    app = Shell()
    async with app.run_test(size=SIZE) as pilot:
        screen = terminal_of(app, monkeypatch)
        app.refresh()
        for step in range(40):
            app.change(dice)
            if step == 20:
                await app.push_screen(Dialog())
            if step == 30:
                await app.pop_screen()
            await pilot.press(dice.choice(["down", "tab", "x", "up", "right", "enter", "space"]))
            await pilot.pause(0.02)
        await until(lambda: not app.screen._dirty_widgets)
        partial = shown_by(screen)
        app.refresh()
        await pilot.pause(0.1)
        app.screen.refresh()
        await pilot.pause(0.1)
        assert partial == shown_by(screen)
