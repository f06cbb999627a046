"""Which keys tell time, level and message: tables from the loggers' own output, asked in this order."""

TIME = (
    "timestamp", "time", "@timestamp", "ts", "@t", "asctime", "__REALTIME_TIMESTAMP", "timeUnixNano",
    "_SOURCE_REALTIME_TIMESTAMP", "instant", "timeMillis", "datetime", "eventTime", "event_time", "log_time",
    "timestampSeconds", "time_iso8601", "msec", "time_local", "date", "created", "t", "when",
    "observed_timestamp", "observedTimeUnixNano",
)  # fmt: skip
LEVEL = (
    "level", "severity", "log.level", "levelname", "lvl", "@l", "@level", "loglevel", "log_level",
    "severity_text", "severityText", "error_severity", "PRIORITY", "level_name", "severity_number",
    "severityNumber", "levelno", "level_value",
)  # fmt: skip
MESSAGE = (
    "message", "msg", "event", "body", "MESSAGE", "short_message", "@message", "@m", "@mt", "textPayload",
    "text", "log", "RenderedMessage", "MessageTemplate",
)  # fmt: skip
INSTEAD = ("request", "uri", "path", "error", "err", "exception", "reason", "type", "name")
"""What may stand for a message where a line has none."""
