"""Which elements of a list a plan means: those that hold a text, that failed of an error, the oldest N."""

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from collectors.action import MOST_SAMPLES
from collectors.errors import UnsupportedError
from collectors.queues import _notes
from collectors.queues.redis.dead import error_group
from collectors.queues.redis.elements import Ends, Mark, Shape, marked, shape_of, walk
from collectors.queues.redis.moves import Item, packed
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read

MOST_READ = 100_000
"""Elements that one plan reads at most."""

_LPOS = (6, 0, 6)
_MOST_READ_BYTES = 64 * 1024 * 1024
_MOST_HELD = 32 * 1024 * 1024
"""Bytes of the elements of one plan: they are kept for the undo, whole."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``match``: bytes that the element holds; ``error``: its group; ``count``: the oldest so many."""

    match: bytes = b""
    error: str = ""
    error_field: str = "error"
    count: int | None = None

    def takes(self, element: bytes) -> bool:
        """Whether this element is meant."""
        if self.match not in element:
            return False
        return not self.error or error_group(element, self.error_field) == one_line(self.error, 200)


@dataclass(slots=True)
class Found:
    """What a walk over a list found; ``length``, ``mark`` and ``expires`` are those of its begin.

    ``expires``: UTC epoch milliseconds on the server's clock, None for never. ``refusal``: why it is no
    basis for an action; ``unread``: elements that were too many for one plan.
    """

    length: int
    mark: Mark | None
    expires: int | None
    items: list[Item] = field(default_factory=list)
    refusal: str = ""
    unread: int = 0

    @property
    def sample(self) -> tuple[Shown, ...]:
        """The first elements, in one line each."""
        return tuple(one_line(element, 160) for _, element in self.items[:MOST_SAMPLES])

    def detail(self) -> dict[str, Any]:
        """What a run needs besides the elements, as JSON."""
        return {
            "run": _notes.token(),
            "count": len(self.items),
            "places": packed([place for place, _ in self.items]),
            "length": self.length,
            "mark": None if self.mark is None else dataclasses.asdict(self.mark),
            "expires": self.expires,
        }


async def begin(reader: RedisReader, key: bytes, ends: Ends) -> tuple[Found, Shape, bytes | None]:
    """Length, mark and expiry of a list, how large its elements are, and the mark's element."""
    shape = await shape_of(reader, key)
    if reader.server.version and reader.server.version < _LPOS:
        raise UnsupportedError("this server cannot search a list", "LPOS came with version 6.0.6")
    length, mark, element = await marked(reader, key, ends, shape)
    [left] = await reader.ask(read("PTTL", key))
    expires = round(reader.now() * 1000) + left if left >= 0 else None
    return Found(length, mark, expires), Shape(length, shape.size), element


async def walk_to(
    reader: RedisReader, key: bytes, ends: Ends, found: Found, shape: Shape, newest: bytes | None
) -> AsyncIterator[Item]:
    """Places and elements up to the newest one that ``begin`` saw, at most 100,000 and 64 MiB."""
    place = seen = 0
    last = found.length - 1
    async for element in walk(reader, key, ends, shape):
        seen += len(element)
        if found.mark is not None and element == newest:
            # where elements went meanwhile, newer ones have moved up into the walk
            last = min(last, place + found.mark.behind)
        yield place, element
        place += 1
        if place > last:
            return
        if place >= MOST_READ or seen > _MOST_READ_BYTES:
            found.unread = found.length - place
            return


async def select(reader: RedisReader, key: bytes, ends: Ends, wanted: Wanted) -> Found:
    """What is wanted, from the oldest element to the newest of now; raises SourceError."""
    found, shape, newest = await begin(reader, key, ends)
    held = 0
    async for place, element in walk_to(reader, key, ends, found, shape, newest):
        if not wanted.takes(element):
            continue
        held += len(element)
        if held > _MOST_HELD:
            found.refusal = "they are more than 32 MiB, which undo would have to keep: say a smaller `count`"
            return found
        found.items.append((place, element))
        if len(found.items) == wanted.count:
            return found
    if found.unread:
        read_so_far = found.length - found.unread
        found.refusal = (
            f"one plan reads {read_so_far} of the {found.length} elements: say a `count` that is in them"
        )
    return found
