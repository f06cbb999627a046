"""Records that were read whole, as columns: the slow way, which understands everything."""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any, Self

from collectors.lines.durations import number
from collectors.lines.facts import Facts, Profile, facts
from collectors.text import shown
from collectors.transport.read.files_lines import LINE_CAP
from console.logs.asking.answer import Record
from console.logs.asking.batch import Mask, Tally, Unitless
from console.logs.asking.reveal import revealed_fields
from console.logs.asking.values import ABSENT
from console.logs.language.syntax import Field
from console.logs.levels import word_of
from console.logs.source import Stream

_DEEPEST = 8


def _present(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    return ABSENT if value is None or value == "" else value


_VIRTUAL: dict[str, Callable[[Facts], Any]] = {
    "level": lambda one: ABSENT if one.severity is None else int(one.severity),
    "message": lambda one: _present(one.message),
    "logger": lambda one: _present(one.logger),
    "trace": lambda one: _present(one.trace),
    "request": lambda one: _present(one.request),
    "error": lambda one: _present(one.error),
    "stack": lambda one: _present(one.stack),
    "time": lambda one: _present(one.time),
}


class ToldBatch:
    """A Batch of Facts."""

    strict = False

    def __init__(
        self,
        stream: Stream,
        profile: Profile,
        lines: Sequence[bytes],
        told: Sequence[Facts],
        arrivals: Sequence[float],
        tally: Tally,
        places: Sequence[int] | None = None,
    ) -> None:
        self.stream = stream
        self.profile = profile
        self.tally = tally
        self._lines = lines
        self._told = told
        self._arrivals = arrivals
        self._places = range(len(told)) if places is None else places

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self._told)

    def column(self, field: Field) -> Sequence[Any]:
        """A field's value in each row."""
        virtual = field.virtual
        if virtual == "duration":
            return [self._duration(one) for one in self._told]
        if virtual == "stream":
            return [self.stream.name] * self.size
        if virtual in ("service", "host"):
            service = virtual == "service"
            instead = (self.stream.service if service else self.stream.host) or ABSENT
            return [(one.service if service else one.host) or instead for one in self._told]
        read = _VIRTUAL.get(virtual)
        if read is not None:
            return list(map(read, self._told))
        return [own(one, field.name) for one in self._told]

    def unit(self, field: Field) -> float | None:
        """Seconds that 1 stands for in the field's numbers."""
        return self.profile.unit_of(field.name)

    def times(self) -> Sequence[float]:
        """Each row's time; of its arrival where it tells none."""
        return [
            arrival if one.time is None else one.time
            for one, arrival in zip(self._told, self._arrivals, strict=True)
        ]

    def untimed(self) -> int:
        """How many rows tell no time."""
        return sum(one.time is None for one in self._told)

    def lines(self) -> Sequence[bytes]:
        """Each row's own bytes."""
        return self._lines

    def places(self) -> Sequence[int]:
        """Where each row stands among the lines of its chunk."""
        return self._places

    def noted(self, note: str) -> Mask:
        """What ``is:`` asks of each row."""
        if note == "hostile":
            return [one.hostile for one in self._told]
        if note == "unparsed":
            return [not one.parsed for one in self._told]
        if note == "untimed":
            return [one.time is None for one in self._told]
        return [len(line) >= LINE_CAP for line in self._lines]

    def pick(self, mask: Mask) -> Self:
        """The rows that are meant."""
        return type(self)(
            self.stream,
            self.profile,
            list(compress(self._lines, mask)),
            list(compress(self._told, mask)),
            list(compress(self._arrivals, mask)),
            self.tally,
            list(compress(self._places, mask)),
        )

    def records(self) -> Sequence[Record]:
        """Rows made to be shown."""
        return [
            record_of(one, arrival, self.stream.name, self.profile)
            for one, arrival in zip(self._told, self._arrivals, strict=True)
        ]

    def fields(self) -> Sequence[Mapping[str, Any]]:
        """The line's own fields of each row."""
        return [one.fields for one in self._told]

    def _duration(self, one: Facts) -> Any:  # noqa: ANN401 - a float, Unitless or ABSENT
        if one.duration is not None:
            return one.duration
        for path in self.profile.aliases["duration"]:
            value = number(own(one, path))
            if value is not None:
                return Unitless(value)
        return ABSENT


def own(one: Facts, name: str) -> Any:  # noqa: ANN401 - any value of JSON
    """A line's own field by its name, dotted where it lies deeper; ABSENT where there is none."""
    return found_in(one.fields, name)


def found_in(value: Any, path: str) -> Any:  # noqa: ANN401 - any value of JSON
    """What stands at a path: under the whole of it as a key first, then deeper."""
    for _ in range(_DEEPEST):
        if not isinstance(value, Mapping):
            break
        if path in value:
            found = value[path]
            return ABSENT if found is None else found
        head, dot, path = path.partition(".")
        if not dot:
            break
        value = value.get(head)
    return ABSENT


def record_of(one: Facts, arrival: float, stream: str, profile: Profile) -> Record:
    """A record as it may be shown; what its time, level and message were told by is no field any more."""
    said = {"time": one.time is not None, "level": one.severity is not None, "message": bool(one.message)}
    used = {_first_of(one.fields, profile.aliases[virtual]) for virtual, tells in said.items() if tells}
    return Record(
        arrival if one.time is None else one.time,
        one.time is not None,
        word_of(one.severity),
        shown(one.message),
        revealed_fields({name: value for name, value in one.fields.items() if name not in used}),
        stream,
        one.parsed,
        one.hostile,
    )


def _first_of(fields: Mapping[str, Any], paths: Sequence[str]) -> str:
    return next((path for path in paths if fields.get(path) is not None), "")


def told_batch(
    stream: Stream, profile: Profile, lines: Sequence[bytes], arrivals: Sequence[float], tally: Tally
) -> ToldBatch:
    """Records read one by one."""
    return ToldBatch(stream, profile, lines, [facts(line, profile) for line in lines], arrivals, tally)
