"""Entries that were given to a consumer and never acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_ids import next_id
from collectors.transport.read.redis_info import pairs, parse_info

MOST_READ = 20_000
"""Unacknowledged entries that one plan reads, the oldest first."""

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Stuck:
    """An entry, who has it, for how many seconds, and how often it was given."""

    entry: bytes
    consumer: bytes
    idle: float
    times: int

    @property
    def line(self) -> Shown:
        """One line of a sample."""
        given = f"given {self.times} times, last {self.idle:.0f} s ago to"
        return one_line(f"{one_line(self.entry, 40)} {given} {one_line(self.consumer, 60)}", 160)


async def stuck_since(
    reader: RedisReader, stream: bytes, group: bytes, limit: float, count: int | None
) -> tuple[list[Stuck], bool]:
    """Entries that were last given before ``limit`` (server's clock), and whether all were looked at."""
    found: list[Stuck] = []
    start, seen = b"-", 0
    while True:
        [page] = await reader.ask(read("XPENDING", stream, group, start, "+", _PAGE))
        now = reader.now()
        for entry, consumer, idle, times in page:
            if now - idle / 1000 <= limit:
                found.append(Stuck(entry, consumer, idle / 1000, times))
                if len(found) == count:
                    return found, True
        seen += len(page)
        if len(page) < _PAGE:
            return found, True
        if seen >= MOST_READ:
            return found, False
        start = next_id(page[-1][0])


async def pending_of(
    reader: RedisReader, stream: bytes, group: bytes, entries: Sequence[bytes]
) -> dict[bytes, Stuck]:
    """Those of ``entries`` that are unacknowledged now."""
    if not entries:
        return {}
    replies = await reader.ask(*(read("XPENDING", stream, group, entry, entry, 1) for entry in entries))
    return {
        entry: Stuck(entry, consumer, idle / 1000, times)
        for reply in replies
        for entry, consumer, idle, times in reply
    }


@dataclass(frozen=True, slots=True)
class Readers:
    """The consumers of a group by how long ago they read, and whether anybody waits on that server.

    ``blocked``: clients that wait in a blocking command, None where that is not told. ``exact``:
    whether a time is that of the last try; servers before 7.2 tell that of the last success.
    """

    idle: dict[bytes, float]
    pending: dict[bytes, int]
    blocked: int | None
    exact: bool

    def alive(self, within: float) -> list[bytes]:
        """Those that have read lately, the least laden first."""
        names = [name for name, idle in self.idle.items() if idle <= within]
        return sorted(names, key=lambda name: (self.pending[name], name))

    def refusal(self, within: float) -> str:
        """Why nothing is retried: it is known that nobody would take it; empty where it is not."""
        if self.alive(within) or not self.exact or self.blocked != 0:
            return ""
        return f"no consumer of the group has read for {within:.0f} s, and nobody waits in a read"

    def warning(self, within: float) -> str:
        """What is not known of the consumers; empty where one lives."""
        if self.alive(within):
            return ""
        return f"no consumer has read for {within:.0f} s: whether one still waits in a read is not known"


async def readers_of(reader: RedisReader, stream: bytes, group: bytes) -> Readers:
    """Look at the consumers; raises SourceError."""
    [told] = await reader.ask(read("XINFO CONSUMERS", stream, group))
    [clients] = await reader.ask_each(read("INFO", "clients"))
    blocked = parse_info(clients).get("blocked_clients", "") if isinstance(clients, bytes) else ""
    consumers = [pairs(one) for one in told]
    server = reader.server
    return Readers(
        {one[b"name"]: one[b"idle"] / 1000 for one in consumers},
        {one[b"name"]: one[b"pending"] for one in consumers},
        int(blocked) if blocked.isdecimal() else None,
        server.version >= (7, 2),
    )
