"""Hands for a drain: HTTP for its switch, signals for its process, lines for its balancer."""

import asyncio
from collections.abc import Sequence
from typing import Any

from collectors.action import RefusedError
from collectors.base import Collector
from collectors.hands import THIS_MACHINE
from collectors.transport.write import http, lines, process
from collectors.transport.write._far import FarHands
from collectors.transport.write._flocks import Flocks


class Hands:
    """``collectors.hands.DrainHands``: each part as far as the collector names what it reaches."""

    def __init__(
        self,
        *,
        by_http: http.Hands | None = None,
        by_process: process.Hands | FarHands | None = None,
        by_lines: lines.Hands | None = None,
    ) -> None:
        self._http = by_http
        self._process = by_process
        self._lines = by_lines
        self._locks = Flocks()

    @property
    def server(self) -> str:
        """That of the first part that there is, in the order http, lines, process."""
        return next((part.server for part in (self._http, self._lines, self._process) if part), THIS_MACHINE)

    @property
    def http(self) -> http.Hands:
        """For the switch; raises RefusedError."""
        if self._http is None:
            raise RefusedError("it is not reached by HTTP")
        return self._http

    @property
    def process(self) -> process.Hands | FarHands:
        """For the process; raises RefusedError."""
        if self._process is None:
            raise RefusedError("no process is named", "set `pid_file`, `unit` or `port`")
        return self._process

    @property
    def lines(self) -> lines.Hands:
        """For the balancer; raises RefusedError."""
        if self._lines is None:
            raise RefusedError("there is no socket to speak to")
        return self._lines

    async def why_not(self, needs: Sequence[str]) -> str:
        """What the socket refuses; of HTTP and signals nothing is told before they are sent."""
        return await self._lines.why_not(needs) if self._lines else ""

    async def hold(self, name: str, who: str, seconds: float) -> str | None:  # noqa: ARG002 - the kernel ends it with us
        """Take a file lock: it keeps apart this user's consoles on this machine, and ends with its holder."""
        return await asyncio.to_thread(self._locks.take, name, who)

    async def let_go(self, name: str, who: str) -> None:  # noqa: ARG002 - only ours can be let go
        """Give the lock back, if it is ours."""
        await asyncio.to_thread(self._locks.give, name)

    async def close(self) -> None:
        """Give everything back; never raises."""
        self._locks.close()
        for part in (self._http, self._process, self._lines):
            if part is not None:
                await part.close()


async def open_hands(collector: Collector[Any]) -> Hands:
    """Hands for what the collector's options name; nothing is dialled yet. Raises RefusedError."""
    options = collector.options
    named = any(getattr(options, name, None) for name in ("pid_file", "unit", "port"))
    return Hands(
        by_http=await http.open_hands(collector) if http.http_urls(options) else None,
        by_process=await process.open_hands(collector) if named else None,
        by_lines=await lines.open_hands(collector) if hasattr(options, "socket") else None,
    )
