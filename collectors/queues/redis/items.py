"""The oldest elements of a queue and of its dead list, each by the name under which it can be deleted."""

from typing import Any

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Unit, exact
from collectors.queues.redis.elements import Ends, Shape, digest_of, page_of, shape_of, walk
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader

SPEC = DetailSpec("items", "Elements", "The oldest elements of this queue and of its dead list, one by one.")

DIGITS = 12
"""Digits of an element's SHA-256 by which it is shown."""

MOST = 50
_BUDGET = 4 * 1024 * 1024
_COLUMNS = ("element", "in", "place", "size", "payload")


async def detail(reader: RedisReader, lists: dict[str, tuple[bytes, Ends]]) -> Detail:
    """Name, list (``ready`` or ``dead``), place from the oldest, size and payload of each element."""
    rows: list[tuple[Any, ...]] = []
    partial = []
    for name, (key, ends) in lists.items():
        shape = await shape_of(reader, key)
        count = min(shape.length, page_of(shape.size, MOST, _BUDGET))
        place = 0
        async for element in walk(reader, key, ends, Shape(count, shape.size)):
            place += 1
            rows.append(
                (
                    Shown(digest_of(element)[:DIGITS]),
                    Shown(name),
                    exact(place),
                    exact(len(element), Unit.BYTES),
                    one_line(element, 160),
                )
            )
        if count < shape.length:
            partial.append(f"the oldest {count} of {shape.length} {name}")
    return Detail(SPEC, _COLUMNS, tuple(rows), shown("; ".join(partial)))
