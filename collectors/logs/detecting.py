"""Which logger wrote a stream: told by its lines, never by its file's name."""

import time as clock
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from collectors.logs._formats.aliases import LEVEL, MESSAGE, TIME
from collectors.logs._formats.keyed import Keyed, Plan
from collectors.logs._formats.ladder import read_json
from collectors.logs._formats.loggers import BY_NAME, UNKNOWN, Logger
from collectors.logs._formats.text import TextReader
from collectors.logs._formats.unwrap import colourless, unwrapped
from collectors.logs._formats.virtual import PATHS, at
from collectors.logs.durations import is_span
from collectors.logs.profile import VIRTUAL, Profile, Readers

SAMPLE = 200
"""Lines looked at."""

_WRAPPED = frozenset({"loguru", "logstash", "otlp"})
_MADE_BY = {"serilog": ("message",), "journald": ("message",), "postgres": ("duration",)}
_GENERIC = {"time": TIME, "level": LEVEL, "message": MESSAGE, **PATHS}


class _Seen:
    """What the lines of a sample have."""

    def __init__(self) -> None:
        self._now = clock.time()
        self.loggers: Counter[Logger] = Counter()
        self.formats: Counter[str] = Counter()
        self.paths: dict[str, Counter[str]] = {virtual: Counter() for virtual in VIRTUAL}
        self.wrapped = 0
        self.structured: set[str] = set()

    def look(self, line: bytes, keyed: Keyed, text: TextReader) -> None:
        inner, _, _ = unwrapped(line)
        self.wrapped += inner is not line and len(inner) < len(line) - 20
        found = read_json(inner)[0] if inner[:1] == b"{" else None
        if found is not None:
            told = keyed.told(found, "json")
            self.formats["json"] += 1
            self._paths(told.fields, keyed.plan(told.fields, told.format))
            self.loggers[BY_NAME.get(told.format, UNKNOWN)] += 1
            return
        told_text = text.told(colourless(inner)[0].partition("\n")[0], self._now)
        if told_text is None:
            # most lines without a head belong to the record before them
            return
        self.formats[told_text.format] += 1
        self._paths(told_text.fields, keyed.plan(told_text.fields))

    def _paths(self, found: dict[str, Any], plan: Plan) -> None:
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


def detect(lines: Iterable[bytes], format_name: str = "auto") -> Profile:
    """The profile of a stream by some of its lines; ``format_name`` settles what they cannot tell."""
    forced = "" if format_name == "auto" else format_name
    logger = BY_NAME.get(forced, UNKNOWN)
    readers = Readers(logger, forced)
    seen = _Seen()
    for line in islice((line for line in lines if line.strip()), SAMPLE):
        seen.look(line, readers.keyed, readers.text)
    family = forced if forced and logger is UNKNOWN else _most(seen.formats) or "plain"
    if logger is UNKNOWN:
        logger = _most_logger(seen.loggers) if family == "json" else BY_NAME.get(family, UNKNOWN)
    name = forced or logger.name or family
    return Profile(
        name,
        family,
        {virtual: _aliases(virtual, seen.paths[virtual], logger) for virtual in VIRTUAL},
        how=_how(name, logger),
        made=frozenset((*_MADE_BY.get(name, ()), *seen.structured, "error", "stack")),
        direct=family == "json" and not seen.wrapped and name not in _WRAPPED,
        forced=bool(forced),
        logger=logger,
        units=logger.units,
        span=logger.span,
        readers=Readers(logger, forced),
    )


def _most(counted: Counter[str]) -> str:
    return max(counted, key=counted.__getitem__, default="")


def _most_logger(counted: Counter[Logger]) -> Logger:
    return max(counted, key=counted.__getitem__, default=UNKNOWN)


def _aliases(virtual: str, seen: Counter[str], logger: Logger) -> tuple[str, ...]:
    own = logger.paths.get(virtual, ())
    generic = (*own, *_GENERIC[virtual])
    first = [path for path in generic if path in seen]
    return tuple(dict.fromkeys((*first, *seen, *generic)))


def _how(name: str, logger: Logger) -> str:
    told = [f"{name}: its lines have {', '.join(sorted(logger.keys))}"] if logger.keys else [name]
    if logger.scale_words:
        told.append(f"levels are {logger.scale_words}")
    return "; ".join(told)
