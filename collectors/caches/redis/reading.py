"""INFO's answer → a reading of one database; pure."""

from collectors.caches.redis.rates import Rates
from collectors.model.caches import CacheReading
from collectors.model.quantity import Quantity, Unit, exact, exact_or_unknown, unknown
from collectors.model.reading import Part
from collectors.model.subject import Subject
from collectors.text import Shown, one_line
from collectors.transport.read.redis_info import number

_SPEAKS = 100 * 10**6
"""Bytes in use under which the fragmentation ratio is the allocator's own size and says nothing."""

_ROLES = {"master": "primary", "slave": "replica"}


def reading_of(subject: Subject, db: int, info: dict[str, str], rates: Rates) -> CacheReading:
    """The reading of database ``db``; what INFO does not say is unknown."""
    used, most = number(info.get("used_memory")), number(info.get("maxmemory")) or None
    clients, slots = number(info.get("connected_clients")), number(info.get("maxclients"))
    keys, expiring = keys_of(info, db)
    return CacheReading(
        subject=subject,
        word=Shown("link down") if _orphaned(info) else Shown(""),
        note=one_line("; ".join(_notes(info)), 240),
        parts=_databases(info),
        extra=_extra(info, rates),
        policy=one_line(info.get("maxmemory_policy", ""), 40),
        role=one_line(_ROLES.get(info.get("role", ""), info.get("role", "")), 40),
        persistence=one_line(_persistence(info), 120),
        hit_ratio=rates.hit_ratio,
        lookups=rates.lookups,
        memory=exact_or_unknown(used, Unit.BYTES),
        memory_max=exact_or_unknown(most, Unit.BYTES),
        memory_share=_share(used, most),
        evictions=rates.evictions,
        expirations=rates.expirations,
        keys=keys,
        keys_without_ttl=_less(keys, expiring),
        fragmentation=_fragmentation(info, used),
        clients=exact_or_unknown(clients),
        clients_max=exact_or_unknown(slots),
        clients_share=_share(clients, slots),
        rejections=rates.rejections,
        operations=exact_or_unknown(number(info.get("instantaneous_ops_per_sec")), Unit.PER_SECOND),
        replica_lag=_replica_lag(info),
    )


def keys_of(info: dict[str, str], db: int) -> tuple[Quantity, Quantity]:
    """Keys of a database and those of them with a time to live; INFO leaves empty ones out."""
    line = info.get(f"db{db}")
    if line is None:
        return (exact(0), exact(0)) if "used_memory" in info else (unknown(), unknown())
    told = dict(pair.partition("=")[::2] for pair in line.split(","))
    return exact_or_unknown(number(told.get("keys"))), exact_or_unknown(number(told.get("expires")))


def _databases(info: dict[str, str]) -> tuple[Part, ...]:
    """Every database that holds keys: they share memory, evictions and the hit ratio."""
    names = sorted(
        (name for name in info if name.startswith("db") and name[2:].isdecimal()), key=lambda it: int(it[2:])
    )
    return tuple(Part(name=one_line(name, 12), value=keys_of(info, int(name[2:]))[0]) for name in names[:100])


def _notes(info: dict[str, str]) -> list[str]:
    notes = []
    if info.get("cluster_enabled") == "1":
        notes.append("one node of a cluster: its own numbers alone")
    if _orphaned(info):
        notes.append("a replica that does not hear its primary: what it holds grows old")
    if "err" in (info.get("rdb_last_bgsave_status"), info.get("aof_last_write_status")):
        notes.append("it could not save to disk, and may refuse writes")
    if info.get("loading") == "1" or info.get("async_loading") == "1":
        notes.append("it is loading its data")
    return notes


def _persistence(info: dict[str, str]) -> str:
    words = []
    if "rdb_last_bgsave_status" in info:
        words.append(f"last save {info['rdb_last_bgsave_status']}")
    if info.get("aof_enabled") == "1":
        words.append(f"append-only file {info.get('aof_last_write_status', '?')}")
    return ", ".join(words)


def _orphaned(info: dict[str, str]) -> bool:
    return info.get("role") == "slave" and info.get("master_link_status") == "down"


def _replica_lag(info: dict[str, str]) -> Quantity:
    """A primary has none; a replica whose link is down counts from when it broke."""
    if info.get("role") != "slave":
        return unknown(Unit.SECONDS)
    names = ("master_link_down_since_seconds", "master_last_io_seconds_ago")
    told = [number(info.get(name)) for name in names if not _orphaned(info) or name == names[0]]
    return exact_or_unknown(
        max((age for age in told if age is not None and age >= 0), default=None), Unit.SECONDS
    )


def _fragmentation(info: dict[str, str], used: float | None) -> Quantity:
    if used is None or used < _SPEAKS:
        return unknown(Unit.RATIO)
    return exact_or_unknown(number(info.get("mem_fragmentation_ratio")), Unit.RATIO)


def _extra(info: dict[str, str], rates: Rates) -> tuple[tuple[str, Quantity], ...]:
    fork = number(info.get("latest_fork_usec"))
    stale = number(info.get("expired_stale_perc"))
    return (
        ("redis.own_lookups", rates.own),
        ("redis.errors", rates.errors),
        ("redis.blocked", exact_or_unknown(number(info.get("blocked_clients")))),
        ("redis.replicas", exact_or_unknown(number(info.get("connected_slaves")))),
        ("redis.stale", exact_or_unknown(None if stale is None else stale / 100, Unit.RATIO)),
        ("redis.fork", exact_or_unknown(None if fork is None else fork / 1e6, Unit.SECONDS)),
    )


def _share(part: float | None, whole: float | None) -> Quantity:
    return exact_or_unknown(part / whole if part is not None and whole else None, Unit.RATIO)


def _less(whole: Quantity, part: Quantity) -> Quantity:
    return exact_or_unknown(
        max(0.0, whole.value - part.value) if whole.value is not None and part.value is not None else None
    )
