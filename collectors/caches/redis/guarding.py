"""Whose keys must not be taken for cached values: those of queue libraries, and our own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.caches.redis.quoting import written
from collectors.transport.read.redis import RedisReader, read

OWN = b"quarterdeck:"
"""Begin of our own keys: leases, quarantine."""

LISTS = frozenset({"list", "stream"})
"""Types of which queues are made."""

VALUES = frozenset({"string", "hash"})
"""Types of a cached value: under a name that a library uses as well, these alone are taken for one."""

_PREFIXES = (
    (b"_kombu", "Celery"),
    (b"unacked", "Celery"),
    (b"rq:", "RQ"),
    (b"bull:", "BullMQ"),
    (b"asynq:", "asynq"),
    (b"dramatiq:", "Dramatiq"),
    (b"arq:", "arq"),
    (b"huey.", "Huey"),
    (b"saq:", "SAQ"),
    (b"streaq:", "streaQ"),
    (b"resque:", "Resque"),
    (OWN, "this console"),
)
"""Begins of names that nobody but a library gives, whatever the type."""

_INSIDE = (b"_kombu.binding", b"\x06\x16", b".pidbox")
"""Parts of Celery's names where they have a prefix of their own (``global_keyprefix``) or a priority."""

_LOOSE = (
    (b"queues", "Sidekiq or Resque"),
    (b"processes", "Sidekiq or Resque"),
    (b"queue:", "Sidekiq or Resque"),
    (b"retry", "Sidekiq or Resque"),
    (b"schedule", "Sidekiq or Resque"),
    (b"dead", "Sidekiq or Resque"),
    (b"celery", "Celery"),
    (b"taskiq", "taskiq"),
    (b"queues:", "Laravel"),
)
"""Names, and begins that end in a colon, that a cache may use as well: they are told apart by type."""

_PROBES = (
    ("unacked", "hash"), ("unacked_index", "zset"), ("_kombu.binding.celery", "set"),
    ("_kombu.binding.celery.pidbox", "set"), ("_kombu.binding.celeryev", "set"), ("celery", "list"),
    ("rq:queues", "set"), ("rq:workers", "set"), ("queues", "set"), ("processes", "set"),
    ("resque:queues", "set"), ("bull:default:meta", "hash"), ("asynq:queues", "set"),
    ("asynq:servers", "zset"), ("dramatiq:__heartbeats__", "zset"), ("dramatiq:default.msgs", "hash"),
    ("arq:queue", "zset"), ("arq:queue:health-check", "string"), ("huey.redis.huey", "list"),
    ("huey.schedule.huey", "zset"), ("huey.results.huey", "hash"), ("saq:default:queued", "list"),
    ("saq:default:incomplete", "zset"), ("saq:default:stats", "hash"), ("taskiq", "list"),
    ("taskiq", "stream"), ("queues:default", "list"),
)  # fmt: skip
"""Names that libraries give by themselves, with their types: what shows that there are queues."""


_BEGINS = b"|".join(re.escape(begin) for begin, _library in (*_PREFIXES, *_LOOSE))
_MARKS = re.compile(b"(?:%s)|.*(?:%s)" % (_BEGINS, b"|".join(map(re.escape, _INSIDE))), re.DOTALL)
"""What a name of any library matches: of a million keys nearly none does, and each is asked several times."""


def library_of(key: bytes, kind: str = "") -> str:
    """The library that a key belongs to, empty where it may be a cached value.

    ``kind``: its type as TYPE says; without it a name that a cache may use as well belongs to none.
    """
    if _MARKS.match(key) is None:
        return ""
    for begin, library in _PREFIXES:
        if key.startswith(begin):
            return library
    if any(part in key for part in _INSIDE):
        return "Celery"
    return "" if kind in VALUES or kind in ("", "none") else _loose(key)


def is_doubtful(key: bytes) -> bool:
    """Whether only its type tells to whom a key belongs."""
    return _MARKS.match(key) is not None and not library_of(key) and bool(_loose(key))


def _loose(key: bytes) -> str:
    for name, library in _LOOSE:
        if key == name or (name.endswith(b":") and key.startswith(name)):
            return library
    return ""


@dataclass(slots=True)
class Neighbours:
    """Queue libraries whose keys were seen in a database, with one key of each."""

    found: dict[str, bytes] = field(default_factory=dict)

    def see(self, keys: Iterable[bytes]) -> None:
        """Look at names."""
        for key in keys:
            library = library_of(key)
            if library and not key.startswith(OWN):
                self.found.setdefault(library, key)

    def see_types(self, kinds: Mapping[bytes, str]) -> None:
        """Look at names with their types."""
        for key, kind in kinds.items():
            if library := library_of(key, kind):
                self.found.setdefault(library, key)

    def claims(self, begin: bytes) -> str:
        """The library to whom everything belongs that begins so; empty where some may be cached values.

        A name that a cache may use too counts where its library is here.
        """
        if library := library_of(begin):
            return library
        library = _loose(begin)
        return library if library in self.found else ""


async def probe(reader: RedisReader, neighbours: Neighbours) -> dict[bytes, str]:
    """Look for the names that libraries give by themselves; those that are there, with their types.

    Raises SourceError where TYPE may not be asked; a name that this user may not look at is left out.
    """
    names = list(dict.fromkeys(name.encode() for name, _kind in _PROBES))
    replies = await reader.ask_each(*(read("TYPE", name) for name in names))
    there = types_of(names, replies)
    wanted = {(name.encode(), kind) for name, kind in _PROBES}
    kinds = {name: kind for name, kind in there.items() if (name, kind) in wanted}
    neighbours.see_types(kinds)
    return kinds


def types_of(keys: Sequence[bytes], replies: Sequence[Any]) -> dict[bytes, str]:
    """Types by key, from the replies to TYPE; what is gone or refused is left out."""
    told = zip(keys, replies, strict=True)
    return {key: reply.decode() for key, reply in told if isinstance(reply, bytes) and reply != b"none"}


def sentence(found: Mapping[str, bytes]) -> str:
    """``RQ (rq:queues), Celery (unacked)``."""
    return ", ".join(f"{library} ({written(key)})" for library, key in found.items())
