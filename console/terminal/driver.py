"""Textual on a terminal that may stall or vanish. The only module that leans on Textual's private names."""

import contextlib
import os
import signal
import sys
import termios
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from textual._ansi_sequences import (
    SYNC_END,
    SYNC_START,
)  # what App writes around a frame; compared, never sent alone
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver  # App(driver_class=…) is public, its classes are not

from console.terminal import modes
from console.terminal.outlet import Outlet
from console.terminal.settle import Settle
from console.terminal.title import RESTORE as TITLE_RESTORE
from console.terminal.title import SAVE as TITLE_SAVE
from console.terminal.title import takes_osc, title_sequence

TOGETHER = 0.02
"""Seconds within which signals that were sent together have all been seen."""

DRAIN_SECONDS = 0.5
"""How long leaving waits for a terminal that does not read."""

RESIZE_SECONDS = 0.1
"""Window changes within this time are one."""


_OSC = "\x1b]"
_POINTER_SHAPE = "\x1b]22;"
"""Without reports of its motion nobody knows where the pointer is."""


class Adapted(App[int]):
    """An App whose fatal errors go to ``crashed`` instead of a traceback that prints local variables."""

    terminal: "TerminalDriver | None" = None

    @property
    def is_leaving(self) -> bool:
        """Whether the end has begun: a stopped job that is continued must not take the terminal again."""
        return False

    def crashed(self, error: Exception) -> None:
        """Take note of an unhandled exception; the app is about to leave."""

    def _handle_exception(self, error: Exception) -> None:
        # Private: App._fatal_error renders show_locals=True, and no public hook stands before it.
        self._return_code = 70
        first = self._exception is None
        if first:
            self._exception = error  # run_test re-raises it
            self._exception_event.set()
        self._close_messages_no_wait()  # as App.panic does, without rendering anything
        if first:
            self.crashed(error)


class TerminalDriver(LinuxDriver):
    """LinuxDriver that drops frames instead of blocking, asks for no mouse motion, and can let go at once."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual draws on stderr, which people redirect; stdout was checked to be the terminal.
        stream = sys.__stdout__ if sys.__stdout__ is not None and sys.__stdout__.isatty() else sys.__stderr__
        self._output = stream.fileno() if stream is not None else self.fileno
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._outlet: Outlet | None = None
        self._held = False
        self._attributes: modes.Attributes | None = None
        self._synchronised = False
        self._unwanted = _POINTER_SHAPE if takes_osc(os.environ) else _OSC
        self._title = ""
        self._resizes = Settle(self._loop, RESIZE_SECONDS, self._size_changed)
        self._resized: Callable[[int, FrameType | None], Any] | None = None
        if isinstance(app, Adapted):
            app.terminal = self

    @property
    def stalled(self) -> bool:
        """Whether frames are dropped because the terminal does not read."""
        return self._outlet is not None and self._outlet.starving

    def write(self, data: str) -> None:
        """Queue what Textual sends; never blocks, drops frames of a stalled terminal."""
        if data == SYNC_START:
            self._synchronised = True
        elif data == SYNC_END:
            self._synchronised = False
        elif self._outlet is not None and not data.startswith(self._unwanted):
            is_frame = data.endswith("H")  # every frame ends by placing the cursor, no change of a mode does
            if is_frame and not self._held:
                return
            if is_frame and self._synchronised:
                data = SYNC_START + data + SYNC_END
            self._outlet.put(data.encode(self._encoding, "replace"), droppable=is_frame)

    def set_mouse(self, on: bool) -> None:  # noqa: FBT001 - the one thing it sets
        """Switch mouse reports on or off; off gives the terminal its own selection back."""
        self._disable_mouse_support()
        self._mouse = on  # Textual's own switch, honoured by its enable and disable
        self._enable_mouse_support()

    def set_title(self, text: str) -> None:
        """Set the terminal's title, where it has one; it is given back at the end."""
        if self._unwanted != _OSC:
            self.write(("" if self._title else TITLE_SAVE) + title_sequence(text))
            self._title = text

    def let_go(self) -> None:
        """Restore the terminal at once, from any thread, without waiting for it or for the event loop."""
        if self._outlet is not None:
            modes.restore_termios(self.fileno, self._attributes)
            self._outlet.cut(self._restore_sequence())

    def stop_reading(self) -> None:
        """Stop the input thread, which would spin on a terminal that has gone; from any thread."""
        self.exit_event.set()

    def start_application_mode(self) -> None:
        """Take the terminal; does nothing when it is held already."""
        if self._held:
            return
        if self._outlet is None:
            self._outlet = Outlet(self._output, self._drained)
        with contextlib.suppress(termios.error):
            self._attributes = termios.tcgetattr(self.fileno)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it without annotations
        # It returns early in the background, where it must not touch the terminal.
        self._held = self._key_thread is not None and self._key_thread.is_alive()
        if self._held:
            self._watch_size()
            title, self._title = self._title, ""
            if title:
                self.set_title(title)
        else:
            self.close()

    def resume_application_mode(self) -> None:
        """Come back after SIGCONT: as Textual does when it had let go, else put right what others changed."""
        # another thread may be given the SIGTERM that came together with the SIGCONT, a moment later
        time.sleep(TOGETHER)
        if self._is_leaving:
            return
        # Textual would start a second input thread, and take raw for the state to restore.
        if not self._held:
            super().resume_application_mode()
        else:
            modes.make_raw(self.fileno, self._patch_iflag, self._patch_lflag)
            self.write(modes.ENTER_AGAIN)
            self._enable_mouse_support()
        self._loop.call_soon_threadsafe(self._repaint)

    def stop_application_mode(self) -> None:
        """Give the terminal back; does nothing when that has been done."""
        if not self._held:
            return
        self._held = False
        if self._is_leaving:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        super().stop_application_mode()
        if self._title:
            self.write(TITLE_RESTORE)

    def close(self) -> None:
        """Wait DRAIN_SECONDS at most for what is queued; then leave the restoring sequence alone behind."""
        outlet = self._outlet
        if outlet is not None and not outlet.close(DRAIN_SECONDS):
            outlet.cut(self._restore_sequence())
        self._outlet = None
        super().close()

    @property
    def _is_leaving(self) -> bool:
        return isinstance(self._app, Adapted) and self._app.is_leaving

    def _restore_sequence(self) -> bytes:
        return (modes.RESTORE + (TITLE_RESTORE if self._title else "")).encode("ascii")

    def _drained(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        if self._held:
            self._app.refresh(layout=True)

    def _watch_size(self) -> None:
        """Merge window changes: each one lays out and paints the whole screen."""
        before = signal.getsignal(signal.SIGWINCH)
        if callable(before) and before != self._resizes.note:
            self._resized = before
            signal.signal(signal.SIGWINCH, self._resizes.note)

    def _size_changed(self) -> None:
        if self._held and self._resized is not None:
            self._resized(signal.SIGWINCH, None)
            # Back at the same size Textual paints nothing, but the terminal has reflowed what it showed.
            if self._get_terminal_size() == tuple(self._app.size):
                self._repaint()

    # The rest replaces private steps of LinuxDriver, each for the reason it gives.

    def _get_terminal_size(self) -> tuple[int, int]:
        # Textual believes COLUMNS and LINES, which `watch` and some shells export and nobody updates.
        return modes.window_size(self._output) or (80, 24)

    def _enable_mouse_support(self) -> None:
        # Textual asks for 1003, which sends 800 KB/s of repaints for a moving pointer.
        if self._mouse:
            self.write(modes.MOUSE_ON)

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write(modes.MOUSE_OFF)

    def _query_in_band_window_resize(self) -> None:
        """Ask for nothing: with an answer Textual turns to mouse reports in pixels, and SIGWINCH suffices."""

    def _run_input_thread(self) -> None:
        # Textual leaves, with a traceback, over EIO of a vanished terminal and over one byte that is not
        # UTF-8. Any other error is a crash of ours, which threading.excepthook hands on.
        with contextlib.suppress(OSError):
            while not self.exit_event.is_set():
                with contextlib.suppress(UnicodeDecodeError):
                    self.run_input_thread()
