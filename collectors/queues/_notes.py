"""What a run notes in the target, in the same step as its writes: afterwards anyone can read what it did.

The notes are one hash for each run, ``quarterdeck:run:TOKEN``, with a field for each batch; it expires.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import Outcome, Plan, Result
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_info import parse_info

KEPT = 7 * 86400
"""Seconds for which the notes of a run stay in the target."""

PREFIX = b"quarterdeck:"
"""Begin of every key that is ours: notes, leases, quarantine."""


def token() -> str:
    """The name of a new run, for ``plan.detail["run"]``."""
    return secrets.token_hex(8)


def key_of(plan: Plan) -> bytes:
    """The key of a plan's notes."""
    return PREFIX + b"run:" + str(plan.detail["run"]).encode()


async def noted(reader: RedisReader, plan: Plan, fields: Sequence[str]) -> list[bytes | None]:
    """The notes in ``fields``; None for those that were never written. Raises SourceError."""
    if not fields:
        return []
    [found] = await reader.ask(read("HMGET", key_of(plan), *fields))
    return list(found)


def batches(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields of the batches that were about to be written."""
    return [str(record["batch"]) for record in kept if "batch" in record]


async def missing(reader: RedisReader, plan: Plan, count: int = 0) -> Outcome:
    """The outcome where notes are not there: nothing was done, or nobody can tell.

    ``count``: what the notes that are there tell of. Raises SourceError.
    """
    [told] = await reader.ask_each(read("INFO", "stats"))
    stats = parse_info(told) if isinstance(told, bytes) else {}
    server = f"{reader.server.run_id} {reader.server.role}".strip()
    old = reader.now() - plan.request.cut_off > KEPT
    if count or old or server != plan.server or stats.get("evicted_keys") != "0":
        words = (
            "its notes are gone from the server, with it, with time or for want of memory: look at the queue"
        )
        return Outcome(result=Result.UNKNOWN, count=count, words=Shown(words))
    return Outcome(result=Result.FAILED, count=0, words=Shown("it ended before its first write"))
