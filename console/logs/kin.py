"""What makes records of several services belong together: a trace id, or else a request id."""

from typing import NamedTuple

from collectors.model.logs import LogRecord
from console.logs.language.traces import trace_id
from console.logs.ring import text_of

TRACES = frozenset(
    (
        *("trace_id", "traceid", "trace.id", "trace", "trace-id", "traceparent", "oteltraceid"),
        *("otel.trace_id", "dd.trace_id", "x-amzn-trace-id", "xray_trace_id", "logging.googleapis.com/trace"),
    )
)
"""Fields that hold a trace id, in lower case."""

REQUESTS = frozenset(
    (
        *("request_id", "requestid", "request.id", "req.id", "reqid"),
        *("correlation_id", "correlationid", "x-request-id"),
    )
)
"""Fields that hold a request id, in lower case."""

_SHARED = 16


class Kin(NamedTuple):
    """``kind``: trace or request; ``id``: its one form."""

    kind: str
    id: str


def kin_of(record: LogRecord) -> Kin | None:
    """What a record belongs to; None where its line tells neither."""
    request = ""
    for name, value in record.fields:
        lowered = name.lower()
        if lowered in TRACES:
            found = trace_id(value)
            if found.strip("0"):
                return Kin("trace", found)
        elif lowered in REQUESTS and value and not request:
            request = value
    return Kin("request", request) if request else None


def belongs(record: LogRecord, kin: Kin) -> bool:
    """Whether a record belongs to it; quick for those that do not."""
    text = text_of(record)
    # every form of a trace id has its last digits in one piece
    if kin.id[-_SHARED:] not in text and kin.id[-_SHARED:].upper() not in text:
        return False
    return kin_of(record) == kin
