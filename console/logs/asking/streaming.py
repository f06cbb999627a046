"""Records as they are found, oldest first: what a pipe, a terminal or a file is given."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from collectors.lines.facts import facts
from console.logs.asking.answer import Answer, Record
from console.logs.asking.batch import Batch
from console.logs.asking.evaluate import Evaluation
from console.logs.asking.sinks import Sink
from console.logs.asking.testing import Moment
from console.logs.language import Question
from console.logs.source import Chunk, Lines


class OrderedSink:
    """Keeps records until they are taken, in the order of their lines."""

    capped = False
    unitless = 0

    def __init__(self) -> None:
        self._found: list[tuple[int, Record]] = []

    def feed(self, batch: Batch) -> None:
        """Keep a batch's records."""
        self._found += zip(batch.places(), batch.records(), strict=True)

    def take(self) -> list[Record]:
        """The records since the last call."""
        found, self._found = self._found, []
        found.sort(key=lambda one: one[0])
        return [record for _, record in found]

    def merge(self, other: Sink) -> None:
        """Nothing is kept that could be merged."""

    def table(self, seconds: float | None) -> None:
        """There is none."""

    def records(self) -> Sequence[Record]:
        """They were taken."""
        return ()


class Streaming:
    """A question for records being answered; iterate over it, then ask for the ``answer``, which has none."""

    def __init__(
        self, question: Question, lines: Lines, moment: Moment, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self._sink = OrderedSink()
        self._evaluation = Evaluation(question, moment, sink=self._sink)
        self._lines = lines
        self._cancelled = cancelled
        self._stopped = False
        self._waiting: list[tuple[float, int, Record]] = []
        self._last: dict[str, float] = {}
        self._numbers = count()

    def __iter__(self) -> Iterator[Record]:
        several = len(self._lines.states()) > 1
        for chunk in self._lines.chunks(self._evaluation.window, oldest_first=True):
            if several:
                # chunks come in the order of their beginnings
                yield from self._until(_begin(chunk))
            self._evaluation.feed(chunk)
            if several:
                self._wait(self._sink.take())
            else:
                yield from self._sink.take()
            if self._cancelled():
                break
        self._stopped = self._cancelled()
        yield from self._until(float("inf"))

    @property
    def answer(self) -> Answer:
        """Its coverage, and no records."""
        return self._evaluation.answer(self._lines.states(), stopped=self._stopped)

    def _wait(self, records: Sequence[Record]) -> None:
        """Hold records until those of other streams that are older have come."""
        for record in records:
            time = record.time if record.timed else self._last.get(record.stream, 0.0)
            self._last[record.stream] = time
            heapq.heappush(self._waiting, (time, next(self._numbers), record))

    def _until(self, time: float) -> Iterator[Record]:
        while self._waiting and self._waiting[0][0] <= time:
            yield heapq.heappop(self._waiting)[2]


def _begin(chunk: Chunk) -> float:
    told = (facts(line, chunk.profile).time for line in chunk.lines()[:100])
    return next((time for time in told if time is not None), 0.0)
