"""Keys by pattern and type, within bounds and without distorting the server's counters."""

import asyncio
from collections.abc import Sequence

from collectors.transport.read.redis import RedisReader, read

_STEP = 500
"""COUNT of one SCAN: a larger one makes other clients wait."""


def is_glob(pattern: str) -> bool:
    """Whether a configured key is a pattern; without ``*?[`` it is a name."""
    return any(sign in pattern for sign in "*?[")


async def scan(
    reader: RedisReader, patterns: Sequence[str], kind: str, *, most_keys: int = 500, most_steps: int = 200
) -> tuple[list[bytes], bool]:
    """Keys of the type ``kind`` that match one of the globs, sorted, and whether all were seen.

    Stops at ``most_keys`` keys or after ``most_steps`` steps of 500 for each pattern. A name
    costs no scan.
    """
    names = [pattern for pattern in patterns if not is_glob(pattern)]
    found = set(await _of_kind(reader, [name.encode("utf-8", "surrogateescape") for name in names], kind))
    whole = True
    for pattern in patterns:
        if pattern not in names:
            whole = await _walk(reader, pattern, kind, found, most_keys, most_steps) and whole
    kept = sorted(found)
    return kept[:most_keys], whole and len(kept) <= most_keys


async def _walk(
    reader: RedisReader, pattern: str, kind: str, found: set[bytes], most_keys: int, most_steps: int
) -> bool:
    cursor = b"0"
    for _ in range(most_steps):
        cursor, keys = await _step(reader, cursor, pattern.encode("utf-8", "surrogateescape"), kind)
        found.update(keys)
        if cursor == b"0":
            return True
        if len(found) > most_keys:
            return False
        await asyncio.sleep(0)
    return False


async def _step(reader: RedisReader, cursor: bytes, pattern: bytes, kind: str) -> tuple[bytes, list[bytes]]:
    if reader.server.version and reader.server.version >= (8,):
        [[cursor, keys]] = await reader.ask(
            read("SCAN", cursor, "MATCH", pattern, "COUNT", _STEP, "TYPE", kind)
        )
        return cursor, keys
    # before 8, SCAN's own TYPE counts a hit for every key that matches, also for those it keeps back
    [[cursor, keys]] = await reader.ask(read("SCAN", cursor, "MATCH", pattern, "COUNT", _STEP))
    return cursor, await _of_kind(reader, keys, kind)


async def _of_kind(reader: RedisReader, keys: Sequence[bytes], kind: str) -> list[bytes]:
    replies = await reader.ask(*(read("TYPE", key) for key in keys))
    return [key for key, reply in zip(keys, replies, strict=True) if reply == kind.encode()]
