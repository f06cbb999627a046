"""Wait for what should come true, with a deadline instead of a sleep."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")
STEP = 0.01


def _message(deadline: float, what: str, last: object) -> str:
    return f"not within {deadline:g} s: {what or 'the condition'} (last answer: {last!r})"


def wait_until(condition: Callable[[], T], deadline: float = 15.0, what: str = "") -> T:
    """Call `condition` until it is true and return its value; AssertionError after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(_message(deadline, what, value))
        time.sleep(STEP)


@overload
async def wait_until_async(
    condition: Callable[[], Awaitable[T]], deadline: float = ..., what: str = ...
) -> T: ...
@overload
async def wait_until_async(condition: Callable[[], T], deadline: float = ..., what: str = ...) -> T: ...
async def wait_until_async(condition: Callable[[], Any], deadline: float = 15.0, what: str = "") -> Any:
    """Do the same in an event loop; the condition may be a plain or a coroutine function."""
    end = time.monotonic() + deadline
    while True:
        answer = condition()
        value = await answer if inspect.isawaitable(answer) else answer
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(_message(deadline, what, value))
        await asyncio.sleep(STEP)
