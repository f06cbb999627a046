"""Marks by hand: ``quarterdeck mark TEXT`` appends one, every open console of the same name reads it."""

import json
import math
import os
from pathlib import Path

from collectors.text import one_line
from console.engine.folders import make_private
from console.engine.state import Event

FILE = "marks.jsonl"
MOST_READ = 2**20
"""Bytes read at once; a line that is longer is passed over."""


def append(folder: Path, at: float, text: str, service: str, who: str) -> None:
    """Add a mark (UTC epoch seconds); raises OSError where it cannot be written whole."""
    make_private(folder)
    told = {
        "at": at,
        "text": str(one_line(text)),
        "service": str(one_line(service)),
        "who": str(one_line(who, 80)),
    }
    line = json.dumps(told).encode() + b"\n"
    fd = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        done = os.write(fd, line)
        if done != len(line):
            # the rest of a torn line must not swallow the next mark
            os.write(fd, b"\n")
            raise OSError(28, "no space left on device")
    finally:
        os.close(fd)


class Marks:
    """Follows the file of marks; a torn or foreign line is passed over."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._offset = 0

    def new(self, since: float) -> list[Event]:
        """Marks appended since the last call, those older than ``since`` left out."""
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset = 0
                file.seek(self._offset)
                data = file.read(MOST_READ)
        except OSError:
            return []
        whole = data.rfind(b"\n") + 1 or (len(data) if len(data) == MOST_READ else 0)
        self._offset += whole
        events = (_event(line) for line in data[:whole].splitlines())
        return [event for event in events if event is not None and event.at >= since]


def _event(line: bytes) -> Event | None:
    try:
        told = json.loads(line)
        at, text, service = float(told["at"]), one_line(told["text"]), str(one_line(told["service"]))
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None
    return Event(at, "mark", service, text) if math.isfinite(at) else None
