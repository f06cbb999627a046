"""The app: screens, keys and what they do; nothing is computed here."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from collectors.model.practice import Practice
from collectors.model.subject import SubjectId
from console.keys import KEYS
from console.present.words import counted
from console.screens.actions import ActionsScreen
from console.screens.base import ConsoleScreen
from console.screens.commands import Commands
from console.screens.dialog import Palette
from console.screens.fleet import FleetScreen
from console.screens.help import HelpScreen
from console.screens.journal import JournalScreen
from console.screens.lab import lab_commands
from console.screens.logs import LogsScreen
from console.screens.menu import Menu
from console.screens.practice import PRACTICE_SCREENS, PracticeScreen
from console.screens.reaching import ReachingApp
from console.screens.servers import ServersScreen
from console.screens.sources import SourcesScreen
from console.screens.subject import SubjectScreen


class Quarterdeck(ReachingApp, inherit_bindings=False):
    """The console: its screens, and what its keys do."""

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
        "servers": ServersScreen,
        "actions": ActionsScreen,
        "journal": JournalScreen,
        **PRACTICE_SCREENS,
        str(Practice.LOGS): LogsScreen,
    }
    DEFAULT_MODE = "fleet"

    # -- what the screens ask

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
        return lab_commands(self, self.lab) if self.lab is not None else []

    # -- keys

    async def action_go(self, name: str) -> None:
        """Show the fleet, a practice, the sources, or the servers."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.switch_mode(name)
        if name == "actions":
            self.clear_notifications()
        self._painter.now()
        self.look()

    async def action_back(self) -> None:
        """One level back: marks, a filter, a screen, the fleet; never out."""
        screen = self._console_screen()
        here = screen if screen is self.screen else None
        if here is not None and (here.clear_marks() or here.close_filter()):
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
            self.leave()

    def action_cancel(self) -> None:
        """Cancel what runs; the second time within two seconds, quit."""
        now = self.clock.boottime()
        if now - self._cancelled_at < 2.0:
            self.exit(return_code=130)
            return
        self._cancelled_at = now
        screen = self._console_screen()
        given_up = screen.cancel() if screen is not None else ""
        count = self.stop_acting()
        nothing = given_up or "Nothing runs that could be cancelled."
        words = f"Stopping {counted(count, 'action')}." if count else nothing
        self.notify(f"{words} Press ctrl+c again to quit.", markup=False, timeout=2)

    def action_stop_all(self) -> None:
        """Stop everything that runs."""
        count = self.stop_acting()
        words = f"stopping {counted(count, 'action')}, each at its next step" if count else "nothing runs"
        self.tell(words)

    async def action_help(self) -> None:
        """Help on what has the focus."""
        screen = self._console_screen()
        if screen is not None and not isinstance(self.screen, HelpScreen):
            await self.push_screen(HelpScreen(screen))

    async def action_command_palette(self) -> None:  # type: ignore[override]  # actions may be coroutines
        """All commands."""
        if not isinstance(self.screen, Palette):
            await self.push_screen(Palette())

    async def action_filter(self) -> None:
        """Ask for a filter."""
        screen = self._console_screen()
        if screen is not None and screen is self.screen:
            await self.push_screen(screen.prompt(), self._filtered)

    async def action_actions(self) -> None:
        """What can be done with the marked rows, or else with the row under the cursor."""
        subjects = self.meant()
        if not subjects:
            self.notify("Put the cursor on a row first.", markup=False, timeout=3)
            return
        await self.push_screen(
            Menu(subjects, self.detail_row()), lambda run: run(self) if run is not None else None
        )

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
        self.held = None if self.held is not None else self.store.snapshot()
        screen = self._console_screen()
        if screen is not None:
            screen.hold_changed()
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
        sources = screen.sources() if screen is not None else ()
        self._thread.submit(lambda: self.core.refresh(sources))

    def action_copy(self) -> None:
        """Copy the sentence under the cursor; of a server the command to run by hand."""
        screen = self._console_screen()
        words = screen.copied() if isinstance(screen, ServersScreen) else screen.hint() if screen else ""
        if words:
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
        """The logs of the service under the cursor, of the time that the charts show."""
        screen = self._console_screen()
        service, window = (screen.service(), screen.window()) if screen is not None else ("", None)
        await self.action_go(str(Practice.LOGS))
        logs = self._console_screen()
        if isinstance(logs, LogsScreen):
            logs.of_service(service, window)

    def _filtered(self, text: str | None) -> None:
        screen = self._console_screen()
        if screen is not None and text is not None:
            screen.filter_by(text)
            self._painter.now()

    def get_system_commands(self, screen: Screen[Any]) -> list[SystemCommand]:
        """None of Textual's own: its screenshot and theme commands know nothing of our rules."""
        del screen
        return []
