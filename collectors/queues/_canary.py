"""A bulk retry begins with 1, goes on with 5, then the rest: sizes, verdict, words; nothing is sent here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from collectors.action import Control

SIZES = (1, 5)
"""Items of the first stages; the last stage is the rest."""

STEP = 0.5
"""Seconds between two looks at a canary."""

_REPEATS = 3
_SHARE = 0.05
"""Failures of the rest that end it: at least so many, and at least this part of what was tried."""


class Verdict(StrEnum):
    """What a canary says: go on, stop, wait for more, or ask the operator since no verdict came."""

    GO = "go on"
    STOP = "stop"
    WAIT = "wait"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of ``tried`` items so far.

    ``well``: those that ended well; ``failed``: those that failed again, a new try by the library
    included; ``seen``: those that a worker has, with no end yet. ``doubt`` says in words why an end
    cannot be told, where that is so.
    """

    tried: int
    well: int = 0
    failed: int = 0
    seen: int = 0
    doubt: str = ""


def stages(total: int) -> tuple[int, ...]:
    """How many items each stage has: 1, 5, the rest; fewer stages where there are fewer items."""
    sizes: list[int] = []
    for size in (*SIZES, total):
        left = total - sum(sizes)
        if left > 0:
            sizes.append(min(size, left))
    return tuple(sizes)


def verdict(fates: Fates, *, late: bool) -> Verdict:
    """One failure of a canary stops it; ``late``: the time for a verdict is over."""
    if fates.failed:
        return Verdict.STOP
    if fates.well >= fates.tried:
        return Verdict.GO
    return Verdict.ASK if late else Verdict.WAIT


def repeats(failed: int, tried: int) -> bool:
    """Whether failures among the rest are so many that it stops."""
    return failed >= _REPEATS and failed >= _SHARE * tried


async def watched(
    look: Callable[[], Awaitable[Fates]],
    control: Control,
    seconds: float,
    *,
    settle: float = 0.0,
    step: float = STEP,
) -> tuple[Verdict, Fates]:
    """Look until there is a verdict; after ``seconds`` it is ASK.

    ``settle``: seconds for which it goes on once every item has been taken, for queues in which an
    item shows nothing but whether it comes back. ``step``: seconds between two looks, fewer where
    ``seconds`` are few. Raises StoppedError and what ``look`` raises.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    between = step if step > STEP else min(step, seconds / 10)
    settled = False
    while True:
        fates = await look()
        now = loop.time()
        if not settled and settle and fates.well + fates.seen + fates.failed >= fates.tried:
            # a step more, so that the last look comes after the time and not just before it
            settled, end = True, now + settle + step
        found = verdict(fates, late=now >= end)
        if found is not Verdict.WAIT:
            return found, fates
        await control.pause(min(between, max(0.0, end - now)))


def told(fates: Fates, noun: str) -> str:
    """How it stands: ``1 of 5 jobs failed again, 3 went well``."""
    parts = []
    if fates.failed:
        parts.append(f"{fates.failed} of {fates.tried} {noun} failed again")
    if fates.well or not fates.failed:
        parts.append(f"{fates.well} of {fates.tried} {noun} went well")
    if fates.seen:
        parts.append(f"{fates.seen} taken, without an end")
    untaken = fates.tried - fates.well - fates.failed - fates.seen
    if untaken > 0:
        parts.append(f"{untaken} not taken yet")
    return ", ".join([*parts, *([fates.doubt] if fates.doubt else [])])


def question(fates: Fates, seconds: float, left: int, noun: str) -> str:
    """What the operator is asked where no verdict came."""
    return f"No verdict within {seconds:g} s: {told(fates, noun)}. Go on with the other {left}?"
