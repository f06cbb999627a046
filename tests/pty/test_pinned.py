"""A pinned question of the real program: judged over a real file before anybody opens the logs."""

import json
import time
from pathlib import Path

from tests.pty.programs import opened
from tests.pty.test_quarterdeck import program, table

QUESTION = """
[questions.errors]
ask = "service:orders level>=error since:5m | count"
pin = true
threshold = { warning = 3, critical = 50 }
"""


def line(level: str, message: str) -> str:
    return json.dumps({"time": time.time(), "level": level, "message": message}) + "\n"


def test_errors_in_a_file_become_a_finding_of_the_fleet_and_enter_asks_for_them(tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    log.write_text(line("info", "all is well"))
    source = table("orders-log", "logs.file", path=str(log))
    with opened(program(tmp_path, source, QUESTION), tmp_path, size=(120, 40)) as terminal:
        terminal.wait_for("1 ok")
        with log.open("a") as file:
            file.writelines(line("error", f"no mail server {number}") for number in range(7))
        shown = terminal.wait_for("errors: 7, above the limit of 3; not all lines of its time are known")
        assert "1 warning" in shown.splitlines()[0]
        terminal.send("\x1b[Z")
        terminal.send("\r")
        shown = terminal.wait_for("no mail server 6")
        assert "errors 7 (part)" in shown
        terminal.send("f")
        terminal.wait_for("needs you")
        terminal.send("q")
        assert terminal.end(5) == 0
