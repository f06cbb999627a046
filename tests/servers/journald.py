"""A real systemd-journald with a namespace of its own, and what is written into it."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers.debian import program
from tests.servers.waiting import wait_until

PROGRAM = Path("/usr/lib/systemd/systemd-journald")


def need() -> None:
    """Have it here: installed where that can be; skips for all but root, fails in CI where it is missing."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a journald")
    program("journalctl", "systemd")
    assert PROGRAM.exists()


class Journald:
    """A journal of one namespace; a context manager. ``identifier``: of all that is written."""

    identifier = "quarterdeck"

    def __init__(self) -> None:
        self.namespace = f"quarterdeck-{uuid.uuid4().hex[:8]}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [str(PROGRAM), self.namespace], stderr=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(self._connects, what="journald listens")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._socket.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)
        for parent in ("/var/log/journal", "/run/log/journal"):
            for folder in Path(parent).glob(f"*.{self.namespace}"):
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(f"/run/systemd/journal.{self.namespace}", ignore_errors=True)

    def write(self, fields: Mapping[str, str | bytes | int]) -> None:
        """One entry, by the native protocol: values with newlines have their length before them."""
        told = bytearray()
        for name, value in ({"SYSLOG_IDENTIFIER": self.identifier} | dict(fields)).items():
            data = value if isinstance(value, bytes) else str(value).encode()
            if b"\n" in data:
                told += name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
            else:
                told += name.encode() + b"=" + data + b"\n"
        self._socket.send(bytes(told))

    def lines(self, numbers: range, **fields: str) -> None:
        """Numbered entries."""
        for number in numbers:
            self.write({"MESSAGE": f"line {number}", "N": number, "PRIORITY": 6, **fields})

    def _connects(self) -> bool:
        with contextlib.suppress(OSError):
            self._socket.connect(f"/run/systemd/journal.{self.namespace}/socket")
            return True
        return False
