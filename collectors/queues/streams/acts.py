"""What the actions on consumer groups have in common: names, ids, the group as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from collectors.base import Context
from collectors.errors import AnswerError
from collectors.model.reading import Reading
from collectors.options import Duration
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_info import pairs
from collectors.transport.read.redis_options import RedisOptions

NO_GROUP = "no group reads this stream: there is nothing to act on"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions(RedisOptions):
    """Streams on a Redis, besides what every Redis adapter takes.

    ``keys``: names or globs. ``alive_within``: a consumer that has not read for longer is not counted
    as a worker (Redis keeps every name for ever). ``idempotent``: whether an entry may be worked off twice.
    """

    keys: tuple[str, ...]
    alive_within: Duration = 300.0
    idempotent: bool = False


class StreamActs(Protocol):
    """What an action on consumer groups needs of its collector."""

    options: StreamOptions
    context: Context

    def planner(self) -> RedisReader:
        """The reader of plans, which waits for nobody else's reads."""
        ...


def unfit(reading: Reading) -> str:
    """Why nothing can be done to a subject; empty for a group."""
    return "" if b"\0" in reading.subject.id.key else NO_GROUP


def parted(key: bytes) -> tuple[bytes, bytes]:
    """Stream and group of a subject's key."""
    stream, _, group = key.partition(b"\0")
    return stream, group


def label(key: bytes) -> Shown:
    """A subject's name for a plan."""
    stream, group = parted(key)
    return one_line(f"{one_line(stream, 60)} · {one_line(group, 40)}", 100)


def id_of(entry: bytes) -> tuple[int, int]:
    """An id as numbers, for comparing."""
    time, _, number = entry.partition(b"-")
    return int(time), int(number or 0)


async def groups_of(reader: RedisReader, stream: bytes) -> dict[bytes, Mapping[bytes, Any]]:
    """Every group of a stream as the server tells of it, by name; raises SourceError."""
    [found] = await reader.ask(read("XINFO GROUPS", stream))
    return {told[b"name"]: told for told in map(pairs, found)}


async def group_of(reader: RedisReader, stream: bytes, group: bytes) -> Mapping[bytes, Any]:
    """One group as the server tells of it; raises SourceError where it is gone."""
    found = (await groups_of(reader, stream)).get(group)
    if found is None:
        raise AnswerError("the group is gone", "look at the queue again")
    return found
