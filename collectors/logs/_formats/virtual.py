"""The virtual fields: which paths tell logger, trace, request, error, stack, duration, service and host."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from collectors.lines.durations import of_text, of_value
from collectors.lines.traces import is_decimal, trace_id
from collectors.logs._formats.joins import opens_trace
from collectors.logs._formats.keyed import text_of

ABSENT: Final = None

LOGGER = (
    *("logger", "logger_name", "loggerName", "log.logger", "SourceContext", "Category", "logger.name"),
    *("component", "@module", "SYSLOG_IDENTIFIER"),
)
TRACE = (
    *("trace_id", "traceId", "trace.id", "traceID", "TraceId", "TRACE_ID", "traceid", "trace"),
    *("traceparent", "logging.googleapis.com/trace", "xray_trace_id", "@tr", "otelTraceID", "_trace_id"),
    *("contextMap.traceId", "contextMap.trace_id", "mdc.traceId", "X-B3-TraceId", "x-b3-traceid", "b3"),
    *("X-Amzn-Trace-Id", "x-amzn-trace-id", "X-Cloud-Trace-Context", "x-cloud-trace-context"),
    *("span.trace_id", "context.trace_id", "trace_context.trace_id", "dd.trace_id", "dd_trace_id"),
)
REQUEST = (
    *("request_id", "requestId", "request.id", "req_id", "reqId", "req.id", "requestID", "RequestId"),
    *("x_request_id", "x-request-id", "X-Request-Id", "X-Request-ID", "http.request.id", "REQUEST_ID"),
    *("correlation_id", "correlationId", "CorrelationId", "function_request_id", "aws_request_id"),
    *("awsRequestId", "record.requestId", "contextMap.requestId", "contextMap.request_id", "_request_id"),
)
ERROR = (
    *("error.message", "err.message", "exception.message", "thrown.message", "error", "err", "errorMessage"),
    *("error_message", "exception", "exc_info", "exc", "@x"),
)
STACK = (
    *("stack_trace", "stacktrace", "stackTrace", "error.stack_trace", "error.stack", "err.stack", "stack"),
    *("exception.stacktrace", "exception.stack_trace", "traceback", "exception", "exc_info", "exc_text"),
    *("thrown.extendedStackTrace", "thrown.extended_stack_trace", "@x", "err_trace", "errorVerbose"),
)
DURATION = (
    *(
        "duration",
        "duration_ms",
        "durationMs",
        "duration_s",
        "duration_seconds",
        "duration_us",
        "duration_ns",
    ),
    *("elapsed", "elapsed_ms", "elapsedMs", "elapsed_us", "Elapsed", "ElapsedMilliseconds"),
    *("latency", "latency_ms", "latencyMs", "latency_us", "latencyNs", "latency_ns", "responseTime"),
    *("response_time", "response_time_ms", "request_time", "event.duration", "httpRequest.latency", "took"),
    *("took_millis", "time_taken", "_duration", "_duration_ms", "contextMap.duration", "Duration"),
)
SERVICE = (
    *("service.name", "service", "serviceName", "service_name", "app", "application", "app_name"),
    *("dd.service", "kubernetes.labels.app", "resource.attributes.service.name", "_SYSTEMD_UNIT"),
)
HOST = ("host.name", "hostname", "host", "_HOSTNAME", "host_name", "MachineName", "kubernetes.host")

PATHS: dict[str, tuple[str, ...]] = {
    "logger": LOGGER,
    "trace": TRACE,
    "request": REQUEST,
    "error": ERROR,
    "stack": STACK,
    "duration": DURATION,
    "service": SERVICE,
    "host": HOST,
}

_DEEPEST = 8
_MOST_FRAMES = 200
_KEY_SETS = 512
_MOST_KEYS = 128


class Paths:
    """Which of the paths of virtual fields can lead anywhere, remembered for each set of keys."""

    def __init__(self, aliases: Mapping[str, tuple[str, ...]]) -> None:
        self._aliases = {virtual: aliases[virtual] for virtual in PATHS}
        self._known: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}

    def of(self, found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        """Virtual field → its paths that begin with a key of the object."""
        keys = tuple(found)
        known = self._known.get(keys)
        if known is None:
            known = {
                virtual: tuple(path for path in paths if _leads(path, found))
                for virtual, paths in self._aliases.items()
            }
            if len(self._known) >= _KEY_SETS:
                self._known.clear()
            if len(keys) <= _MOST_KEYS:
                self._known[keys] = known
        return known


def _leads(path: str, found: dict[str, Any]) -> bool:
    if path in found:
        return True
    end = path.find(".")
    while end > 0:
        if path[:end] in found:
            return True
        end = path.find(".", end + 1)
    return False


def at(found: Any, path: str) -> Any:  # noqa: ANN401 - any value of JSON
    """What stands at a dotted path, flat before nested at each step; ABSENT for nothing and for null."""
    for _ in range(_DEEPEST):
        if type(found) is not dict:
            return ABSENT
        if path in found:
            return found[path]
        head, dot, path = path.partition(".")
        if not dot:
            return ABSENT
        found = found.get(head)
    return ABSENT


def word_of(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    """The first text or whole number."""
    for path in paths:
        value = at(found, path)
        if type(value) is str and value:
            return value
        if type(value) is int and abs(value) < 1 << 128:
            return str(value)
    return None


def trace_of(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    """The first trace id, in the one form."""
    for path in paths:
        value = at(found, path)
        if value is not None and (known := trace_id(value, decimal=is_decimal(path))) is not None:
            return known
    return None


def duration_of(
    found: dict[str, Any], paths: tuple[str, ...], message: str, unit_of: Callable[[str], float | None]
) -> float | None:
    """Seconds of the first duration whose unit is known."""
    for path in paths:
        value = at(found, path)
        if value is not None and (seconds := of_value(value, unit_of(path))) is not None:
            return seconds
    if message.startswith("duration: "):
        # PostgreSQL: duration: 0.963 ms  statement: select 1
        return of_text(message[10:42].partition(" ms")[0] + "ms")
    return None


def stack_of(found: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    """The first text of several lines, or frames told as objects."""
    for path in paths:
        value = at(found, path)
        if type(value) is str and "\n" in value:
            return value
        if type(value) is list and value:
            return "\n".join(text_of(one) or _frame(one) for one in value[:_MOST_FRAMES])
    return None


def _frame(one: object) -> str:
    """One frame of zerolog's, or one exception of structlog's with all of its frames."""
    if not isinstance(one, dict):
        return ""
    if isinstance(one.get("frames"), list):
        head = f"{one.get('exc_type', '')}: {one.get('exc_value', '')}"
        return "\n".join([*(_frame(frame) for frame in one["frames"][:_MOST_FRAMES]), head])
    name = one.get("func") or one.get("name") or one.get("function") or "?"
    place = one.get("source") or one.get("filename") or one.get("file") or "?"
    return f"  {name} ({place}:{one.get('line') or one.get('lineno') or '?'})"


def error_of(found: dict[str, Any], paths: tuple[str, ...], stack: str | None) -> str | None:
    """The error in one line: its own field, or the line of the stack that names it."""
    for path in paths:
        value = at(found, path)
        if type(value) is str and value:
            return _told_line(value)
        if type(value) is dict and (text := text_of(value)):
            return text
        if type(value) is list and value and isinstance(value[0], dict) and "exc_value" in value[0]:
            return f"{value[0].get('exc_type')}: {value[0]['exc_value']}"
    return None if stack is None else _told_line(stack)


def _told_line(text: str) -> str:
    """The line of a stack trace that names the error: Python's last, everybody else's first."""
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line and not line[0].isspace()]
    if not lines:
        return text.strip().partition("\n")[0]
    return lines[-1] if opens_trace(lines[0]) and not lines[0].startswith("Caused by") else lines[0]
