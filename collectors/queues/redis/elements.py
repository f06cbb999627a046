"""A list read from its oldest end, whichever end that is, in pages that stay small."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from collectors.transport.read.redis import RedisReader, read

_PAGE = 1024 * 1024
"""Bytes of one page, as the average element goes."""

_MOST_PAGE = 500
_MARKS = 32
"""Newest elements among which one is searched that stands there once only."""

_MARK_BYTES = 4 * 1024 * 1024
_TRIED = 8
_SEARCHED = 50_000
_SEARCHED_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the newest element of a list stands: left where producers use LPUSH, else right."""

    newest_left: bool

    @property
    def flag(self) -> str:
        """The same for a script."""
        return "1" if self.newest_left else "0"

    @property
    def newest_rank(self) -> int:
        """RANK of an LPOS that searches from the newest element on."""
        return 1 if self.newest_left else -1

    def old(self, first: int, count: int) -> tuple[int, int]:
        """LRANGE's bounds of ``count`` elements from the place ``first`` on, the oldest being 0."""
        last = first + count - 1
        return (-last - 1, -first - 1) if self.newest_left else (first, last)

    def new(self, first: int, count: int) -> tuple[int, int]:
        """The same, counted from the newest."""
        return Ends(not self.newest_left).old(first, count)

    def oldest_first(self, found: Sequence[bytes]) -> list[bytes]:
        """Elements as LRANGE gives them, oldest first."""
        return list(reversed(found)) if self.newest_left else list(found)

    def newest_first(self, found: Sequence[bytes]) -> list[bytes]:
        """Elements as LRANGE gives them, newest first."""
        return list(found) if self.newest_left else list(reversed(found))


@dataclass(frozen=True, slots=True)
class Shape:
    """Elements of a list, and the bytes of an average one."""

    length: int
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest element that stands in its list once: by its SHA-256, and how many stand behind it."""

    digest: str
    behind: int


def digest_of(element: bytes) -> str:
    """What an element is called: 64 hexadecimal digits of its bytes."""
    return hashlib.sha256(element).hexdigest()


async def shape_of(reader: RedisReader, key: bytes) -> Shape:
    """How long a list is and how large its elements are; raises SourceError for a key that is none."""
    length, memory = await reader.ask(read("LLEN", key), read("MEMORY USAGE", key))
    return Shape(length, (memory or 0) // length if length else 0)


def page_of(size: int, most: int = _MOST_PAGE, budget: int = _PAGE) -> int:
    """How many elements of that average size are read at once."""
    return max(1, min(most, budget // max(1, size)))


async def walk(
    reader: RedisReader, key: bytes, ends: Ends, shape: Shape, *, newest: bool = False
) -> AsyncIterator[bytes]:
    """The elements of a list, oldest first or newest first, at most as many as ``shape`` says.

    What comes meanwhile stands behind; what goes meanwhile may hide one that stood beside it.
    """
    page, place = page_of(shape.size), 0
    while place < shape.length:
        count = min(page, shape.length - place)
        bounds = ends.new(place, count) if newest else ends.old(place, count)
        [found] = await reader.ask(read("LRANGE", key, *bounds))
        if not found:
            return
        for element in ends.newest_first(found) if newest else ends.oldest_first(found):
            yield element
        place += count


async def marked(
    reader: RedisReader, key: bytes, ends: Ends, shape: Shape
) -> tuple[int, Mark | None, bytes | None]:
    """Length, mark and the mark's element at one moment; None where the newest repeat others."""
    count = page_of(shape.size, _MARKS, _MARK_BYTES)
    [[length, found]] = await reader.ask_groups(
        [[read("LLEN", key), read("LRANGE", key, *ends.new(0, count))]]
    )
    for refused in (length, found):
        if isinstance(refused, Exception):
            raise reader.explained(refused)
    newest = ends.newest_first(found)
    tries = [
        (behind, element) for behind, element in enumerate(newest) if element and newest.count(element) == 1
    ]
    for behind, element in tries[:_TRIED]:
        [places] = await reader.ask(read("LPOS", key, element, "RANK", ends.newest_rank, "COUNT", 2))
        if len(places) == 1:
            return length, Mark(digest_of(element), behind), element
    return length, None, None


async def bytes_of(reader: RedisReader, key: bytes, ends: Ends, mark: Mark) -> bytes | None:
    """The element of a mark, searched from the newest on; None where it is not there any more."""
    shape = await shape_of(reader, key)
    near = Shape(min(shape.length, _SEARCHED), shape.size)
    seen = 0
    async for element in walk(reader, key, ends, near, newest=True):
        if digest_of(element) == mark.digest:
            return element
        seen += len(element)
        if seen > _SEARCHED_BYTES:
            return None
    return None
