"""The terminal lent to another program while the screen is away."""

import asyncio
import contextlib
import os
import signal
import termios
from collections.abc import Callable, Iterator, Sequence

LOOK_EVERY = 0.05
"""Seconds between two looks at the program."""


async def lend(argv: Sequence[str], fd: int, leaving: Callable[[], bool]) -> int:
    """Run a program in the foreground of the terminal ``fd`` and give its exit status, as a shell counts it.

    It has a process group of its own, so that ctrl+c is its own; stopped by ctrl+z it goes on, since
    nobody could continue it. Where ``leaving`` turns true it is sent TERM. Raises OSError where it
    cannot be started.
    """
    child = await asyncio.create_subprocess_exec(*argv, process_group=0)
    try:
        with _foreground(fd, child.pid):
            while child.returncode is None:
                if _is_stopped(child.pid):
                    os.killpg(child.pid, signal.SIGCONT)
                if leaving():
                    os.killpg(child.pid, signal.SIGTERM)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await child.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        raise
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _is_stopped(pid: int) -> bool:
    """Whether a child has been stopped since it was last asked; its end is left for others to see."""
    try:
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:
        return False


@contextlib.contextmanager
def _foreground(fd: int, group: int) -> Iterator[None]:
    """Give the terminal to a process group, and take it back."""
    try:
        attributes = termios.tcgetattr(fd)
    except termios.error as error:
        raise OSError(*error.args) from None
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        os.tcsetpgrp(fd, group)
        os.killpg(group, signal.SIGCONT)  # it may have been stopped for reading too early
        yield
    finally:
        with contextlib.suppress(OSError, termios.error):
            os.tcsetpgrp(fd, os.getpgrp())
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
        signal.signal(signal.SIGTTOU, before)
