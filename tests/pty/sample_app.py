"""A small console for the pty tests: a number that changes ten times a second, and faults on demand.

SAMPLE_FOLDER receives ``heartbeat`` (ticks, stalled or flowing) and ``stopped`` (from wind_down);
SAMPLE_FLOOD=1 changes the whole screen each tick; SAMPLE_HOSTILE shows that text everywhere.
"""

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

from console.terminal.check import apply_environment, screen_refusal

if refusal := screen_refusal(os.environ, sys.stdin, sys.stdout):
    sys.stderr.write(refusal + "\n")
    raise SystemExit(64)
apply_environment(low_bandwidth=False)

from textual.app import ComposeResult  # noqa: E402 - textual reads the environment at import
from textual.content import Content  # noqa: E402
from textual.widgets import Button, Static  # noqa: E402

from console.terminal.app import TerminalApp  # noqa: E402

FOLDER = Path(os.environ["SAMPLE_FOLDER"])
FLOOD = os.environ.get("SAMPLE_FLOOD") == "1"
HOSTILE = os.environ.get("SAMPLE_HOSTILE", "")


ASKS = """
import getpass, os
word = getpass.getpass('passphrase: ')
print('heard', len(word), flush=True)
input('more: ')
raise SystemExit(7)
"""
"""What asks as ssh does: on the terminal, without an echo."""


def die() -> None:
    raise RuntimeError("a thread of ours")


class SampleApp(TerminalApp):
    CSS = "#flood { height: 1fr; } Button { height: 3; }"
    BINDINGS = [("q", "quit", "quit"), ("m", "toggle_mouse", "mouse")]  # noqa: RUF012 - textual's own idiom
    ticks = 0

    def compose(self) -> ComposeResult:
        yield Static("sample ready", id="top", markup=False)
        yield Button(Content("press"), id="button")
        if HOSTILE:
            line = Static(Content(HOSTILE), id="hostile")
            line.border_title = Content(HOSTILE)
            line.styles.border = ("round", "white")
            yield line
        yield Static("", id="flood", markup=False)

    def on_mount(self) -> None:
        self.set_title(HOSTILE or "sample")
        self.set_interval(0.1, self.tick)
        if HOSTILE:
            self.notify(HOSTILE, markup=False, timeout=60)

    async def on_unmount(self) -> None:
        match os.environ.get("SAMPLE_BAD_END"):
            case "raise":
                raise RuntimeError("at the very end")
            case "hang":
                await asyncio.sleep(60)

    def tick(self) -> None:
        self.ticks += 1
        (FOLDER / "heartbeat").write_text(f"{self.ticks} {'stalled' if self.stalled else 'flowing'}")
        self.query_one("#top", Static).update(f"sample ready, tick {self.ticks} tock")
        if FLOOD:
            line = " ".join(f"{(self.ticks * 7919 + n) % 99991:05d}" for n in range(self.size.width // 6))
            body = Content("\n".join([line] * self.size.height)).stylize("bold")
            self.query_one("#flood", Static).update(body)

    def on_button_pressed(self) -> None:
        self.query_one("#button", Button).label = Content("pressed")

    def key_x(self) -> None:
        password = "hunter2-in-a-local"  # noqa: F841 - a local that no report may show
        raise ZeroDivisionError("postgres://admin:hunter2@db/shop \x1b]52;c;AAAA\x07")

    def key_c(self) -> None:
        self.copy_to_clipboard("copied\x1b[2J\nsecond")

    def key_b(self) -> None:
        time.sleep(60)  # a handler that never comes back

    def key_t(self) -> None:
        threading.Thread(target=die, name="textual-input").start()

    def key_o(self) -> None:
        threading.Thread(target=die, name="some-other").start()

    def key_s(self) -> None:
        with self.suspend():
            print("outside")
            while not (FOLDER / "return").exists():
                time.sleep(0.01)

    async def lent(self) -> None:
        argv = [sys.executable, "-ISc", ASKS]
        code = await self.lend_terminal(argv, ["the terminal is lent"])
        (FOLDER / "code").write_text(f"{code}")

    def key_l(self) -> None:
        self.run_worker(self.lent())

    def wind_down(self, seconds: float) -> None:
        with (FOLDER / "stopped").open("a") as file:
            file.write(f"{seconds:g}\n")
        time.sleep(float(os.environ.get("SAMPLE_STOP_SECONDS", "0")))


if __name__ == "__main__":
    code = SampleApp().run_screen()
    print("farewell")  # must not fail where the terminal has gone
    sys.exit(code)
