"""A repaint of 1,000 rows that all change: LiveTable beside DataTable's update_cell, in one run.

python -m tests.bench.bench_table [ROWS], or python -m tests.bench rows

Runs headless at 160x50 with 12 columns; a repaint is from the finished values
of the caller (rows of cells, or Text objects) to the encoded frame.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from collectors.model.level import Level
from tests.bench.figures import Figure
from widgets.cell import Cell, Column, Row
from widgets.table import LiveTable

COLUMNS, ROUNDS, SIZE = 12, 15, (160, 50)
LEVELS = (Level.OK, Level.OK, Level.OK, Level.WARNING, Level.CRITICAL)


def text_of(row: int, column: int, turn: int) -> str:
    return f"{(row * 7 + column + turn) % 997} ms"


class LiveBench(App[None]):
    def compose(self) -> ComposeResult:
        yield LiveTable()

    def values(self, rows: int, turn: int) -> list[Row]:
        return [
            Row(row, tuple(Cell(text_of(row, i, turn), LEVELS[(row + i) % 5]) for i in range(COLUMNS)))
            for row in range(rows)
        ]

    def fill(self, rows: list[Row]) -> None:
        columns = [Column(f"c{i}", f"column {i}", 11) for i in range(COLUMNS)]
        self.query_one(LiveTable).show(columns, rows)


class DataBench(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for column in range(COLUMNS):
            table.add_column(f"column {column}", key=str(column), width=11)

    def values(self, rows: int, turn: int) -> list[list[Text]]:
        return [[Text(text_of(row, i, turn)) for i in range(COLUMNS)] for row in range(rows)]

    def fill(self, rows: list[list[Text]]) -> None:
        table = self.query_one(DataTable)
        for key, row in enumerate(rows):
            if table.row_count < len(rows):
                table.add_row(*row, key=str(key))
            else:
                for column, text in enumerate(row):
                    table.update_cell(str(key), str(column), text)


async def measure(app: Any, rows: int) -> tuple[float, float]:
    """Median milliseconds of CPU and bytes of one repaint."""
    console = Console(force_terminal=True, color_system="truecolor", width=SIZE[0])
    sent: list[int] = []
    async with app.run_test(size=SIZE) as pilot:
        app.fill(app.values(rows, 0))
        await pilot.pause()
        spent: list[float] = []
        display = app._display

        def displaying(screen: object, update: object) -> None:
            if update is not None and hasattr(update, "render_segments"):
                sent.append(len(update.render_segments(console).encode()))
            display(screen, update)

        app._display = displaying
        for turn in range(1, ROUNDS + 1):
            fresh = app.values(rows, turn)
            begin, count = time.process_time(), len(sent)
            app.fill(fresh)
            while len(sent) == count:  # noqa: ASYNC110 - what is measured is how soon the frame comes
                await asyncio.sleep(0)
            spent.append(time.process_time() - begin)
    return statistics.median(spent) * 1000, statistics.median(sent)


def figures(_place: object) -> Iterator[Figure]:
    """One line for the table of all benches."""
    ours, ours_sent = asyncio.run(measure(LiveBench(), 1000))
    peer, peer_sent = asyncio.run(measure(DataBench(), 1000))
    words = f"{ours:.0f} ms, {ours_sent / 1000:.0f} kB"
    beside = f"{peer:.0f} ms, {peer_sent / 1000:.0f} kB (DataTable)"
    yield Figure("1,000 rows, all changing, a repaint", "≤ 40 ms", words, beside, ours <= 40)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(
        f"{rows} rows, {COLUMNS} columns, every value new, {SIZE[0]}x{SIZE[1]}, median of {ROUNDS} repaints"
    )
    for name, app in (("LiveTable", LiveBench()), ("DataTable.update_cell", DataBench())):
        milliseconds, sent = asyncio.run(measure(app, rows))
        print(f"  {name:24} {milliseconds:8.1f} ms CPU {sent / 1000:8.1f} kB")


if __name__ == "__main__":
    main()
