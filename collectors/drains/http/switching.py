"""A service's readiness switch: turned by one request, seen turned by the readiness itself."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from collectors.action import Control, RefusedError
from collectors.drains._telling import Told
from collectors.errors import SourceError
from collectors.hands import DrainHands, http_server
from collectors.model.drains import DrainReading

if TYPE_CHECKING:
    from collectors.drains.http import HttpDrain

TURNS_WITHIN = 15.0
"""Seconds for the readiness to follow its switch: some services ask themselves every few seconds."""

STEP = 0.2
"""Seconds between two looks."""

Look = Callable[[], Awaitable[DrainReading | None]]
"""A look of our own; None where it takes no connection, or gives no answer in time."""


@asynccontextmanager
async def looking(collector: "HttpDrain") -> AsyncIterator[Look]:
    """Looks with a memory of their own, so that the collector's rates stay its own."""
    own = collector.twin()

    async def look() -> DrainReading | None:
        try:
            [reading] = (await own.collect()).readings
        except SourceError:
            return None
        return reading if isinstance(reading, DrainReading) else None

    try:
        yield look
    finally:
        await own.close()


async def turn(collector: "HttpDrain", hands: DrainHands, *, ready: bool) -> str:
    """Send the switch's request, once, and say what was answered; raises RefusedError and SourceError.

    The collector's headers go with it only where the switch is on the server of its ``url``.
    """
    options = collector.options
    if options.drain_url is None:
        raise RefusedError("it has no switch", "set `drain_url`")
    method = options.ready_method if ready else options.drain_method
    own = http_server(options.drain_url) == http_server(options.url)
    headers = {name: value.reveal() for name, value in options.headers.items()} if own else {}
    answer = await hands.http.send(method, options.drain_url.reveal(), headers)
    if not 200 <= answer.status < 300:
        hint = "see `drain_url`, `drain_method`, `ready_method` and `headers`"
        raise RefusedError(f"its switch answered {answer.status} to {method}", hint)
    return f"{method} answered {answer.status}"


async def follows(look: Look, told: Told, control: Control, *, ready: bool, until: float) -> bool:
    """Whether the readiness followed the switch in time."""
    end = min(until, time.monotonic() + TURNS_WITHIN)
    while True:
        reading = await look()
        if reading is not None and reading.ready is ready:
            return True
        if time.monotonic() >= end:
            return False
        told.show("its switch is turned; its readiness has not followed yet")
        await control.pause(STEP)
