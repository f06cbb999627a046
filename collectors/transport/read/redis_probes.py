"""What our own look-ups add to a server's keyspace_hits and keyspace_misses, counted exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

FREE = frozenset({
    "ACL DRYRUN", "ACL WHOAMI", "CLIENT INFO", "CLIENT LIST", "CLUSTER INFO", "CONFIG GET", "DBSIZE", "INFO",
    "LATENCY HISTORY", "LATENCY LATEST", "MEMORY USAGE", "PING", "PUBSUB NUMSUB", "RANDOMKEY", "ROLE", "SCAN",
    "SLOWLOG GET", "SLOWLOG LEN", "TIME",
})  # fmt: skip
"""Commands that count neither a hit nor a miss (measured)."""


@dataclass(slots=True)
class Probes:
    """Own hits and misses of one server process since we first saw it; they only grow.

    ``hits_at_info`` and ``misses_at_info`` are what they were when INFO was last answered: the
    numbers to subtract from that answer. ``doubt_at_info``: look-ups of other connections of ours that
    were under way meanwhile, so that the answer may hold them or not. ``lost``: look-ups sent whose
    answers never came.
    """

    hits: int = 0
    misses: int = 0
    hits_at_info: int = 0
    misses_at_info: int = 0
    doubt_at_info: int = 0
    lost: int = 0
    _sent: int = 0
    _ended: int = 0

    def begin(self, reads: Sequence[tuple[str, tuple[Any, ...]]]) -> int:
        """Note a batch that is about to be sent; gives what ``count`` or ``lose`` take back."""
        self._sent += _lookups(reads)
        return self._ended

    def lose(self, reads: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        """Note that a batch failed: the server may have carried it out or not."""
        self._ended += _lookups(reads)
        self.lost += _lookups(reads)

    def count(self, reads: Sequence[tuple[str, tuple[Any, ...]]], replies: Sequence[Any], begun: int) -> None:
        """Add one batch: (command, arguments) and its reply, in the order of the wire."""
        known = _existing(reads, replies)
        own = _lookups(reads)
        self._ended += own
        for (name, arguments), reply in zip(reads, replies, strict=False):
            if name == "INFO":
                self.hits_at_info, self.misses_at_info = self.hits, self.misses
                self.doubt_at_info = self._sent - begun - own
            if name in FREE or not arguments or _unexecuted(reply):
                continue
            if name == "EXISTS":
                self.hits += int(reply)
                self.misses += len(arguments) - int(reply)
            elif _found(name, reply) or known.get(_key(arguments), False):
                self.hits += 1
            else:
                self.misses += 1


def _lookups(reads: Sequence[tuple[str, tuple[Any, ...]]]) -> int:
    """How many keys a batch looks up at most."""
    return sum(
        len(arguments) if name == "EXISTS" else 1
        for name, arguments in reads
        if name not in FREE and arguments
    )


def _existing(reads: Sequence[tuple[str, tuple[Any, ...]]], replies: Sequence[Any]) -> dict[bytes, bool]:
    """Keys that some reply of the batch proves to exist: an empty range alone proves nothing."""
    return {
        _key(arguments): True
        for (name, arguments), reply in zip(reads, replies, strict=False)
        if name not in FREE
        and name != "EXISTS"
        and arguments
        and not _unexecuted(reply)
        and _found(name, reply)
    }


def _key(arguments: tuple[Any, ...]) -> bytes:
    key = arguments[0]
    return key.encode() if isinstance(key, str) else bytes(key)


def _unexecuted(reply: Any) -> bool:  # noqa: ANN401 - replies are untyped
    """Whether a refusal came before the key was looked up."""
    return isinstance(reply, Exception) and not str(reply).startswith(_AFTER_LOOKUP + _AFTER_MISS)


_AFTER_LOOKUP = ("WRONGTYPE", "An LFU maxmemory policy", "NOGROUP No such consumer group")
"""Refusals that came after the key was found."""

_AFTER_MISS = ("no such key", "ERR no such key", "NOGROUP No such key")
"""Refusals that came because it was not found; XPENDING says the same of a missing group."""

_FOUND: dict[str, Callable[[Any], bool]] = {
    "TYPE": lambda reply: bytes(reply) != b"none",
    "TTL": lambda reply: int(reply) != -2,
    "PTTL": lambda reply: int(reply) != -2,
    "HMGET": lambda reply: any(value is not None for value in reply),
    "HSCAN": lambda reply: bool(reply[1]) or int(reply[0]) != 0,
    "SSCAN": lambda reply: bool(reply[1]) or int(reply[0]) != 0,
    "ZSCAN": lambda reply: bool(reply[1]) or int(reply[0]) != 0,
    "GET": lambda reply: reply is not None,
    "LINDEX": lambda reply: reply is not None,
    "LPOS": lambda reply: reply is not None and reply != [],
    "HGET": lambda reply: reply is not None,
    "XINFO GROUPS": lambda _reply: True,
    "XINFO STREAM": lambda _reply: True,
    "XINFO CONSUMERS": lambda _reply: True,
    "XPENDING": lambda _reply: True,
}


def _found(name: str, reply: Any) -> bool:  # noqa: ANN401 - replies are untyped
    if isinstance(reply, Exception):
        return str(reply).startswith(_AFTER_LOOKUP)
    test = _FOUND.get(name)
    return test(reply) if test else bool(reply)
