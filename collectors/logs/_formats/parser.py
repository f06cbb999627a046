"""Lines of one stream → records: JSON, then pairs, then text; every line ends in a record."""

from collections.abc import Iterable
from dataclasses import fields as dataclass_fields

from collectors.logs._formats.assemble import Assembled, Assembler
from collectors.logs._formats.display import Display
from collectors.logs._formats.ladder import Rung
from collectors.logs._formats.quick import Quick
from collectors.logs._formats.quick_text import QuickText, reopened
from collectors.logs._formats.reader import AUTO, FORMATS, PLAIN, Reader
from collectors.logs._formats.showing import Showing, is_clean
from collectors.model.logs import LogRecord, RawRecord
from collectors.model.subject import Subject
from collectors.text import Shown
from collectors.transport.read.files_lines import Line

__all__ = ["AUTO", "FORMATS", "PLAIN", "Parser"]

_REMEMBERED = 512
_JOIN_ANY = (b" ", b"\t", b"")
"""Lines that begin so have no head of their own."""


_new = object.__new__
_seq, _time, _timed, _severity, _message, _raw, _fields, _parsed, _hostile, _lost = (
    LogRecord.__dict__[field.name].__set__ for field in dataclass_fields(LogRecord)
)


_Held = tuple[RawRecord, float, float]
"""A line of text that is read, until the next shows that nothing joins it; its arrival, when it came."""


class Parser:
    """Parses one stream; numbers its records from 1.

    ``lenient`` and ``refused`` count the records that strict JSON did not read, and that no JSON did.
    """

    def __init__(self, format_name: str = AUTO) -> None:
        self._reader = Reader(format_name)
        self._assembler = Assembler(self._reader, lambda: self.format)
        self._showing = Showing()
        self._display = Display(self._showing)
        self._seen: dict[str, int] = {}
        self._total = 0
        self._last_time: float | None = None
        self.seq = 0
        self.lenient = 0
        self.refused = 0
        self._objects: Quick | None = None
        self._texts: QuickText | None = None
        self._held: _Held | None = None

    def belongs(self, subject: Subject) -> None:
        """Tell which stream this is; what most of its lines say is made when somebody looks at them."""
        if self._reader.takes_json:
            self._objects = Quick(self._reader, subject)
        if self._reader.takes_text:
            self._texts = QuickText(self._reader, subject)

    @property
    def format(self) -> str:
        """The format of most of the last lines; empty before the first."""
        return self._reader.forced or max(self._seen, key=self._seen.__getitem__, default="")

    @property
    def held(self) -> int:
        """Lines taken of which no record tells yet."""
        return self._assembler.held + (self._held is not None)

    def parse(
        self, lines: Iterable[Line], arrival: float, now: float, *, backlog: bool = False
    ) -> list[LogRecord]:
        """The records that ``lines`` complete.

        ``arrival`` (UTC epoch seconds) dates what tells no time, but a backlog's line has the time of
        the one before it. ``now`` (CLOCK_BOOTTIME) measures how long a record is held.
        """
        out: list[LogRecord] = []
        whole: list[RawRecord] = []
        objects, texts, assembler = self._objects, self._texts, self._assembler
        for data, lost in lines:
            fallback = self._last_time if backlog and self._last_time is not None else arrival
            first = data[:1]
            if lost or first in _JOIN_ANY or assembler.blocked:
                made = None
            elif first == b"{":
                made = objects.record(data, fallback) if objects is not None and assembler.idle else None
            else:
                made = texts.record(data, fallback) if texts is not None else None
            if made is None:
                self._reopen()
                self._numbered(whole, out)
                out += map(self._made, assembler.take(data, lost, fallback, now))
                continue
            held = self._held
            if held is not None:
                whole.append(held[0])
            elif not assembler.idle:
                self._numbered(whole, out)
                out += map(self._made, assembler.end())
            if first == b"{":
                self._held = None
                whole.append(made)
            else:
                self._held = (made, fallback, now)
            if backlog:
                self._numbered(whole, out)
        self._numbered(whole, out)
        return out

    def flush(self, now: float, *, force: bool = False) -> list[LogRecord]:
        """The open record, unless more of its stack trace may still come."""
        out: list[LogRecord] = []
        if force and self._assembler.held:
            # what a wrapper holds may join it
            self._reopen()
        held, self._held = self._held, None
        if held is not None:
            self._numbered([held[0]], out)
        out += map(self._made, self._assembler.flush(now, force=force))
        return out

    def _numbered(self, whole: list[RawRecord], out: list[LogRecord]) -> None:
        """Number, count and give out records of the quick way."""
        seq, name, run = self.seq, "", 0
        for made in whole:
            seq += 1
            _seq(made, seq)
            if made.timed:
                self._last_time = made.time
            if made.teller.format is not name:
                self._count(name, run)
                name, run = made.teller.format, 0
            run += 1
        self._count(name, run)
        self.seq = seq
        out += whole
        whole.clear()

    def _reopen(self) -> None:
        """Let the line held stand open as the long way has it: one came that may join it."""
        held, self._held = self._held, None
        if held is not None:
            made, arrival, now = held
            told, text = reopened(made)
            self._assembler.begin(told, made.raw, text, arrival, now)

    def _made(self, record: Assembled) -> LogRecord:
        told, showing = record.told, self._showing
        if record.rung is not Rung.STRICT:
            self.lenient += record.rung is Rung.LENIENT
            self.refused += record.rung is Rung.REFUSED
        showing.hostile = record.hostile
        text = record.text
        clean = is_clean(text) and (record.rung is Rung.STRICT or isinstance(text, str))
        message = self._display.message(told, text, clean=clean)
        fields = self._display.fields(told, clean=clean)
        if record.below:
            fields.append((Shown("stack"), showing.text("\n".join(record.below))))
        if told.time is not None:
            self._last_time = told.time
        self._count(told.format, 1)
        self.seq += 1
        # straight to the slots: a frozen class does that at four times the price, for every line
        made = _new(LogRecord)
        _seq(made, self.seq)
        _time(made, record.arrival if told.time is None else told.time)
        _timed(made, told.time is not None)
        _severity(made, told.severity)
        _message(made, message)
        _raw(made, record.bytes)
        _fields(made, tuple(fields))
        _parsed(made, told.ok)
        _hostile(made, showing.hostile)
        _lost(made, record.lost)
        return made

    def _count(self, name: str, records: int) -> None:
        """Count records of a format; the halving comes where it would come one by one."""
        while records:
            seen, step = self._seen, min(records, _REMEMBERED - self._total)
            seen[name] = seen.get(name, 0) + step
            records -= step
            self._total += step
            if self._total >= _REMEMBERED:
                self._total = 0
                self._seen = {known: count // 2 for known, count in seen.items() if count > 1}
