"""One question over chunks of lines: fed as they come, answered at any time.

Live streams, memory, files and pipes are all fed to this, so that they cannot disagree.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import repeat

from collectors.lines.facts import Facts, Profile, begins, facts
from collectors.logs._formats.instant import of_any
from console.logs.asking.answer import Answer, Coverage
from console.logs.asking.batch import Batch, Tally
from console.logs.asking.joining import joined
from console.logs.asking.matching import sieve
from console.logs.asking.needle import needle_of
from console.logs.asking.plan import Paths, Plan, Reader
from console.logs.asking.quick import QuickBatch
from console.logs.asking.sinks import MOST_RECORDS, Sink, sink_of
from console.logs.asking.testing import Moment
from console.logs.asking.told import ToldBatch
from console.logs.asking.wanted import fields_of, needs_whole
from console.logs.language import Question, as_text
from console.logs.language.moments import Window, span
from console.logs.language.syntax import Field, Function, Summary
from console.logs.source import Chunk, State

_TIME = Field("time")
_EDGE = 64 * 1024
_NEAR = 16
"""Bytes, and lines of them, in which a time is looked for at each end of a chunk."""


def window_of(question: Question, moment: Moment) -> Window:
    """The span of time that a question asks about."""
    window = Window()
    for when in question.when:
        window = window.cut(span(when.word, when.text, moment.now, moment.zone))
    return window


class Evaluation:
    """A question being answered. ``window`` stands in for the question's own, ``holds`` for the window's."""

    def __init__(
        self,
        question: Question,
        moment: Moment,
        window: Window | None = None,
        most: int = MOST_RECORDS,
        holds: Callable[[float], bool] | None = None,
        sink: Sink | None = None,
    ) -> None:
        self.question = question
        self.window = window_of(question, moment) if window is None else window
        self._holds = self.window.holds if holds is None else holds
        self._moment = moment
        self._most = most
        self._sieve = sieve(question.filter, moment)
        self._needle = needle_of(question.filter)
        self._bounded = self.window != Window()
        self.tally = Tally(holds=self._holds if self._bounded else None)
        self._spans = _needs_span(question) and self.window.since is None
        self._fields = fields_of(question)
        first = question.stages[0] if question.stages else None
        summary = isinstance(first, Summary) and first.every is None
        self._timed = self._bounded or self._spans or not summary or sink is not None or _TIME in self._fields
        if self._timed:
            self._fields |= {_TIME}
        self._whole = needs_whole(question)
        self._clocks: dict[int, tuple[Profile, Reader, Paths]] = {}
        self._plans: dict[int, tuple[Profile, Plan | None]] = {}
        self.sink = sink_of(question, zone_offset(moment), most) if sink is None else sink

    def feed(self, chunk: Chunk) -> None:
        """Take a chunk."""
        tally = self.tally
        tally.bytes += chunk.size
        tally.oversize += chunk.oversize
        lines = chunk.count()
        if not lines:
            return
        tally.lines += lines
        tally.streams[chunk.stream.name] = tally.streams.get(chunk.stream.name, 0) + lines
        if not self._spans:
            self._look(chunk)
        if self._needle is not None and chunk.records is None and not self._spans:
            profile = chunk.profile
            narrowed = self._needle.narrowed(
                chunk.block, None if profile.direct else partial(begins, profile=profile)
            )
            if narrowed == b"":
                return
            if narrowed is not None:
                chunk = replace(chunk, block=narrowed)
                lines = chunk.count()
        for batch in self._batches(chunk, lines):
            self._take(batch)

    def _take(self, batch: Batch) -> None:
        if self._spans:
            self.tally.saw(*filter(self._holds, batch.times()))
        batch = self._sieve(batch)
        if batch.size and self._bounded:
            mask = list(map(self._holds, batch.times()))
            batch = batch if all(mask) else batch.pick(mask)
        if not batch.size:
            return
        self.tally.matched += batch.size
        if self._timed:
            self.tally.untimed += batch.untimed()
        self.sink.feed(batch)

    def _batches(self, chunk: Chunk, count: int) -> Iterator[Batch]:
        plan = None if self._whole else self._plan(chunk.profile)
        if plan is None:
            lines = chunk.lines()
            yield self._told(chunk, lines, _arrivals(chunk, len(lines)), range(len(lines)))
            return
        rows = plan.rows(chunk, count)
        if rows is not None:
            yield QuickBatch(plan.reading, chunk, rows, (), _arrivals(chunk, len(rows)), self.tally)
            return
        yield from self._mixed(plan, chunk)

    def _mixed(self, plan: Plan, chunk: Chunk) -> Iterator[Batch]:
        """Lines one by one: those that strict JSON reads together, the others in their runs."""
        lines = chunk.lines()
        rows = plan.one_by_one(lines)
        good = [row is not None for row in rows]
        arrivals = _arrivals(chunk, len(lines))
        if any(good):
            whole = replace(chunk, records=lines)
            yield QuickBatch(plan.reading, whole, rows, (), arrivals, self.tally).pick(good)
        run: list[int] = []
        for at, fits in enumerate([*good, True]):
            if not fits:
                run.append(at)
            elif run:
                told = ([lines[one] for one in run], [arrivals[one] for one in run])
                yield self._told(chunk, *told, run)
                run = []

    def _told(
        self, chunk: Chunk, lines: Sequence[bytes], arrivals: Sequence[float], places: Sequence[int]
    ) -> Batch:
        profile = chunk.profile
        if chunk.joined:
            told: list[Facts] = [facts(line, profile) for line in lines]
        else:
            lines, told, firsts = joined(lines, profile)
            arrivals = [arrivals[first] for first in firsts]
            places = [places[first] for first in firsts]
        self._count_unparsed(lines, told, arrivals)
        return ToldBatch(chunk.stream, profile, lines, told, arrivals, self.tally, places)

    def _count_unparsed(
        self, lines: Sequence[bytes], told: Sequence[Facts], arrivals: Sequence[float]
    ) -> None:
        """Those that could have mattered: of the window, and with what the filter looks for."""
        needle, holds = self._needle, self._holds
        for line, one, arrival in zip(lines, told, arrivals, strict=True):
            if not one.parsed and holds(arrival if one.time is None else one.time):
                self.tally.unparsed += needle is None or needle.may_hold(line)

    def _plan(self, profile: Profile) -> Plan | None:
        known = self._plans.get(id(profile))
        if known is None:
            try:
                plan = Plan(profile, self._fields) if profile.direct else None
            except (ValueError, TypeError):
                # a name with control characters is none for the decoder
                plan = None
            known = self._plans[id(profile)] = (profile, plan)
        return known[1]

    def _look(self, chunk: Chunk) -> None:
        """See from when to when a chunk is, by the outermost of its lines that tell a time."""
        if chunk.records is None:
            block = chunk.block
            first, last = block[:_EDGE].split(b"\n", _NEAR), block[-_EDGE:].rstrip(b"\n").rsplit(b"\n", _NEAR)
        else:
            first, last = list(chunk.records[:_NEAR]), list(chunk.records[-_NEAR:])
        for edge in (first[:_NEAR], last[: -_NEAR - 1 : -1]):
            times = (self._time(one, chunk.profile) for one in edge)
            self.tally.saw(next((time for time in times if time is not None), None))

    def _time(self, line: bytes, profile: Profile) -> float | None:
        """The time that a line tells, without the rest of it where that can be."""
        known = self._clocks.get(id(profile))
        if known is None:
            paths = profile.aliases["time"][:1] if profile.direct else ()
            known = self._clocks[id(profile)] = (profile, Reader(paths), paths)
        _, reader, paths = known
        row = reader.row(line) if paths else None
        time = None if row is None else of_any(reader.at((row,), paths[0])[0])
        return facts(line, profile).time if time is None else time

    def answer(self, states: Sequence[State], *, stopped: bool = False) -> Answer:
        """The answer so far."""
        return answered(
            self.question, self.window, self.tally, self.sink, states, self._seconds(), stopped=stopped
        )

    def _seconds(self) -> float | None:
        """How long the span of time is, for rates."""
        window = self.window
        if window.since is not None:
            return (
                max(0.0, (self._moment.now if window.until is None else window.until) - window.since) or None
            )
        if self.tally.first is None or self.tally.last is None:
            return None
        last = self.tally.last if window.until is None else min(window.until, self.tally.last)
        return max(1.0, last - self.tally.first)


def answered(
    question: Question,
    window: Window,
    tally: Tally,
    sink: Sink,
    states: Sequence[State],
    seconds: float | None,
    *,
    stopped: bool = False,
) -> Answer:
    """An answer of what was found; ``seconds``: how long the span is, for rates."""
    table = sink.table(seconds)
    coverage = Coverage(
        window,
        tally.first,
        tally.last,
        complete=not stopped and all(state.complete for state in states),
        stopped=stopped,
        lines=tally.lines,
        bytes=tally.bytes,
        matched=tally.matched,
        unparsed=tally.unparsed,
        oversize=tally.oversize,
        untimed=tally.untimed,
        unitless=tally.unitless + sink.unitless,
        partly=tally.partly,
        estimated=table is not None and table.estimated,
        capped=sink.capped,
        streams=tuple(states),
    )
    return Answer(as_text(question), table, sink.records(), coverage)


def _needs_span(question: Question) -> bool:
    return any(
        one.function is Function.RATE
        for stage in question.stages
        if isinstance(stage, Summary)
        for one in stage.aggregates
    )


def _arrivals(chunk: Chunk, size: int) -> Sequence[float]:
    given = chunk.arrivals
    if not isinstance(given, (int, float)):
        return given
    return list(repeat(float(given), size))


def zone_offset(moment: Moment) -> float:
    """Seconds that the shown zone is ahead of UTC."""
    shift = datetime.fromtimestamp(moment.now, moment.zone).astimezone(moment.zone).utcoffset()
    return 0.0 if shift is None else shift.total_seconds()
