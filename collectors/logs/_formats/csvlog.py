"""Lines of PostgreSQL's ``log_destination = csvlog``: no header, quoted fields that may hold newlines.

The columns are those of PostgreSQL's documentation, "Using CSV-Format Log Output": 23 up to version 12,
24 in 13, 26 since 14.
"""

import re
from typing import Any

COLUMNS = (
    *("log_time", "user_name", "database_name", "process_id", "connection_from", "session_id"),
    *("session_line_num", "command_tag", "session_start_time", "virtual_transaction_id"),
    *("transaction_id", "error_severity", "sql_state_code", "message", "detail", "hint"),
    *("internal_query", "internal_query_pos", "context", "query", "query_pos", "location"),
    *("application_name", "backend_type", "leader_pid", "query_id"),
)
FEWEST = 23
_NUMBERS = frozenset({
    "process_id", "session_line_num", "transaction_id", "internal_query_pos", "query_pos", "leader_pid",
})  # fmt: skip

_HEAD = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{1,6}| ?[+-][\d:]{2,8}),"
    rb'(?:"[^"\n]{0,128}")?,(?:"[^"\n]{0,128}")?,\d{0,10},'
)


def begins(data: bytes) -> bool:
    """Whether a line is the first of a record."""
    return _HEAD.match(data[:400]) is not None


def read(text: str) -> dict[str, Any] | None:
    """A record's columns that are not empty, numbers as such; None where it has too few columns."""
    values = _split(text)
    if values is None or len(values) < FEWEST:
        return None
    found: dict[str, Any] = {}
    for name, value in zip(COLUMNS, values, strict=False):
        if value:
            short = name in _NUMBERS and len(value) < 20 and value.isascii() and value.isdecimal()
            found[name] = int(value) if short else value
    return found


def _split(text: str) -> list[str] | None:
    """Fields between commas; quoted ones may hold commas, newlines, and quotation marks written twice."""
    values: list[str] = []
    at, end = 0, len(text)
    while len(values) < 2 * len(COLUMNS):
        if text[at : at + 1] == '"':
            closing = text.find('"', at + 1)
            while closing >= 0 and text[closing + 1 : closing + 2] == '"':
                closing = text.find('"', closing + 2)
            if closing < 0:
                return None
            values.append(text[at + 1 : closing].replace('""', '"'))
            at = closing + 1
            if at < end and text[at] != ",":
                return None
        else:
            comma = text.find(",", at)
            values.append(text[at : comma if comma >= 0 else end])
            at = comma if comma >= 0 else end
        if at >= end:
            return values
        at += 1
    return None
