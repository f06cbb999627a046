"""The server's slow log in rows: when, how long, what, who; values that clients sent are not shown."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from collectors.model.quantity import Quantity, Unit, exact
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis_info import number

MOST = 64
"""Entries asked for, newest first."""

COLUMNS = ("time", "took", "command", "client")

_NO_VALUES = frozenset({
    "CLIENT", "CONFIG", "DBSIZE", "DEBUG", "DEL", "EXISTS", "EXPIRE", "FLUSHALL", "FLUSHDB", "GET",
    "GETRANGE", "HGETALL", "HKEYS", "HLEN", "HMGET", "HSCAN", "HVALS", "INFO", "KEYS", "LLEN", "LRANGE",
    "LTRIM", "MEMORY", "MGET", "PTTL", "RENAME", "SCAN", "SCARD", "SDIFF", "SDIFFSTORE", "SINTER",
    "SINTERSTORE", "SLOWLOG", "SMEMBERS", "SORT", "SORT_RO", "SSCAN", "SUNION", "SUNIONSTORE", "TTL", "TYPE",
    "UNLINK", "XLEN", "XRANGE", "XREAD", "XREADGROUP", "XREVRANGE", "ZCARD", "ZCOUNT", "ZDIFFSTORE",
    "ZINTERSTORE", "ZRANGE", "ZRANGEBYSCORE", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE",
    "ZREVRANGEBYSCORE", "ZSCAN", "ZUNIONSTORE",
})  # fmt: skip
"""Commands whose arguments are names, patterns and ranges: they are shown whole."""

_NOTHING = frozenset({"ACL", "AUTH", "HELLO", "MIGRATE"})
"""Commands whose arguments may be credentials."""

Row = tuple[Shown | Quantity, ...]


def rows(entries: Sequence[Any]) -> tuple[Row, ...]:
    """A row for each entry that can be read."""
    return tuple(_row(entry) for entry in entries if isinstance(entry, list) and len(entry) >= 4)


def _row(entry: list[Any]) -> Row:
    _id, stamp, micros, arguments, *who = entry
    return (
        _time(stamp),
        exact((number(micros) or 0.0) / 1e6, Unit.SECONDS),
        command(arguments if isinstance(arguments, list) else []),
        _client(who),
    )


def command(arguments: Sequence[Any]) -> Shown:
    """A command for one line: its name and keys; of values only how many there were."""
    words = [one_line(word if isinstance(word, bytes) else str(word), 64) for word in arguments]
    if not words:
        return Shown("–")
    name = words[0].upper()
    if name == "CONFIG" and len(words) > 2 and words[1].upper() == "SET":
        name = "CONFIG SET"
    kept = len(words) if name in _NO_VALUES else 1 if name in _NOTHING else 2
    text = " ".join([words[0].upper(), *words[1:kept]])
    hidden = len(words) - kept
    return shown(f"{text} … {hidden} more" if hidden > 0 else text, 200)


def _client(who: Sequence[Any]) -> Shown:
    told = [one_line(text, 60) for text in who[:2] if isinstance(text, bytes) and text]
    return Shown(" ".join(reversed(told)) or "–")


def _time(stamp: object) -> Shown:
    seconds = number(stamp)
    if seconds is None or not 0 <= seconds < 2**34:
        return Shown("–")
    return Shown(datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
