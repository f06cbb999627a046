"""A question kept up as lines come, over a span of time that moves: for live streams and pinned tiles.

Time is cut into slices with a table each, so that what has grown too old goes without a look at what
stays. The span therefore begins at a slice's edge; the coverage says where.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from console.logs.asking.answer import Answer, Record
from console.logs.asking.batch import Batch, Tally
from console.logs.asking.evaluate import Evaluation, answered, window_of, zone_offset
from console.logs.asking.sinks import MOST_RECORDS, Sink, sink_of
from console.logs.asking.testing import Moment
from console.logs.language import Question
from console.logs.language.moments import Window
from console.logs.source import Chunk, State

SLICES = 60
"""Slices of a span."""

MOST_AHEAD = 3_600
"""Slices ahead of the clock: records that claim to be younger are let go."""

UNWATCHED = "lines are known since the question began"

SHORTEST, LONGEST = 1.0, 3_600.0
"""Seconds of a slice."""


class Live:
    """``watched``: since when lines are fed, UTC epoch seconds; what was before nobody knows."""

    def __init__(self, question: Question, moment: Moment, watched: float, most: int = MOST_RECORDS) -> None:
        self.question = question
        self._watched = watched
        self._moment = moment
        self._most = most
        window = window_of(question, moment)
        length = SHORTEST if window.since is None else moment.now - window.since
        self._width = inf if window.since is None else min(LONGEST, max(SHORTEST, length / SLICES))
        self._offset = zone_offset(moment)
        self._slices: dict[int, _Slice] = {}
        self._tallies: dict[int, Tally] = {}
        # what comes is sorted by its own time; what lies beside the span is left out at the end
        self._evaluation = Evaluation(question, moment, Window(), most, sink=_Sorter(self._take))

    def feed(self, chunk: Chunk, now: float) -> None:
        """Take lines that came at ``now``."""
        self._evaluation.tally = self._tallies.setdefault(int(now // self._width), Tally())
        self._evaluation.feed(chunk)
        self._forget(now)

    def snapshot(self, now: float, states: Sequence[State] = ()) -> Answer:
        """The answer at ``now``; costs a look at each slice, not at the lines."""
        window = window_of(self.question, self._moment._replace(now=now))
        low, high = self._numbers(window, now)
        whole, matched, untimed = sink_of(self.question, self._offset, self._most), 0, 0
        for number, one in self._slices.items():
            if low <= number <= high:
                whole.merge(one.sink)
                matched += one.matched
                untimed += one.untimed
        tally = Tally(matched=matched, untimed=untimed)
        for number, part in self._tallies.items():
            if low <= number:
                tally.add(part)
        begin = window.since if window.since is None else max(low * self._width, 0.0)
        span = Window(begin, window.until)
        began = self._watched if begin is None else max(begin, self._watched)
        until = now if window.until is None else min(now, window.until)
        late = begin is not None and self._watched > begin
        watched = (
            (State("before", complete=False, why="lines are known since the question began"),) if late else ()
        )
        return answered(
            self.question, span, tally, whole, (*states, *watched), seconds=max(1.0, until - began)
        )

    def _numbers(self, window: Window, now: float) -> tuple[int, int]:
        """The first and the last slice of a span; times that lie ahead of the clock are in it."""
        if self._width == inf:
            return -1, 0
        low = int((window.since or 0.0) // self._width)
        high = (
            int(now // self._width) + 1 if window.until is None else int((window.until - 1e-6) // self._width)
        )
        return low, high

    def _take(self, batch: Batch) -> None:
        numbers = [int(time // self._width) for time in batch.times()]
        different = set(numbers)
        for number in different:
            mask = [one == number for one in numbers]
            part = batch if len(different) == 1 else batch.pick(mask)
            known = self._slices.get(number)
            if known is None:
                made = sink_of(self.question, self._offset, self._most)
                known = self._slices[number] = _Slice(made)
            known.sink.feed(part)
            known.matched += part.size
            known.untimed += part.untimed()

    def _forget(self, now: float) -> None:
        """Let go of slices that no span will hold any more."""
        if self._width == inf:
            return
        low, high = self._numbers(window_of(self.question, self._moment._replace(now=now)), now)
        for kept in (self._slices, self._tallies):
            for number in [one for one in kept if one < low or one > high + MOST_AHEAD]:
                del kept[number]


@dataclass(slots=True)
class _Slice:
    sink: Sink
    matched: int = 0
    untimed: int = 0


class _Sorter:
    """A sink that hands batches on."""

    capped = False
    unitless = 0

    def __init__(self, take: Callable[[Batch], None]) -> None:
        self.feed = take

    def merge(self, other: Sink) -> None:
        """Nothing is kept here."""

    def table(self, seconds: float | None) -> None:
        """There is none here."""

    def records(self) -> Sequence[Record]:
        """There are none here."""
        return ()
