"""Lines → records: wrappers off, what belongs together joined, what holds many taken apart."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from collectors.logs._formats import otlp
from collectors.logs._formats.blocks import Block, block_of
from collectors.logs._formats.colours import colourless
from collectors.logs._formats.envelope import HELD_BACK, Envelope, Inner
from collectors.logs._formats.joins import HELD, JOINS_ANY, Join, opens_trace
from collectors.logs._formats.ladder import Rung
from collectors.logs._formats.parsed import Told
from collectors.logs._formats.reader import PLAIN, Reader, is_endless
from collectors.model.logs import Severity
from collectors.text import is_hostile

_NO_FIELDS: dict[str, Any] = {}
_BLANKS = b" \t\xef\xbb\xbf"
_BLANK = (b" ", b"\t", b"\xef")


@dataclass(slots=True)
class Assembled:
    """A record: what it tells, its own lines, and those of text that stand below its first.

    ``arrival`` (UTC epoch seconds) stands in where it tells no time. ``text``: what is left of its first
    line without a wrapper. ``family``: what kind of lines these are. ``rung``: how JSON was read. ``at``:
    the number of its first line.
    """

    told: Told
    raw: list[bytes]
    lost: int
    arrival: float
    hostile: bool
    text: bytes | str
    family: str
    at: int
    rung: Rung = Rung.NONE
    below: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> bytes:
        """The record's own bytes."""
        return self.raw[0] if len(self.raw) == 1 else b"\n".join(self.raw)


class _Open:
    """A record of text to which lines may still join."""

    __slots__ = ("join", "record", "size", "touched")

    def __init__(self, record: Assembled, join: Join, touched: float) -> None:
        self.record = record
        self.join = join
        self.size = len(record.raw[-1])
        self.touched = touched


class Assembler:
    """Follows the lines of one stream. ``usual`` tells the format of most of its records so far."""

    def __init__(self, reader: Reader, usual: Callable[[], str]) -> None:
        self._reader = reader
        self._usual = usual
        self._envelope = Envelope()
        self._open: _Open | None = None
        self._block: Block | None = None
        self._out: list[Assembled] = []
        self._at = 0

    @property
    def held(self) -> int:
        """Lines taken of which no record tells yet."""
        opened = len(self._open.record.raw) if self._open is not None else 0
        return opened + (self._block.held if self._block is not None else 0) + self._envelope.held

    @property
    def idle(self) -> bool:
        """Whether no record stands open that a line might join or end."""
        return self._open is None and self._block is None

    def take(self, data: bytes, lost: int, arrival: float, now: float) -> list[Assembled]:
        """Take a line; the records that it completes.

        ``arrival`` (UTC epoch seconds) dates what tells no time; ``now`` measures how long a record is
        held.
        """
        if data[:1] == b"{" and self._block is None:
            quick = self._quick(data, lost, arrival)
            if quick is not None:
                return quick
        if data[:1] == b"\0":
            # the hole that a truncated file's writer leaves
            data = data.lstrip(b"\0")
        line = data[:-1] if data[-1:] == b"\r" else data
        inner = Inner(line, None, [data], lost, _NO_FIELDS, self._at)
        self._at += 1
        if line[10:11] == b"T" and line[:1].isdigit():
            self._unwrap(self._envelope.cri(inner), inner, arrival, now)
        else:
            self._any(inner, arrival, now)
        return self._given()

    @property
    def blocked(self) -> bool:
        """Whether a record of several lines is open that takes lines of any kind."""
        return self._block is not None

    def end(self) -> list[Assembled]:
        """The record of text that stands open, for a line came that joins nothing."""
        self._close()
        return self._given()

    def begin(self, told: Told, data: bytes, text: str, arrival: float, now: float) -> None:
        """Open a record with a line that is read already; none must stand open."""
        self._begin(told, Inner(data, None, [data], 0, _NO_FIELDS, self._at), text, arrival, now)
        self._at += 1

    def flush(self, now: float, *, force: bool = False) -> list[Assembled]:
        """The open record, unless more of it may still come."""
        if force:
            for part in self._envelope.rest():
                self._any(part, part.time or 0.0, now)
        block = self._block
        if block is not None and (force or now - block.touched >= HELD):
            self._end_block(now)
        opened = self._open
        if opened is not None and (force or not opened.join.in_trace or now - opened.touched >= HELD):
            self._close()
        return self._given()

    def _quick(self, data: bytes, lost: int, arrival: float) -> list[Assembled] | None:
        """The short way of most lines: an object that holds no other line; None where it is none."""
        if not self._reader.takes_json or data.startswith(otlp.FIRST):
            return None
        told, rung, hostile = self._reader.object(data)
        if told is None or "log" in told.fields:
            return None
        record = Assembled(told, [data], lost, arrival, hostile, data, "json", self._at, rung)
        self._at += 1
        if self._open is None:
            return [record]
        self._close()
        self._out.append(record)
        return self._given()

    def _given(self) -> list[Assembled]:
        if not self._out:
            return []
        out, self._out = self._out, []
        return out

    def _unwrap(self, found: Inner | None, inner: Inner, arrival: float, now: float) -> None:
        """Go on with what a wrapper held, or with the line itself where there was none."""
        if found is None:
            self._any(inner, arrival, now)
        elif found is not HELD_BACK:
            self._any(found, arrival if found.time is None else found.time, now)

    def _any(self, inner: Inner, arrival: float, now: float) -> None:
        """A line without its wrapper, Docker's aside."""
        if self._block is not None and self._goes_on(self._block, inner, now):
            return
        data, reader = inner.data, self._reader
        first = data[:1]
        is_json = first == b"{" or (first in _BLANK and data.lstrip(_BLANKS)[:1] == b"{")
        if is_json and reader.takes_json and data.rstrip() != b"{":
            self._object(inner, arrival, now)
            return
        if reader.takes_json and (block := block_of(inner, arrival, now)) is not None:
            self._close()
            self._block = block
            if block.ended:
                self._end_block(now)
            return
        self._line(inner, arrival, now)

    def _object(self, inner: Inner, arrival: float, now: float, *, whole: bool = True) -> None:
        """A line that should be JSON; not ``whole``: it was taken apart already."""
        data = inner.data
        if whole and data.startswith(otlp.FIRST) and len(lines := otlp.split(data)) > 1:
            for line in lines:
                self._object(replace(inner, data=line, raw=[line]), arrival, now, whole=False)
            return
        told, rung, hostile = self._reader.object(data)
        if told is None:
            self._line(inner, arrival, now, refused=hostile, broken=True)
            return
        if inner.time is None and "log" in told.fields:
            found = self._envelope.docker(told.fields, inner)
            if found is not None:
                self._unwrap(found, inner, arrival, now)
                return
        self._close()
        record = _record(told, inner, arrival, data, "json", hostile=hostile)
        record.rung = rung
        self._out.append(record)

    def _line(
        self, inner: Inner, arrival: float, now: float, *, refused: bool = False, broken: bool = False
    ) -> None:
        """A line of text, or one that should have been JSON (``broken``)."""
        text, hostile = colourless(inner.data)
        hostile = hostile or refused or is_hostile(text) or is_endless(text)
        opened = self._open
        if opened is not None and not broken and text[:1] in JOINS_ANY and not opened.join.full(opened.size):
            # most lines of a trace: nothing need be read of them
            opened.join.takes(text, has_head=False)
            _join(opened, inner, text, now, hostile=hostile)
            return
        told = None if broken else self._reader.line(text, arrival)
        if opened is not None and not broken:
            fits = not opened.join.full(opened.size)
            if fits and opened.join.takes(text, has_head=told is not None):
                _join(opened, inner, text, now, hostile=hostile)
                return
        self._close()
        if told is None:
            told = Told(PLAIN, None, None, text.rstrip(), {}, ok=not broken and self._usual() in ("", PLAIN))
        elif not self._reader.means(told.format):
            told.ok = False
        record = self._begin(told, inner, text, arrival, now)
        record.hostile = hostile
        record.rung = Rung.REFUSED if refused else Rung.NONE

    def _begin(self, told: Told, inner: Inner, text: str, arrival: float, now: float) -> Assembled:
        headed = told.format not in (PLAIN, "logfmt")
        expects = headed and told.severity is not None and told.severity >= Severity.WARNING
        record = _record(told, inner, arrival, text, told.format, hostile=False)
        record.rung = Rung.NONE
        self._open = _Open(record, Join(text, headed=headed, expects=expects), now)
        return record

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        record = opened.record
        told = record.told
        if told.format == PLAIN and opens_trace(told.message):
            told.severity = told.severity or Severity.ERROR
            told.ok = True
            last = next((line for line in reversed(record.below) if line and not line[0].isspace()), "")
            if last:
                # a bare trace is told by its last line, the error
                record.below.insert(0, told.message)
                told.message = last
        self._out.append(record)

    def _goes_on(self, block: Block, inner: Inner, now: float) -> bool:
        """Whether the open block took the line; where it did not it ends before it."""
        # a wrapper of Docker's is not taken off yet
        if (block.inner.time is None) is not (inner.time is None):
            return False
        took = block.takes(inner, now)
        if not took or block.ended:
            self._end_block(now)
        return took

    def _end_block(self, now: float) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        told = block.told(self._reader.keyed)
        if told is None:
            self._line(replace(block.inner, data=block.data), block.arrival, now, broken=True)
            return
        hostile = is_hostile(told.message)
        record = _record(told, block.inner, block.arrival, block.data, block.family, hostile=hostile)
        self._out.append(record)


def _record(
    told: Told, inner: Inner, arrival: float, text: bytes | str, family: str, *, hostile: bool
) -> Assembled:
    """A record, with what its wrapper told."""
    if inner.time is not None:
        told.time = told.time or inner.time
        told.fields = {**told.fields, **{k: v for k, v in inner.fields.items() if k not in told.fields}}
    return Assembled(told, inner.raw, inner.lost, arrival, hostile, text, family, inner.at)


def _join(opened: _Open, inner: Inner, text: str, now: float, *, hostile: bool) -> None:
    record = opened.record
    record.below.append(text)
    record.raw += inner.raw
    record.lost += inner.lost
    record.hostile |= hostile
    opened.size += sum(map(len, inner.raw)) + 1
    opened.touched = now
