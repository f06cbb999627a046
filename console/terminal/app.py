"""The App that every screen of ours stands on: a terminal cared for from the first byte to the last."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from textual.filter import LineFilter

from collectors.text import Shown
from console.terminal import copy, crash, modes
from console.terminal.driver import Adapted, TerminalDriver
from console.terminal.filter import ControlFilter
from console.terminal.lend import lend
from console.terminal.life import Life


class TerminalApp(Adapted):
    """Wires driver, filter, signals, crash path, mouse, title and clipboard; ``run_screen`` opens it.

    A subclass overrides ``wind_down`` to stop what works behind the screen.
    """

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - handed on to App as they are
        self._net = ControlFilter()
        self._mouse_on = True
        self._is_open = False
        self._crash = self._note = ""
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self.life = Life(self._ask, self.wind_down, self._let_go, self._vanished)
        super().__init__(**{"driver_class": TerminalDriver} | arguments)

    def wind_down(self, seconds: float) -> None:
        """Stop what works behind the screen, within ``seconds``; called once, in a thread of its own.

        The screen may still be up, already closed, or stuck: nothing of it may be touched from here.
        """

    @property
    def is_leaving(self) -> bool:
        """Whether the end has begun."""
        return self.life.leaving

    def thread_died(self, name: str, error: BaseException) -> bool:
        """Whether the console has to end because this thread did; without input it has."""
        del error
        return name == "textual-input"

    @property
    def stalled(self) -> bool:
        """Whether the terminal has stopped reading, so that painting is of no use."""
        return self.terminal is not None and self.terminal.stalled

    @property
    def mouse_on(self) -> bool:
        """Whether mouse reports are on."""
        return self._mouse_on

    def run_screen(self, *, mouse: bool = True) -> int:
        """Open the screen in the main thread, and return the exit code once the terminal is restored."""
        self._mouse_on, self._is_open = mouse, True
        self.life.install(sys.__stdin__.fileno() if sys.__stdin__ is not None else None)
        threading.excepthook = self._thread_failed
        try:
            asyncio.run(self._run_async(mouse=mouse))
        except Exception as error:  # noqa: BLE001 - the end of the program: what comes here has no other handler
            self._let_go()
            self.crashed(error)
        crash.tell(self._note + self._crash)
        code = self.life.finish(self.return_code or 0)
        return crash.EXIT_CRASH if self._crash and code == 0 else code

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:  # noqa: ANN401 - App's signature
        """Leave, as App.exit does; from here on the deadline runs."""
        if self._is_open:
            self.life.begin(return_code)
        super().exit(result, return_code, message)

    def crashed(self, error: BaseException) -> None:
        """Write the crash report; the message follows once the terminal is restored."""
        if self._is_open:
            self._crash += crash.message(error, crash.write_report(error, os.environ))
            self.life.begin(crash.EXIT_CRASH)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """App's filters, and the net that lets no control character through."""
        return [*super().get_line_filters(), self._net]

    def copy_to_clipboard(self, text: str) -> None:
        """Offer cleaned text to the terminal's clipboard; what does not fit is cut (see ``copy.prepare``)."""
        prepared = copy.prepare(text).text
        super().copy_to_clipboard(prepared)
        wrapped = copy.passthrough(copy.osc52(prepared), os.environ)
        if wrapped and self.terminal is not None:
            self.terminal.write(wrapped)

    def set_title(self, text: str) -> None:
        """Set the terminal's title; hostile characters in it become visible marks."""
        if self.terminal is not None:
            self.terminal.set_title(text)

    async def lend_terminal(self, argv: Sequence[str], words: Sequence[str]) -> int:
        """Let a program have the terminal until it ends, after these lines; its exit status.

        Raises OSError where it cannot be started, and SuspendNotSupported without a terminal.
        """
        code, failed, fd = 0, None, self.terminal.fileno if self.terminal is not None else 0
        with self.suspend():
            sys.stdout.writelines(
                f"{Shown(line)}\n" for line in words
            )  # the streams are the terminal's again
            sys.stdout.flush()
            try:
                code = await lend(argv, fd, lambda: self.is_leaving)
            except OSError as error:
                failed = error  # suspend comes back only where nothing is raised
        if failed is not None:
            raise failed
        return code

    def action_toggle_mouse(self) -> None:
        """Switch mouse reports on or off."""
        self._mouse_on = not self._mouse_on
        if self.terminal is not None:
            self.terminal.set_mouse(self._mouse_on)

    async def _run_async(self, *, mouse: bool) -> None:
        self._own_loop = asyncio.get_running_loop()
        await self.run_async(mouse=mouse)

    def _ask(self, code: int) -> bool:
        if self._own_loop is None:
            return False
        with contextlib.suppress(RuntimeError):  # closed: it has left
            self._own_loop.call_soon_threadsafe(self.exit, None, code)
        return True

    def _let_go(self) -> None:
        if self.terminal is not None:
            self.terminal.let_go()

    def _vanished(self) -> None:
        if self.terminal is not None:
            self.terminal.stop_reading()
        modes.abandon_streams()

    def _thread_failed(self, args: threading.ExceptHookArgs) -> None:
        if isinstance(args.exc_value, Exception):
            name = args.thread.name if args.thread is not None else ""
            if self.thread_died(name, args.exc_value):
                self.crashed(args.exc_value)
            else:
                report = crash.write_report(args.exc_value, os.environ)
                self._note = f"quarterdeck lost a thread on the way. Report: {report or 'none'}\n"
