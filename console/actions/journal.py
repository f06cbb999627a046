"""The journal: append-only JSON lines, each hashed over the one before, on disk before anything is done."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.action import RefusedError
from console.actions.whole import append_whole
from console.engine.folders import make_private

FILE = "journal.jsonl"
GENESIS = "0" * 64
"""The hash before the first record."""

Entry = Mapping[str, Any]


def _ignore(_line: bytes) -> None:
    """Mirror nowhere."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the chain found: ``broken`` are (line, why); ``head`` is the last hash."""

    records: int
    head: str
    broken: tuple[tuple[int, str], ...] = field(default=())


class Journal:
    """One file for all consoles of a name and environment, usually ``FILE`` in their folder.

    Safe between processes.

    ``mirror`` gets each line once it is on disk; it must not raise.
    """

    def __init__(self, path: Path, mirror: Callable[[bytes], None] = _ignore) -> None:
        self.path = path
        self.mirror = mirror

    def append(self, told: Entry) -> str:
        """Add a record and give its hash, once it is on disk; raises RefusedError where that cannot be."""
        try:
            make_private(self.path.parent)
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RefusedError(f"the journal cannot be written: {error.strerror}", str(self.path)) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            seq, prev = _last(fd)
            record = {**told, "seq": seq + 1, "prev": prev}
            digest = _digest(record)
            line = _canonical({**record, "hash": digest}) + b"\n"
            append_whole(fd, line)
        except OSError as error:
            raise RefusedError(f"the journal cannot be written: {error.strerror}", str(self.path)) from None
        finally:
            os.close(fd)
        self.mirror(line)
        return digest

    def records(self) -> Iterator[dict[str, Any]]:
        """All records that can be read, oldest first; a torn last line is passed over."""
        try:
            with self.path.open("rb") as file:
                for line in file:
                    record = _parsed(line)
                    if record is not None:
                        yield record
        except FileNotFoundError:
            return

    def verify(self) -> Verified:
        """Walk the chain; a change of one byte anywhere breaks it there.

        A cut-off end cannot be seen in the chain: compare ``head`` with what was noted elsewhere.
        """
        prev, count, broken = GENESIS, 0, []
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return Verified(0, GENESIS)
        if lines[-1]:
            broken.append((len(lines), "the last line is torn"))
        for number, line in enumerate(lines[:-1], 1):
            record = _parsed(line)
            if record is None:
                broken.append((number, "not a record"))
                continue
            count += 1
            told = record.pop("hash", "")
            if told != _digest(record) or line != _canonical({**record, "hash": told}):
                broken.append((number, "the record was changed"))
            elif record.get("prev") != prev:
                broken.append((number, "a record before it is missing or was changed"))
            prev = str(told)
        return Verified(count, prev, tuple(broken))


def _last(fd: int) -> tuple[int, str]:
    """Number and hash of the last record; a torn tail is cut off."""
    size = os.fstat(fd).st_size
    tail = b""
    start = size
    while start > 0 and tail.count(b"\n") < 2:
        begin = max(0, start - 65536)
        tail = os.pread(fd, start - begin, begin) + tail
        start = begin
    whole = tail.rfind(b"\n") + 1
    end = start + whole
    if end < size:
        os.ftruncate(fd, end)
    lines = tail[:whole].splitlines()
    record = _parsed(lines[-1]) if lines else None
    if record is None:
        return 0, GENESIS
    return int(record.get("seq", 0)), str(record.get("hash", GENESIS))


def _canonical(record: Entry) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _digest(record: Entry) -> str:
    return hashlib.sha256(_canonical(record)).hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
