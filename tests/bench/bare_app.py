"""The least Textual app: what the library itself costs. With --tick its line changes each second."""

import sys
import time

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Static


class Bare(App[None]):
    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012 - as Textual declares it

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("bare")
        yield Footer()

    def on_mount(self) -> None:
        if "--tick" in sys.argv:
            self.set_interval(1.0, lambda: self.query_one(Static).update(f"bare {time.time():.0f}"))


if __name__ == "__main__":
    Bare().run()
