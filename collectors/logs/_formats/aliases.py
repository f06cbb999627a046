"""Which keys tell what, by logger: tables from the loggers' own output."""

from collections.abc import KeysView
from itertools import islice

from collectors.logs._formats.severity import GCP, LOGBACK, OTEL, PINO, PYTHON, SYSLOG, Scale

TIME = (
    *("timestamp", "time", "@timestamp", "ts", "@t", "asctime", "__REALTIME_TIMESTAMP", "timeUnixNano"),
    *(
        "_SOURCE_REALTIME_TIMESTAMP",
        "instant",
        "timeMillis",
        "datetime",
        "eventTime",
        "event_time",
        "log_time",
    ),
    *(
        "timestampSeconds",
        "time_iso8601",
        "msec",
        "time_local",
        "date",
        "created",
        "t",
        "when",
        "observed_timestamp",
    ),
)
LEVEL = (
    *("level", "severity", "log.level", "levelname", "lvl", "@l", "loglevel", "log_level", "severity_text"),
    *(
        "severityText",
        "error_severity",
        "PRIORITY",
        "level_name",
        "severity_number",
        "severityNumber",
        "levelno",
    ),
    *("level_value",),
)
MESSAGE = (
    *("message", "msg", "event", "body", "MESSAGE", "short_message", "@message", "@m", "@mt", "textPayload"),
    *("text", "log", "Message"),
)
INSTEAD = ("request", "uri", "path", "error", "err", "exception", "reason", "type", "name")
"""What may stand for a message where a line has none."""

_PROFILES: tuple[tuple[str, frozenset[str], Scale | None], ...] = tuple(
    (name, frozenset(keys.split()), scale)
    for name, keys, scale in (
        ("gelf", "short_message", SYSLOG),
        ("journald", "__REALTIME_TIMESTAMP", SYSLOG),
        ("logback", "level_value", LOGBACK),
        ("otel", "severity_number", OTEL),
        ("otel", "severityNumber", OTEL),
        ("serilog", "@t", None),
        ("ecs", "ecs.version", None),
        ("log4j2", "loggerFqcn", None),
        ("postgres", "error_severity", None),
        ("bunyan", "hostname pid level v", PINO),
        ("pino", "hostname pid level", PINO),
        ("gcp", "severity httpRequest", GCP),
        ("gcp", "severity timestampSeconds", GCP),
        ("zap", "ts msg caller", None),
        ("python", "levelno", PYTHON),
        ("python", "levelname", PYTHON),
        ("structlog", "level_number event", PYTHON),
        ("structlog", "event level timestamp", PYTHON),
        ("python", "lineno", PYTHON),
        ("pino", "level time msg pid", PINO),
    )
)


def profile_of(keys: KeysView[str]) -> tuple[str, Scale | None]:
    """The logger that writes lines with these keys (empty: none known) and its scale of numbers."""
    for name, needed, scale in _PROFILES:
        if keys >= needed:
            return name, scale
    if keys >= {"time", "level", "msg"}:
        return ("slog" if list(islice(keys, 2)) == ["time", "level"] else "logrus"), None
    if keys >= {"time", "level", "message"} and next(iter(keys)) == "level":
        return "zerolog", None
    return "", None
