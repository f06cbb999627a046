"""Whether anybody takes from a list: Redis knows who is connected and what he did last, not for which key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_info import parse_info

_WAITING = frozenset({"blpop", "brpop", "brpoplpush", "blmove", "blmpop"})
_MOST_CLIENTS = 2000
_OURS = "quarterdeck"
_REPLICATION = frozenset("MS")
"""Flags of the connections between a primary and its replicas."""


@dataclass(frozen=True, slots=True)
class Consumers:
    """Clients but ours: how many there are, and how many wait in a pop on this database.

    None: not known, because the user may not list clients or there are very many.
    """

    others: int | None
    waiting: int | None

    def refusal(self) -> str:
        """Why nothing is retried: it is known that nobody would take it; empty where it is not."""
        return "" if self.others != 0 else "nobody else is connected to this server: no worker would take it"

    def warning(self) -> str:
        """What is not known of the workers; empty where some wait in a pop."""
        if self.waiting is None:
            return (
                "whether a worker lives is not known: this user may not list clients, or there are very many"
            )
        if self.waiting == 0:
            return "no client waits in a pop: the workers are at work, poll, or are gone"
        return ""


async def consumers(reader: RedisReader, db: int) -> Consumers:
    """Look at the clients; raises SourceError."""
    [told] = await reader.ask_each(read("INFO", "clients"))
    connected = parse_info(told).get("connected_clients", "0") if isinstance(told, bytes) else "0"
    if not connected.isdecimal() or int(connected) > _MOST_CLIENTS:
        return Consumers(None, None)
    [listed] = await reader.ask_each(read("CLIENT LIST"))
    if not isinstance(listed, bytes):
        return Consumers(None, None)
    return count(listed.decode("utf-8", "replace").splitlines(), db)


def count(lines: Iterable[str], db: int) -> Consumers:
    """The lines of CLIENT LIST, counted."""
    others = waiting = 0
    for line in lines:
        told = dict(_fields(line))
        flags = told.get("flags", "")
        if told.get("name") == _OURS or not told.get("id") or set(flags) & _REPLICATION:
            continue
        others += 1
        blocked = "b" in flags and told.get("cmd", "") in _WAITING
        waiting += blocked and told.get("db") == str(db)
    return Consumers(others, waiting)


def _fields(line: str) -> Iterator[tuple[str, str]]:
    for part in line.split(" "):
        name, _, value = part.partition("=")
        yield name, value
