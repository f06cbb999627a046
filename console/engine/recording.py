r"""Recording: an append-only compressed file of sweeps, verdicts and events; one for each run.

Format 1: the line ``quarterdeck recording 1\\n``, then blocks of 12 bytes head (little-endian uint32
length, float64 UTC epoch seconds of its first entry) and a zlib-compressed msgpack list of entries:
``["head", name, environment, version]``, ``["sweep", collector, instance, taken, complete, readings]`` with
readings ``[practice, service, key, label, level, reason, {field: [value, known, unit]}]`` (known: 0 exact,
1 about, 2 at least), ``["verdicts", at, [[level, rule, service, practice, reason]]]``,
``["event", at, kind, service, text]``. A torn last block is left out when it is read. Texts and keys are
redacted: a subject whose key holds a secret is not known again.
"""

import contextlib
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
from collectors.text import Shown, redact
from console.engine.folders import make_private
from console.engine.history import COARSE, History
from console.engine.state import Event, SourceId

MAGIC = b"quarterdeck recording 1\n"
SUFFIX = ".qdr"
MOST_BYTES = 64 * 2**20
"""Bytes of one recording; then it ends and says so."""

MOST_FILES = 20
"""Recordings kept of one console; the oldest go first."""

MOST_BLOCK = 64 * 2**20
"""Bytes that one block may unpack to; more is damage."""

BLOCK = 128 * 1024
FLUSH_AFTER = 5.0
LATELY = 900.0
"""Seconds of which every pass is read back; of what is older one in a coarse step of the history."""

_HEAD = struct.Struct("<Id")
_KNOWN = (Known.EXACT, Known.ABOUT, Known.AT_LEAST)
_CODES = {known: code for code, known in enumerate(_KNOWN)}
_DAMAGE = (LookupError, TypeError, ValueError, OverflowError, OSError)


class RecordingError(Exception):
    """A recording cannot be written or read; the message says which and why."""


class Recorder:
    """Writes one recording. ``stopped`` says why it no longer does, and is empty while it does.

    Sweeps may come from one thread while another flushes.
    """

    def __init__(
        self, path: Path, name: str, environment: str, version: str, limit: int = MOST_BYTES
    ) -> None:
        self.path = path
        self.stopped = ""
        self.written = 0
        self._limit = limit
        self._overflowed = False
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._entries: list[Any] = [["head", name, environment, version]]
        self._began = time.time()
        self._pending = 0
        self._fd = -1
        try:
            make_private(path.parent)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
            self._write(MAGIC)
        except OSError as error:
            self._release()
            raise RecordingError(f"cannot record to {path}: {error.strerror}") from error

    def sweep(self, source: SourceId, sweep: Sweep, verdicts: Sequence[Verdict]) -> None:
        """Add one pass."""
        readings = [
            [
                str(reading.practice),
                reading.subject.service,
                _without_secrets(reading.subject.id.key),
                _told(reading.subject.label),
                str(verdict.level),
                _told(verdict.reason),
                {
                    name: _packed(quantity)
                    for name, quantity in reading.quantities().items()
                    if quantity.is_known
                },
            ]
            for reading, verdict in zip(sweep.readings, verdicts, strict=True)
        ]
        self._add(["sweep", source.collector, source.instance, sweep.taken, sweep.complete, readings])

    def findings(self, at: float, findings: Sequence[Verdict]) -> None:
        """Add the findings of a moment."""
        told = [
            [str(one.level), one.rule, one.service, str(one.practice), _told(one.reason)] for one in findings
        ]
        self._add(["verdicts", at, told])

    def event(self, event: Event) -> None:
        """Add something that changed."""
        self._add(["event", event.at, event.kind, str(event.service), _told(event.text)])

    @property
    def nearly_full(self) -> bool:
        """Whether the last block found no room, or the next ones may find none."""
        return self._overflowed or self.written > 0.9 * self._limit

    def due(self, now: float) -> bool:
        """Whether it is time to flush."""
        return bool(self._entries) and (now - self._began >= FLUSH_AFTER or self._pending >= BLOCK)

    def flush(self) -> None:
        """Write what is pending as one block; a full disk or the limit ends the recording."""
        with self._writing:
            with self._lock:
                entries, self._entries, began = self._entries, [], self._began
                self._pending = 0
            if not entries or self.stopped or self._fd < 0:
                return
            body = zlib.compress(msgspec.msgpack.encode(entries), 3)
            if self.written + len(body) + _HEAD.size > self._limit:
                self._overflowed = True
                self.stopped = f"{self.path.name} has reached {self._limit // 2**20} MiB"
                return
            try:
                self._write(_HEAD.pack(len(body), began) + body)
            except OSError as error:
                self.stopped = f"{self.path.name}: {error.strerror}"

    def close(self) -> None:
        """Flush and close; more than once does no harm."""
        self.flush()
        with self._writing:
            self._release()

    def _add(self, entry: list[Any]) -> None:
        with self._lock:
            if self.stopped:
                return
            if not self._entries:
                self._began = time.time()
            self._entries.append(entry)
            self._pending += 64 + 200 * (len(entry[-1]) if isinstance(entry[-1], list) else 1)

    def _release(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _write(self, data: bytes) -> None:
        before = os.fstat(self._fd).st_size
        done = os.write(self._fd, data)
        if done != len(data):
            os.ftruncate(self._fd, before)
            raise OSError(28, "no space left on device")
        self.written += done


def entries(path: Path, since: float = 0.0) -> Iterator[list[Any]]:
    """The entries of a recording from the block that holds ``since`` on; a torn tail is left out.

    Raises RecordingError for a file that is no recording of a format we know, or is damaged: what
    comes before the damage has been given by then.
    """
    try:
        with path.open("rb") as file:
            if file.readline(64) != MAGIC:
                raise RecordingError(f"{path} is not a recording of format 1")
            for offset, length in _blocks(file.fileno(), since):
                yield from _unpack(os.pread(file.fileno(), length, offset), f"{path} at byte {offset}")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}") from error


def read_back(folder: Path, history: History, since: float) -> tuple[int, list[Event]]:
    """Fill the history with the samples since ``since`` of earlier runs: how many, and the events.

    The same event in several recordings comes once; events are in the order of time.
    """
    past = _Past(history, since, time.time() - LATELY)
    for path in recordings(folder):
        try:
            if path.stat().st_mtime >= since:
                for entry in entries(path, since):
                    past.take(entry)
        except (RecordingError, *_DAMAGE):
            continue
    return past.count, sorted(past.events, key=lambda event: event.at)


def recordings(folder: Path) -> list[Path]:
    """The recordings of a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def prune(folder: Path, keep: int = MOST_FILES) -> None:
    """Delete the oldest recordings beyond ``keep``."""
    for path in recordings(folder)[: -keep or None]:
        with contextlib.suppress(OSError):
            path.unlink()


class _Past:
    """What is read back of earlier runs: samples into a history, events once each."""

    def __init__(self, history: History, since: float, lately: float) -> None:
        self.count = 0
        self.events: set[Event] = set()
        self._history = history
        self._since = since
        self._lately = lately
        self._last: dict[tuple[str, str], float] = {}

    def take(self, entry: list[Any]) -> None:
        """Take one entry; those of a kind that we do not know are left out."""
        if entry[0] == "event" and entry[1] >= self._since:
            _kind, at, kind, service, text = entry
            self.events.add(Event(float(at), str(kind), str(service), Shown(text)))
        elif entry[0] == "sweep" and entry[3] >= self._since:
            self._sweep(*entry[1:])

    def _sweep(self, collector: str, instance: str, taken: float, _complete: object, readings: Any) -> None:  # noqa: ANN401 - as it was read
        step = COARSE if taken < self._lately else 0.0
        if taken - self._last.get((collector, instance), 0.0) < step:
            return
        self._last[collector, instance] = taken
        for practice, _service, key, _label, _level, _reason, quantities in readings:
            subject = SubjectId(Practice(practice), collector, instance, key)
            self._history.add(subject, taken, {name: _unpacked(*told) for name, told in quantities.items()})
            self.count += 1


def _told(text: str) -> str:
    """A plain text without secrets: the encoder takes no Shown."""
    return str(redact(text))


def _without_secrets(key: bytes) -> bytes:
    text = key.decode("utf-8", "surrogateescape")
    told = redact(text)
    return key if told == text else told.encode("utf-8", "surrogateescape")


def _packed(quantity: Quantity) -> list[Any]:
    return [quantity.value, _CODES[quantity.known], str(quantity.unit)]


def _unpacked(value: float, known: int, unit: str) -> Quantity:
    return Quantity(value, Unit(unit), _KNOWN[known])


def _unpack(body: bytes, where: str) -> list[Any]:
    """The entries of one block."""
    try:
        told = msgspec.msgpack.decode(zlib.decompressobj().decompress(body, MOST_BLOCK))
    except (zlib.error, msgspec.DecodeError) as error:
        raise RecordingError(f"{where} is damaged: {error}") from error
    if not isinstance(told, list):
        raise RecordingError(f"{where} is damaged")
    return told


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
