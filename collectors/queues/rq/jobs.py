"""RQ's newest failed jobs one by one, with their calls read from their data without unpickling."""

import asyncio
from collections.abc import Sequence
from typing import Any

from collectors.inert import PayloadError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.quantity import Quantity, Unit, exact, unknown
from collectors.queues._fingerprint import fingerprint
from collectors.queues.rq.dead import error_text
from collectors.queues.rq.keys import Keys, epoch
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.payload import LONGEST, call
from collectors.text import Shown, one_line, shown
from collectors.transport.read.redis import RedisReader, read

SPEC = DetailSpec(
    "jobs", "Dead jobs", "The newest failed jobs of this queue one by one, with the ids that actions take."
)

MOST = 50
"""Newest dead jobs that are read."""

_BATCH = 10
_COLUMNS = ("id", "call", "error", "age")
_FIELDS = ("ended_at", "description", "exc_info")


async def detail(reader: RedisReader, keys: Keys, queue: bytes) -> Detail:
    """Id, call, error and age of each, the one that failed last first."""
    failed = keys.registry(b"failed", queue)
    total, ids = await ask_all(reader, (read("ZCARD", failed), read("ZREVRANGE", failed, 0, MOST - 1)))
    now = reader.now()
    rows: list[tuple[float, tuple[Shown | Quantity, ...]]] = []
    for start in range(0, len(ids or ()), _BATCH):
        part = ids[start : start + _BATCH]
        found = await _read(reader, keys, part)
        # hostile data may take some milliseconds each, for which nothing else is to wait
        rows += await asyncio.to_thread(_rows, part, found, now)
    rows.sort(key=lambda row: row[0])
    partial = f"the newest {len(ids)} of {total} dead jobs" if total and total > len(ids) else ""
    return Detail(SPEC, _COLUMNS, tuple(row for _age, row in rows), shown(partial))


async def _read(reader: RedisReader, keys: Keys, ids: Sequence[bytes]) -> list[list[Any]]:
    """Fields, newest result and data of each; data that is too long for a look is not asked for."""
    reads = []
    for job_id in ids:
        job = keys.job(job_id)
        reads += [
            read("HMGET", job, *_FIELDS),
            read("HSTRLEN", job, "data"),
            read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
        ]
    replies = await ask_all(reader, reads)
    found = [replies[3 * index : 3 * index + 3] for index in range(len(ids))]
    short = [index for index, (_fields, length, _result) in enumerate(found) if 0 < (length or 0) <= LONGEST]
    data = await ask_all(reader, [read("HMGET", keys.job(ids[index]), "data") for index in short])
    packed = {index: (reply or (None,))[0] for index, reply in zip(short, data, strict=True)}
    return [[*each, packed.get(index)] for index, each in enumerate(found)]


def _rows(
    ids: Sequence[bytes], found: Sequence[Sequence[Any]], now: float
) -> list[tuple[float, tuple[Shown | Quantity, ...]]]:
    rows: list[tuple[float, tuple[Shown | Quantity, ...]]] = []
    for job_id, (fields, length, result, data) in zip(ids, found, strict=True):
        ended_at, description, exc_info = fields or (None, None, None)
        ended = epoch(ended_at)
        age = None if ended is None else max(0.0, now - ended)
        row = (
            one_line(job_id, 120),
            _call(data, length or 0, description),
            one_line(fingerprint(error_text(result, exc_info)), 200),
            unknown(Unit.SECONDS) if age is None else exact(age, Unit.SECONDS),
        )
        rows.append((float("inf") if age is None else age, row))
    return rows


def _call(data: bytes | None, length: int, description: bytes | None) -> Shown:
    """The call, or where it cannot be read what the application wrote of it and why."""
    why = f"{length:,} bytes of data" if length else "without data: RQ has dropped it"
    if data is not None:
        try:
            return one_line(call(data), 200)
        except PayloadError as error:
            why = f"not read: {error}"
    return one_line(f"{(description or b'')[:640].decode('utf-8', 'replace')[:160]} ({why})", 200)
