"""Log files as real services write them: JSON lines, logfmt, plain text."""

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE_SIZE = 4_000_000
NOTHING: Mapping[str, Any] = MappingProxyType({})
# what the request being served says about itself: request_id, trace_id, region, user_id
request_fields: ContextVar[Mapping[str, Any]] = ContextVar("request_fields", default=NOTHING)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the record as the ordered fields of a structured line."""
    stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, Any] = {
        "timestamp": stamp.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
        "logger": record.name,
    }
    fields |= request_fields.get()
    fields |= getattr(record, "fields", {})
    if record.exc_info:
        fields["exception"] = logging.Formatter().formatException(record.exc_info)
    return fields


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with structlog's names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(_fields(record), ensure_ascii=False, default=str)


class LogfmtFormatter(logging.Formatter):
    """`key=value` pairs; values with blanks, quotes or equal signs are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return " ".join(f"{key}={self._value(value)}" for key, value in _fields(record).items())

    @staticmethod
    def _value(value: object) -> str:
        text = str(value)
        if text and not any(mark in text for mark in ' "=\n\t'):
            return text
        return json.dumps(text, ensure_ascii=False)


def plain() -> logging.Formatter:
    """Return what a program without structured logs writes, tracebacks included."""
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def write_to(path: Path, formatter: logging.Formatter) -> RotatingFileHandler:
    """Send all records of this process from INFO up to `path`, which is rotated at 4 MB and kept once."""
    handler = RotatingFileHandler(path, maxBytes=FILE_SIZE, backupCount=1, encoding="utf-8")
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # each request has a line of its own already
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return handler


def log(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Write one structured record."""
    logger.log(level, event, extra={"fields": fields})
