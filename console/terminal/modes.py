"""A terminal's modes: what a screen switches on, and how each is switched back."""

import contextlib
import os
import signal
import stat
import termios
from collections.abc import Callable

MOUSE_ON = "\x1b[?1000h\x1b[?1006h"
"""Presses and the wheel, in SGR coordinates; 1003 would report every motion of the pointer."""

MOUSE_OFF = "\x1b[?1000l\x1b[?1006l"

ENTER_AGAIN = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
"""Alternate screen, no cursor, focus reports, bracketed paste, no wrap: after others had the terminal."""

RESTORE = (
    "\x1b[?2026l"  # an open synchronised update would hide all that follows
    "\x1b[<u"  # kitty keys are kept for each screen: popped before the alternate one is left
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l"
    "\x1b[0m\x1b[?1049l\x1b[?7h\x1b[?25h"
)
"""All of it switched back, whether or not it was on."""

Attributes = list[int | list[bytes | int]]
"""What termios.tcgetattr returns."""


def window_size(fd: int) -> tuple[int, int] | None:
    """Columns and rows as the terminal itself has them; None where it does not know."""
    with contextlib.suppress(OSError):
        columns, rows = os.get_terminal_size(fd)
        if columns and rows:
            return columns, rows
    return None


def make_raw(fd: int, iflag: Callable[[int], int], lflag: Callable[[int], int]) -> None:
    """Take the line discipline again after others had it, with these changes to its flags."""
    with contextlib.suppress(termios.error):
        raw = termios.tcgetattr(fd)
        raw[0], raw[3] = iflag(raw[0]), lflag(raw[3])
        termios.tcsetattr(fd, termios.TCSANOW, raw)


def restore_termios(fd: int, attributes: Attributes | None) -> None:
    """Give the line discipline back and forget what was typed; errors are of no use to anybody any more."""
    # A process in the background would be stopped by SIGTTOU for touching the terminal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    with contextlib.suppress(OSError, termios.error):
        if attributes is not None:
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
        termios.tcflush(fd, termios.TCIFLUSH)


def abandon_streams() -> None:
    """Lead the standard streams that were on standard input's terminal nowhere, where no write can fail."""
    with contextlib.suppress(OSError):
        terminal = os.fstat(0)
        if stat.S_ISCHR(terminal.st_mode):
            nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            for fd in (2, 1, 0):
                if os.fstat(fd).st_rdev == terminal.st_rdev:
                    os.dup2(nowhere, fd)
