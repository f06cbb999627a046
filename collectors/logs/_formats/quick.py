"""The quick way of most lines: JSON whose keys came before, of which time and level are read at once.

What else such a line says is made when somebody looks at it.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from collectors.logs._formats.display import Display
from collectors.logs._formats.instant import of_any
from collectors.logs._formats.keyed import Plan
from collectors.logs._formats.reader import Reader, deceives
from collectors.logs._formats.reshape import NEEDS_RESHAPE
from collectors.logs._formats.showing import Showing, is_clean
from collectors.model.logs import Fields, LogRecord, RawRecord, Severity, Teller
from collectors.model.subject import Subject
from collectors.text import Shown

LONG_WAY = NEEDS_RESHAPE | {"log", "timestampSeconds"}
"""Keys of lines that hold another line, or whose facts lie deeper."""

_LANES = 256
_WORDS = 64

_decode = msgspec.json.Decoder().decode
_new = object.__new__
_time, _timed, _severity, _raw = (
    LogRecord.__dict__[name].__set__ for name in ("time", "timed", "severity", "raw")
)
_subject, _teller = (RawRecord.__dict__[name].__set__ for name in ("subject", "teller"))


def new_record(
    time: float,
    timed: bool,  # noqa: FBT001 - once a line, and names cost
    severity: Severity | None,
    raw: bytes,
    subject: Subject,
    teller: Teller,
) -> RawRecord:
    """A record without its number, straight to the slots: a frozen class takes four times as long."""
    made = _new(RawRecord)
    _time(made, time)
    _timed(made, timed)
    _severity(made, severity)
    _raw(made, raw)
    _subject(made, subject)
    _teller(made, teller)
    return made


class LineTeller:
    """Tells what a stream's JSON lines of one format say."""

    def __init__(self, reader: Reader, name: str, showing: Showing) -> None:
        self.format = name
        self._reader = reader
        self._display = Display(showing)

    def message(self, raw: bytes) -> Shown:
        """The message of a line, redacted; any thread may ask."""
        told, _, _ = self._reader.object(raw)
        return Shown(raw) if told is None else self._display.message(told, raw, clean=is_clean(raw))

    def fields(self, raw: bytes) -> Fields:
        """The fields of a line, redacted; any thread may ask."""
        told, _, _ = self._reader.object(raw)
        return () if told is None else tuple(self._display.fields(told, clean=is_clean(raw)))


@dataclass(slots=True)
class _Lane:
    """How the lines with one set of keys are read."""

    plan: Plan
    teller: LineTeller
    time: str | None
    level: str | None
    message: str
    words: dict[str, Severity] = field(default_factory=dict)


class Quick:
    """Makes records of one stream's usual lines."""

    def __init__(self, reader: Reader, subject: Subject) -> None:
        self._reader = reader
        self._keyed = reader.keyed
        self._subject = subject
        self._showing = Showing()
        self._tellers: dict[str, LineTeller] = {}
        self._lanes: dict[tuple[str, ...], _Lane | None] = {}

    def record(self, data: bytes, fallback: float) -> RawRecord | None:
        """The record of a line, not numbered yet; None for every line that needs more care.

        ``fallback`` (UTC epoch seconds) stands in where it tells no time.
        """
        try:
            found = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if type(found) is not dict:
            return None
        keys = tuple(found)
        try:
            lane = self._lanes[keys]
        except KeyError:
            lane = self._learn(keys, found)
        # a message that is no text may hide one
        if lane is None or type(found[lane.message]) is not str or deceives(data, found):
            return None
        timed = lane.time is not None
        time = of_any(found[lane.time]) if lane.time is not None else fallback
        if time is None:
            return None
        value = None if lane.level is None else found[lane.level]
        severity = lane.words.get(value) if type(value) is str else None
        if severity is None:
            severity = self._severity(lane, found, value)
        return new_record(time, timed, severity, data, self._subject, lane.teller)

    def _learn(self, keys: tuple[str, ...], found: dict[str, Any]) -> _Lane | None:
        """The lane of a set of keys; None where its lines go the long way."""
        if len(self._lanes) >= _LANES:
            self._lanes.clear()
        lane = None
        if keys and keys[0] != "resourceLogs" and LONG_WAY.isdisjoint(keys):
            plan = self._keyed.plan(found)
            if plan.message:
                time, level = plan.time[0] if plan.time else None, plan.level[0] if plan.level else None
                name = plan.logger.name or "json"
                teller = self._tellers.setdefault(name, LineTeller(self._reader, name, self._showing))
                lane = _Lane(plan, teller, time, level, plan.message[0])
        self._lanes[keys] = lane
        return lane

    def _severity(self, lane: _Lane, found: dict[str, Any], value: object) -> Severity | None:
        severity = self._keyed.severity(found, lane.plan)
        if type(value) is str and severity is not None and severity is self._keyed.named(value, lane.plan):
            if len(lane.words) >= _WORDS:
                lane.words.clear()
            lane.words[value] = severity
        return severity
