"""Where a collector runs: on the core's own loop, or, if it is foreign, in a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Host(Protocol):
    """Runs a collector's coroutines."""

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run ``call`` where the collector lives and give its answer."""
        ...

    def blocked(self) -> float:
        """Seconds for which the collector has kept its loop from running; 0 for none."""
        ...

    def stop(self) -> None:
        """Let the host go; never waits."""
        ...


class CoreHost:
    """The core's own loop."""

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run ``call`` here."""
        return await call()

    def blocked(self) -> float:
        """Our own collectors do not block; the core's watchdog would tell."""
        return 0.0

    def stop(self) -> None:
        """Nothing to let go."""


def wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop that was stopped: what is queued starts, and all that runs is cancelled."""
    for _round in range(2):
        loop.run_until_complete(asyncio.sleep(0))
        for task in asyncio.all_tasks(loop):
            task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


class ForeignHost:
    """A daemon thread with a loop of its own for a collector from another distribution."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._asked: float | None = None
        self._thread = threading.Thread(target=self._main, name=f"plug-in {name}", daemon=True)
        self._thread.start()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            wind_up(self._loop)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run ``call`` in the thread; cancelling here cancels there, once it listens."""

        async def there() -> T:
            try:
                return await call()
            except (SystemExit, KeyboardInterrupt) as error:
                raise RuntimeError(f"the plug-in tried to end the program: {error!r}") from error

        coroutine: Coroutine[Any, Any, T] = there()
        self._beat()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def blocked(self) -> float:
        """Seconds since the thread was asked for a sign of life and gave none."""
        if self._asked is None:
            self._beat()
            return 0.0
        return self._clock() - self._asked

    def stop(self) -> None:
        """Stop the loop as soon as it listens; the thread is a daemon and keeps nobody."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _beat(self) -> None:
        if self._asked is None:
            self._asked = self._clock()
            self._loop.call_soon_threadsafe(self._answered)

    def _answered(self) -> None:
        self._asked = None
