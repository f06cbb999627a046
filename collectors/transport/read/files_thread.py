"""A thread for file calls: a hung mount holds up its own collector, never the loop and never the exit."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class FileThread:
    """Runs calls one after the other in a daemon thread that starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        """The answer of ``call``; cancelling it drops the answer and does not stop the call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                answer = call()
            except Exception as error:  # noqa: BLE001 - handed on to the one who waits
                self._tell(loop, future, None, error)
            else:
                self._tell(loop, future, answer, None)

        if self._thread is None:
            self._thread = threading.Thread(target=self._main, name=f"files {self._name}", daemon=True)
            self._thread.start()
        self._calls.put(work)
        return future

    def stop(self) -> None:
        """End the thread after its last call; never waits."""
        self._calls.put(None)
        self._thread = None

    def _main(self) -> None:
        while (work := self._calls.get()) is not None:
            work()

    @staticmethod
    def _tell(
        loop: asyncio.AbstractEventLoop,
        future: "asyncio.Future[T]",
        answer: T | None,
        error: Exception | None,
    ) -> None:
        def set_it() -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(answer)  # type: ignore[arg-type] # without an error the answer is a T

        # the loop may have ended while a hung call was under way
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(set_it)
