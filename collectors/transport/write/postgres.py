"""Hands on one PostgreSQL: signals to sessions by packaged statements, each sent once."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import asyncpg

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.errors import QuarterdeckError, SourceError, TimedOutError, UnreachableError
from collectors.hands import SessionGuard
from collectors.options import OptionalUrl, Url
from collectors.text import one_line
from collectors.transport.faults import place_of
from collectors.transport.read.postgres_session import (
    APPLICATION,
    FAILURES,
    Row,
    SaturatedError,
    Session,
    disconnect,
    explain,
    identity,
    load,
    open_session,
    run,
)
from collectors.transport.spans import span

PACKAGE = "collectors.transport.write"
VERBS = ("cancel", "terminate")
_LEASE = b"quarterdeck:lease:"
_HIDDEN = "what it does is hidden from this role: grant pg_monitor to it"


class Hands:
    """``collectors.hands.PostgresHands``: one connection of its own, by ``act_url`` or else by ``url``.

    Its session cannot write; signals need no more. A lease is an advisory lock: it ends with the
    connection, however that ends.
    """

    def __init__(self, session: Session, server: str, place: str, timeout: float) -> None:
        self._session = session
        self._server = server
        self._place = place
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._held: set[str] = set()
        self._broken = False

    @property
    def server(self) -> str:
        """System identifier, role and start: ``7512… primary since 2026-11-27T02:19:28.123456Z``."""
        return self._server

    async def signal(
        self, verb: str, pid: int, backend_start: float, guard: SessionGuard | None = None
    ) -> str:
        """Look at the session and signal it in one statement; SourceError where no answer came."""
        if verb not in VERBS:
            raise ValueError(f"{verb} is none of {', '.join(VERBS)}")
        guard = guard or SessionGuard()
        seen = (guard.changed_by, guard.transaction, guard.query)
        try:
            [row] = await self._ask("signal", pid, backend_start, verb, ",".join(guard.states), *seen)
        except RefusedError as error:
            return f"refused: {error.why}"
        return _told(row)

    async def why_not(self, needs: Sequence[str]) -> str:
        """Why this role may not act on others' sessions: ``needs`` are roles that it must be a member of.

        A superuser may do all; a role that has nothing but itself may still act on its own sessions,
        where there are any.
        """
        try:
            [row] = await self._ask("rights", ",".join(needs))
        except QuarterdeckError as error:
            return str(error.why)
        if row["superuser"] or not row["lacking"] or row["some"]:
            return ""
        lacking = ", ".join(row["lacking"].split(","))
        user = one_line(row["us"], 60)
        return f"the role {user} is no member of {lacking}: grant it, or give an act_url of another role"

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - it lasts as long as the connection
        """Take the lease: empty where it is ours now, else who has it; None behind PgBouncer."""
        if self._session.pooled:
            return None
        if name in self._held:
            return ""
        key = _key(name)
        try:
            [row] = await self._ask("lease", key, f"{APPLICATION} {who}")
            others = await self._ask("holder", key)
            if row["taken"] and not others:
                self._held.add(name)
                return ""
            await self._ask("release" if row["taken"] else "renamed", key, APPLICATION)
        except RefusedError:
            return None
        holder = others[0]["application"].removeprefix(APPLICATION).strip() if others else ""
        return str(one_line(holder, 120)) or "another console"

    async def let_go(self, name: str, who: str) -> None:  # noqa: ARG002 - a lock belongs to a connection
        """Give the lease back, if it is ours."""
        if name in self._held:
            self._held.discard(name)
            await self._ask("release", _key(name), APPLICATION)

    async def close(self) -> None:
        """Give the connection back; never raises."""
        self._broken = True
        await disconnect(self._session)

    async def _ask(self, name: str, *values: object) -> list[Row]:
        """The rows of a packaged statement; RefusedError where the server did nothing, else SourceError.

        After any failure but a refusal the connection is given up, since what it did is not known.
        """
        text = await load(PACKAGE, name)
        async with self._turn:
            if self._broken:
                raise UnreachableError("the connection was given up", "plan it anew")
            try:
                async with asyncio.timeout(self._timeout):
                    return await run(self._session, text, *values)
            except TimeoutError:
                await self.close()
                raise TimedOutError(f"no answer within {span(self._timeout)}", self._place) from None
            except FAILURES as error:
                if _is_refusal(error):
                    raise RefusedError(one_line(getattr(error, "detail", "") or error)) from None
                await self.close()
                raise explain(error, self._place) from None
            except BaseException:
                await self.close()
                raise


async def open_hands(collector: Collector[Any]) -> Hands:
    """Dial ``act_url``, or ``url`` where there is none; raises SourceError."""
    act: OptionalUrl = collector.options.act_url
    url: Url = collector.options.url if act is None else act
    context = collector.context
    endpoint = context.endpoint(url)
    dial = await context.dialer.dial(endpoint)
    place = place_of(dial)
    try:
        session = await open_session(endpoint, dial, context.timeout)
    except SaturatedError as error:
        hint = "give act_url a role in pg_use_reserved_connections (16 or later), or a superuser"
        raise SaturatedError(error.why, hint) from None
    try:
        async with asyncio.timeout(context.timeout):
            server = str(await identity(session))
    except (TimeoutError, *FAILURES) as error:
        await disconnect(session)
        raise _opening(error, place) from None
    except BaseException:
        await disconnect(session)
        raise
    return Hands(session, server, place, context.timeout)


def _opening(error: Exception, place: str) -> SourceError:
    if isinstance(error, TimeoutError):
        return TimedOutError("logged in, but no answer came", place)
    return explain(error, place)


def _told(row: Row) -> str:
    """The answer of ``signal.sql`` in words."""
    answer = row["answer"]
    if answer == "state":
        return "not in that state"
    if answer == "hidden":
        return f"refused: {_HIDDEN}"
    if answer == "own":
        return "refused: it is our own session"
    if answer == "kind":
        return f"refused: it is no client's session but a {one_line(row['kind'], 40)}"
    return str(answer)


def _is_refusal(error: Exception) -> bool:
    """Whether the server has answered that it did nothing: the session is as good as before."""
    return isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "")[:2] in ("42", "22", "0A")


def _key(name: str) -> int:
    """The advisory lock of a lease: 64 bits of the hash of its name."""
    return int.from_bytes(hashlib.sha256(_LEASE + name.encode()).digest()[:8], "big", signed=True)
