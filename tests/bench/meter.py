"""A program on a pty, measured as its user meets it: time to words, bytes, CPU, memory, answers to keys.

What arrives is kept with its time and read only afterwards, so that measuring costs the program nothing.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyte

from tests.pty.terminal import _FOR_PYTE, Terminal, cpu_seconds

SIZE = (120, 40)
PAGE = os.sysconf("SC_PAGE_SIZE")

Shows = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Steady:
    """What a program costs while nobody presses a key: percent of a core, bytes a second, MiB."""

    cpu: float
    rate: float
    rss: float


class Meter(Terminal):
    """A Terminal that keeps the time of everything that it reads; ``begun`` is before exec."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = SIZE) -> None:
        self.arrivals: list[tuple[float, int]] = []
        self.spent: list[float] = []
        self.begun = time.perf_counter()
        super().__init__(command, env, size)

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self.arrivals.append((time.perf_counter(), len(self.raw)))
        self.spent.append(run_seconds(self.process.pid) if hasattr(self, "process") else 0.0)

    def steady(self, settle: float, seconds: float) -> Steady:
        """Let it settle, then count for so many seconds."""
        time.sleep(settle)
        pid = self.process.pid
        begin, cpu, count = time.perf_counter(), cpu_seconds(pid), len(self.raw)
        time.sleep(seconds)
        took = time.perf_counter() - begin
        return Steady(100 * (cpu_seconds(pid) - cpu) / took, (len(self.raw) - count) / took, rss(pid))

    def since_exec(self, *wanted: Shows) -> list[float | None]:
        """Seconds from exec until the screen first held each of these, None where it never did."""
        return self.delays([(self.begun, shows) for shows in wanted])

    def spent_until(self, seconds: float) -> float:
        """CPU seconds of the program when what came ``seconds`` after exec was read."""
        known = zip(self.arrivals, self.spent, strict=False)
        return next((spent for (at, _), spent in known if at - self.begun >= seconds), float("nan"))

    def press(self, key: str, shows: Shows) -> tuple[float, Shows]:
        """Press a key now, for ``delays``."""
        now = time.perf_counter()
        self.send(key)
        return now, shows

    def delays(self, asked: Sequence[tuple[float, Shows]]) -> list[float | None]:
        """For each moment and predicate: seconds until what had arrived made the screen satisfy it."""
        answers: list[float | None] = [None] * len(asked)
        for at, screen in self._screens():
            for index, (begin, shows) in enumerate(asked):
                if answers[index] is None and at >= begin and shows(screen):
                    answers[index] = at - begin
            if None not in answers:
                break
        return answers

    def _screens(self) -> Iterator[tuple[float, str]]:
        """Every moment at which something arrived, and the screen as it was then."""
        screen = pyte.Screen(*self.size)
        stream = pyte.ByteStream(screen)
        with self._lock:
            raw, arrivals = bytes(self.raw), list(self.arrivals)
        fed = 0
        for (at, end), (following, _end) in pairwise([*arrivals, (float("inf"), 0)]):
            if following - at < 0.002:
                continue  # one frame that was read in pieces
            stream.feed(_FOR_PYTE.sub(b"", raw[fed:end]))
            fed = end
            yield at, "\n".join(screen.display)


def run_seconds(pid: int) -> float:
    """CPU seconds of all living threads of a process, to the nanosecond; 0 once it has gone."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e9


def rss(pid: int) -> float:
    """Resident memory of one process in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20


def matches(pattern: str) -> Shows:
    """A predicate: the screen holds this pattern."""
    return re.compile(pattern).search


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
