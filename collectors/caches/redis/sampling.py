"""Drawing keys from a database without counting hits, in small batches, within a time limit."""

import asyncio
from collections.abc import Sequence
from typing import Any

from collectors.caches.redis.prefixes import Sample, Seen
from collectors.errors import SourceError
from collectors.transport.read.redis import RedisReader, read

BATCH = 250
"""Commands sent at once: the server answers nobody else for less than a millisecond."""

_STEPS = 40
"""Steps of SCAN at most where all keys are to be seen."""


async def draw(reader: RedisReader, size: int, within: float) -> Sample:
    """All keys of a database of at most ``size``, else about ``size`` random ones.

    What could not be drawn in ``within`` seconds is left out. Raises SourceError, also where this
    user may look at no key at all.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + within
    [total] = await reader.ask(read("DBSIZE"))
    keys = await _all(reader, ends) if total <= size else None
    seen: list[Seen] = []
    refusals: list[Exception] = []
    if keys is not None:
        for start in range(0, len(keys), BATCH):
            await _look(reader, keys[start : start + BATCH], seen, refusals)
        total = len(seen)
    else:
        drawn = 0
        while drawn < size and (not drawn or loop.time() < ends):
            batch = min(BATCH, size - drawn)
            drawn += batch
            found = await reader.ask(*(read("RANDOMKEY") for _ in range(batch)))
            await _look(reader, [key for key in found if key is not None], seen, refusals)
    if refusals and not seen:
        raise reader.explained(refusals[0])
    return Sample(tuple(seen), int(total), keys is not None, len(refusals))


async def _all(reader: RedisReader, ends: float) -> list[bytes] | None:
    """Every key, None where they are too many after all, time is up, or SCAN is not to be had."""
    found: set[bytes] = set()
    cursor = b"0"
    for _ in range(_STEPS):
        try:
            [[cursor, keys]] = await reader.ask(read("SCAN", cursor, "COUNT", BATCH))
        except SourceError:
            return None
        found.update(keys)
        if cursor == b"0":
            return sorted(found)
        if asyncio.get_running_loop().time() > ends:
            break
    return None


async def _look(
    reader: RedisReader, keys: Sequence[bytes], seen: list[Seen], refusals: list[Exception]
) -> None:
    """Size and time to live of keys; one that has gone meanwhile is left out."""
    asked = [look for key in keys for look in (read("MEMORY USAGE", key), read("PTTL", key))]
    replies: list[Any] = await reader.ask_each(*asked)
    for key, size, ttl in zip(keys, replies[::2], replies[1::2], strict=True):
        refusal = next((reply for reply in (size, ttl) if isinstance(reply, Exception)), None)
        if refusal is not None:
            refusals.append(refusal)
        elif size is not None and ttl != -2:
            seen.append(Seen(key, int(size), lasting=ttl == -1))
