"""Loggers known by the keys of their lines: their scale of levels, and the unit of their bare durations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from collectors.logs._formats.severity import GCP, LOGBACK, OTEL, PINO, PYTHON, SYSLOG, Scale
from collectors.model.logs import Severity


@dataclass(frozen=True, slots=True, eq=False)
class Logger:
    """What is known of a logger; ``keys`` are the evidence, the other attributes what follows from it.

    ``words``: names of levels that only this logger means so.
    ``span``: seconds per 1 of a bare number in a duration. ``units``: the same of single fields.
    ``paths``: virtual field → paths that only this logger means so, asked first.
    """

    name: str
    keys: frozenset[str] = frozenset()
    scale: Scale | None = None
    scale_words: str = ""
    words: Mapping[str, Severity] = field(default_factory=dict)
    span: float | None = None
    units: Mapping[str, float] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _logger(
    name: str,
    keys: str,
    scale: tuple[Scale, str] | None = None,
    *,
    words: Mapping[str, Severity] | None = None,
    span: float | None = None,
    units: Mapping[str, float] | None = None,
    **paths: str,
) -> Logger:
    split = {virtual: tuple(words.split()) for virtual, words in paths.items()}
    numbers, told = scale or (None, "")
    return Logger(name, frozenset(keys.split()), numbers, told, words or {}, span, units or {}, split)


_SYSLOG = (SYSLOG, "syslog's 0 emergency to 7 debug")
_PINO = (PINO, "10 trace to 60 fatal, 40 is warning")
_PYTHON = (PYTHON, "Python's 10 debug to 50 critical, 30 is warning")
_OTEL = (OTEL, "OpenTelemetry's 1 trace to 24 fatal")
_LOGBACK = (LOGBACK, "10000 debug to 40000 error")
_GCP = (GCP, "Google's 100 debug to 800 emergency")

_NGINX_UNITS = dict.fromkeys(
    ("request_time", "upstream_response_time", "upstream_connect_time", "upstream_header_time"), 1.0
)
_PINO_UNITS = {"responseTime": 1e-3}

LOGGERS: tuple[Logger, ...] = (
    _logger("otlp", "timeUnixNano body", _OTEL, logger="scope.name", host="host.name"),
    _logger("gelf", "short_message", _SYSLOG, logger="_logger facility"),
    _logger("journald", "__REALTIME_TIMESTAMP", _SYSLOG, logger="SYSLOG_IDENTIFIER", service="_SYSTEMD_UNIT"),
    _logger("logback", "level_value", _LOGBACK),
    _logger("otel", "severity_number body", _OTEL, error="attributes.exception.message"),
    _logger("otel", "severityNumber body", _OTEL),
    _logger("serilog", "@t", words={"Verbose": Severity.TRACE}, units={"Elapsed": 1e-3}),
    _logger("ecs", "ecs @timestamp", units={"event.duration": 1e-9}),
    _logger("ecs", "ecs.version", units={"event.duration": 1e-9}),
    _logger("log4j2", "loggerFqcn"),
    _logger("log4j2", "instant loggerName"),
    _logger("postgres", "error_severity", logger="backend_type"),
    _logger("bunyan", "hostname pid level v", _PINO, logger="name"),
    _logger("pino", "hostname pid level", _PINO, logger="name", units=_PINO_UNITS),
    _logger("gcp", "severity httpRequest", _GCP),
    _logger("gcp", "severity timestampSeconds", _GCP),
    _logger("gcp", "severity logging.googleapis.com/trace", _GCP),
    _logger("lambda", "type record time", duration="record.metrics.durationMs"),
    _logger("powertools", "level location xray_trace_id", logger="location"),
    _logger("caddy", "ts logger msg request status", span=1.0, error="error err_trace"),
    _logger("zap", "ts msg caller", span=1.0),
    _logger("zap", "ts msg logger level", span=1.0),
    _logger("python", "levelno", _PYTHON, logger="name"),
    _logger("python", "levelname", _PYTHON, logger="name"),
    _logger("structlog", "level_number event", _PYTHON),
    _logger("structlog", "event level timestamp", _PYTHON),
    _logger("python", "lineno", _PYTHON, logger="name"),
    _logger("pino", "level time msg pid", _PINO, logger="name", units=_PINO_UNITS),
    _logger("nginx", "request_time request status", span=1.0, units=_NGINX_UNITS),
    _logger("mongodb", "t s c ctx msg", logger="c", level="s"),
    _logger(
        "heroku", "at dyno connect service", span=1e-3, duration="service", service="dyno", message="desc"
    ),
)
"""The first whose keys a line has is meant; the order tells which evidence is better."""

SLOG = _logger("slog", "time level msg", span=1e-9)
LOGRUS = _logger("logrus", "level msg time", span=1e-9)
ZEROLOG = _logger("zerolog", "time level message", span=1e-3)
LOGURU = _logger("loguru", "record text", _PYTHON)
LOGSTASH = _logger("logstash", "@fields @message")
WINSTON = _logger("winston", "level message")
UNKNOWN = Logger("")

_ALL = (*LOGGERS, SLOG, LOGRUS, ZEROLOG, LOGURU, LOGSTASH, WINSTON)
BY_NAME: dict[str, Logger] = {logger.name: logger for logger in reversed(_ALL)}


_PINO_LEVELS = (10, 20, 30, 40, 50, 60)
_LEAST_KEYS = 4


def logger_of(found: dict[str, Any]) -> Logger:
    """The logger that writes lines with these keys in this order; UNKNOWN where no evidence tells."""
    keys = found.keys()
    for logger in LOGGERS:
        if keys >= logger.keys:
            return logger
    if keys >= SLOG.keys:
        if list(islice(keys, 2)) == ["time", "level"]:
            return SLOG
        if type(found["level"]) is int:
            return BY_NAME["pino"]
        return LOGRUS if list(keys) == sorted(keys) else UNKNOWN
    if keys >= ZEROLOG.keys and next(iter(keys)) == "level" and next(reversed(found)) == "message":
        return ZEROLOG
    return UNKNOWN


def by_order(found: dict[str, Any], time: str, level: str, message: str, *, go: bool) -> Logger:
    """The logger whose order the keys have, whatever it was told to call them.

    ``time``, ``level`` and ``message`` are the keys of these facts; ``go``: the stream names Go's source
    files, without which nobody may think of Go's units.
    """
    keys = list(found)
    size, first = len(keys), keys[0]
    if first == level and type(found[level]) is int and keys[1] == time and keys[-1] == message:
        return BY_NAME["pino"] if found[level] in _PINO_LEVELS else UNKNOWN
    if not go or size < _LEAST_KEYS:
        return UNKNOWN
    if keys[:2] == [time, level] and message in keys[2:4]:
        return SLOG
    if first == level and keys[1] == time and message in keys[2:5] and keys[-1] != message:
        return BY_NAME["zap"]
    if first == level and keys[-1] == message and time in keys[-3:]:
        return ZEROLOG
    return LOGRUS if keys == sorted(keys) else UNKNOWN
