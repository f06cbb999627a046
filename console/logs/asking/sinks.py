"""Where records go that the filter let through: kept themselves, or made into a table as they come."""

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Any, Protocol

from console.logs.asking.answer import Record
from console.logs.asking.batch import Batch
from console.logs.asking.fieldstats import FieldStats
from console.logs.asking.mining import Miner
from console.logs.asking.reveal import revealed
from console.logs.asking.summary import Summing
from console.logs.asking.table import Table, Value, order, topped
from console.logs.language.syntax import (
    Around,
    Diff,
    Field,
    Fields,
    Patterns,
    Question,
    Show,
    Stage,
    Summary,
    Top,
)
from console.logs.levels import word_of

MOST_RECORDS = 10_000
"""Records kept of an answer, the newest."""


class Sink(Protocol):
    """Takes batches, and tells at any time what it makes of them."""

    def feed(self, batch: Batch) -> None:
        """Take a batch."""
        ...

    def merge(self, other: "Sink") -> None:
        """Take what another one of the same stages holds."""
        ...

    def table(self, seconds: float | None) -> Table | None:
        """The table so far; None where records are wanted. ``seconds``: how long the span of time is."""
        ...

    def records(self) -> Sequence[Record]:
        """The records so far, newest first."""
        ...

    @property
    def capped(self) -> bool:
        """Whether something was left out for its number."""
        ...

    @property
    def unitless(self) -> int:
        """Numbers of a duration without a known unit, counted by the table."""
        ...


def sink_of(question: Question, offset: float, most: int = MOST_RECORDS) -> Sink:
    """What the stages of a question make; ``offset``: seconds that the shown zone is ahead of UTC."""
    stages = [stage for stage in question.stages if not isinstance(stage, (Around, Diff))]
    if not stages:
        return RecordSink(most)
    first, tops = stages[0], [stage for stage in stages[1:] if isinstance(stage, Top)]
    return TableSink(first, tops, offset, most)


class RecordSink:
    """Keeps the newest records."""

    unitless = 0

    def __init__(self, most: int) -> None:
        self._most = most
        self.capped = False
        self._numbers = count()
        self.kept: list[tuple[float, int, Record]] = []

    def feed(self, batch: Batch) -> None:
        """Keep those that are newer than the oldest kept."""
        times = batch.times()
        if len(self.kept) >= self._most:
            self.capped = True
            oldest = self.kept[0][0]
            mask = [time > oldest for time in times]
            batch = batch.pick(mask)
        for record in batch.records():
            self._keep((record.time, next(self._numbers), record))

    def merge(self, other: Sink) -> None:
        """Keep the newest of both."""
        for record in reversed(other.records()):
            self._keep((record.time, next(self._numbers), record))
        self.capped |= other.capped

    def table(self, seconds: float | None) -> None:
        """There is none."""

    def records(self) -> Sequence[Record]:
        """The newest first."""
        return [record for _, _, record in sorted(self.kept, key=lambda one: one[:2], reverse=True)]

    def _keep(self, one: tuple[float, int, Record]) -> None:
        if len(self.kept) < self._most:
            heapq.heappush(self.kept, one)
        else:
            self.capped = True
            heapq.heappushpop(self.kept, one)


class TableSink:
    """Makes a table, and takes the top of it."""

    def __init__(self, stage: Stage, tops: list[Top], offset: float, most: int) -> None:
        self._tops = tops
        self._stage = stage
        self.maker: Summing | Miner | FieldStats | Shower
        if isinstance(stage, Summary):
            self.maker = Summing(stage, offset)
        elif isinstance(stage, Patterns):
            self.maker = Miner(stage.count)
        elif isinstance(stage, Fields):
            self.maker = FieldStats()
        elif isinstance(stage, Show):
            self.maker = Shower(stage, tops[0] if tops else None, most)
        else:
            raise TypeError(stage)

    def feed(self, batch: Batch) -> None:
        """Take a batch."""
        self.maker.feed(batch)

    def merge(self, other: Sink) -> None:
        """Take what another one of the same stages holds."""
        assert isinstance(other, TableSink)  # noqa: S101 - of the same stages
        self.maker.merge(other.maker)  # type: ignore[arg-type] # of the same stages

    def table(self, seconds: float | None) -> Table:
        """The table so far."""
        table = self.maker.table(seconds)
        first = 0
        if isinstance(self._stage, Summary):
            first = len(self._stage.by) + (self._stage.every is not None)
        for top in self._tops:
            table = topped(table, top, first)
        return table

    def records(self) -> Sequence[Record]:
        """There are none."""
        return ()

    @property
    def capped(self) -> bool:
        """Whether rows were left out for their number."""
        return self.maker.capped

    @property
    def unitless(self) -> int:
        """Numbers of a duration without a known unit."""
        return self.maker.unitless() if isinstance(self.maker, Summing) else 0


_Rank = tuple[int, float, str]
_Row = tuple[_Rank, tuple[_Rank, ...], tuple[Value, ...]]
"""What a row is sorted by, what tells it apart, and its cells."""


class Shower:
    """Fields as columns: of the newest records, or of those that are highest in a column."""

    def __init__(self, stage: Show, top: Top | None, most: int) -> None:
        self._fields = stage.fields
        self._most = top.count if top is not None else most
        labels = [field.label for field in stage.fields]
        self._column = labels.index(top.column.label) if top is not None and top.column is not None else None
        self.capped = False
        self.kept: list[_Row] = []

    def feed(self, batch: Batch) -> None:
        """Take the rows that rank high enough."""
        columns = [batch.column(field) for field in self._fields]
        by = self._column
        for time, row in zip(batch.times(), zip(*columns, strict=True), strict=True):
            rank = (2, time, "") if by is None else order(_cell(self._fields[by], row[by]))
            if len(self.kept) >= self._most and rank < self.kept[0][0]:
                self.capped |= self._column is None
                continue
            cells = tuple(_cell(*one) for one in zip(self._fields, row, strict=True))
            # equal ranks are told apart by what they hold, so that it does not matter which came first
            self._keep((rank, tuple(map(order, cells)), cells))

    def merge(self, other: "Shower") -> None:
        """Keep the highest of both."""
        for one in other.kept:
            self._keep(one)
        self.capped |= other.capped

    def table(self, seconds: float | None) -> Table:  # noqa: ARG002 - as all tables are asked for
        """The rows, the highest or newest first."""
        rows = tuple(row for _, _, row in sorted(self.kept, key=lambda one: one[:2], reverse=True))
        units = tuple("s" if field.virtual == "duration" else None for field in self._fields)
        return Table(tuple(field.label for field in self._fields), units, rows, capped=self.capped)

    def _keep(self, one: _Row) -> None:
        if len(self.kept) < self._most:
            heapq.heappush(self.kept, one)
        else:
            self.capped |= self._column is None
            heapq.heappushpop(self.kept, one)


def _cell(field: Field, value: Any) -> Value:  # noqa: ANN401 - any value of JSON
    return word_of(value) if field.virtual == "level" and type(value) is int else revealed(field, value)
