"""Where log streams were read to, kept in the state folder from one run to the next."""

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from collectors.positions import HERE, NoPositions, Position, Positions
from console.engine.folders import make_private

NAME = "positions.json"

KEPT = 30 * 86400.0
"""Seconds for which the position of a stream is kept that nobody reads any more."""

MOST = 5000
"""Streams kept, the latest told."""


Key = tuple[str, str, str]
"""Collector, instance, stream."""


def no_positions(_collector: str, _instance: str) -> Positions:
    """A store that keeps nothing, for any collector."""
    return NoPositions()


class PositionFile:
    """One file for all collectors of a console; ``save`` writes it whole and at once.

    What cannot be read is begun anew: a position that is lost costs a gap of knowledge, no more.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.failed = ""
        self._lock = threading.Lock()
        self._dirty = False
        self._here: set[Key] = set()
        self._kept: dict[Key, tuple[float, Position]] = _read(self.path)

    def of(self, collector: str, instance: str) -> Positions:
        """The positions of one collector."""
        return _Own(self, collector, instance)

    def get(self, key: Key) -> Position | None:
        """The position of a stream."""
        with self._lock:
            found = self._kept.get(key)
            here = key in self._here
        if found is None:
            return None
        return {**found[1], HERE: True} if here else found[1]

    def put(self, key: Key, position: Position) -> None:
        """Keep a position; nothing is written yet."""
        with self._lock:
            self._kept[key] = (time.time(), position)
            self._here.add(key)
            self._dirty = True

    @property
    def moved(self) -> bool:
        """Whether some position is newer than what is written."""
        return self._dirty

    def save(self) -> None:
        """Write what changed since, if anything did; blocks, never raises."""
        with self._lock:
            if not self._dirty:
                return
            self._dirty = False
            kept = sorted(self._kept.items(), key=lambda one: -one[1][0])[:MOST]
        oldest = time.time() - KEPT
        told = {"format": 1, "streams": [[*key, *value] for key, value in kept if value[0] >= oldest]}
        spare = self.path.with_name(f".{NAME}.{os.getpid()}")
        try:
            make_private(self.path.parent)
            descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(told, file, separators=(",", ":"))
            spare.replace(self.path)
            self.failed = ""
        except OSError as error:
            self.failed = f"where logs were read to is not kept: {error.strerror or error}"


class _Own:
    """The positions of one collector."""

    def __init__(self, book: PositionFile, collector: str, instance: str) -> None:
        self._book = book
        self._owner = (collector, instance)

    def get(self, key: bytes) -> Position | None:
        return self._book.get((*self._owner, os.fsdecode(key)))

    def put(self, key: bytes, position: Position) -> None:
        self._book.put((*self._owner, os.fsdecode(key)), position)


def _read(path: Path) -> dict[Key, tuple[float, Position]]:
    """What an earlier run wrote, without what does not look like it."""
    try:
        told = json.loads(path.read_bytes())
        rows = told["streams"] if told["format"] == 1 else []
        return {
            (str(collector), str(instance), str(stream)): (float(at), position)
            for collector, instance, stream, at, position in rows
            if isinstance(position, Mapping)
        }
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}
