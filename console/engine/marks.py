"""Marks by hand: ``quarterdeck mark TEXT`` appends one, every open console of the same name reads it."""

import json
import os
from pathlib import Path

from collectors.text import one_line
from console.engine.state import Event

FILE = "marks.jsonl"
MOST_LINE = 4096


def append(folder: Path, at: float, text: str, service: str, who: str) -> None:
    """Add a mark (UTC epoch seconds); raises OSError where it cannot be written whole."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {"at": at, "text": str(one_line(text)), "service": service, "who": who}
    line = json.dumps(told).encode()[: MOST_LINE - 1] + b"\n"
    fd = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.write(fd, line) != len(line):
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
                file.seek(self._offset)
                data = file.read(2**20)
        except OSError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        found = []
        for line in data[:whole].splitlines():
            try:
                told = json.loads(line)
                event = Event(float(told["at"]), "mark", str(told["service"]), one_line(told["text"]))
            except (ValueError, KeyError, TypeError):
                continue
            if event.at >= since:
                found.append(event)
        return found
