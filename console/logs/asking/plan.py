"""How the fields that a question names are read from JSON lines, and nothing else of them.

A virtual field such as ``duration`` may stand at any of thirty paths, and each path costs. So the paths
that lines of a stream really have are learned from its first lines; a row that has none of them is read
again with all paths, and where many are so all paths are read from then on.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from collectors.lines.facts import Profile
from console.logs.asking.told import found_in
from console.logs.asking.values import ABSENT
from console.logs.language.syntax import Field
from console.logs.source import Chunk

Rows = Sequence[Any]
Column = list[Any]
Paths = tuple[str, ...]

RELEARN = 64
"""Chunks after which all paths are looked at once more."""

_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Reader:
    """Reads the values at some paths; raises ValueError where a name is none that the decoder takes."""

    def __init__(self, paths: Iterable[str]) -> None:
        names = dict.fromkeys(name for path in paths for name in (path, path.partition(".")[0]))
        self._attributes = {name: f"f{at}" for at, name in enumerate(names)}
        self._decoder = msgspec.json.Decoder(
            msgspec.defstruct(
                "Row",
                [(attribute, object, ABSENT) for attribute in self._attributes.values()],
                rename={attribute: name for name, attribute in self._attributes.items()},
                gc=False,
            )
        )

    def rows(self, block: bytes) -> Rows | None:
        """A row for each object in a block, None where it holds anything else."""
        try:
            return self._decoder.decode_lines(block)
        except _FAULTS:
            return None

    def each(self, lines: Iterable[bytes]) -> Rows | None:
        """A row for each line, None where one of them is anything but one object."""
        try:
            return list(map(self._decoder.decode, lines))
        except _FAULTS:
            return None

    def row(self, line: bytes) -> Any:  # noqa: ANN401 - a struct made for the paths
        """One line's row, None where it cannot be read so."""
        if line[:1] != b"{":
            return None
        try:
            return self._decoder.decode(line)
        except _FAULTS:
            return None

    def at(self, rows: Rows, path: str) -> Column:
        """What stands at a path in each row; ABSENT, never null, where nothing does."""
        column = list(map(attrgetter(self._attributes[path]), rows))
        head, dot, rest = path.partition(".")
        if dot and (ABSENT in column or None in column):
            heads = map(attrgetter(self._attributes[head]), rows)
            column = [
                found_in(deep, rest) if value is ABSENT else value
                for value, deep in zip(column, heads, strict=True)
            ]
        return [ABSENT if value is None else value for value in column] if None in column else column


class Reading:
    """The paths of each field, and their reader, as they stand for one chunk."""

    def __init__(self, plan: "Plan", paths: dict[Field, Paths]) -> None:
        self.plan = plan
        self.paths = paths
        self.reader = plan.reader(paths.values())

    def all_read(self, field: Field) -> bool:
        """Whether no path of a field was left out."""
        return len(self.paths[field]) == len(self.plan.every[field])


class Plan:
    """What is known of the paths of one profile's lines, for the fields of one question."""

    def __init__(self, profile: Profile, fields: Iterable[Field]) -> None:
        """Raises ValueError where a field's name is none that the decoder takes."""
        self.profile = profile
        self.levels: dict[Any, Any] = {}
        self.every: dict[Field, Paths] = {field: paths_of(profile, field) for field in fields}
        self._known: dict[Field, Paths] = {}
        self._sparse: set[Field] = set()
        self._readers: dict[frozenset[str], Reader] = {}
        self._chunks = 0
        self.reading = Reading(self, self.every)

    def reader(self, paths: Iterable[Paths]) -> Reader:
        """A reader of all these paths."""
        wanted = frozenset(path for some in paths for path in some)
        if wanted not in self._readers:
            ordered = [path for some in self.every.values() for path in some if path in wanted]
            self._readers[wanted] = Reader(ordered)
        return self._readers[wanted]

    def rows(self, chunk: Chunk, count: int) -> Rows | None:
        """A row for each of ``count`` lines, None where not every line is one object and no more."""
        reading = self._next()
        if chunk.records is not None:
            rows = reading.reader.each(chunk.records)
            if rows is None:
                return None
        else:
            block = chunk.whole()
            rows = reading.reader.rows(block) if block.startswith(b"{") else None
            # each newline stands between two objects, and there are as many newlines as objects
            if rows is None or len(rows) != count or block.count(b"}\n{") != count - 1:
                return None
        if not self._known:
            self._learn(rows)
        return rows

    def one_by_one(self, lines: Sequence[bytes]) -> list[Any]:
        """A row for each line, None for one that cannot be read so."""
        reading = self._next()
        rows = list(map(reading.reader.row, lines))
        if not self._known:
            self._learn([row for row in rows if row is not None])
        return rows

    def sparse(self, field: Field) -> None:
        """Take note that rows lack the known paths of a field."""
        self._sparse.add(field)

    def _next(self) -> Reading:
        self._chunks += 1
        if self._chunks % RELEARN == 0:
            self._known.clear()
            self._sparse.clear()
        paths = {
            field: every if field in self._sparse else self._known.get(field, every)
            for field, every in self.every.items()
        }
        if not self._known:
            paths = self.every
        if paths != self.reading.paths:
            self.reading = Reading(self, paths)
        return self.reading

    def _learn(self, rows: Rows) -> None:
        for field, every in self.every.items():
            columns = ((path, self.reading.reader.at(rows, path)) for path in every)
            here = tuple(path for path, column in columns if set(map(type, column)) != _UNSET)
            self._known[field] = here or every


_UNSET = {msgspec.UnsetType}


def paths_of(profile: Profile, field: Field) -> Paths:
    """Where a field may stand, the first that has something counts."""
    if not field.virtual:
        return (field.name,)
    paths = profile.aliases.get(field.virtual, ())
    # an access log's status is its level
    return (*paths, "status") if field.virtual == "level" else paths
