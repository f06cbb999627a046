"""The virtual fields: which paths tell logger, trace, request, error, stack, duration, service and host."""

from typing import Any, Final

ABSENT: Final = None

LOGGER = (
    *("logger", "logger_name", "loggerName", "log.logger", "SourceContext", "Category", "logger.name"),
    *("component", "SYSLOG_IDENTIFIER"),
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
