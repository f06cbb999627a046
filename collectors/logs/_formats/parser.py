"""Lines of one stream → records: JSON, then pairs, then text; every line ends in a record."""

from collections.abc import Iterable

from collectors.logs._formats.display import Display
from collectors.logs._formats.envelope import Envelope
from collectors.logs._formats.joins import HELD, Join, opens_trace
from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.ladder import Rung, read_json
from collectors.logs._formats.parsed import Parsed
from collectors.logs._formats.showing import Showing, is_clean
from collectors.logs._formats.text import NAMES, TextReader
from collectors.logs._formats.unwrap import colourless
from collectors.model.logs import LogRecord, Severity
from collectors.text import Shown, is_hostile
from collectors.transport.read.files_lines import Line

AUTO = "auto"
PLAIN = "plain"
FORMATS = (AUTO, "json", "logfmt", PLAIN, *NAMES)
"""What the option ``format`` takes; ``plain`` takes no line apart."""

_REMEMBERED = 512


class _Open:
    """A record of text to which lines may still join."""

    __slots__ = ("fallback", "hostile", "join", "lost", "more", "parsed", "raw", "size", "touched")

    def __init__(self, parsed: Parsed, line: Line, join: Join, fallback: float, touched: float) -> None:
        self.parsed = parsed
        self.raw = [line.data]
        self.size = len(line.data)
        self.lost = line.lost
        self.join = join
        self.more: list[str] = []
        self.hostile = False
        self.fallback = fallback
        self.touched = touched


class Parser:
    """Parses one stream; numbers its records from 1."""

    def __init__(self, format_name: str = AUTO) -> None:
        self._forced = "" if format_name == AUTO else format_name
        self._showing = Showing()
        self._display = Display(self._showing)
        self._keyed = Keyed()
        self._text = TextReader(self._keyed, self._forced if self._forced in NAMES else "")
        self._envelope = Envelope()
        self._open: _Open | None = None
        self._seen: dict[str, int] = {}
        self._total = 0
        self._last_time: float | None = None
        self.seq = 0

    @property
    def format(self) -> str:
        """The format of most of the last lines; empty before the first."""
        return self._forced or max(self._seen, key=self._seen.__getitem__, default="")

    @property
    def held(self) -> int:
        """Lines taken of which no record tells yet."""
        return (len(self._open.raw) if self._open is not None else 0) + self._envelope.held

    def parse(
        self, lines: Iterable[Line], arrival: float, now: float, *, backlog: bool = False
    ) -> list[LogRecord]:
        """The records that ``lines`` complete.

        ``arrival`` (UTC epoch seconds) dates what tells no time, but a backlog's line has the time of
        the one before it. ``now`` (CLOCK_BOOTTIME) measures how long a record is held.
        """
        out: list[LogRecord] = []
        for line in lines:
            fallback = self._last_time if backlog and self._last_time is not None else arrival
            self._take(line, fallback, now, out)
        return out

    def flush(self, now: float, *, force: bool = False) -> list[LogRecord]:
        """The open record, unless more of its stack trace may still come."""
        out: list[LogRecord] = []
        held = self._open is not None and self._open.join.in_trace and now - self._open.touched < HELD
        if force or not held:
            self._close(out)
        return out

    def _take(self, line: Line, fallback: float, now: float, out: list[LogRecord]) -> None:
        data = line.data
        if data[-1:] == b"\r":
            data = data[:-1]
        if data[:1] == b"\0":
            data = data.lstrip(b"\0")
        if data[:1].isdigit() and (inner := self._envelope.cri(data)) is not None:
            self._unwrapped(inner, line, fallback, now, out)
        elif self._forced in ("", "json") and data.lstrip(b" \t\xef\xbb\xbf")[:1] == b"{":
            self._object(data, line.lost, fallback, now, out)
        else:
            self._line(Line(data, line.lost), fallback, now, out)

    def _unwrapped(
        self,
        inner: tuple[bytes | None, float | None],
        line: Line,
        fallback: float,
        now: float,
        out: list[LogRecord],
    ) -> None:
        data, time = inner
        if data is None:
            return
        fallback = fallback if time is None else time
        if data[:1] == b"{":
            self._object(data, line.lost, fallback, now, out)
        else:
            self._line(Line(data, line.lost), fallback, now, out)

    def _object(self, data: bytes, lost: int, fallback: float, now: float, out: list[LogRecord]) -> None:
        found, rung = read_json(data)
        if found is None:
            self._line(Line(data, lost), fallback, now, out, refused=rung is Rung.REFUSED, broken=True)
            return
        if "log" in found and (inner := self._envelope.docker(found)) is not None:
            self._unwrapped(inner, Line(data, lost), fallback, now, out)
            return
        showing = self._showing
        showing.hostile = rung is not Rung.STRICT
        clean = rung is Rung.STRICT and is_clean(data.decode())
        parsed = self._display.parsed(self._keyed.told(found, "json"), clean=clean)
        if not parsed.message:
            parsed.message = showing.text(data.decode("utf-8", "replace"))
        if self._open is not None:
            self._close(out)
        self._emit(parsed, data, lost, fallback, out, hostile=showing.hostile)

    def _line(
        self,
        line: Line,
        fallback: float,
        now: float,
        out: list[LogRecord],
        *,
        refused: bool = False,
        broken: bool = False,
    ) -> None:
        """A line of text, or one that should have been JSON (``broken``)."""
        text, hostile = colourless(line.data)
        if not hostile and is_hostile(text):
            hostile = True
        showing = self._showing
        showing.hostile = hostile or refused
        clean = is_clean(text)
        parsed = None
        if self._forced not in (PLAIN, "json") and not broken:
            told = self._text.told(text, fallback, logfmt_too=self._forced in ("", "logfmt"))
            if told is not None:
                parsed = self._display.parsed(told, clean=clean)
        opened = self._open
        if opened is not None and not broken:
            fits = not opened.join.full(opened.size)
            if fits and opened.join.takes(text, has_head=parsed is not None):
                self._join(opened, line, text, now)
                return
        self._close(out)
        headed = parsed is not None and parsed.format != "logfmt"
        if parsed is None:
            ok = not broken and self.format in ("", PLAIN)
            parsed = Parsed(PLAIN, None, None, showing.text(text.rstrip(), clean=clean), [], ok)
        elif self._forced and parsed.format != self._forced:
            parsed.ok = False
        severity = parsed.severity
        join = Join(
            text, headed=headed, expects=headed and severity is not None and severity >= Severity.WARNING
        )
        self._open = _Open(parsed, line, join, fallback, now)
        self._open.hostile = showing.hostile

    def _join(self, opened: _Open, line: Line, text: str, now: float) -> None:
        opened.more.append(text)
        opened.raw.append(line.data)
        opened.size += len(line.data) + 1
        opened.lost += line.lost
        opened.touched = now
        opened.hostile |= self._showing.hostile

    def _close(self, out: list[LogRecord]) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        parsed = opened.parsed
        if opened.more:
            self._with_stack(parsed, opened)
        elif opens_trace(parsed.message):
            parsed.severity = parsed.severity or Severity.ERROR
        self._emit(parsed, b"\n".join(opened.raw), opened.lost, opened.fallback, out, hostile=opened.hostile)

    def _with_stack(self, parsed: Parsed, opened: _Open) -> None:
        """The lines below become a field; a bare trace gets its last line, the error, as message."""
        more = opened.more
        if parsed.format == PLAIN and opens_trace(parsed.message):
            parsed.severity = parsed.severity or Severity.ERROR
            parsed.ok = True
            told = next((line for line in reversed(more) if line and not line[0].isspace()), "")
            if told:
                more = [str(parsed.message), *more]
                parsed.message = self._showing.text(told)
        parsed.fields.append((Shown("stack"), self._showing.text("\n".join(more))))

    def _emit(
        self, parsed: Parsed, raw: bytes, lost: int, fallback: float, out: list[LogRecord], *, hostile: bool
    ) -> None:
        time = parsed.time
        timed = time is not None
        if time is None:
            time = fallback
        else:
            self._last_time = time
        self._count(parsed.format)
        self.seq += 1
        out.append(
            LogRecord(
                self.seq,
                time,
                timed,
                parsed.severity,
                parsed.message,
                raw,
                tuple(parsed.fields),
                parsed.ok,
                hostile,
                lost,
            )
        )

    def _count(self, name: str) -> None:
        seen = self._seen
        seen[name] = seen.get(name, 0) + 1
        self._total += 1
        if self._total >= _REMEMBERED:
            self._total = 0
            self._seen = {known: count // 2 for known, count in seen.items() if count > 1}
