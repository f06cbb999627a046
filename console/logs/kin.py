"""What makes records of several services belong together: a trace id, or else a request id."""

from dataclasses import dataclass

from collectors.lines.traces import is_decimal, same_trace, trace_id
from collectors.logs._formats.virtual import REQUEST, TRACE
from collectors.model.logs import LogRecord, RawRecord
from console.logs.ring import text_of

_TRACES = frozenset(name.lower() for name in TRACE)
_REQUESTS = frozenset(name.lower() for name in REQUEST)
_SHARED = 16
_ESCAPE = b"\\"


@dataclass(frozen=True, slots=True)
class Kin:
    """``kind``: trace or request; ``id``: its one form."""

    kind: str
    id: str

    @property
    def needles(self) -> tuple[str, ...]:
        """One of these stands in the text of every record that belongs to it."""
        if self.kind != "trace":
            return (self.id,)
        # every hexadecimal form has the last digits in one piece; Datadog writes them as a decimal number
        last = self.id[-_SHARED:]
        return last, last.upper(), str(int(last, 16))

    def holds(self, other: "Kin | None") -> bool:
        """Whether both mean one trace or request."""
        if other is None or other.kind != self.kind:
            return False
        return same_trace(self.id, other.id) if self.kind == "trace" else self.id == other.id


def kin_of(record: LogRecord) -> Kin | None:
    """What a record belongs to; None where its line tells neither."""
    request = ""
    for name, value in record.fields:
        lowered = name.lower()
        if lowered in _TRACES:
            found = trace_id(str(value), decimal=is_decimal(lowered))
            if found is not None:
                return Kin("trace", found)
        elif lowered in _REQUESTS and value and not request:
            request = value
    return Kin("request", request) if request else None


def belongs(record: LogRecord, kin: Kin, needles: tuple[str, ...]) -> bool:
    """Whether a record belongs to it, quick for most that do not; ``needles`` are the kin's."""
    if type(record) is RawRecord and _ESCAPE not in record.raw:
        # what a line says stands in it as it is: most need not be read
        text = record.raw.decode("utf-8", "replace")
    else:
        text = text_of(record)
    for needle in needles:
        if needle in text:
            return kin.holds(kin_of(record))
    return False
