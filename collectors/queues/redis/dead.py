"""The dead list of a queue: its elements grouped by what went wrong."""

from dataclasses import dataclass, field
from typing import Any

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Unit, exact, unknown
from collectors.queues._fingerprint import fingerprint
from collectors.queues.redis.elements import Ends, Shape, page_of, shape_of, walk
from collectors.queues.redis.payload import error_of, time_of
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader

SPEC = DetailSpec(
    "dead",
    "Dead jobs by error",
    "The newest elements of the dead list of this queue, grouped by their error.",
)

MOST = 200
"""Newest dead elements that are read."""

_BUDGET = 4 * 1024 * 1024
_COLUMNS = ("error", "jobs", "newest", "oldest", "example")


@dataclass(slots=True)
class _Group:
    ages: list[float] = field(default_factory=list)
    count: int = 0
    example: Shown = Shown("")


def error_group(element: bytes, path: str) -> Shown:
    """The name of the group of an element: the fingerprint of its error as it is shown."""
    return one_line(fingerprint(error_of(element, path)), 200)


async def detail(reader: RedisReader, key: bytes | None, ends: Ends, error: str, time: str) -> Detail:
    """Dead elements by error: how many, since and until when where they tell, and one of them.

    ``error`` and ``time`` are the dotted paths of both in JSON payloads.
    """
    if key is None:
        return Detail(SPEC, _COLUMNS, (), shown("this collector has no option `dead`: no list of dead jobs"))
    shape = await shape_of(reader, key)
    count = min(shape.length, page_of(shape.size, MOST, _BUDGET))
    groups: dict[Shown, _Group] = {}
    now = reader.now()
    async for element in walk(reader, key, ends, Shape(count, shape.size), newest=True):
        group = groups.setdefault(error_group(element, error), _Group())
        group.count += 1
        group.example = group.example or one_line(element, 160)
        at = time_of(element, time) if time else None
        if at is not None:
            group.ages.append(max(0.0, now - at))
    rows = tuple(_row(name, one) for name, one in sorted(groups.items(), key=lambda item: -item[1].count))
    partial = f"the newest {count} of {shape.length} dead jobs" if count < shape.length else ""
    return Detail(SPEC, _COLUMNS, rows, shown(partial))


def _row(error: Shown, group: _Group) -> tuple[Any, ...]:
    newest = exact(min(group.ages), Unit.SECONDS) if group.ages else unknown(Unit.SECONDS)
    oldest = exact(max(group.ages), Unit.SECONDS) if group.ages else unknown(Unit.SECONDS)
    return error, exact(group.count), newest, oldest, group.example
