"""How many keys a pattern hits, by reads alone: all names of a small database, random ones of a large one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collectors.action import MOST_SAMPLES
from collectors.caches.redis.guarding import LISTS, OWN, Neighbours, is_doubtful, library_of, probe, types_of
from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.prefixes import half
from collectors.caches.redis.quoting import written
from collectors.model.quantity import Quantity, about, exact
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_info import number

SMALL = 20_000
"""Keys of a database up to which all names are read."""

DRAWS = 5_000
"""Random keys drawn from a larger one: a share is known within 1.4 points at worst."""

_BATCH, _STEP = 250, 1000
_MOST_STEPS = 60
"""Steps of SCAN over a small database, and in a large one to find examples of what is rare."""

_TYPED = 1000
"""Hits whose types are asked."""

_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a pattern hits among ``looked`` names of a database of ``total`` keys.

    ``whole``: these are all names; else a random sample with replacement. ``keys``: some that it hits,
    and ``kinds`` the types of those, both at most 1,000. ``queue``: a key that it hits and the library
    whose it is; ``claimed``: the library whose every key is that it could hit; ``neighbours``: libraries
    whose keys are in the database, with one key of each.
    """

    total: int
    looked: int
    whole: bool
    hits: int
    keys: tuple[bytes, ...] = ()
    kinds: Mapping[bytes, str] = field(default_factory=dict)
    queue: tuple[bytes, str] | None = None
    claimed: str = ""
    neighbours: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Part of the names that it hits."""
        return self.hits / self.looked if self.looked else 0.0

    @property
    def count(self) -> Quantity:
        """Keys that it hits, with a margin of 95 % where they are estimated."""
        if self.whole:
            return exact(self.hits)
        margin = self.total * half(self.hits, self.looked) if self.looked else self.total
        return about(round(self.total * self.share), round(margin))

    @property
    def most(self) -> int:
        """Keys that it hits at most, as far as is known."""
        count = self.count
        return min(max(self.total, self.hits), round((count.value or 0.0) + (count.margin or 0.0)))

    @property
    def lists(self) -> int:
        """How many of ``kinds`` are of the types of which queues are made."""
        return sum(kind in LISTS for kind in self.kinds.values())


async def survey(reader: RedisReader, glob: Glob, within: float, draws: int = DRAWS) -> Survey:
    """What ``glob`` hits now; large databases are sampled for ``within`` seconds. Raises SourceError."""
    ends = asyncio.get_running_loop().time() + within
    [total] = await reader.ask(read("DBSIZE"))
    names = await _all(reader) if total <= SMALL else None
    whole = names is not None
    if names is None:
        names = await _random(reader, draws, ends)
    names = [name for name in names if not name.startswith(OWN)]
    hits = [name for name in names if glob.matches(name)]
    # names that only a type tells apart must not be left out of those whose types are asked
    keys = sorted(dict.fromkeys(hits), key=is_doubtful, reverse=True)[:_TYPED]
    if not whole and len(keys) < MOST_SAMPLES:
        keys = list(dict.fromkeys(keys + await _examples(reader, glob)))
    neighbours = Neighbours()
    neighbours.see(names)
    known = await probe(reader, neighbours)
    kinds = types_of(keys, await _asked(reader, keys))
    neighbours.see_types(kinds)
    candidates = kinds | {key: kind for key, kind in known.items() if glob.matches(key)}
    candidates |= {key: "" for key in hits if key not in candidates}
    queue = next(((key, lib) for key, kind in candidates.items() if (lib := library_of(key, kind))), None)
    size = len(names) if whole else int(total)
    claimed = neighbours.claims(glob.prefix)
    return Survey(size, len(names), whole, len(hits), tuple(keys), kinds, queue, claimed, neighbours.found)


async def count_all(reader: RedisReader, glob: Glob, within: float) -> int | None:
    """Keys that match now, by a whole walk; None where it takes more than ``within`` seconds."""
    ends = asyncio.get_running_loop().time() + within
    count, cursor = 0, b"0"
    while True:
        [[cursor, keys]] = await reader.ask(read("SCAN", cursor, "MATCH", glob.pattern, "COUNT", _STEP // 2))
        count += sum(not key.startswith(OWN) for key in keys)
        if cursor == b"0":
            return count
        if asyncio.get_running_loop().time() > ends:
            return None
        await asyncio.sleep(0.001)


async def examples(reader: RedisReader, found: Survey) -> tuple[Shown, ...]:
    """Some keys that are hit, with type, size and time to live; what has gone meanwhile is left out."""
    keys = [key for key in found.keys if key in found.kinds][:MOST_SAMPLES]
    looks = [look for key in keys for look in (read("MEMORY USAGE", key), read("PTTL", key))]
    replies = await reader.ask_each(*looks)
    told = zip(keys, replies[::2], replies[1::2], strict=True)
    return tuple(described(key, found.kinds[key], size, ttl) for key, size, ttl in told if ttl != -2)


def described(key: bytes, kind: str, size: object, ttl: object) -> Shown:
    """``frag:home: string, 1.2 KiB, expires in 4 min``; what could not be asked is left out."""
    words = [kind]
    weight, left = number(size), number(ttl)
    if weight is not None:
        words.append(_scaled(weight, _UNITS))
    if left is not None:
        words.append("never expires" if left < 0 else f"expires in {_scaled(left / 1000, _SPANS)}")
    return Shown(f"{written(key)}: {', '.join(words)}")


async def _all(reader: RedisReader) -> list[bytes] | None:
    """Every name, None where they have become too many."""
    found: dict[bytes, None] = {}
    cursor = b"0"
    for _ in range(_MOST_STEPS):
        [[cursor, keys]] = await reader.ask(read("SCAN", cursor, "COUNT", _STEP))
        found.update(dict.fromkeys(keys))
        if cursor == b"0":
            return list(found)
    return None


async def _random(reader: RedisReader, draws: int, ends: float) -> list[bytes]:
    found: list[bytes] = []
    for _ in range(0, draws, _BATCH):
        drawn = await reader.ask(*(read("RANDOMKEY") for _ in range(_BATCH)))
        found += [key for key in drawn if key is not None]
        if asyncio.get_running_loop().time() > ends:
            break
    return found


async def _examples(reader: RedisReader, glob: Glob) -> list[bytes]:
    """Keys that are too rare to be drawn, if they are near the begin of a walk."""
    found: list[bytes] = []
    cursor = b"0"
    for _ in range(_MOST_STEPS):
        [[cursor, keys]] = await reader.ask(read("SCAN", cursor, "MATCH", glob.pattern, "COUNT", _STEP))
        found += [key for key in keys if not key.startswith(OWN)]
        if cursor == b"0" or len(found) >= MOST_SAMPLES:
            break
    return found[:_TYPED]


async def _asked(reader: RedisReader, keys: Sequence[bytes]) -> list[object]:
    """The types of keys, in batches during which the server answers nobody else for a moment only."""
    replies: list[object] = []
    for start in range(0, len(keys), _BATCH):
        replies += await reader.ask_each(*(read("TYPE", key) for key in keys[start : start + _BATCH]))
    return replies


def _scaled(value: float, steps: Sequence[tuple[int, str]]) -> str:
    step, name = next((one for one in steps if value >= one[0]), steps[-1])
    return f"{value / step:.1f}".removesuffix(".0") + f" {name}"
