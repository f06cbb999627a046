"""How a console ends: by signal, by crash, by a terminal that went away, and always within a deadline."""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)

PATIENCE = 2.5
"""Seconds from the first request to leave until it is done for us."""

HOOK_SECONDS = 1.5
"""Seconds that ``on_leave`` has."""

HURRY = 0.2
"""Seconds that are left after a second signal."""

_SAME = 0.3
"""Signals this close are one: closing a window sends SIGHUP twice, systemd SIGTERM and SIGHUP."""

_IDLE_MS = 1000
_LEAVING_MS = 50


class Life:
    """A thread that sees signals and the terminal's end even while the event loop or the terminal is stuck.

    ``ask(code)`` asks the screen to leave and says whether it could be asked; ``on_leave(seconds)``
    stops what works behind the screen and runs once, in a thread of its own; ``let_go()`` restores
    the terminal by force; ``vanished()`` is told that there is no terminal any more; ``end(code)``
    ends the process. All are called from other threads than the screen's.
    """

    def __init__(
        self,
        ask: Callable[[int], bool],
        on_leave: Callable[[float], None],
        let_go: Callable[[], None],
        vanished: Callable[[], None],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._ask, self._on_leave, self._let_go, self._vanished, self._end = (
            ask,
            on_leave,
            let_go,
            vanished,
            end,
        )
        self._lock = threading.Lock()
        self._code: int | None = None
        self._deadline = 0.0
        self._last_signal = 0.0
        self._leaving = False
        self._asked = False
        self._done = False
        self._hook = threading.Thread(target=on_leave, args=(HOOK_SECONDS,), name="leaving", daemon=True)
        self._before: dict[int, object] = {}
        self._wake_before = -1
        self._read = self._write = -1

    @property
    def leaving(self) -> bool:
        """Whether the end has begun."""
        return self._leaving

    def install(self, stdin: int | None) -> None:
        """Take the signals, and watch the terminal behind ``stdin``; in the main thread only."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # The wake-up descriptor is written by the C handler: it works while Python code cannot run handlers.
        self._wake_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in SIGNALS:
            # What our parent ignores (nohup, a job in the background) stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._noted)
        threading.Thread(target=self._watch, args=(stdin,), name="life", daemon=True).start()

    def begin(self, code: int) -> None:
        """Begin to leave with this exit code; the first call counts, from any thread."""
        with self._lock:
            if self._code is not None:
                return
            self._code, self._leaving = code, True
            self._deadline = time.monotonic() + PATIENCE
        self._hook.start()
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def finish(self, code: int) -> int:
        """Wait for ``on_leave`` and return the exit code; the watch goes on until the process has ended."""
        self.begin(code)
        self._asked = True
        self._hook.join(max(0.0, self._deadline - time.monotonic()))
        return code if self._code is None else self._code

    def close(self) -> None:
        """Undo ``install``."""
        self._done = True
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
        signal.set_wakeup_fd(self._wake_before)
        os.write(self._write, b"\0")

    def _noted(self, _signum: int, _frame: FrameType | None) -> None:
        # The rest goes through the wake-up descriptor; this keeps the process alive, and is seen by
        # the handler of a SIGCONT that came together with the signal.
        self._leaving = True

    def _watch(self, stdin: int | None) -> None:
        poller = select.poll()
        poller.register(self._read, select.POLLIN)
        if stdin is not None:
            poller.register(stdin, 0)  # POLLHUP and POLLERR are always reported, input is not ours
        while not self._done:
            for fd, _event in poller.poll(_IDLE_MS if self._code is None else _LEAVING_MS):
                if fd == self._read:
                    self._heard(os.read(self._read, 4096))
                else:
                    poller.unregister(fd)
                    self._vanished()
                    self.begin(128 + signal.SIGHUP)
            self._press_on()

    def _heard(self, numbers: bytes) -> None:
        for number in numbers:
            if number in SIGNALS:
                now = time.monotonic()
                with self._lock:
                    if self._code is not None and now - self._last_signal > _SAME:
                        self._deadline = min(self._deadline, now + HURRY)
                    self._last_signal = now
                self.begin(128 + number)

    def _press_on(self) -> None:
        if self._code is None:
            return
        if not self._asked:
            self._asked = self._ask(self._code)
        if time.monotonic() >= self._deadline:
            self._done = True
            try:
                self._let_go()
            finally:
                self._end(self._code)
