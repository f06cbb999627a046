"""What dead jobs have in common: their error without what varies from job to job; pure."""

import re

NO_ERROR = "no error kept"
"""The fingerprint of a job that does not say what went wrong."""

_LONGEST = 400
"""Characters of the line that are looked at."""

_VARYING = (
    (re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "#"),
    (re.compile(r"'[^']{0,200}'|\"[^\"]{0,200}\""), "'…'"),
    (re.compile(r"\d+(?:\.\d+)?"), "#"),
)
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?::|$)")


def raised(error: str) -> str:
    """The line of a traceback or message that says what was raised, at most 400 characters of it."""
    lines = [line for line in error.splitlines() if line.strip()]
    found = [line for line in lines if _RAISED.match(line) and not line.startswith("Traceback")]
    line = found[-1] if found else (lines[-1] if lines else NO_ERROR)
    return line[:_LONGEST]


def fingerprint(error: str) -> str:
    """That line without ids, texts and numbers."""
    line = raised(error)
    for pattern, mark in _VARYING:
        line = pattern.sub(mark, line)
    return line
