"""Logs: a reading about each stream, and the records themselves on a stream of their own."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Protocol

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit
from collectors.model.reading import Reading
from collectors.model.subject import Subject
from collectors.text import Shown


class Severity(IntEnum):
    """Log levels on OpenTelemetry's scale (first number of each range)."""

    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARNING = 13
    ERROR = 17
    CRITICAL = 21

    @property
    def word(self) -> str:
        """Lower-case name, as JSON writes it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of a stream.

    ``time`` is UTC epoch seconds of the event, or of arrival where ``timed`` is False.
    ``severity`` is None where the line tells none. ``raw`` are the line's own bytes, capped.
    ``fields`` are the line's other fields as Shown texts in their order.
    """

    seq: int
    time: float
    timed: bool
    severity: Severity | None
    message: Shown
    raw: bytes
    fields: tuple[tuple[Shown, Shown], ...] = ()
    parsed: bool = True
    hostile: bool = False
    lost_bytes: int = 0


Fields = tuple[tuple[Shown, Shown], ...]
"""The fields of a record, as Shown texts in their order."""


class Teller(Protocol):
    """Knows how a stream's lines of one format are read."""

    @property
    def format(self) -> str:
        """The format."""
        ...

    def message(self, raw: bytes) -> Shown:
        """The message of a line, redacted; any thread may ask."""
        ...

    def fields(self, raw: bytes) -> Fields:
        """The fields of a line, redacted; any thread may ask."""
        ...


class RawRecord(LogRecord):
    """A record whose message and fields are made from its bytes when they are asked for.

    In a flood few lines are ever looked at. ``subject`` is the stream that it came from. The line fitted
    its format, was whole and held nothing hostile.
    """

    __slots__ = ("subject", "teller")

    parsed = True
    hostile = False
    lost_bytes = 0

    subject: Subject
    teller: Teller

    @property
    def message(self) -> Shown:
        """What the line says."""
        return self.teller.message(self.raw)

    @property
    def fields(self) -> Fields:
        """The line's other fields in their order."""
        return self.teller.fields(self.raw)


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Records of one stream that one pass read, oldest first.

    ``replayed``: an earlier run has had them too; they are for those who look, and counted by nobody
    who remembers.
    """

    subject: Subject
    records: tuple[LogRecord, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReading(Reading):
    """One stream. ``format`` is the recognised format of its lines."""

    practice: ClassVar[Practice] = Practice.LOGS

    format: str = ""
    line_rate: Quantity = quantity_field(Unit.PER_SECOND, "Lines per second.", samples=2)
    error_rate: Quantity = quantity_field(
        Unit.PER_SECOND, "Lines at error or worse, per second.", bad=Bad.HIGH, samples=2
    )
    warning_rate: Quantity = quantity_field(
        Unit.PER_SECOND, "Lines at warning, per second.", bad=Bad.HIGH, samples=2
    )
    errors: Quantity = quantity_field(Unit.COUNT, "Lines at error or worse in the last minute.", bad=Bad.HIGH)
    warnings: Quantity = quantity_field(Unit.COUNT, "Lines at warning in the last minute.", bad=Bad.HIGH)
    last_line_age: Quantity = quantity_field(
        Unit.SECONDS, "Time since the last line came.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    behind: Quantity = quantity_field(Unit.BYTES, "Bytes written and not read yet.", bad=Bad.HIGH)
    unparsed: Quantity = quantity_field(
        Unit.RATIO,
        "Share of lines that did not fit the recognised format.",
        bad=Bad.HIGH,
        roll_up=RollUp.MAX,
    )
    rotations: Quantity = quantity_field(Unit.COUNT, "Rotations and truncations followed.")
    lost: Quantity = quantity_field(
        Unit.BYTES, "Bytes known to be lost, by truncation or by the cap on a line.", bad=Bad.HIGH
    )
    usual_rate: Quantity = quantity_field(
        Unit.PER_SECOND, "Lines per second in the median minute of the stream's own past."
    )
    rate_ratio: Quantity = quantity_field(
        Unit.RATIO, "Lines of the last minute, as a share of the usual ones.", roll_up=RollUp.NOT
    )
    longest_silence: Quantity = quantity_field(
        Unit.SECONDS, "The longest time between two lines in the stream's own past.", roll_up=RollUp.MAX
    )
    clock_skew: Quantity = quantity_field(
        Unit.SECONDS,
        "By how much lines tell a later time than that of their arrival; negative where an earlier one.",
        roll_up=RollUp.NOT,
    )
