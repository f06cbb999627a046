"""The journal's mirror: each record to syslog or to a program, behind the writer's back."""

import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

MOST_WAITING = 1000
"""Records that wait for a slow mirror; beyond them it misses some, and says how many."""

PROGRAM_WITHIN = 10.0
"""Seconds that a program has for one record."""

SYSLOG = Path("/dev/log")

NOTICE = b"<85>"
"""Facility authpriv (10), severity notice (5): RFC 3164 §4.1.1."""


class Mirror:
    """Takes lines from any thread, never waits, and hands them on in order in a thread of its own.

    ``hand_on`` may raise OSError or subprocess.SubprocessError: ``trouble`` then tells, and the
    journal on disk is whole all the same.
    """

    def __init__(self, hand_on: Callable[[bytes], None]) -> None:
        self._hand_on = hand_on
        self._lines: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self.trouble = ""
        self.missed = 0
        self._thread = threading.Thread(target=self._run, name="journal-mirror", daemon=True)
        self._thread.start()

    def __call__(self, line: bytes) -> None:
        """Take a line."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.missed += 1

    def close(self, seconds: float) -> None:
        """Hand on what waits, for ``seconds`` at most."""
        self._closing.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._closing.is_set() or not self._lines.empty():
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                continue
            try:
                self._hand_on(line)
                self.trouble = ""
            except (OSError, subprocess.SubprocessError) as error:
                self.missed += 1
                self.trouble = f"the journal's mirror takes nothing: {error}"


def to_program(argv: Sequence[str]) -> Callable[[bytes], None]:
    """Runs a program for each record, which gets it on its input; no shell."""

    def hand_on(line: bytes) -> None:
        subprocess.run(  # noqa: S603 - the operator's own command, as a list of words
            [*argv],
            input=line,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PROGRAM_WITHIN,
            check=True,
        )

    return hand_on


def to_syslog(address: Path = SYSLOG) -> Callable[[bytes], None]:
    """Sends each record to the system's log, facility ``authpriv``, as one line."""

    def hand_on(line: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.sendto(NOTICE + b"quarterdeck: " + line.rstrip(b"\n"), str(address))

    return hand_on
