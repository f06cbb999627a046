"""RQ's failed jobs, grouped by what went wrong; payloads are never unpickled."""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Unit, exact, unknown
from collectors.queues._fingerprint import fingerprint
from collectors.queues.rq.keys import Keys, epoch
from collectors.queues.rq.look import ask_all
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader, read

SPEC = DetailSpec(
    "dead", "Dead jobs by error", "The newest failed jobs of this queue, grouped by their error."
)

MOST_JOBS = 200
"""Newest dead jobs that are read."""

_BATCH = 20
_MOST_TEXT = 2**20
"""Bytes of a traceback that are unpacked."""

_COLUMNS = ("error", "jobs", "newest", "oldest", "example")


@dataclass(slots=True)
class _Group:
    ages: list[float] = field(default_factory=list)
    count: int = 0
    example: Shown = Shown("")


async def detail(reader: RedisReader, keys: Keys, queue: bytes) -> Detail:
    """Dead jobs by error: how many, since when, until when, and one of them as its call reads."""
    failed = keys.registry(b"failed", queue)
    total, ids = await ask_all(reader, (read("ZCARD", failed), read("ZREVRANGE", failed, 0, MOST_JOBS - 1)))
    now = reader.now()
    groups: dict[str, _Group] = {}
    for start in range(0, len(ids or ()), _BATCH):
        part = ids[start : start + _BATCH]
        replies = await ask_all(reader, [one for job_id in part for one in _reads(keys, job_id)])
        for index in range(len(part)):
            _sort_in(groups, replies[2 * index], replies[2 * index + 1], now)
    rows = tuple(
        _row(error, group) for error, group in sorted(groups.items(), key=lambda item: -item[1].count)
    )
    partial = f"the newest {len(ids)} of {total} dead jobs" if total and total > len(ids) else ""
    return Detail(SPEC, _COLUMNS, rows, shown(partial))


def _reads(keys: Keys, job_id: bytes) -> list[Any]:
    return [
        read("HMGET", keys.job(job_id), "ended_at", "description", "exc_info"),
        read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
    ]


def _sort_in(groups: dict[str, _Group], job: Sequence[bytes | None] | None, result: Any, now: float) -> None:  # noqa: ANN401 - replies are untyped
    ended_at, description, exc_info = job or (None, None, None)
    group = groups.setdefault(fingerprint(error_text(result, exc_info)), _Group())
    group.count += 1
    ended = epoch(ended_at)
    if ended is not None:
        group.ages.append(max(0.0, now - ended))
    if not group.example and description:
        group.example = one_line(description, 160)


def _row(error: str, group: _Group) -> tuple[Any, ...]:
    newest = exact(min(group.ages), Unit.SECONDS) if group.ages else unknown(Unit.SECONDS)
    oldest = exact(max(group.ages), Unit.SECONDS) if group.ages else unknown(Unit.SECONDS)
    return one_line(error, 200), exact(group.count), newest, oldest, group.example


def error_text(result: Any, exc_info: bytes | None) -> str:  # noqa: ANN401 - replies are untyped
    """The traceback of the newest result, or the one that old versions keep in the job; empty for none."""
    fields = dict(zip(result[0][1][::2], result[0][1][1::2], strict=False)) if result else {}
    packed: bytes | None = fields.get(b"exc_string")
    if packed:
        try:
            return _unpacked(b64decode(packed, validate=True))
        except (Base64Error, ValueError):
            return packed[:_MOST_TEXT].decode("utf-8", "replace")
    return _unpacked(exc_info) if exc_info else ""


def _unpacked(data: bytes) -> str:
    try:
        text = zlib.decompressobj().decompress(data, _MOST_TEXT)
    except zlib.error:
        text = data[:_MOST_TEXT]
    return text.decode("utf-8", "replace")
