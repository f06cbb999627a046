"""What really goes over the line: a table on a pseudo-terminal, its bytes counted."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
from textual.app import App
from collectors.model.level import Level
from widgets.cell import Cell, Column, Row
from widgets.table import LiveTable

COLUMNS = [Column("name", "service", 12), *(Column(f"c{i}", f"col {i}", 11) for i in range(8))]

def rows(turn):
    def cell(row, column):
        return Cell("13 ms" if (row, column) == (5, 7) and turn % 2 else "12 ms", Level.OK)
    return [Row(row, (Cell(f"svc-{row}"), *(cell(row, column) for column in range(8)))) for row in range(30)]

class Wire(App):
    ENABLE_COMMAND_PALETTE = False
    turn = 0
    def compose(self):
        yield LiveTable()
    def on_mount(self):
        self.query_one(LiveTable).show(COLUMNS, rows(0))
    def on_key(self, event):
        self.turn += event.key == "x"
        self.query_one(LiveTable).show(COLUMNS, rows(self.turn))

Wire().run()
"""


def read(terminal: int, enough: re.Pattern[bytes], deadline: float = 20.0) -> bytes:
    got, end = b"", time.monotonic() + deadline
    while not enough.search(got):
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"only {got[-200:]!r}"
        got += os.read(terminal, 65536)
    return got


def quiet(terminal: int, seconds: float) -> bytes:
    got = b""
    while select.select([terminal], [], [], seconds)[0]:
        got += os.read(terminal, 65536)
    return got


def test_one_changed_value_sends_the_bytes_of_its_own_cell() -> None:
    outer, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        env.pop(name, None)
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=env,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        read(outer, re.compile(rb"svc-29"))
        quiet(outer, 0.5)
        costs = []
        for turn in range(4):
            os.write(outer, b"x")
            changed = read(outer, re.compile(rb"m%d\x1b\[0m" % (3 - turn % 2)))
            costs.append(len(changed + quiet(outer, 0.2)))
        # The least of them: what the terminal still had to say at first is not the table's.
        assert min(costs) <= 90, changed
        os.write(outer, b"y")
        assert quiet(outer, 0.5) == b""
    finally:
        program.kill()
        program.wait(10)
        os.close(outer)
        os.close(inner)
