"""Hands on HAProxy's stats socket: each line sent once, on a connection of its own."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.errors import AnswerError, OptionsError, SourceError, TimedOutError, UnreachableError
from collectors.secret import SecretUrl
from collectors.text import one_line
from collectors.transport.endpoint import Dialer, Endpoint
from collectors.transport.faults import place_of, socket_fault
from collectors.transport.read.haproxy import connected
from collectors.transport.resolve import Resolver
from collectors.transport.spans import span
from collectors.transport.write._flocks import Flocks

WRITES = re.compile(r"set server [A-Za-z0-9_.:\-]+/[A-Za-z0-9_.:\-]+ state (?:drain|ready|maint)")
"""Every line that changes something; names have the characters that HAProxy allows them."""

LOOKS = frozenset({"show stat", "show servers state"})
"""What it asks besides."""

PROBE = "set server =/= state ready"
"""No server can have this name: who may not change one is told so before it is looked for."""

ADMIN = "admin"
"""The right that changing a server's state needs."""

ANSWER_LIMIT = 8 * 2**20
"""Bytes of an answer: a server is a line of 300 to 600."""


class Hands:
    """``collectors.hands.LineHands``; ``place`` is the socket as the configuration names it."""

    def __init__(self, dialer: Dialer, endpoint: Endpoint, place: str, seconds: float) -> None:
        self._dialer = dialer
        self._endpoint = endpoint
        self._place = place
        self._seconds = seconds
        self._resolver = Resolver()
        self._locks = Flocks()

    @property
    def server(self) -> str:
        """The socket, as its option names it."""
        return self._place

    async def say(self, line: str) -> bytes:
        """Send a line of the list and give the whole answer.

        Raises ValueError for another line, RefusedError where nothing was sent, and SourceError where no
        answer came.
        """
        if line not in LOOKS and not WRITES.fullmatch(line):
            raise ValueError("this line is not on the list of those that actions send")
        return await self._said(line)

    async def why_not(self, needs: Sequence[str]) -> str:
        """Why this socket does not take orders; empty where it does, or where that cannot be asked."""
        if ADMIN not in needs:
            return ""
        try:
            answer = await self._said(PROBE)
        except (SourceError, RefusedError) as error:
            return str(error.why)
        if b"Permission denied" in answer:
            return f"{self._place} takes no orders: its `stats socket` line needs `level admin`"
        return ""

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - the kernel ends it with us
        """Take a file lock: it keeps apart this user's consoles on this machine."""
        return await asyncio.to_thread(self._locks.take, name, who)

    async def let_go(self, name: str, who: str) -> None:  # noqa: ARG002 - only ours can be let go
        """Give the lock back, if it is ours."""
        await asyncio.to_thread(self._locks.give, name)

    async def close(self) -> None:
        """Give all locks back; never raises."""
        self._locks.close()

    async def _said(self, line: str) -> bytes:
        sent = False
        try:
            dial = await self._dialer.dial(self._endpoint)
            place = place_of(dial)
            try:
                async with asyncio.timeout(self._seconds):
                    reader, writer = await connected(dial, self._resolver, self._seconds)
                    try:
                        sent = True
                        writer.write(line.encode() + b"\n")
                        return await _answer(reader, place)
                    finally:
                        writer.transport.abort()
                        # the socket is closed in the loop's next turn
                        await asyncio.sleep(0)
            except TimeoutError:
                why = f"no answer in {span(self._seconds)}"
                raise TimedOutError(why, f"{place} takes too long") from None
            except OSError as error:
                raise socket_fault(error, place) or UnreachableError(f"failed: {error}", place) from None
        except (SourceError, OptionsError) as error:
            if sent and isinstance(error, SourceError):
                raise
            raise RefusedError(f"nothing was sent: {error.why}", error.hint) from None


async def _answer(reader: asyncio.StreamReader, place: str) -> bytes:
    answer = bytearray()
    while piece := await reader.read(65536):
        answer += piece
        if len(answer) > ANSWER_LIMIT:
            raise AnswerError(f"an answer of more than {ANSWER_LIMIT >> 20} MiB", place)
    if not answer:
        raise AnswerError("it hung up without an answer", place)
    return bytes(answer)


async def open_hands(collector: Collector[Any]) -> Hands:
    """Hands on the ``socket`` of the collector's options; nothing is dialled yet. Raises RefusedError."""
    place, context = str(getattr(collector.options, "socket", "")), collector.context
    url = getattr(collector, "socket_url", None)
    if not isinstance(url, SecretUrl):
        raise RefusedError("there is no socket to speak to", "set `socket`")
    return Hands(context.dialer, context.endpoint(url), str(one_line(place, 200)), context.timeout)
