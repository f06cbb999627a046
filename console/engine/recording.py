r"""Recording: an append-only compressed file of sweeps, verdicts and events; one for each run.

Format 1: the line ``quarterdeck recording 1\\n``, then blocks of 12 bytes head (little-endian uint32
length, float64 UTC epoch seconds of its first entry) and a zlib-compressed msgpack list of entries:
``["head", name, environment, version]``, ``["sweep", collector, instance, taken, complete, readings]`` with
readings ``[practice, service, key, label, level, reason, {field: [value, known, unit]}]``,
``["verdicts", at, [[level, rule, service, practice, reason]]]``, ``["event", at, kind, service, text]``.
A torn last block is left out when it is read.
"""

import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from collectors.model.practice import Practice
from collectors.model.quantity import Known, Quantity, Unit
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.model.verdict import Verdict
from collectors.text import Shown
from console.engine.history import History
from console.engine.state import Event, SourceId

MAGIC = b"quarterdeck recording 1\n"
SUFFIX = ".qdr"
MOST_BYTES = 64 * 2**20
"""Bytes of one recording; then it ends and says so."""

MOST_FILES = 20
"""Recordings kept of one console; the oldest go first."""

BLOCK = 128 * 1024
FLUSH_AFTER = 5.0

_HEAD = struct.Struct("<Id")
_KNOWN = {known: code for code, known in enumerate(Known)}


class RecordingError(Exception):
    """A recording cannot be written or read; the message says which and why."""


class Recorder:
    """Writes one recording. ``stopped`` says why it no longer does, and is empty while it does."""

    def __init__(
        self, path: Path, name: str, environment: str, version: str, limit: int = MOST_BYTES
    ) -> None:
        self.path = path
        self.stopped = ""
        self.written = 0
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: list[Any] = [["head", name, environment, version]]
        self._began = time.time()
        self._pending = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
            self._write(MAGIC)
        except OSError as error:
            raise RecordingError(f"cannot record to {path}: {error.strerror}") from error

    def sweep(self, source: SourceId, sweep: Sweep, verdicts: Sequence[Verdict]) -> None:
        """Add one pass."""
        readings = [
            [
                str(reading.practice),
                reading.subject.service,
                reading.subject.id.key,
                str(reading.subject.label),
                str(verdict.level),
                str(verdict.reason),
                {
                    name: _packed(quantity)
                    for name, quantity in reading.quantities().items()
                    if quantity.is_known
                },
            ]
            for reading, verdict in zip(sweep.readings, verdicts, strict=True)
        ]
        self._add(
            ["sweep", source.collector, source.instance, sweep.taken, sweep.complete, readings], sweep.taken
        )

    def findings(self, at: float, findings: Sequence[Verdict]) -> None:
        """Add the findings of a moment."""
        told = [
            [str(one.level), one.rule, one.service, str(one.practice), str(one.reason)] for one in findings
        ]
        self._add(["verdicts", at, told], at)

    def event(self, event: Event) -> None:
        """Add something that changed."""
        self._add(["event", event.at, event.kind, event.service, str(event.text)], event.at)

    def due(self, now: float) -> bool:
        """Whether it is time to flush."""
        return bool(self._entries) and (now - self._began >= FLUSH_AFTER or self._pending >= BLOCK)

    def flush(self) -> None:
        """Write what is pending as one block; a full disk or the limit ends the recording."""
        with self._lock:
            entries, self._entries, began = self._entries, [], self._began
            self._began, self._pending = time.time(), 0
        if not entries or self.stopped:
            return
        body = zlib.compress(msgspec.msgpack.encode(entries), 3)
        if self.written + len(body) + _HEAD.size > self._limit:
            self.stopped = f"{self.path.name} has reached {self._limit // 2**20} MiB"
            return
        try:
            self._write(_HEAD.pack(len(body), began) + body)
        except OSError as error:
            self.stopped = f"{self.path.name}: {error.strerror}"

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        os.close(self._fd)

    def _add(self, entry: list[Any], at: float) -> None:
        with self._lock:
            if not self._entries:
                self._began = at
            self._entries.append(entry)
            self._pending += 64 + 200 * (len(entry[-1]) if isinstance(entry[-1], list) else 1)

    def _write(self, data: bytes) -> None:
        done = os.write(self._fd, data)
        if done != len(data):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - done)
            raise OSError(28, "no space left on device")
        self.written += done


def entries(path: Path, since: float = 0.0) -> Iterator[list[Any]]:
    """The entries of a recording from the block that holds ``since`` on; a torn tail is left out.

    Raises RecordingError for a file that is no recording of a format we know.
    """
    with path.open("rb") as file:
        if file.readline(64) != MAGIC:
            raise RecordingError(f"{path} is not a recording of format 1")
        for offset, length in _blocks(file.fileno(), since):
            body = os.pread(file.fileno(), length, offset)
            try:
                yield from msgspec.msgpack.decode(zlib.decompress(body))
            except (zlib.error, msgspec.DecodeError) as error:
                raise RecordingError(f"{path} is damaged at byte {offset}: {error}") from error


def read_back(folder: Path, history: History, since: float) -> tuple[int, list[Event]]:
    """Fill the history with the samples since ``since`` of earlier runs: how many, and the events."""
    count, events = 0, []
    for path in recordings(folder):
        if path.stat().st_mtime < since:
            continue
        try:
            for entry in entries(path, since):
                if entry[0] == "sweep" and entry[3] >= since:
                    count += _restore(entry, history)
                elif entry[0] == "event" and entry[1] >= since:
                    events.append(Event(entry[1], entry[2], entry[3], Shown(entry[4])))
        except (RecordingError, IndexError, ValueError):
            continue
    return count, events


def recordings(folder: Path) -> list[Path]:
    """The recordings of a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def prune(folder: Path, keep: int = MOST_FILES) -> None:
    """Delete the oldest recordings beyond ``keep``."""
    for path in recordings(folder)[: -keep or None]:
        path.unlink(missing_ok=True)


def _restore(entry: list[Any], history: History) -> int:
    _kind, collector, instance, taken, _complete, readings = entry
    for practice, _service, key, _label, _level, _reason, quantities in readings:
        subject = SubjectId(Practice(practice), collector, instance, key)
        history.add(subject, taken, {name: _unpacked(packed) for name, packed in quantities.items()})
    return len(readings)


def _packed(quantity: Quantity) -> list[Any]:
    return [quantity.value, _KNOWN[quantity.known], str(quantity.unit)]


def _unpacked(packed: list[Any]) -> Quantity:
    value, known, unit = packed
    return Quantity(value, Unit(unit), tuple(Known)[known])


def _blocks(fd: int, since: float) -> list[tuple[int, int]]:
    """Offset and length of the blocks that may hold entries from ``since`` on."""
    end = os.fstat(fd).st_size
    at = len(MAGIC)
    found: list[tuple[float, int, int]] = []
    while at + _HEAD.size <= end:
        length, began = _HEAD.unpack(os.pread(fd, _HEAD.size, at))
        if at + _HEAD.size + length > end:
            break
        found.append((began, at + _HEAD.size, length))
        at += _HEAD.size + length
    first = max([index for index, block in enumerate(found) if block[0] <= since], default=0)
    return [(offset, length) for _began, offset, length in found[first:]]
