"""A worker taken off its queues and put back, and what it still has meanwhile."""

import json
import math
import time
from collections.abc import Sequence

from collectors.action import Control, Outcome, RefusedError, Result
from collectors.drains._telling import Falling, Told
from collectors.drains.celery.asking import Bus, Held, queues_in
from collectors.drains.celery.bus import Names
from collectors.hands import RedisHands
from collectors.text import one_line

_STEP = 1.0
"""Seconds between two questions."""

_WITHIN = 10.0
"""Seconds in which a worker must have left its queues, or taken them again."""

_KEPT = 7 * 86400
"""Seconds for which it is written down which queues were taken away."""

MARK = """
redis.call('HSET', KEYS[1], 'pid', ARGV[1], 'queues', ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
UNMARK = "return redis.call('DEL', KEYS[1])"


async def cancel(
    bus: Bus, names: Names, hands: RedisHands, node: bytes, pid: int, queues: Sequence[str]
) -> None:
    """Write down its queues and take it off them; raises RefusedError where it says no."""
    await hands.script(MARK, [names.quiet(node)], [pid, json.dumps(list(queues)), _KEPT])
    for queue in queues:
        if await bus.ask(node, "cancel_consumer", {"queue": queue}) is None:
            words = f"whether it left {one_line(queue, 80)} is not known"
            raise RefusedError(f"{one_line(node, 80)} does not answer: {words}")


async def has_left(bus: Bus, node: bytes, control: Control, until: float) -> bool:
    """Whether it takes from no queue any more, within its seconds."""
    end = min(until, time.monotonic() + _WITHIN)
    while True:
        queues, _ = await bus.seen(bus.queues(node))
        if queues == ():
            return True
        if time.monotonic() >= end:
            return False
        await control.pause(0.2)


async def emptied(bus: Bus, node: bytes, told: Told, control: Control, until: float) -> Held | None:
    """Wait until it runs nothing and has nothing reserved; what it last had, None where it never answered.

    A worker of the solo pool answers only between two tasks.
    """
    falling, last, announced = Falling(), None, False
    while True:
        held, unseen = await bus.seen(bus.held(node))
        now = time.monotonic()
        if held is not None:
            last = held
            falling.see(held.active + held.reserved, now)
            if not held.active and not held.reserved:
                return held
        left = falling.left()
        # tasks end in steps: one that takes long is no sign that none will end
        if (
            not announced
            and last is not None
            and left not in (None, math.inf)
            and now + (left or 0.0) > until
        ):
            announced = True
            told.line(f"{last.words}: as it goes now it will not be done before the deadline")
        if now >= until:
            return last
        words = last.words if last else "it has not answered yet"
        told.show(f"off its queues; {words}{'' if held else f' ({unseen})'}")
        await control.pause(_STEP)


async def take_again(bus: Bus, names: Names, node: bytes, queues: Sequence[str], control: Control) -> Outcome:
    """Put it back on its queues, and look until it takes from them; raises RefusedError."""
    told = Told(control)
    for queue in queues:
        if await bus.ask(node, "add_consumer", {"queue": queue}) is None:
            words = f"whether it takes from {one_line(queue, 80)} is not known"
            words = f"{one_line(node, 80)} does not answer: {words}"
            return told.outcome(Result.UNKNOWN, words, owes=True)
    end = time.monotonic() + _WITHIN
    while not set(queues) <= set(await bus.queues(node) or ()):
        if time.monotonic() >= end:
            return told.outcome(Result.FAILED, "it was told to, and does not take from its queues", owes=True)
        await control.pause(0.2)
    await bus.surely(UNMARK, [names.quiet(node)], [])
    told.passed(f"takes from {one_line(', '.join(queues), 160)} again")
    return told.outcome(Result.DONE, "it takes from its queues again", owes=False)


async def only_here(bus: Bus, node: bytes, queues: Sequence[str]) -> tuple[str, ...]:
    """Of its queues those that no other worker takes from, as far as all answered."""
    answers = await bus.ask_all("active_queues")
    others = {queue for name, answer in answers.items() if name != node for queue in queues_in(answer)}
    return tuple(queue for queue in queues if queue not in others)
