"""The formats that the option ``format`` takes."""

from typing import Literal, get_args

Format = Literal[
    "auto", "json", "logfmt", "plain",
    "access", "apache", "bunyan", "caddy", "ecs", "gcp", "gelf", "heroku", "journald", "klog", "lambda",
    "log4j", "log4j2", "logback", "logrus", "logstash", "loguru", "mongodb", "nginx", "otel", "otlp",
    "pino", "postgres", "powertools", "python", "redis", "rq", "serilog", "slog", "stdlib", "structlog",
    "syslog", "winston", "zap", "zerolog",
]  # fmt: skip
"""``auto`` recognises them all; ``plain`` takes no line apart; the others are loggers and servers."""

AUTO = "auto"
PLAIN = "plain"
FORMATS: tuple[str, ...] = get_args(Format)
