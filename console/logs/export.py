"""Answers as files: CSV or JSON by the file's name, for this user alone, never over another file."""

import json
import os
from pathlib import Path

from collectors.errors import QuarterdeckError
from console.logs.asking.answer import Answer
from console.logs.telling import answer_json, records_csv, table_csv

KINDS = (".csv", ".json")

MOST_RECORDS = 100_000
"""Records of an answer that are written, the newest."""


class ExportError(QuarterdeckError):
    """A file that cannot be written."""


def export(answer: Answer, path: str) -> Path:
    """Write an answer into a new file of mode 0600; raises ExportError with a remedy."""
    target = Path(path).expanduser()
    if target.suffix not in KINDS:
        raise ExportError(f"{target.name or 'this'} names no kind of file", "end it with .csv or .json")
    if target.suffix == ".json":
        text = json.dumps(answer_json(answer), indent=1) + "\n"
    elif answer.table is not None:
        text = table_csv(answer.table)
    else:
        text = records_csv(answer.records)
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        remedy = (
            "name another file"
            if isinstance(error, FileExistsError)
            else "name a place that you may write to"
        )
        raise ExportError(f"{target}: {error.strerror}", remedy) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise ExportError(f"{target}: {error.strerror}", "name a place with more room") from None
    return target.absolute()
