"""Which logger wrote a stream: told by its lines, never by its file's name."""

import time as clock
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from collectors.lines.durations import is_span
from collectors.lines.profile import VIRTUAL, Profile
from collectors.logs._formats.aliases import LEVEL, MESSAGE, TIME
from collectors.logs._formats.assemble import Assembled, Assembler
from collectors.logs._formats.keyed import Plan
from collectors.logs._formats.ladder import Rung
from collectors.logs._formats.loggers import BY_NAME, UNKNOWN, Logger, by_order
from collectors.logs._formats.reader import AUTO, PLAIN, Reader
from collectors.logs._formats.virtual import PATHS, at

SAMPLE = 200
"""Lines looked at."""

_WITHIN = frozenset({"loguru", "logstash", "otlp"})
_MADE_BY = {
    "serilog": ("message",), "journald": ("message",), "postgres": ("duration",), "heroku": ("message",),
}  # fmt: skip
_GO = (b".go:", b'"source":{"function"')
_TOO_LONG = 1000
_UNIT_WORDS = {1.0: "seconds", 1e-3: "milliseconds", 1e-9: "nanoseconds"}
_GENERIC = {"time": TIME, "level": LEVEL, "message": MESSAGE, **PATHS}


class _Seen:
    """What the records of a sample have."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self.families: Counter[str] = Counter()
        self.paths: dict[str, Counter[str]] = {virtual: Counter() for virtual in VIRTUAL}
        self.wrapped = False
        self.structured: set[str] = set()
        self.go = False
        self.numbers: list[float] = []
        self.unnamed: list[tuple[dict[str, Any], Plan]] = []

    def look(self, record: Assembled, reader: Reader) -> None:
        """Count what one record has."""
        told, found = record.told, record.told.fields
        is_json = record.rung in (Rung.STRICT, Rung.LENIENT)
        self.names[told.format] += 1
        self.families[record.family] += 1
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
        spans = [key for key in found if is_span(key)]
        self.paths["duration"].update(spans)
        self.numbers += [found[key] for key in spans if type(found[key]) in (int, float)]
        self.go |= any(mark in record.raw[0] for mark in _GO)
        if is_json and told.format == "json" and plan.time and plan.message:
            self.unnamed.append((found, plan))

    def by_order(self) -> None:
        """Name the logger of records with unknown keys by the order of their keys."""
        for found, plan in self.unnamed:
            level = plan.level[0] if plan.level else ""
            logger = by_order(found, plan.time[0], level, plan.message[0], go=self.go)
            if logger is not UNKNOWN:
                self.names["json"] -= 1
                self.names[logger.name] += 1


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
    ordered = bool(seen.unnamed)
    seen.by_order()
    family, name = _most(seen.families), _most(seen.names)
    if reader.forced:
        family = family if reader.logger is not UNKNOWN else reader.forced
        name = reader.forced
    logger = BY_NAME.get(name, UNKNOWN)
    span, why = _span(logger, seen.numbers)
    return Profile(
        name,
        family,
        {virtual: _aliases(virtual, seen.paths[virtual], logger) for virtual in VIRTUAL},
        how="; ".join((_how(name, logger, ordered=ordered), *why)),
        made=frozenset((*_MADE_BY.get(name, ()), *seen.structured, "error", "stack")),
        direct=family == "json" and not seen.wrapped and name not in _WITHIN,
        logger=logger,
        span=span,
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


def _span(logger: Logger, numbers: list[float]) -> tuple[float | None, list[str]]:
    """Seconds per 1 of the logger's bare durations, and why."""
    span = logger.span
    if span is None:
        return None, []
    if span == 1.0 and numbers and all(type(one) is int for one in numbers) and max(numbers) >= _TOO_LONG:
        return 1e-9, ["durations are whole and huge: nanoseconds"]
    return span, [f"a bare duration is in {_UNIT_WORDS[span]}"]


def _how(name: str, logger: Logger, *, ordered: bool) -> str:
    if not logger.keys:
        return name
    evidence = "the order of its keys" if ordered else f"its lines have {', '.join(sorted(logger.keys))}"
    levels = f"; levels are {logger.scale_words}" if logger.scale_words else ""
    return f"{name}: {evidence}{levels}"
