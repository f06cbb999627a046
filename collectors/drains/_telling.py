"""What all drains tell: each phase with its seconds, what will not end in time, how it ended."""

import math
import time
from collections import deque
from collections.abc import Callable

from collectors.action import Argument, Control, Outcome, Plan, Request, Result
from collectors.options import parse_duration
from collectors.text import one_line

READY = "drains.ready"
"""What is owed after a drain that ended nothing."""

ALONE = "cannot see other consoles, but those of this user on this machine"
"""What a plan says of its lease."""

DEADLINE = Argument("deadline", "how long it may take in all, at most 1h", default="10m")
LONGEST = 3600.0
"""Seconds that a drain may take."""

_WINDOW = 10.0
"""Seconds over which it is looked at how fast a number falls."""

_LEAST = 1.0
"""Seconds of looks without which nothing is said of that."""


class Falling:
    """How fast a number falls; times are seconds of one clock."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def see(self, count: float, at: float) -> None:
        """Take in a look."""
        self._seen.append((at, count))
        while len(self._seen) > 2 and self._seen[1][0] <= at - _WINDOW:
            self._seen.popleft()

    def left(self) -> float | None:
        """Seconds until it is 0 as it falls now: infinite where it does not, None after too few looks."""
        if not self._seen or self._seen[-1][1] <= 0:
            return 0.0 if self._seen else None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        if now - began < _LEAST:
            return None
        return last * (now - began) / (first - last) if first > last else math.inf


class Told:
    """The phases of one drain: shown while they go on, and lines of the outcome afterwards.

    ``off``: what takes new work was switched off by us. ``ending``: it was told to stop, which nobody can
    take back.
    """

    def __init__(self, control: Control, now: Callable[[], float] = time.monotonic) -> None:
        self._control = control
        self._now = now
        self._phase = now()
        self.began = self._phase
        self.lines: list[str] = []
        self.off = False
        self.ending = False

    def show(self, words: str) -> None:
        """What goes on now."""
        self._control.report(0, words)

    def passed(self, words: str) -> None:
        """A phase is over; its seconds are told with it."""
        now = self._now()
        self.line(f"{words} after {now - self._phase:.1f} s")
        self._phase = now

    def line(self, words: str) -> None:
        """Something that the outcome tells too."""
        self.lines.append(words)
        self.show(words)

    def outcome(self, result: Result, words: str, *, owes: bool | None = None) -> Outcome:
        """How it ended; what is owed is the readiness, while nobody was told to stop."""
        return Outcome(
            result=result,
            count=1 if result is Result.DONE else 0,
            words=one_line(words, 300),
            lines=tuple(one_line(line, 300) for line in self.lines),
            owes=self.off and not self.ending if owes is None else owes,
        )


def deadline_of(plan: Plan, control: Control, now: float) -> float:
    """When a drain must be over, in seconds of ``time.monotonic``; of the two deadlines the nearer one."""
    return min(control.deadline, now + float(plan.detail["deadline"]))


def span_argument(
    request: Request, name: str, default: str, most: float, refuse: Callable[[str], None]
) -> float:
    """A length of time that the operator said, in seconds; tells ``refuse`` where it is none, or too long."""
    text = request.argument(name, default)
    try:
        found = parse_duration(text)
    except ValueError as error:
        refuse(f"{name} = {text!r}: {error}")
        return parse_duration(default)
    if found > most:
        refuse(f"{name} = {text!r}: at most {most:g} s")
        return parse_duration(default)
    return found


def counted(count: float, one: str, many: str = "") -> str:
    """``1 session``, ``3 sessions``."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"
