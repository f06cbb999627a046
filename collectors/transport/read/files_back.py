"""Where to begin in a log file so that the last minutes are read back."""

from collections.abc import Callable
from dataclasses import dataclass

from collectors.transport.read.files_open import OpenFile

PROBE = 64 * 1024
"""Bytes looked at in one step of the search."""

When = Callable[[bytes], float | None]
"""The time that a line tells, UTC epoch seconds, or None."""


@dataclass(frozen=True, slots=True)
class Back:
    """A place to begin.

    ``cut``: the wanted time lies before it, the byte limit was hit. ``young``: the file itself
    begins after the wanted time. ``timed``: its lines tell their times.
    """

    offset: int
    cut: bool = False
    young: bool = False
    timed: bool = True


def find_back(file: OpenFile, when: When, cutoff: float, most: int) -> Back:
    """The place of the first line at or after ``cutoff``, by bisection, at most ``most`` bytes back."""
    size = file.size
    lowest = max(0, size - most)
    if size == 0 or most == 0 or file.modified < cutoff:
        return Back(_last_line(file))
    if _time_at(file, max(0, size - PROBE), when) is None:
        offset = line_after(file, max(lowest, size - PROBE))
        return Back(offset, cut=offset > 0, timed=False)
    first = _time_at(file, lowest, when)
    if first is None or first >= cutoff:
        return Back(line_after(file, lowest), cut=lowest > 0, young=lowest == 0 and first is not None)
    low, high = lowest, size
    while high - low > PROBE:
        middle = (low + high) // 2
        time = _time_at(file, middle, when)
        if time is None or time >= cutoff:
            high = middle
        else:
            low = middle
    return Back(line_after(file, low))


def line_after(file: OpenFile, offset: int) -> int:
    """The start of the first whole line at or after ``offset``."""
    if offset == 0:
        return 0
    at = offset - 1
    while at < file.size:
        data = file.pread(PROBE, at)
        if not data:
            break
        end = data.find(b"\n")
        if end >= 0:
            return at + end + 1
        at += len(data)
    return file.size


def _last_line(file: OpenFile) -> int:
    """The start of the line that has not ended, or the end of the file."""
    start = max(0, file.size - PROBE)
    end = file.pread(file.size - start, start).rfind(b"\n")
    return start + end + 1 if end >= 0 else file.size


def _time_at(file: OpenFile, offset: int, when: When) -> float | None:
    """The first time told by a whole line within a probe from ``offset``."""
    start = max(0, offset - 1)
    data = file.pread(PROBE, start)
    lines = data.split(b"\n")
    if offset > 0:
        lines = lines[1:]
    for line in lines[:-1] or lines:
        if (time := when(line)) is not None:
            return time
    return None
