"""JSON lines as columns of only the fields that a question names: the quick way, for strict JSON.

What it gives is what the slow way (``told``) gives; lines that it cannot read go there.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any, Self

import msgspec

from collectors.lines.durations import number, of_value
from collectors.lines.facts import facts
from collectors.lines.traces import is_decimal, trace_id
from collectors.logs._formats.keyed import text_of as keyed_text
from console.logs.asking.answer import Record
from console.logs.asking.batch import Mask, Tally, Unitless
from console.logs.asking.plan import Column, Paths, Reader, Reading, Rows
from console.logs.asking.sketch import LARGEST
from console.logs.asking.times import times_of
from console.logs.asking.told import ToldBatch, told_batch
from console.logs.asking.values import ABSENT, scaled, text_of
from console.logs.language.syntax import Field
from console.logs.source import Chunk, Stream

Converter = Callable[[Column, str], Column]
"""What stands at a path → values, ABSENT where that is nothing."""

_REMEMBERED = 4_096
_TEXTS = {str, msgspec.UnsetType}


class QuickBatch:
    """A Batch of decoded rows."""

    strict = True

    def __init__(
        self,
        reading: Reading,
        chunk: Chunk,
        rows: Rows,
        picks: tuple[Mask, ...],
        arrivals: Sequence[float],
        tally: Tally,
    ) -> None:
        self.tally = tally
        self.reading = reading
        self.plan = reading.plan
        self.rows = rows
        self._chunk = chunk
        self._picks = picks
        self._arrivals = arrivals
        self._columns: dict[Field, Column] = {}
        self._told: ToldBatch | None = None

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.rows)

    @property
    def stream(self) -> Stream:
        """Where the lines come from."""
        return self._chunk.stream

    def column(self, field: Field) -> Sequence[Any]:
        """A field's value in each row."""
        known = self._columns.get(field)
        if known is None:
            if field.virtual in self.plan.profile.made:
                known = list(self.told.column(field))
            else:
                special = _SPECIAL.get(field.virtual)
                known = self.merged(field) if special is None else special(self, field)
            self._columns[field] = known
        return known

    def merged(
        self, field: Field, convert: Converter | None = None, weak: type = msgspec.UnsetType
    ) -> Column:
        """The first of a field's paths at which a row has something, ``weak`` only if nothing else."""
        reading = self.reading
        found = _merged(reading.reader, self.rows, reading.paths[field], convert, weak)
        if not reading.all_read(field) and _lacks(found, weak):
            self._read_again(field, found, convert, weak)
        return found

    def _read_again(self, field: Field, found: Column, convert: Converter | None, weak: type) -> None:
        """Read rows that lack what the others have with all paths."""
        plan, lines = self.plan, self.lines()
        plan.sparse(field)
        every = plan.every[field]
        reader = plan.reader((every,))
        places = [at for at, value in enumerate(found) if value is ABSENT or type(value) is weak]
        rows = [reader.row(lines[at]) for at in places]
        for at, value in zip(places, _merged(reader, rows, every, convert, weak), strict=True):
            found[at] = value

    @property
    def told(self) -> ToldBatch:
        """The rows read whole."""
        if self._told is None:
            profile = self.plan.profile
            self._told = told_batch(self.stream, profile, self.lines(), self._arrivals, self.tally)
        return self._told

    def unit(self, field: Field) -> float | None:
        """Seconds that 1 stands for in the field's numbers."""
        return self.plan.profile.unit_of(field.name)

    def times(self) -> Sequence[float]:
        """Each row's time; of its arrival where it tells none."""
        column = self.column(_TIME)
        if not _lacks(column):
            return column
        return [
            arrival if time is ABSENT else time for time, arrival in zip(column, self._arrivals, strict=True)
        ]

    def untimed(self) -> int:
        """How many rows tell no time."""
        return self.column(_TIME).count(ABSENT)

    def lines(self) -> Sequence[bytes]:
        """Each row's own bytes."""
        lines = self._chunk.lines()
        for mask in self._picks:
            lines = list(compress(lines, mask))
        return lines

    def places(self) -> Sequence[int]:
        """Where each row stands among the lines of its chunk."""
        places: Sequence[int] = range(self.size if not self._picks else len(self._picks[0]))
        for mask in self._picks:
            places = list(compress(places, mask))
        return places

    def noted(self, note: str) -> Mask:
        """What ``is:`` asks of each row."""
        return self.told.noted(note)

    def pick(self, mask: Mask) -> Self:
        """The rows that are meant."""
        rows, arrivals = list(compress(self.rows, mask)), list(compress(self._arrivals, mask))
        return type(self)(self.reading, self._chunk, rows, (*self._picks, mask), arrivals, self.tally)

    def records(self) -> Sequence[Record]:
        """Rows made to be shown."""
        return self.told.records()

    def fields(self) -> Sequence[Mapping[str, Any]]:
        """The line's own fields of each row."""
        return self.told.fields()


def _merged(reader: Reader, rows: Rows, paths: Paths, convert: Converter | None, weak: type) -> Column:
    found: Column = [ABSENT] * len(rows)
    for place, path in enumerate(paths):
        column = reader.at(rows, path)
        if convert is not None:
            column = convert(column, path)
        if place:
            column = [
                new if old is ABSENT or (type(old) is weak and new is not ABSENT) else old
                for old, new in zip(found, column, strict=True)
            ]
        found = column
        if not _lacks(found, weak):
            break
    return found


def _levels(batch: QuickBatch, field: Field) -> Column:
    """Severities, each learned once from a whole line that holds the same values.

    A number means what it means in the first such line: one stream's lines are of one logger.
    """
    reading = batch.reading
    columns = [reading.reader.at(batch.rows, path) for path in reading.paths[field]]
    if not reading.all_read(field) and all(map(_lacks, columns)):
        batch.plan.sparse(field)
        reader, every = batch.plan.reader((batch.plan.every[field],)), batch.plan.every[field]
        rows = list(map(reader.row, batch.lines()))
        columns = [reader.at(rows, path) for path in every]
    if reading.paths[field][-1:] == ("status",) and not all(map(_lacks, columns[:-1])):
        # a status is a level only where no level is told
        columns.pop()
    keys: list[Any] = list(zip(*map(_hashable, columns), strict=True))
    known = batch.plan.levels
    new = {key for key in set(keys) if key not in known}
    if new:
        if len(known) > _REMEMBERED:
            known.clear()
            new = set(keys)
        lines = batch.lines()
        for key, line in zip(keys, lines, strict=True):
            if key in new:
                new.discard(key)
                severity = facts(line, batch.plan.profile).severity
                known[key] = ABSENT if severity is None else int(severity)
    return list(map(known.__getitem__, keys))


def _times(batch: QuickBatch, field: Field) -> Column:
    return batch.merged(field, lambda column, _path: times_of(column))


def _durations(batch: QuickBatch, field: Field) -> Column:
    profile = batch.plan.profile

    def convert(column: Column, path: str) -> Column:
        unit = profile.unit_of(path)
        if unit is not None and set(map(type, column)) == {float} and max(map(abs, column)) < LARGEST:
            return scaled(column, unit)
        return [_duration(value, unit) for value in column]

    return batch.merged(field, convert, Unitless)


def _duration(value: Any, unit: float | None) -> Any:  # noqa: ANN401 - a float, Unitless or ABSENT
    if value is ABSENT:
        return ABSENT
    seconds = of_value(value, unit)
    if seconds is not None:
        return seconds
    bare = number(value)
    return ABSENT if bare is None else Unitless(bare)


def _traces(batch: QuickBatch, field: Field) -> Column:
    return batch.merged(field, lambda column, path: [_trace(value, path) for value in column])


def _trace(value: Any, path: str) -> Any:  # noqa: ANN401 - a text or ABSENT
    return ABSENT if value is ABSENT else trace_id(value, decimal=is_decimal(path)) or ABSENT


def _messages(batch: QuickBatch, field: Field) -> Column:
    """What stands for a message where a line has none is read from the whole line."""
    found = batch.merged(field, lambda column, _path: list(map(_message, column)))
    if _lacks(found):
        whole = batch.told.column(field)
        found = [other if value is ABSENT else value for value, other in zip(found, whole, strict=True)]
    return found


def _message(value: Any) -> Any:  # noqa: ANN401 - a text or ABSENT
    if value is ABSENT:
        return ABSENT
    text = (value.rstrip() if value[-1:].isspace() else value) if type(value) is str else keyed_text(value)
    return text or ABSENT


def _words(batch: QuickBatch, field: Field) -> Column:
    return batch.merged(field, lambda column, _path: list(map(_word, column)))


def _word(value: Any) -> Any:  # noqa: ANN401 - a text or ABSENT
    if type(value) is str:
        return value or ABSENT
    return str(value) if type(value) is int and abs(value) < 1 << 128 else ABSENT


def _service(batch: QuickBatch, field: Field) -> Column:
    instead = (batch.stream.service if field.virtual == "service" else batch.stream.host) or ABSENT
    return [instead if value is ABSENT else value for value in _words(batch, field)]


def _stream(batch: QuickBatch, _field: Field) -> Column:
    return [batch.stream.name] * batch.size


_TIME = Field("time")
_SPECIAL: dict[str, Callable[[QuickBatch, Field], Column]] = {
    "level": _levels,
    "time": _times,
    "duration": _durations,
    "trace": _traces,
    "service": _service,
    "host": _service,
    "stream": _stream,
    "message": _messages,
    "logger": _words,
    "request": _words,
}
"""Virtual fields that are more than what stands at a path."""


def _lacks(column: Sequence[Any], weak: type = msgspec.UnsetType) -> bool:
    kinds = set(map(type, column))
    return msgspec.UnsetType in kinds or weak in kinds


def _hashable(column: Column) -> Sequence[Any]:
    if set(map(type, column)) <= _TEXTS:
        return column
    return [(type(one), one if type(one) in (str, int, float, bool) else text_of(one)) for one in column]
