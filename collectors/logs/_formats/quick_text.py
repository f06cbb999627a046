"""The quick way of usual lines of text: those with a head, of which time and level are read at once.

A line goes this way only where nothing but a line without a head could join it: what is hostile, wrapped,
coloured, escaped or carries another line goes the long way.
"""

import re
from dataclasses import dataclass, field

from collectors.logs._formats import csvlog, instant, logfmt
from collectors.logs._formats.display import Display
from collectors.logs._formats.envelope import is_wrapped
from collectors.logs._formats.joins import goes_below, opens_trace
from collectors.logs._formats.keyed import Plan
from collectors.logs._formats.parsed import Told
from collectors.logs._formats.quick import LONG_WAY, new_record
from collectors.logs._formats.reader import LONGEST_WORD, Reader
from collectors.logs._formats.severity import by_name
from collectors.logs._formats.shapes import (
    HEAD,
    Shape,
    general,
    head_of,
    level_word,
    may_carry,
    message_of,
    parts,
    usual,
)
from collectors.logs._formats.showing import Showing, is_clean
from collectors.logs._formats.stamps import Stamps
from collectors.logs._formats.text import CARRIERS
from collectors.model.logs import Fields, RawRecord, Severity
from collectors.model.subject import Subject
from collectors.text import Shown, is_hostile

_LANES = 256
_WORDS = 64
_LONG_WAY_BEGINS = frozenset(" \t\r\n{_\ufeff")
"""What may join whatever stands before, and what may be no text."""

_NO_PAIR_BEGINS = frozenset("0123456789[<")
_UNESCAPED = frozenset({"zap", "klog", "structlog"})
"""Shapes whose messages are taken apart, what is escaped in them undone."""

_CAREFUL = frozenset((*CARRIERS, *_UNESCAPED))
_Keys = tuple[int | str | None, ...]
_ENDLESS = re.compile(r"\d{36}")
_DEEP = 64
_LONG = 2048


class TextTeller:
    """Tells what the lines of one shape say; ``shape`` is None for those of a logger that nobody named.

    ``name``: the format of the lines that they carry, if it is another.
    """

    def __init__(self, reader: Reader, shape: Shape | None, showing: Showing, name: str = "") -> None:
        self.format = name or ("text" if shape is None else shape.name)
        self.shape = shape
        self._reader = reader
        self._display = Display(showing)

    def read(self, raw: bytes) -> tuple[Told, str]:
        """What a line that has this head tells, its time aside, and its text."""
        text = text_of(raw)
        return self._told(text), text

    def message(self, raw: bytes) -> Shown:
        """The message of a line, redacted; any thread may ask."""
        text = text_of(raw)
        # a message of others may be taken apart
        simple = self.format == "text" if self.shape is None else self.shape.name not in _CAREFUL
        told = Told(self.format, None, None, message_of(text, self.shape), {}) if simple else self._told(text)
        return self._display.message(told, text, clean=is_clean(text))

    def fields(self, raw: bytes) -> Fields:
        """The fields of a line, redacted; any thread may ask."""
        told, text = self.read(raw)
        return tuple(self._display.fields(told, clean=is_clean(text)))

    def _told(self, text: str) -> Told:
        beginning, shape = text[:HEAD], self.shape
        if shape is None:
            head = general(beginning, 0.0)
        else:
            found = shape.pattern.match(beginning)
            head = None if found is None else head_of(shape, found, None)
        if head is None:
            return Told(self.format, None, None, text.rstrip(), {})
        return self._reader.text.of_head(head, text)


def reopened(made: RawRecord) -> tuple[Told, str]:
    """What the long way would have told of a record of text, and its line."""
    teller = made.teller
    if not isinstance(teller, TextTeller):
        raise TypeError(f"{teller.format}: not a line of text")
    told, text = teller.read(made.raw)
    told.time = made.time if made.timed else None
    return told, text


class PairTeller(TextTeller):
    """The same of lines of pairs; ``name`` is their format."""

    def __init__(self, reader: Reader, name: str, showing: Showing) -> None:
        super().__init__(reader, None, showing, name)

    def _told(self, text: str) -> Told:
        told = self._reader.keyed.told(logfmt.pairs(text), "logfmt")
        told.format = self.format
        return told


def text_of(raw: bytes) -> str:
    """A line's text."""
    return (raw[:-1] if raw[-1:] == b"\r" else raw).decode("utf-8", "replace")


class _Lane:
    """How the lines of one shape are read; ``time`` and ``level`` are its groups' numbers, 0 for none."""

    __slots__ = (
        "careful",
        "carries_pairs",
        "level",
        "named",
        "pattern",
        "reads",
        "shape",
        "stamps",
        "teller",
        "time",
        "versioned",
    )

    def __init__(self, shape: Shape, teller: TextTeller) -> None:
        groups = shape.pattern.groupindex
        self.pattern = shape.pattern
        self.teller = teller
        self.stamps = Stamps(shape.when)
        self.reads = shape.level
        self.time, self.level = groups.get("time", 0), groups.get("level", 0)
        self.versioned = "version" in groups
        self.shape = id(shape)
        self.careful = shape.name in _CAREFUL
        self.carries_pairs = shape.name == "syslog"
        self.named: dict[str, Severity | None] = {}


@dataclass(slots=True)
class _Pairs:
    """How the lines with one set of keys are read."""

    plan: Plan
    teller: TextTeller
    stamps: Stamps
    time: str | None
    level: str | None
    named: dict[str, Severity | None] = field(default_factory=dict)


class QuickText:
    """Makes records of one stream's usual lines of text."""

    def __init__(self, reader: Reader, subject: Subject) -> None:
        self._reader = reader
        self._subject = subject
        self._showing = Showing()
        self._lanes: dict[int, _Lane] = {}
        self._pairs: dict[_Keys, _Pairs | None] = {}
        self._tellers: dict[tuple[str, int], TextTeller] = {}
        self._takes_pairs = reader.takes_pairs
        self._means = reader.means("text")
        self._teller = TextTeller(reader, None, self._showing)
        self._stamps = Stamps(instant.of_iso)
        self._named: dict[str, Severity | None] = {}

    def record(self, data: bytes, fallback: float) -> RawRecord | None:
        """The record of a line that has a head and joins nothing; None for every line that needs more care.

        ``fallback`` (UTC epoch seconds) stands in where it tells no time.
        """
        text = _harmless(data)
        if not text or (":  " in text and goes_below(text)):
            return None
        first = text[0]
        if first in _NO_PAIR_BEGINS:
            if (b"," in data[20:48] and csvlog.begins(data)) or (data[10:11] == b"T" and is_wrapped(data)):
                return None
        elif first in _LONG_WAY_BEGINS or opens_trace(text):
            return None
        elif self._takes_pairs and logfmt.looks_like(text) and len(found := logfmt.raw_pairs(text)) > 1:
            return self._of_pairs(found, text, data, fallback)
        shapes = self._reader.text.shapes
        if shapes and shapes[0].holds in text:
            lane = self._lanes.get(id(shapes[0])) or self._lane(shapes[0])
            match = lane.pattern.match(text, 0, HEAD)
            if match is not None:
                return self._of_shape(lane, match, text, data, fallback)
        return self._of_none(text, data, fallback)

    def _of_shape(
        self, lane: _Lane, match: re.Match[str], text: str, data: bytes, fallback: float
    ) -> RawRecord | None:
        """The record of a line with this shape."""
        time, stamp = None, match[lane.time] if lane.time else None
        if stamp and stamp != "-":
            time = lane.stamps.time(stamp, fallback)
            if time is None:
                return None
        word = match[lane.level] if lane.level else None
        try:
            severity = lane.named[word or ""]
        except KeyError:
            severity = _remember(lane.named, word or "", lane.reads(word) if word else None)
        if lane.careful:
            start = _message_at(lane, match, text)
            if start < 0:
                return None
            if lane.carries_pairs and logfmt.looks_like(text, start):
                return self._of_pairs(
                    logfmt.raw_pairs(text[start:]), text, data, fallback, lane, time, severity
                )
        timed = time is not None
        return new_record(
            fallback if time is None else time, timed, severity, data, self._subject, lane.teller
        )

    def _of_none(self, text: str, data: bytes, fallback: float) -> RawRecord | None:
        """The record of a line whose logger nobody named, or whose shape was not the last."""
        found = usual(text)
        if found is not None:
            word, end = found[2], found.end()
            time = self._stamps.time(found[1], fallback)
            if time is None:
                return None
        else:
            beginning = text[:HEAD]
            fitting = self._reader.text.fitting(beginning, fallback)
            if fitting is not None:
                shape, found, _ = fitting
                return self._of_shape(self._lane(shape), found, text, data, fallback)
            time, level, end = parts(beginning, self._stamps.time, fallback)
            if level is None and time is None:
                return None
            word = ""
            if level is not None:
                word, end = level_word(level), level.end()
        if not self._means or ("{" in text and may_carry(text, end)):
            return None
        try:
            severity = self._named[word]
        except KeyError:
            severity = _remember(self._named, word, by_name(word) if word else None)
        timed = time is not None
        return new_record(
            fallback if time is None else time, timed, severity, data, self._subject, self._teller
        )

    def _of_pairs(
        self,
        found: dict[str, str],
        text: str,
        data: bytes,
        fallback: float,
        carrier: _Lane | None = None,
        time: float | None = None,
        severity: Severity | None = None,
    ) -> RawRecord | None:
        """The record of a line of pairs, whose values are still quoted.

        ``carrier``: what stands before them, which told ``time`` and ``severity``.
        """
        if "\\" in text or not found:
            return None
        keys = (None if carrier is None else carrier.shape, *found)
        try:
            lane = self._pairs[keys]
        except KeyError:
            lane = self._learn(keys, found, carrier)
        if lane is None:
            return None
        if lane.time is not None:
            time = lane.stamps.time(logfmt.unquoted(found[lane.time]), fallback)
            if time is None:
                return None
        value = found.get("status", "") if lane.level is None else found[lane.level]
        try:
            severity = lane.named[value] or severity
        except KeyError:
            severity = self._severity(lane, found, value) or severity
        teller = lane.teller
        if teller.format == "slog" and carrier is None and text.startswith('time="'):
            teller = self._teller_of("logrus", None)
        timed = time is not None
        return new_record(fallback if time is None else time, timed, severity, data, self._subject, teller)

    def _lane(self, shape: Shape) -> _Lane:
        lane = self._lanes.get(id(shape))
        if lane is None:
            teller = TextTeller(self._reader, shape, self._showing)
            lane = self._lanes[id(shape)] = _Lane(shape, teller)
        return lane

    def _learn(self, keys: _Keys, found: dict[str, str], carrier: _Lane | None) -> _Pairs | None:
        """The lane of a set of keys; None where its lines go the long way."""
        if len(self._pairs) >= _LANES:
            self._pairs.clear()
        lane = None
        if LONG_WAY.isdisjoint(found):
            plan = self._reader.keyed.plan(found)
            name = plan.logger.name or ("logfmt" if carrier is None else carrier.teller.format)
            if self._reader.means(name):
                time, level = plan.time[0] if plan.time else None, plan.level[0] if plan.level else None
                teller = self._teller_of(name, carrier)
                lane = _Pairs(plan, teller, Stamps(instant.of_iso), time, level)
        self._pairs[keys] = lane
        return lane

    def _teller_of(self, name: str, carrier: _Lane | None) -> TextTeller:
        """The teller of lines of pairs, by the name of their format and by what carries them."""
        key = (name, 0 if carrier is None else carrier.shape)
        teller = self._tellers.get(key)
        if teller is None:
            if carrier is None:
                teller = PairTeller(self._reader, name, self._showing)
            else:
                teller = TextTeller(self._reader, carrier.teller.shape, self._showing, name)
            self._tellers[key] = teller
        return teller

    def _severity(self, lane: _Pairs, found: dict[str, str], value: str) -> Severity | None:
        keyed = self._reader.keyed
        severity = keyed.severity({key: logfmt.unquoted(one) for key, one in found.items()}, lane.plan)
        # without a key for the level only a status tells one
        if lane.level is None or severity is keyed.named(logfmt.unquoted(value), lane.plan) is not None:
            _remember(lane.named, value, severity)
        return severity


def _harmless(data: bytes) -> str | None:
    """A line's text; None where it is no UTF-8, or could be hostile."""
    if len(data) > LONGEST_WORD:
        return None
    try:
        text = (data[:-1] if data[-1:] == b"\r" else data).decode()
    except UnicodeDecodeError:
        return None
    return None if not (text.isprintable() and text.isascii()) and is_hostile(text) else text


def _remember(known: dict[str, Severity | None], word: str, severity: Severity | None) -> Severity | None:
    """Remember what a word names."""
    if len(known) >= _WORDS:
        known.clear()
    known[word] = severity
    return severity


def _message_at(lane: _Lane, match: re.Match[str], text: str) -> int:
    """Where the message begins; -1 where it is more than it looks like: an object, or something escaped."""
    name, start = lane.teller.format, match.end()
    if name in _UNESCAPED:
        if "\\" in text:
            return -1
        if name != "zap" or "{" not in text:
            return start
        # what is long or deep in an object is hostile
        deep = text.count("{") + text.count("[") >= _DEEP
        return -1 if deep or len(text) >= _LONG or _ENDLESS.search(text) is not None else start
    if lane.versioned:
        if text[start : start + 1] != "-":
            return -1
        start += 2 if text[start + 1 : start + 2] == " " else 1
    return -1 if text[start : start + 1] == "{" else start
