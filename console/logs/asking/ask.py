"""A question asked of lines that are at rest: one pass over them, or two."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from console.logs.asking.answer import Answer
from console.logs.asking.beside import beside
from console.logs.asking.evaluate import Evaluation, window_of
from console.logs.asking.sinks import MOST_RECORDS
from console.logs.asking.testing import Moment
from console.logs.language import Question, QuestionError, as_text
from console.logs.language.moments import Window
from console.logs.language.syntax import Around, Diff, Everything, Top
from console.logs.source import Lines

Cancelled = Callable[[], bool]
Progress = Callable[[int, int], None]
"""Takes the bytes read and those there are to read (0: nobody knows)."""

MOST_MOMENTS = 100_000
"""Records around which ``around`` looks, the newest."""


def ask(
    question: Question,
    lines: Lines,
    moment: Moment,
    *,
    cancelled: Cancelled = lambda: False,
    progress: Progress = lambda _read, _total: None,
    most: int = MOST_RECORDS,
) -> Answer:
    """The answer; a partial one, which says so, where ``cancelled`` says yes between two chunks.

    Raises QuestionError where the question cannot be asked of a span without a beginning.
    """
    asking = _Asking(lines, moment, cancelled, progress, most)
    first = question.stages[0] if question.stages else None
    if isinstance(first, Around):
        return asking.around(question, first)
    if any(isinstance(stage, Diff) for stage in question.stages):
        return asking.diff(question)
    return asking.once(question)


class _Asking:
    def __init__(
        self, lines: Lines, moment: Moment, cancelled: Cancelled, progress: Progress, most: int
    ) -> None:
        self._lines = lines
        self._moment = moment
        self._cancelled = cancelled
        self._progress = progress
        self._most = most

    def once(self, question: Question, window: Window | None = None) -> Answer:
        """One pass."""
        evaluation = Evaluation(question, self._moment, window, self._most)
        stopped = self._through(evaluation, evaluation.window)
        return evaluation.answer(self._lines.states(), stopped=stopped)

    def _through(self, evaluation: Evaluation, window: Window) -> bool:
        """Feed all chunks; whether it was given up."""
        read, total = 0, self._lines.total
        if self._cancelled():
            return True
        for chunk in self._lines.chunks(window):
            evaluation.feed(chunk)
            read += chunk.size
            self._progress(read, total)
            if self._cancelled():
                return True
        # a pipe ends by itself where it was given up
        return self._cancelled()

    def around(self, question: Question, stage: Around) -> Answer:
        """One pass to find the moments, one for what is around them."""
        window = window_of(question, self._moment)
        finding = Evaluation(replace(question, stages=()), self._moment, window, MOST_MOMENTS)
        stopped = self._through(finding, window)
        times = sorted(record.time for record in finding.sink.records())
        near = Near(times, stage.seconds)
        rest = replace(question, filter=Everything(), stages=question.stages[1:])
        evaluation = Evaluation(rest, self._moment, near.window, self._most, holds=near.holds)
        if times and not stopped:
            stopped = self._through(evaluation, near.window)
        answer = evaluation.answer(self._lines.states(), stopped=stopped)
        capped = answer.coverage.capped or finding.sink.capped
        coverage = replace(answer.coverage, window=window, lines=finding.tally.lines, capped=capped)
        return replace(answer, question=as_text(question), coverage=coverage)

    def diff(self, question: Question) -> Answer:
        """The table of the span and of the one before it, side by side."""
        at = next(at for at, stage in enumerate(question.stages) if isinstance(stage, Diff))
        base = replace(question, stages=question.stages[:at])
        window = window_of(question, self._moment)
        if window.since is None:
            text = as_text(question)
            raise QuestionError(text, text.rfind("diff"), "diff wants a span of time", "write since:1h", 4)
        until = self._moment.now if window.until is None else window.until
        now = self.once(base, Window(window.since, until))
        before = self.once(base, Window(2 * window.since - until, window.since))
        tops = [stage for stage in question.stages[at + 1 :] if isinstance(stage, Top)]
        coverage = replace(
            now.coverage,
            lines=now.coverage.lines + before.coverage.lines,
            bytes=now.coverage.bytes + before.coverage.bytes,
            complete=now.coverage.complete and before.coverage.complete,
            stopped=now.coverage.stopped or before.coverage.stopped,
            estimated=now.coverage.estimated or before.coverage.estimated,
        )
        if now.table is None or before.table is None:
            return now
        table = beside(base.stages[0], now.table, before.table, tops)
        return replace(now, question=as_text(question), table=table, coverage=coverage)


class Near:
    """Times within some seconds of given ones."""

    def __init__(self, times: Sequence[float], seconds: float) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        for time in times:
            if self._ends and time - seconds <= self._ends[-1]:
                self._ends[-1] = time + seconds
            else:
                self._starts.append(time - seconds)
                self._ends.append(time + seconds)

    @property
    def window(self) -> Window:
        """From the first to the last."""
        # the last moment itself belongs to it
        return Window(self._starts[0], self._ends[-1] + 1e-3) if self._starts else Window(0.0, 0.0)

    def holds(self, time: float) -> bool:
        """Whether a time is near one of them."""
        at = bisect_right(self._starts, time) - 1
        return at >= 0 and time <= self._ends[at]
