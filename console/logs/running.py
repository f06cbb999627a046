"""A question being answered in a thread of its own: first of what there is, then with what comes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console.logs.asked import Asked
from console.logs.asking.answer import Answer
from console.logs.asking.ask import ask
from console.logs.asking.evaluate import Evaluation, window_of
from console.logs.asking.testing import Moment
from console.logs.language import QuestionError
from console.logs.language.moments import Window
from console.logs.language.syntax import Around, Diff
from console.logs.language.units import duration
from console.logs.reach import Reach
from console.logs.ring import Ring

PERIOD = 0.25
"""Seconds between two answers at least."""

SHARE = 20.0
"""Times as long as it took to keep an answer up until it is done again."""

STEP = 4_096
"""Records of memory fed at a time."""

AGAIN = 5.0
"""Seconds after which a window that moves with the time is asked anew, at the least."""

AGAIN_FAR = 300.0
"""The same, where others have to work for it."""

REST = 0.001
"""Seconds of rest after each chunk: the screen has its turn."""


Stopped = Callable[[], bool]
"""Whether a question was given up."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it stands. ``read`` of ``total`` bytes were gone through; ``done``: all that there was.

    ``at`` is the time of the answer, UTC epoch seconds; ``fault`` says why there is none.
    """

    answer: Answer | None
    at: float
    read: int = 0
    total: int = 0
    done: bool = False
    stopped: bool = False
    fault: str = ""


class Running:
    """Answers ``asked`` until ``stop``. ``tell`` is called in the thread, four times a second at most.

    ``reach`` makes a way through all lines; it is given what tells whether the question was given up.
    """

    def __init__(
        self, asked: Asked, ring: Ring, reach: Callable[[Stopped], Reach], tell: Callable[[Told], None]
    ) -> None:
        self._asked = asked
        self._ring = ring
        self._reach = reach
        self._tell = tell
        self._stop = threading.Event()
        self._told_at = time.monotonic()
        self._passes = 0
        self._thread = threading.Thread(target=self._run, name="log question", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Give up at the next chunk; what was found until then is told, and that it is not all."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether it was given up."""
        return self._stop.is_set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            if any(isinstance(stage, (Around, Diff)) for stage in self._asked.question.stages):
                self._once()
            else:
                while not self._stop.is_set():
                    self._pass(Moment(self._ring.clock.wall(), self._asked.moment.zone))
        except QuestionError as error:
            self._say(Told(None, self._ring.clock.wall(), done=True, fault=f"{error.why}. {error.hint}"))

    def _once(self) -> None:
        """Questions of two passes are answered once."""
        reach = self._reach(self._stop.is_set)
        moment = self._asked.moment
        read = 0

        def progress(so_far: int, total: int) -> None:
            nonlocal read
            read = so_far
            time.sleep(REST)
            if self._is_due():
                self._say(Told(None, moment.now, so_far, total))

        answer = ask(self._asked.question, reach, moment, cancelled=self._stop.is_set, progress=progress)
        self._say(Told(answer, moment.now, read, reach.total, done=True, stopped=self._stop.is_set()))

    def _pass(self, moment: Moment) -> None:
        """Go through what there is, then follow until the window has moved on."""
        reach, question = self._reach(self._stop.is_set), self._asked.question
        window = window_of(question, moment)
        evaluation = Evaluation(question, moment, window)
        first, begun, read = self._passes == 0, time.monotonic(), 0
        self._passes += 1
        for chunk in reach.chunks(window):
            evaluation.feed(chunk)
            read += chunk.size
            if self._stop.is_set():
                break
            # a window asked anew keeps the answer before it until this one is whole
            if first and self._is_due():
                self._say(Told(evaluation.answer(reach.states()), moment.now, read, reach.total))
            time.sleep(REST)
        spent = time.monotonic() - begun
        stopped = self._stop.is_set()
        answer = evaluation.answer(reach.states(), stopped=stopped)
        self._say(Told(answer, moment.now, read, reach.total, done=True, stopped=stopped))
        lasts = _moves(self._asked, window)
        least = AGAIN_FAR if reach.goes_far else AGAIN
        until = begun + max(least, lasts / 20, 20 * spent) if lasts is not None else float("inf")
        self._follow(evaluation, reach, window, until)

    def _follow(self, evaluation: Evaluation, reach: Reach, window: Window, until: float) -> None:
        number, pause = reach.end, PERIOD
        while not self._stop.wait(pause) and time.monotonic() < until:
            begun = time.thread_time()
            end, before = self._ring.next, evaluation.tally.lines
            while number < end and not self._stop.is_set():
                start, records = self._ring.records(number, min(number + STEP, end))
                for chunk in reach.of_memory(records, window):
                    evaluation.feed(chunk)
                number = start + len(records) if records else end
                time.sleep(REST)
            if evaluation.tally.lines != before:
                self._say(Told(evaluation.answer(reach.states()), self._ring.clock.wall(), done=True))
            # a large answer is told less often than a small one
            pause = max(PERIOD, SHARE * (time.thread_time() - begun))

    def _is_due(self) -> bool:
        return time.monotonic() - self._told_at >= PERIOD

    def _say(self, told: Told) -> None:
        self._told_at = time.monotonic()
        self._tell(told)


def _moves(asked: Asked, window: Window) -> float | None:
    """How long a window is that moves with the time; None for one that stands still."""
    for when in asked.question.when:
        if when.word == "since" and duration(when.text.removeprefix("-")) is not None:
            return asked.moment.now - window.since if window.since is not None else None
    return None
