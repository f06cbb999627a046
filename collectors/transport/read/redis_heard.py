"""Listening to what others publish on a Redis: a subscription of one pattern, which changes nothing there."""

import asyncio
import contextlib
from collections.abc import Callable

from redis.exceptions import RedisError

from collectors.base import Context
from collectors.errors import QuarterdeckError, SourceError
from collectors.transport.read.redis_errors import explain
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.read.redis_way import Way

_QUIET = 10.0
"""Seconds of silence after which the server is asked whether it is there."""

_AGAIN = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next try after a failure, the last for all further ones."""


class Listener:
    """Hears one pattern on a connection of its own, and joins again by itself where that breaks.

    ``hear`` gets (channel, payload) on the loop of ``start``. ``since``: CLOCK_BOOTTIME seconds from which it
    has heard without a gap, None while it does not. ``failure``: why it does not.
    """

    def __init__(
        self, context: Context, options: RedisOptions, pattern: bytes, hear: Callable[[bytes, bytes], None]
    ) -> None:
        self._context = context
        self._way = Way(context, options, cluster=False)
        self._pattern = pattern
        self._hear = hear
        self._task: asyncio.Task[None] | None = None
        self.since: float | None = None
        self.failure: SourceError | None = None

    def start(self) -> None:
        """Begin to listen, unless it does."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"listens for {self._context.collector}")

    async def close(self) -> None:
        """Stop listening; never raises."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.since = None

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, ValueError, TimeoutError, QuarterdeckError) as error:
                failures = 0 if self.since is not None else failures
                self.since, self.failure = None, explain(error, self._way.where)
            await asyncio.sleep(_AGAIN[min(failures, len(_AGAIN) - 1)])
            failures += 1

    async def _listen(self) -> None:
        async with asyncio.timeout(self._context.timeout):
            link = await self._way.open(await self._way.primary())
        try:
            async with asyncio.timeout(self._context.timeout):
                await link.listen(self._pattern)
            self.since, self.failure = self._context.clock.boottime(), None
            while True:
                self._hear(*await link.next_message(_QUIET, self._context.timeout))
        finally:
            await link.close()
