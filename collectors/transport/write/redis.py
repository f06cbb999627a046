"""Hands on one Redis or Valkey: scripts and a short list of commands, each sent once."""

import asyncio
import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.errors import QuarterdeckError, UnreachableError
from collectors.text import one_line
from collectors.transport.read.redis_errors import explain
from collectors.transport.read.redis_link import Link
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_way import Way

WRITES = frozenset({
    "DEL", "EXPIRE", "PUBLISH", "RENAMENX", "SET", "UNLINK", "XACK", "XADD", "XCLAIM", "XDEL", "XGROUP SETID",
    "XTRIM",
})  # fmt: skip
"""Every command that an action sends besides scripts."""

LOOKS = frozenset({"EXISTS", "PING", "PTTL", "SCAN", "TTL", "TYPE"})
"""What it reads on the same connection."""

LEASE = b"quarterdeck:lease:"
"""Begin of the keys by which two consoles keep apart."""

_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Hands:
    """``collectors.hands.RedisHands``: one connection of its own, by ``act_url`` or else by ``url``."""

    def __init__(self, way: Way, link: Link, timeout: float) -> None:
        self._way = way
        self._link = link
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._broken = False
        self.took = 0.0

    @property
    def server(self) -> str:
        """Run id and role: ``8f2c… master``."""
        return f"{self._link.server.run_id} {self._link.server.role}".strip()

    async def script(self, lua: str, keys: Sequence[bytes], arguments: Sequence[bytes | str | int]) -> Any:  # noqa: ANN401 - replies are untyped
        """Run a script as one step and give its reply; RefusedError, or SourceError where none came."""
        [reply] = await self._exchange([("EVAL", lua, len(keys), *keys, *arguments)])
        return reply

    async def send(self, *commands: Sequence[bytes | str | int]) -> list[Any]:
        """Send a batch of commands and give the replies; RefusedError for the first that is refused."""
        for command in commands:
            name = str(command[0])
            if name not in WRITES and name not in LOOKS:
                raise ValueError(f"{name} is not on the list of commands that actions send")
        return await self._exchange([(*str(command[0]).split(), *command[1:]) for command in commands])

    async def again(self) -> None:
        """Connect anew after a failure; RefusedError where another server answers there by now."""
        async with self._turn:
            before = self.server
            await self.close()
            self._link = await _dialled(self._way, self._timeout)
            if self.server != before:
                await self.close()
                raise RefusedError(f"{self._way.where} is another server by now", "plan it anew")
            self._broken = False

    async def why_not(self, needs: Sequence[str]) -> str:
        """Why this user may not run the commands ``needs``; empty where it may, or where it is not told."""
        try:
            [who] = await self._raw([("ACL", "WHOAMI")])
            if isinstance(who, ResponseError):
                return ""
            answers = await self._raw([("ACL", "DRYRUN", who, *_probe(need)) for need in needs])
        except QuarterdeckError as error:
            return str(error.why)
        lacking = [need for need, answer in zip(needs, answers, strict=True) if _is_denied(answer)]
        user = one_line(who, 40)
        return f"the user {user} may not {', '.join(lacking)}" if lacking else ""

    async def hold(self, name: str, who: str, seconds: float) -> str | None:
        """Take the lease: empty where it is ours now, else who has it."""
        key = LEASE + name.encode()
        [taken] = await self._raw([("SET", key, who, "NX", "EX", max(1, round(seconds)))])
        if isinstance(taken, ResponseError):
            return None
        if taken is not None:
            return ""
        [holder] = await self._raw([("GET", key)])
        if isinstance(holder, bytes) and holder.decode("utf-8", "replace") == who:
            await self._raw([("EXPIRE", key, max(1, round(seconds)))])
            return ""
        return str(one_line(holder, 120)) if isinstance(holder, bytes) else "another console"

    async def let_go(self, name: str, who: str) -> None:
        """Give the lease back, if it is still ours."""
        await self._raw([("EVAL", _LET_GO, 1, LEASE + name.encode(), who)])

    async def close(self) -> None:
        """Give the connection back; never raises."""
        self._broken = True
        await self._link.close()

    async def _exchange(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        replies = await self._raw(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                told = explain(reply, self._way.where)
                raise RefusedError(told.why, told.hint)
        return replies

    async def _raw(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """The replies; after any failure the connection is given up, since what it did is not known."""
        async with self._turn:
            started = time.monotonic()
            if self._broken:
                raise UnreachableError("the connection was given up", "plan it anew")
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._link.exchange(commands)
            except (RedisError, OSError, ValueError, QuarterdeckError) as error:
                await self.close()
                raise explain(error, self._way.where) from None
            except BaseException:
                await self.close()
                raise
            finally:
                self.took = time.monotonic() - started


async def open_hands(collector: Collector[Any]) -> Hands:
    """Dial ``act_url``, or ``url`` where there is none; raises SourceError."""
    options: RedisOptions = collector.options
    if options.act_url is not None:
        options = dataclasses.replace(options, url=options.act_url)
    context = collector.context
    way = Way(context, options, cluster=False)
    return Hands(way, await _dialled(way, context.timeout), context.timeout)


async def _dialled(way: Way, seconds: float) -> Link:
    try:
        async with asyncio.timeout(seconds):
            return await way.open(await way.primary())
    except (RedisError, OSError, ValueError, QuarterdeckError) as error:
        raise explain(error, way.where) from None


def _probe(need: str) -> tuple[str, ...]:
    """A call of the command that DRYRUN accepts."""
    arguments = {
        "EVAL": ("return 1", "0"),
        "PUBLISH": ("c", "m"),
        "SET": ("k", "v"),
        "XACK": ("k", "g", "0-1"),
        "XADD": ("k", "*", "f", "v"),
        "XCLAIM": ("k", "g", "c", "0", "0-1"),
        "RENAMENX": ("k", "l"),
        "EXPIRE": ("k", "1"),
        "XTRIM": ("k", "MAXLEN", "0"),
        "XDEL": ("k", "0-1"),
        "XGROUP SETID": ("k", "g", "0-1"),
        "HDEL": ("k", "f"),
        "HSET": ("k", "f", "v"),
        "LPUSH": ("k", "v"),
        "LREM": ("k", "1", "v"),
        "PEXPIREAT": ("k", "1"),
        "RESTORE": ("k", "0", "v"),
        "RPUSH": ("k", "v"),
        "SADD": ("k", "m"),
        "SREM": ("k", "m"),
        "TIME": (),
        "ZADD": ("k", "1", "m"),
        "ZREM": ("k", "m"),
        "HINCRBY": ("k", "f", "1"),
        "LRANGE": ("k", "0", "-1"),
        "LINSERT": ("k", "BEFORE", "v", "w"),
        "LSET": ("k", "0", "v"),
        "PEXPIRE": ("k", "1"),
        "RENAME": ("k", "l"),
    }
    return (*need.split(), *arguments.get(need, ("k",)))


def _is_denied(answer: object) -> bool:
    """DRYRUN answers OK, or says in words what is denied; old servers do not know it.

    Where only the key of our probe is denied, the command itself is allowed under other names.
    """
    if isinstance(answer, NoPermissionError):
        return False
    return isinstance(answer, bytes) and answer != b"OK" and not answer.endswith(b" key")
