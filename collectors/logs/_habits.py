"""What a stream usually does, by all that was seen of it: its rate, its silences, its writer's clock."""

import statistics
from collections import deque

from collectors.model.quantity import Quantity, Unit, about, exact, needs_samples, unknown

MINUTE = 60
ENOUGH = 10
"""Whole minutes below which nothing is called usual."""

PAST = 240
"""Whole minutes of the past that tell what is usual."""

LEAST_LINES = 20
"""Times of lines below which no silence is called usual."""

ODD = 3.0
"""So many times the longest silence so far is an incident: it becomes usual when it comes again."""

_SKEWS = 256
_LEAST_SKEWS = 10


class Habits:
    """The past of one stream. All times are CLOCK_BOOTTIME in seconds; the backlog's lie before its start."""

    def __init__(self) -> None:
        self._minutes: dict[int, int] = {}
        self._first: float | None = None
        self._last: float | None = None
        self._times = 0
        self._longest = 0.0
        self._odd = 0.0
        self._skews: deque[float] = deque(maxlen=_SKEWS)
        self._usual: tuple[int, float | None] = (-1, None)

    def saw(self, at: float, lines: int = 1) -> None:
        """Lines came at ``at``, or tell that time."""
        if self._last is None or self._first is None:
            self._first = self._last = at
        self._first = min(self._first, at)
        if at > self._last:
            self._silence(at - self._last)
            self._times += 1
            self._last = at
        minute = int(at // MINUTE)
        self._minutes[minute] = self._minutes.get(minute, 0) + lines
        if len(self._minutes) > 2 * PAST:
            oldest = int(self._last // MINUTE) - PAST
            self._minutes = {known: count for known, count in self._minutes.items() if known >= oldest}

    def told(self, event: float, arrival: float) -> None:
        """A line that came at ``arrival`` tells that it is of ``event``; both UTC epoch seconds."""
        self._skews.append(event - arrival)

    def usual_rate(self) -> Quantity:
        """Lines per second in the median minute before the last line; the mean where most are empty."""
        usual = self._usual_of_minute()
        return needs_samples(Unit.PER_SECOND) if usual is None else exact(usual, Unit.PER_SECOND)

    def against_usual(self, lines: int) -> Quantity:
        """How many times the usual are the ``lines`` of the last minute."""
        usual = self._usual_of_minute()
        return unknown(Unit.RATIO) if not usual else exact(lines / MINUTE / usual, Unit.RATIO)

    def longest_silence(self) -> Quantity:
        """The longest time between two lines so far, incidents aside."""
        enough = self._span() >= ENOUGH * MINUTE and self._times >= LEAST_LINES
        return exact(self._longest, Unit.SECONDS) if enough else unknown(Unit.SECONDS)

    def skew(self) -> Quantity:
        """By how much lines are ahead of their arrival (behind it: negative), as a median; margin as well."""
        if len(self._skews) < _LEAST_SKEWS:
            return unknown(Unit.SECONDS)
        median = statistics.median(self._skews)
        margin = statistics.median(abs(one - median) for one in self._skews)
        return about(median, margin, Unit.SECONDS)

    def _silence(self, gap: float) -> None:
        known = self._span() >= ENOUGH * MINUTE and self._times >= LEAST_LINES
        if known and gap > MINUTE and gap > ODD * self._longest:
            # what happened once is an incident, what happened twice is a habit
            self._longest = max(self._longest, min(self._odd, gap))
            self._odd = gap
        else:
            self._longest = max(self._longest, gap)

    def _span(self) -> float:
        return 0.0 if self._last is None or self._first is None else self._last - self._first

    def _usual_of_minute(self) -> float | None:
        """Looked at once a minute; the minutes of the first and the last line are not whole."""
        if self._last is None or self._first is None:
            return None
        end = int(self._last // MINUTE)
        if self._usual[0] != end:
            begin = max(int(self._first // MINUTE) + 1, end - PAST)
            counts = [self._minutes.get(minute, 0) for minute in range(begin, end)]
            usual = None
            if len(counts) >= ENOUGH:
                usual = (statistics.median(counts) or statistics.fmean(counts)) / MINUTE
            self._usual = (end, usual)
        return self._usual[1]
