"""The app: wiring of core, store, keys and screens; nothing is computed here."""

from collections.abc import Callable
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from collectors.clock import Clock
from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from console.engine.core import Core, CoreThread
from console.engine.history import History
from console.engine.keeper import Keeper
from console.engine.state import SourceId
from console.engine.store import Store
from console.keys import KEYS, key_map
from console.lab import control
from console.lab.control import list_incidents
from console.lab.processes import LabError
from console.logs.ring import Ring
from console.present.words import clock_time
from console.screens.base import ConsoleScreen
from console.screens.commands import Commands
from console.screens.fleet import FleetScreen
from console.screens.help import HelpScreen
from console.screens.logs import LogsScreen
from console.screens.menu import Menu, entries_for
from console.screens.practice import PRACTICE_SCREENS, PracticeScreen
from console.screens.prompt import Prompt
from console.screens.reload import OFFER, is_changed, reload
from console.screens.sources import SourcesScreen
from console.screens.subject import SubjectScreen
from console.screens.wake import Painter, Woken
from console.settings import Settings
from console.terminal.app import TerminalApp
from widgets.theme import DARK, LIGHT

GAP = 0.2
"""Seconds between two paints; a line that is to be spared has fewer."""

SPARED_GAP = 0.5


class Quarterdeck(TerminalApp):
    """The console. ``run_screen`` opens it; the core runs in its own thread from mount to the end."""

    TITLE = "quarterdeck"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = {Commands}
    BINDINGS: ClassVar[list[Any]] = [
        Binding(
            ",".join(key.keys),
            key.action,
            key.words,
            show=False,
            id=key.id,
            group=None,
            tooltip=key.words,
            priority=key.id == "app.cancel",
        )
        for key in KEYS
    ]
    MODES: ClassVar[dict[str, Any]] = {
        "fleet": FleetScreen,
        "sources": SourcesScreen,
        **PRACTICE_SCREENS,
        str(Practice.LOGS): LogsScreen,
    }
    DEFAULT_MODE = "fleet"

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
        self.ascii_only = ascii_only
        self.spared = spared
        self.held_since = ""
        self.time_shift = 0
        self._thread = CoreThread(core)
        self._keeper = keeper
        self._lab = lab
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

    async def open_practice(self, practice: Practice, service: str, subject: SubjectId | None) -> None:
        """Show a practice's screen for one service, with the cursor on ``subject``."""
        await self.action_go(str(practice))
        screen = self._console_screen()
        if isinstance(screen, PracticeScreen):
            screen.open_at(service, subject)
        elif isinstance(screen, LogsScreen):
            screen.of_service(service)

    def open_subject(self, subject: SubjectId) -> None:
        """Show all of one subject."""
        self.push_console(SubjectScreen(subject))

    def push_console(self, screen: ConsoleScreen) -> None:
        """Put a console screen over the present one, painted and looked at."""
        self.run_worker(self._pushed(screen), name="push", exit_on_error=False)

    async def _pushed(self, screen: ConsoleScreen) -> None:
        await self.push_screen(screen)
        self._painter.now()
        self.look()

    def lab_commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """Start and stop for each of the lab's incidents; none without a lab."""
        lab = self._lab
        if lab is None:
            return []
        return [
            (f"{verb} incident {incident.name}", incident.title, partial(self._incident, verb, incident.name))
            for incident in list_incidents()
            for verb in ("start", "stop")
        ]

    async def _incident(self, verb: str, name: str) -> None:
        if self._lab is None:
            return
        try:
            await (control.start if verb == "start" else control.stop)(name, self._lab)
        except LabError as error:
            self.notify(str(error), markup=False, severity="error")
        else:
            self.notify(f"{verb} {name}", markup=False, timeout=3)

    def submit(self, command: Callable[[], object]) -> None:
        """Run a command on the core's loop."""
        self._thread.submit(command)

    def repaint(self) -> None:
        """Paint the present screen soon."""
        self._painter.soon()

    # -- life

    def on_mount(self) -> None:
        """Theme, keys, core."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if self.settings.console.theme == "light" else DARK.name
        self.set_keymap({name: ",".join(keys) for name, keys in self.settings.keys.items()})
        self.set_title(f"quarterdeck {self.settings.name} {self.settings.environment}")
        self.store.on_wake = self._wake
        self._thread.start()
        if self._keeper is not None:
            keeper = self._keeper
            self._thread.submit(lambda: self.core.spawn(keeper.run(), "recording"))
        self.set_interval(30.0 if self.spared else 1.0, self._tick, name="clock")
        self.set_interval(5.0, self._look_for_change, name="configuration")
        self._painter.soon()

    def wind_down(self, seconds: float) -> None:
        """Stop the core, then close the recording."""
        self._thread.stop(seconds)
        if self._keeper is not None:
            self._keeper.close()

    def _wake(self) -> None:
        self.post_message(Woken())

    @on(Woken)
    def _woken(self) -> None:
        self._painter.soon()

    def _tick(self) -> None:
        screen = self._console_screen()
        if screen is not None and not self.stalled:
            screen.paint_header(self.store.snapshot())

    def _paint(self) -> None:
        screen = self._console_screen()
        if screen is None or self.held_since or self.stalled:
            return
        self.store.clear()
        screen.show(self.store.snapshot())

    def _console_screen(self) -> ConsoleScreen | None:
        """The topmost console screen, also under a dialog: what is behind it goes on living."""
        if not self.is_running:
            return None
        return next(
            (screen for screen in reversed(self.screen_stack) if isinstance(screen, ConsoleScreen)), None
        )

    # -- keys

    async def action_go(self, name: str) -> None:
        """Show the fleet, a practice, or the sources."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.switch_mode(name)
        self._painter.now()
        self.look()

    async def action_back(self) -> None:
        """One level back: a filter, a screen, the fleet; never out."""
        screen = self._console_screen()
        if screen is not None and screen is self.screen and screen.close_filter():
            self._painter.now()
        elif len(self.screen_stack) > 1:
            await self.pop_screen()
            self._painter.now()
            self.look()
        elif self.current_mode != "fleet":
            await self.action_go("fleet")

    async def action_quit_or_back(self) -> None:
        """Back, and out from the fleet."""
        if len(self.screen_stack) > 1 or self.current_mode != "fleet":
            await self.action_back()
        else:
            self.exit(return_code=0)

    def action_cancel(self) -> None:
        """Cancel what runs; the second time within two seconds, quit."""
        now = self.clock.boottime()
        if now - self._cancelled_at < 2.0:
            self.exit(return_code=130)
            return
        self._cancelled_at = now
        self.notify(
            "Nothing runs that could be cancelled. Press ctrl+c again to quit.", markup=False, timeout=2
        )

    def action_help(self) -> None:
        """Help on what has the focus."""
        screen = self._console_screen()
        if screen is not None and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(screen))

    def action_filter(self) -> None:
        """Ask for a filter."""
        screen = self._console_screen()
        if screen is not None and screen is self.screen:
            self.push_screen(
                Prompt("filter", "text, or !text for all but those; empty shows all"), self._filtered
            )

    def action_actions(self) -> None:
        """What can be done with the row under the cursor."""
        screen = self._console_screen()
        subject = screen.subject() if screen is not None else None
        if subject is None:
            self.notify("Put the cursor on a row first.", markup=False, timeout=3)
            return
        self.push_screen(Menu(entries_for(subject, self.store.snapshot())), self._chosen)

    def action_sort(self) -> None:
        """Sort by the next column."""
        screen = self._console_screen()
        if screen is not None:
            words = screen.sort_next()
            self._painter.now()
            if words:
                self.notify(f"sorted by {words}", markup=False, timeout=2)

    def action_hold(self) -> None:
        """Hold the view, or let it go; measuring goes on."""
        self.held_since = "" if self.held_since else clock_time(self.clock.wall(), UTC)
        self._tick()
        self._painter.soon()

    def action_pace(self, factor: float) -> None:
        """Poll more or less often."""
        self._pace = min(32.0, max(0.125, self._pace * factor))
        pace = self._pace
        self._thread.submit(lambda: self.core.set_pace(pace))
        self.notify(f"intervals × {pace:g}", markup=False, timeout=2)

    def action_refresh_now(self) -> None:
        """Collect now: what is under the cursor, or all."""
        screen = self._console_screen()
        subject = screen.subject() if screen is not None else None
        sources = (SourceId(subject.collector, subject.instance),) if subject else ()
        self._thread.submit(lambda: self.core.refresh(sources))

    async def action_reload(self) -> None:
        """Load the configuration anew."""
        words = await reload(self.settings, self._apply)
        self.store.put_note("")
        self.notify(words, markup=False, timeout=6)

    async def _apply(self, settings: Settings) -> None:
        await self._thread.call(lambda: self.core.apply(settings))
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keys.items()})
        self._painter.soon()

    async def _look_for_change(self) -> None:
        if await is_changed(self.settings):
            self.store.put_note(OFFER)

    def action_copy(self) -> None:
        """Copy the sentence under the cursor."""
        screen = self._console_screen()
        if screen is not None and (words := screen.hint()):
            self.copy_to_clipboard(words)
            self.notify("copied", markup=False, timeout=2)

    def action_shift_time(self, steps: int) -> None:
        """Move the charts' end into the past, or back."""
        self.time_shift = max(0, self.time_shift + steps)
        self._painter.now()

    def action_zoom(self) -> None:
        """Show the focused panel alone, or all again."""
        screen = self._console_screen()
        if screen is not None:
            screen.zoom()

    async def action_logs_of(self) -> None:
        """The logs of the service under the cursor."""
        screen = self._console_screen()
        service = screen.service() if screen is not None else ""
        await self.action_go(str(Practice.LOGS))
        logs = self._console_screen()
        if isinstance(logs, LogsScreen):
            logs.of_service(service)

    def _filtered(self, text: str | None) -> None:
        screen = self._console_screen()
        if screen is not None and text is not None:
            screen.filter_by(text)
            self._painter.now()

    def _chosen(self, run: Callable[["Quarterdeck"], None] | None) -> None:
        if run is not None:
            run(self)

    def get_system_commands(self, screen: Screen[Any]) -> list[SystemCommand]:
        """None of Textual's own: its screenshot and theme commands know nothing of our rules."""
        del screen
        return []
