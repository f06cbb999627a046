"""Which logger wrote a stream: told by its lines, never by its file's name."""

import time as clock
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from collectors.logs._formats.aliases import LEVEL, MESSAGE, TIME
from collectors.logs._formats.assemble import Assembled, Assembler
from collectors.logs._formats.ladder import Rung
from collectors.logs._formats.loggers import BY_NAME, UNKNOWN, Logger
from collectors.logs._formats.reader import AUTO, PLAIN, Reader
from collectors.logs._formats.virtual import PATHS, at
from collectors.logs.durations import is_span
from collectors.logs.profile import VIRTUAL, Profile

SAMPLE = 200
"""Lines looked at."""

_WITHIN = frozenset({"loguru", "logstash", "otlp"})
_MADE_BY = {
    "serilog": ("message",), "journald": ("message",), "postgres": ("duration",), "heroku": ("message",),
}  # fmt: skip
_GENERIC = {"time": TIME, "level": LEVEL, "message": MESSAGE, **PATHS}


class _Seen:
    """What the records of a sample have."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self.families: Counter[str] = Counter()
        self.paths: dict[str, Counter[str]] = {virtual: Counter() for virtual in VIRTUAL}
        self.wrapped = False
        self.structured: set[str] = set()

    def look(self, record: Assembled, reader: Reader) -> None:
        """Count what one record has."""
        told, found = record.told, record.told.fields
        is_json = record.rung in (Rung.STRICT, Rung.LENIENT)
        self.names[told.format] += 1
        self.families["json" if is_json else told.format] += 1
        self.wrapped |= len(record.raw) > 1 or (is_json and record.raw[0] is not record.text)
        plan = reader.keyed.plan(found)
        for virtual, keys in (("time", plan.time), ("level", plan.level), ("message", plan.message)):
            self.paths[virtual].update(keys[:1])
        for virtual, paths in PATHS.items():
            for path in paths:
                value = at(found, path)
                if value is not None:
                    self.paths[virtual][path] += 1
                    if type(value) in (list, dict):
                        self.structured.add(virtual)
        self.paths["duration"].update(key for key in found if is_span(key))


def detect(lines: Iterable[bytes], format_name: str = AUTO) -> Profile:
    """The profile of a stream by some of its lines; ``format_name`` settles what they cannot tell."""
    reader = Reader(format_name)
    seen = _Seen()
    assembler = Assembler(reader, lambda: "")
    now = clock.time()
    for line in islice((line for line in lines if line.strip()), SAMPLE):
        for record in assembler.take(line, 0, now, 0.0):
            seen.look(record, reader)
    for record in assembler.flush(0.0, force=True):
        seen.look(record, reader)
    family, name = _most(seen.families), _most(seen.names)
    if reader.forced:
        family = family if reader.logger is not UNKNOWN else reader.forced
        name = reader.forced
    logger = BY_NAME.get(name, UNKNOWN)
    return Profile(
        name,
        family,
        {virtual: _aliases(virtual, seen.paths[virtual], logger) for virtual in VIRTUAL},
        how=_how(name, logger),
        made=frozenset((*_MADE_BY.get(name, ()), *seen.structured, "error", "stack")),
        direct=family == "json" and not seen.wrapped and name not in _WITHIN,
        logger=logger,
        span=logger.span,
        reader=Reader(format_name),
    )


def _most(counted: Counter[str]) -> str:
    """The most frequent; ``plain`` only where there is nothing else, for it fits all."""
    told = {name: count for name, count in counted.items() if name != PLAIN}
    return max(told, key=told.__getitem__, default=PLAIN)


def _aliases(virtual: str, seen: Counter[str], logger: Logger) -> tuple[str, ...]:
    generic = (*logger.paths.get(virtual, ()), *_GENERIC[virtual])
    first = [path for path in generic if path in seen]
    return tuple(dict.fromkeys((*first, *seen, *generic)))


def _how(name: str, logger: Logger) -> str:
    told = [f"{name}: its lines have {', '.join(sorted(logger.keys))}"] if logger.keys else [name]
    if logger.scale_words:
        told.append(f"levels are {logger.scale_words}")
    return "; ".join(told)
