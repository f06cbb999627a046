"""Files followed for one question, without a console around it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from collectors.lines.facts import Profile, begins, detect
from collectors.logs._past import told_time
from collectors.transport.read.files import Tail, TailOptions
from console.logs.asking.answer import Answer, Record
from console.logs.asking.evaluate import Evaluation, window_of
from console.logs.asking.streaming import OrderedSink
from console.logs.asking.testing import Moment
from console.logs.gathering import sampled
from console.logs.language import Question
from console.logs.live import Live
from console.logs.source import Chunk, State, Stream

EVERY = 0.25
"""Seconds between two looks."""

PIECE = 1024 * 1024
BACK = 1024 * 1024 * 1024
"""Bytes read back at most, where the question tells since when."""

_HEAD = 256 * 1024


class _Followed:
    """One file; text lines that may go on are held until the next look."""

    def __init__(self, path: str, stream: Stream, back: float) -> None:
        self.stream = stream
        self._path = path
        self._tail = Tail(path, told_time(), TailOptions(back=back, back_bytes=BACK if back else 0))
        self._held: list[bytes] = []
        self._profile: Profile | None = _profile(path)
        self.state = State(stream.name)

    def look(self, now: float) -> Chunk | None:
        """What has come, as far as it is whole."""
        got = self._tail.read(PIECE, time.clock_gettime(time.CLOCK_BOOTTIME), now)
        behind = got.status.behind
        why = got.status.why or ("" if not behind else "behind")
        self.state = State(self.stream.name, complete=not got.status.why, why=why, behind=behind)
        lines = [*self._held, *(line.data for line in got.lines)]
        self._held = []
        if not lines:
            return None
        if self._profile is None:
            self._profile = detect(sampled(lines))
        if got.lines and not self._profile.direct:
            last = next((at for at in range(len(lines) - 1, -1, -1) if begins(lines[at], self._profile)), 0)
            lines, self._held = lines[:last], lines[last:]
        cut = sum(line.lost > 0 for line in got.lines)
        return Chunk(self.stream, self._profile, records=lines, arrivals=now, oversize=cut) if lines else None

    def close(self) -> None:
        """Give the file back."""
        self._tail.close()


class Follower:
    """Yields at each look the records that have come, oldest first; none where the question makes a table."""

    def __init__(
        self, question: Question, files: Iterable[tuple[str, Stream]], stopped: Callable[[], bool]
    ) -> None:
        moment = Moment(time.time())
        since = window_of(question, moment).since
        back = 0.0 if since is None else max(0.0, moment.now - since)
        self._followed = [_Followed(path, stream, back) for path, stream in files]
        self._stopped = stopped
        self._sink = OrderedSink()
        self._live = Live(question, moment, moment.now - back) if question.stages else None
        self._evaluation = Evaluation(question, moment, sink=self._sink)

    def __iter__(self) -> Iterator[Sequence[Record]]:
        try:
            while not self._stopped():
                if not self._look():
                    time.sleep(EVERY)
                yield self._sink.take()
        finally:
            for one in self._followed:
                one.close()

    def answer(self, now: float) -> Answer:
        """The table as it stands."""
        states = [one.state for one in self._followed]
        if self._live is None:
            return self._evaluation.answer(states)
        return self._live.snapshot(now, states)

    def _look(self) -> bool:
        """Look at each file once; whether more is waiting."""
        more, now = False, time.time()
        for one in self._followed:
            chunk = one.look(now)
            if chunk is not None and self._live is not None:
                self._live.feed(chunk, now)
            elif chunk is not None:
                self._evaluation.feed(chunk)
            more |= one.state.behind > 0
        return more


def _profile(path: str) -> Profile | None:
    """The format of what a file holds already."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path's own spelling is kept
            head = file.read(_HEAD)
    except OSError:
        return None
    return detect(sampled(head.split(b"\n"))) if head.strip() else None
