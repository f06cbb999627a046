"""Bytes on their way to a terminal that may stop reading: whoever hands them over never waits."""

import contextlib
import os
import select
import termios
import threading
import time
from collections import deque
from collections.abc import Callable

BACKLOG_LIMIT = 32 * 1024
"""Bytes waiting above which frames are dropped; one whole frame may stand above it."""

HARD_LIMIT = 1024 * 1024
"""Bytes waiting above which everything is dropped."""

_CHUNK = 16 * 1024
_SHARED_CHUNK = 256
_POLL_MS = 250


class Outlet:
    """A queue and a thread that empties it into a terminal.

    Droppable bytes are frames: when more than BACKLOG_LIMIT waits they are refused until the queue
    is empty, then ``drained`` is called (in the outlet's thread) so that all can be painted anew.
    """

    def __init__(self, fd: int, drained: Callable[[], None]) -> None:
        own = own_descriptor(fd)
        self._fd = fd if own is None else own
        self._is_own = own is not None
        self._drained = drained
        self._ready = threading.Condition()
        self._writing = threading.Lock()
        self._pending: deque[bytes] = deque()
        self._backlog = 0
        self._starving = False
        self._closing = False
        self._dead = False
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    @property
    def starving(self) -> bool:
        """Whether frames are being dropped because the terminal does not take them."""
        return self._starving

    def put(self, data: bytes, *, droppable: bool = False) -> None:
        """Queue ``data``; a droppable piece may be refused, see the class."""
        with self._ready:
            if self._dead or self._closing:
                return
            if self._backlog > (BACKLOG_LIMIT if droppable else HARD_LIMIT) or (droppable and self._starving):
                self._starving = True
                return
            self._pending.append(data)
            self._backlog += len(data)
            self._ready.notify()

    def close(self, seconds: float) -> bool:
        """Stop after what is queued, waiting at most ``seconds``; whether all of it went out."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        self._release()
        return not self._dead

    def cut(self, last: bytes) -> None:
        """Throw away what waits, here and in the kernel, and leave ``last``; never waits long.

        The kernel's queue is discarded so that there is room: a terminal that reads again finds
        ``last`` first, after CAN and ST, which end whatever sequence was torn.
        """
        with self._ready:
            self._dead = True
            self._pending.clear()
            self._ready.notify()
        held = self._writing.acquire(timeout=0.2)
        try:
            if self._fd >= 0:
                with contextlib.suppress(OSError, termios.error):
                    self._write_last(b"\x18\x1b\\" + last)
        finally:
            if held:
                self._release()
                self._writing.release()

    def _write_last(self, data: bytes) -> None:
        termios.tcflush(self._fd, termios.TCOFLUSH)
        blocking = os.get_blocking(self._fd)
        os.set_blocking(self._fd, False)
        try:
            end = time.monotonic() + 0.1
            while data and time.monotonic() < end:
                try:
                    data = data[os.write(self._fd, data) :]
                except BlockingIOError:
                    time.sleep(0.01)
        finally:
            os.set_blocking(self._fd, blocking)

    def _run(self) -> None:
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        while (data := self._next()) is not None:
            if not self._send(poller, data):
                with self._ready:
                    self._dead = True
                    self._pending.clear()
                return
            self._sent(len(data))

    def _next(self) -> bytes | None:
        with self._ready:
            while not self._pending:
                if self._closing or self._dead:
                    return None
                self._ready.wait()
            return self._pending.popleft()

    def _send(self, poller: select.poll, data: bytes) -> bool:
        """Write one piece; False when the terminal is gone or we are cut short."""
        left = memoryview(data)
        while left:
            ready = poller.poll(_POLL_MS)
            if not ready and not self._dead:
                continue
            with self._writing:
                if self._dead or ready[0][1] & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                    return False
                try:
                    left = left[os.write(self._fd, left[: _CHUNK if self._is_own else _SHARED_CHUNK]) :]
                except BlockingIOError:
                    continue
                except OSError:
                    return False
        return True

    def _sent(self, size: int) -> None:
        with self._ready:
            self._backlog -= size
            hungry = self._starving and not self._pending
            if hungry:
                self._starving = False
        if hungry and not self._closing:
            self._drained()

    def _release(self) -> None:
        if self._is_own and self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def own_descriptor(fd: int) -> int | None:
    """A non-blocking descriptor of our own for the terminal behind ``fd``, or None where none can be had.

    O_NONBLOCK belongs to the open file, which standard streams share with the shell and with each
    other; and a write that blocks holds the terminal's lock, so that nobody could restore it.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    for path in _paths(fd):
        with contextlib.suppress(OSError):
            return os.open(path, flags)
    return None


def _paths(fd: int) -> list[str]:
    paths: list[str] = []
    with contextlib.suppress(OSError):
        os.tcgetpgrp(fd)  # fails unless fd is our controlling terminal
        paths.append("/dev/tty")
    with contextlib.suppress(OSError):
        paths.append(os.ttyname(fd))
    return paths
