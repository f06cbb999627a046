"""What the app stands on: the core in its thread, the store's wake-ups, painting, the configuration."""

import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.scrollbar import ScrollBar, ScrollBarRender

from collectors.clock import Clock
from console.engine.core import Core, CoreThread
from console.engine.history import History
from console.engine.keeper import Keeper
from console.engine.state import Snapshot
from console.engine.store import Store
from console.keys import key_map
from console.logs.ring import Ring
from console.present.words import clock_time
from console.screens.base import ConsoleScreen
from console.screens.dialog import Dialog
from console.screens.lab import tell_active
from console.screens.ordered import OrderedApp
from console.screens.pins import Pins
from console.screens.reload import OFFER, is_changed, reload
from console.screens.wake import Painter, Woken
from console.settings import Settings
from widgets.theme import DARK, LIGHT

GAP = 0.2
"""Seconds between two paints; a line that is to be spared has fewer."""

SPARED_GAP = 0.5


class AsciiScrollBar(ScrollBarRender):
    """A scrollbar of blanks on two backgrounds."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class ConsoleApp(OrderedApp):
    """An app on a core. ``run_screen`` opens it; the core runs in its own thread from mount to the end."""

    CSS = """
    .-ascii DetailView, .-ascii LineChart, .-ascii SentenceList, .-ascii LogView, .-ascii Menu LiveTable {
        border: ascii $border-blurred;
    }
    .-ascii HelpScreen DetailView { border: ascii $primary; }
    .-ascii Asking #box, .-ascii ArgumentsScreen #box { border: ascii $primary; }
    .-ascii Asking.-protected #box { border: ascii $error; }
    .-ascii .-armed DetailView, .-ascii .-armed LineChart { border: ascii $error; }
    .-ascii .-armed SentenceList, .-ascii .-armed LogView { border: ascii $error; }
    .-ascii Toast { border-left: ascii $foreground; border-right: none; }
    """

    def __init__(
        self,
        core: Core,
        ring: Ring,
        *,
        keeper: Keeper | None = None,
        lab: Path | None = None,
        spared: bool = False,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self.core = core
        self.ring = ring
        self.pins = Pins(ring, core.store)
        self.ascii_only = ascii_only
        self.spared = spared
        self.held: Snapshot | None = None
        self._painted: Snapshot | None = None
        self.time_shift = 0
        self.panel_faults: dict[str, Path | None] = {}
        self._thread = CoreThread(core)
        self._keeper = keeper
        self.lab = lab
        self._cancelled_at = float("-inf")
        self._pace = 1.0
        self._painter = Painter(self, core.clock, SPARED_GAP if spared else GAP, self._paint)

    # -- what the screens ask

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.core.settings

    @property
    def store(self) -> Store:
        """What is known."""
        return self.core.store

    def shown(self) -> Snapshot:
        """What the screens show: what is known, or what was known when the view was held."""
        return self.held or self.store.snapshot()

    @property
    def held_since(self) -> str:
        """Since when the view is held; empty where it is not."""
        return clock_time(self.held.wall, UTC) if self.held is not None else ""

    @property
    def history(self) -> History:
        """What was known."""
        return self.core.history

    @property
    def clock(self) -> Clock:
        """The one clock."""
        return self.core.clock

    @property
    def key_map(self) -> dict[str, tuple[str, ...]]:
        """The keys in force."""
        return key_map(self.settings.keys)

    @property
    def clock_words(self) -> str:
        """The time of day with its zone; without seconds where the line is to be spared."""
        return clock_time(self.clock.wall(), UTC, seconds=not self.spared)

    def look(self) -> None:
        """Tell the core what is looked at now."""
        screen = self._console_screen()
        if screen is not None:
            details, sources = screen.interest()
            self._thread.submit(lambda: self.core.set_interest(details, sources))

    def submit(self, command: Callable[[], object]) -> None:
        """Run a command on the core's loop."""
        self._thread.submit(command)

    def repaint(self) -> None:
        """Paint the present screen soon."""
        self._painter.soon()

    # -- life

    def on_mount(self) -> None:
        """Theme, keys, core."""
        self.set_class(self.ascii_only, "-ascii")
        if self.ascii_only:
            ScrollBar.renderer = AsciiScrollBar
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if self.settings.console.theme == "light" else DARK.name
        self.set_keymap({name: ",".join(keys) for name, keys in self.settings.keys.items()})
        self.set_title(f"quarterdeck {self.settings.name} {self.settings.environment}")
        self.store.on_wake = self._wake
        self._thread.start()
        self.pins.configured(self.settings.questions.values())
        self.begin()
        if self._keeper is not None:
            keeper = self._keeper
            self._thread.submit(lambda: self.core.spawn(keeper.run(), "recording"))
        self.set_interval(30.0 if self.spared else 1.0, self._tick, name="clock")
        self.set_interval(5.0, self._look_for_change, name="configuration")
        self._painter.soon()
        if self.lab is not None:
            self.run_worker(tell_active(self, self.lab), name="incidents", exit_on_error=False)

    def begin(self) -> None:
        """What is done first on the core's loop; it runs by now."""

    async def closing(self, seconds: float) -> None:
        """What is done last on the core's loop, within ``seconds``."""

    def wind_down(self, seconds: float) -> None:
        """End what is under way, stop the pinned questions and the core, then close the recording."""
        begun = time.monotonic()
        self.pins.stop()
        self._thread.finish(lambda: self.closing(0.5 * seconds), 0.7 * seconds)
        self._thread.stop(max(0.2 * seconds, seconds - (time.monotonic() - begun)))
        self.pins.stop(0.1 * seconds)
        if self._keeper is not None:
            self._keeper.close()

    def _wake(self) -> None:
        self.post_message(Woken())

    @on(Woken)
    def _woken(self) -> None:
        self._painter.news()

    def _tick(self) -> None:
        """The clock goes on; what else the header says has not changed since the last paint."""
        screen = self._console_screen()
        if screen is not None and not self.stalled:
            screen.paint_header(self._painted or self.shown())

    def _paint(self) -> None:
        screen = self._console_screen()
        if screen is None or self.stalled:
            return
        self.store.clear()
        self._painted = self.shown()
        screen.show(self._painted)
        if isinstance(self.screen, Dialog):
            self.screen.renew()

    def _console_screen(self) -> ConsoleScreen | None:
        """The topmost console screen, also under a dialog: what is behind it goes on living.

        One that has just been opened has no panels yet; it is painted once it has.
        """
        if not self.is_running:
            return None
        top = next(
            (screen for screen in reversed(self.screen_stack) if isinstance(screen, ConsoleScreen)), None
        )
        return top if top is not None and top.is_mounted else None

    # -- configuration

    async def action_reload(self) -> None:
        """Load the configuration anew."""
        words = await reload(self.settings, self._apply)
        self.store.put_note("")
        self.notify(words, markup=False, timeout=6)

    async def _apply(self, settings: Settings) -> None:
        await self._thread.call(lambda: self.core.apply(settings))
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keys.items()})
        self.pins.configured(settings.questions.values())
        self._painter.soon()

    async def _look_for_change(self) -> None:
        if await is_changed(self.settings):
            self.store.put_note(OFFER)
