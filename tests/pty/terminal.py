"""A terminal as a program meets it: a pty that answers queries, stalls, changes its size, or vanishes."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import pyte

from tests.servers.waiting import wait_until

SWITCHED_OFF = {1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048}
"""Modes that a terminal has off while nobody uses it; 7 (wrap) and 25 (cursor) it has on."""

QUERIES = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}

_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
_OWN = re.compile(
    "\x1b\\[[\\d;:]*m"  # colours
    "|\x1b\\[\\d+;\\d+H"  # cursor
    "|\x1b\\[\\?\\d+[hl]"
    "|\x1b\\[\\?\\d+\\$p"
    "|\x1b\\[[<>]\\d*u"  # kitty keys
    "|\x1b\\[2[23];0t"  # title stack
    "|\x1b\\]0;[^\x00-\x1f\x7f-\x9f]*\x07"
)
_FOR_PYTE = re.compile(rb"\x1b\[[<>][\d;]*u|\x1b\[2[23];\dt|\x1b\[\?\d+\$p")

_LAUNCH = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
for number in (1, 2, 3, 15):  # whatever the tests themselves were started under, such as nohup
    signal.signal(number, signal.SIG_DFL)
for number in filter(None, sys.argv[1].split(",")):
    signal.signal(int(number), signal.SIG_IGN)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Terminal:
    """One program on one pty; a context manager that leaves no process behind."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        size: tuple[int, int] = (100, 30),
        *,
        ignoring: Sequence[signal.Signals] = (),
        answering: bool = True,
    ) -> None:
        self.raw = bytearray()
        self.size = size
        self._answering = answering
        self._lock = threading.Lock()
        self._reading, self._ended = True, False
        self._fed = 0
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._master, self._slave = pty.openpty()
        self.resize(*size, tell=False)
        self.before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", _LAUNCH, ",".join(str(int(number)) for number in ignoring), *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=dict(env),
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._thread.join(5)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)

    def send(self, keys: str | bytes) -> None:
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        """Give the pty a new size; the kernel signals SIGWINCH to the foreground group."""
        with self._lock:
            self.size = (columns, rows)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if tell:
                self._feed()
                self._screen.resize(rows, columns)

    def stall(self) -> None:
        """Stop reading, as a terminal does after ctrl+s or when its line is down."""
        with self._lock:
            self._reading = False

    def go_on(self) -> None:
        with self._lock:
            self._reading = True

    def vanish(self) -> None:
        """Close the terminal's side: the window is gone."""
        self._ended = True
        self._thread.join(5)
        os.close(self._slave)
        os.close(self._master)

    def text(self) -> str:
        """The screen as people see it, one line a row."""
        with self._lock:
            self._feed()
            return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, wanted: str | Callable[[str], object], deadline: float = 15.0) -> str:
        """Wait until the screen holds a text or satisfies a predicate, and return the screen."""
        holds = wanted if callable(wanted) else lambda screen: wanted in screen

        def seen() -> str:
            screen = self.text()
            if self.process.poll() is not None and not holds(screen):
                raise AssertionError(f"it ended with {self.process.returncode}:\n{screen}")
            return screen if holds(screen) else ""

        try:
            return wait_until(seen, deadline)
        except AssertionError as error:
            raise AssertionError(f"{wanted!r} is not on the screen: {error}\n{self.text()}") from None

    def end(self, deadline: float) -> int:
        """Wait for the program's end and for its last bytes; the exit code, negative for a signal."""
        wait_until(lambda: self.process.poll() is not None, deadline, "the program's end")
        self.quiet(0.15)
        return int(self.process.returncode)

    def quiet(self, seconds: float, deadline: float = 10.0) -> None:
        """Wait until nothing has arrived for this long."""
        marks = [len(self.raw), time.monotonic()]

        def silent() -> bool:
            if len(self.raw) != marks[0]:
                marks[:] = [len(self.raw), time.monotonic()]
            return time.monotonic() - marks[1] >= seconds

        wait_until(silent, deadline, "silence")

    def attributes(self) -> list[Any]:
        """The line discipline's settings now; compare with ``before``."""
        return termios.tcgetattr(self._slave)

    def left_on(self) -> list[str]:
        """Which modes were switched by the program and not switched back."""
        with self._lock:
            raw = bytes(self.raw)
        state = {int(mode): on == b"h" for mode, on in _MODE.findall(raw)}
        left = [f"?{mode}h" for mode, on in state.items() if on and mode in SWITCHED_OFF]
        left += [f"?{mode}l" for mode in (7, 25) if not state.get(mode, True)]
        if len(re.findall(rb"\x1b\[>\d+u", raw)) > len(re.findall(rb"\x1b\[<u", raw)):
            left.append("kitty keys")
        return left

    def titles(self) -> list[str]:
        return re.findall(r"\x1b\]0;([^\x07]*)\x07", self.raw.decode("utf-8", "replace"))

    def foreign(self) -> str:
        """Control, bidi and other unprintable characters that belong to none of a console's own sequences."""
        rest = _OWN.sub("", self.raw.decode("utf-8", "replace"))
        return "".join(char for char in rest if not char.isprintable() and char not in "\r\n")

    def _read(self) -> None:
        while not self._ended:
            with self._lock:
                if self._reading and select.select([self._master], [], [], 0)[0]:
                    with contextlib.suppress(OSError):
                        self._take(os.read(self._master, 65536))
                    continue
            time.sleep(0.003)

    def _take(self, data: bytes) -> None:
        self.raw += data
        if self._answering:
            for query, answer in QUERIES.items():
                if query in data:
                    os.write(self._master, answer)

    def _feed(self) -> None:
        data = bytes(self.raw[self._fed :])
        torn = data.rfind(b"\x1b", max(0, len(data) - 12))
        if torn >= 0 and not re.match(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[^\[])", data[torn:]):
            data = data[:torn]
        self._fed += len(data)
        self._stream.feed(_FOR_PYTE.sub(b"", data))


def cpu_seconds(pid: int) -> float:
    """User and system time of one process."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - read as one piece of the kernel's
        fields = file.read().rsplit(b")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
