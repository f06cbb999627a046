"""Another client of the same cache, in a process of its own: what it waits for each answer.

python tests/collectors/caches/bystander.py PORT [EVERY]    looks a key up each EVERY seconds until its
standard input ends, then writes pairs of CLOCK_MONOTONIC and seconds waited as JSON.
"""

import json
import select
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

EVERY = 0.001

Waits = list[tuple[float, float]]


class Bystander:
    """The process as a context manager; ``waits`` are there once it is left."""

    def __init__(self, port: int, every: float = EVERY) -> None:
        self._command = [sys.executable, __file__, str(port), str(every)]
        self.waits: Waits = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        told, _ = self._process.communicate(timeout=30)
        self.waits = [(at, waited) for at, waited in json.loads(told)]

    def percentile(self, share: float, *spans: tuple[float, float]) -> float:
        """Seconds that ``share`` of the answers within some spans (CLOCK_MONOTONIC) took at most."""
        waited = sorted(
            wait for at, wait in self.waits if any(since <= at <= until for since, until in spans)
        )
        assert len(waited) >= 100, f"only {len(waited)} answers"
        return waited[min(len(waited) - 1, int(share * len(waited)))]


def main(port: int, every: float) -> None:
    waits: Waits = []
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not select.select([sys.stdin], [], [], every)[0]:
            begin = time.monotonic()
            wire.sendall(b"*2\r\n$3\r\nGET\r\n$8\r\nuser:0:1\r\n")
            wire.recv(1024)
            waits.append((begin, time.monotonic() - begin))
    json.dump(waits, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
