"""Questions and orders to Celery's workers over their control bus. A question writes, so only actions ask.

An answer needs a list to go to and an entry that says so. Both last as long as the action: a worker that
answers later than it was waited for (of the solo pool after its task) must find them, or it logs an error.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from collectors.action import RefusedError
from collectors.drains.celery.bus import Names, Reply, answers_in, broadcast
from collectors.errors import AnswerError, SourceError
from collectors.hands import RedisHands
from collectors.text import one_line

T = TypeVar("T")

WAIT = 3.0
"""Seconds that one worker has for its answer, which most give in milliseconds."""

TWINS = 0.7
"""Seconds after the first answer in which another worker of the same name would give its own."""

ALL = 1.0
"""Seconds for the answers of all workers, of whom nobody knows how many there are."""

BACK = 5.0
"""Seconds in which a line that broke may come back for what must not be left behind."""

_STEP = 0.05
_TRY = 0.5
ASK = """
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('PUBLISH', ARGV[2], ARGV[3])
"""
"""Say where answers go, and ask: in one step, as a table without entries may be swept away."""

LISTEN = """
local found = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
return found
"""

FORGET = """
redis.call('SREM', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2])
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker has. ``early``: running tasks that are acknowledged, and lost where it is killed."""

    active: int
    reserved: int
    early: int

    @property
    def words(self) -> str:
        """``2 running, 4 reserved``."""
        return f"{self.active} running, {self.reserved} reserved"


class Bus:
    """Asks by one pair of hands; a context manager, which takes away in the end what answers need."""

    def __init__(self, hands: RedisHands, names: Names) -> None:
        self._hands = hands
        self._names = names
        self._address = str(uuid.uuid4())
        self._asked_any = False

    async def __aenter__(self) -> Self:
        """Nothing is written before the first question."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take away what answers need; a failure counts only where nothing else went wrong."""
        if not self._asked_any:
            return
        names, address = self._names, self._address
        keys = [names.replies, names.inbox(address)]
        try:
            await self.surely(FORGET, keys, [names.route(address)])
        except (SourceError, RefusedError):
            if kind is None:
                raise

    async def ask(
        self, node: bytes, method: str, arguments: Mapping[str, Any] | None = None, *, twins: float = 0.0
    ) -> Any:  # noqa: ANN401 - a worker's JSON
        """The answer of one worker; None where it gave none in time. ``twins``: seconds to wait for others.

        Raises RefusedError where two answer to the name or it says no, and SourceError.
        """
        answers = await self._asked(node, method, arguments or {}, WAIT, twins)
        mine = [answer for name, answer in answers if name == node]
        if len(mine) > 1:
            raise RefusedError(
                f"{len(mine)} workers answer to the name {one_line(node, 80)}", "give each its own (-n)"
            )
        answer = mine[0] if mine else None
        if isinstance(answer, dict) and "error" in answer:
            raise RefusedError(f"{one_line(node, 80)} says: {one_line(answer['error'], 160)}")
        return answer

    async def ask_all(self, method: str) -> dict[bytes, Any]:
        """The answers of all workers that gave one in a second."""
        return dict(await self._asked(None, method, {}, ALL, ALL))

    async def seen(self, question: Awaitable[T | None]) -> tuple[T | None, str]:
        """Its answer, or why there is none: a line that breaks ends only the look, and is made anew.

        Raises AnswerError, and RefusedError where another server answers on the new line.
        """
        try:
            return await question, "no answer just now"
        except AnswerError:
            raise
        except SourceError as error:
            return None, f"it cannot be asked now: {await self._again() or error.why}"

    async def surely(self, lua: str, keys: Sequence[bytes], arguments: Sequence[bytes]) -> None:
        """Run a script that may run twice, on another line where one breaks; raises as ``script`` does."""
        until = time.monotonic() + BACK
        while True:
            try:
                await self._hands.script(lua, keys, arguments)
            except SourceError:
                while await self._again():
                    if time.monotonic() >= until:
                        raise
                    await asyncio.sleep(_TRY)
                if time.monotonic() >= until:
                    raise
            else:
                return

    async def tell(self, node: bytes, method: str) -> None:
        """An order that is not answered; raises RefusedError where nobody listens."""
        message = broadcast(method, {}, node, None)
        [listeners] = await self._hands.send(("PUBLISH", self._names.bus, message))
        if not listeners:
            raise RefusedError("no worker listens to the bus any more")

    async def pid(self, node: bytes) -> int | None:
        """Its process; None where it does not answer. Raises RefusedError where two have its name."""
        stats = await self.ask(node, "stats", twins=TWINS)
        pid = stats.get("pid") if isinstance(stats, dict) else None
        return pid if isinstance(pid, int) else None

    async def queues(self, node: bytes) -> tuple[str, ...] | None:
        """The queues that it takes tasks from; None where it does not answer."""
        answer = await self.ask(node, "active_queues")
        return None if answer is None else queues_in(answer)

    async def held(self, node: bytes) -> Held | None:
        """What it runs and has reserved; None where it does not answer."""
        active, reserved = await self.ask(node, "active"), None
        if active is not None:
            reserved = await self.ask(node, "reserved")
        if active is None or reserved is None:
            return None
        if not isinstance(active, list) or not isinstance(reserved, list):
            raise AnswerError(f"{one_line(node, 80)} answers what is no list of tasks")
        early = sum(isinstance(task, dict) and task.get("acknowledged") is True for task in active)
        return Held(len(active), len(reserved), early)

    async def _again(self) -> str:
        """Why no new line can be had; empty where there is one."""
        try:
            await self._hands.again()
        except SourceError as error:
            return str(error.why)
        return ""

    async def _asked(
        self, node: bytes | None, method: str, arguments: Mapping[str, Any], wait: float, linger: float
    ) -> list[tuple[bytes, Any]]:
        """Answers until ``wait`` seconds are over, or ``linger`` after the first."""
        names, ticket, address = self._names, str(uuid.uuid4()), self._address
        message = broadcast(method, arguments, node, Reply(address, ticket))
        until = time.monotonic() + wait
        found: list[tuple[bytes, Any]] = []
        self._asked_any = True
        await self._hands.script(ASK, [names.replies], [names.route(address), names.bus, message])
        while time.monotonic() < until:
            await asyncio.sleep(_STEP)
            items = await self._hands.script(LISTEN, [names.inbox(address)], [])
            new = answers_in(items or [], ticket)
            if new and not found:
                until = min(until, time.monotonic() + linger)
            found += new
        return found


def queues_in(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - a worker's JSON
    """The names in an answer to ``active_queues``; a worker without any says nothing."""
    rows = answer if isinstance(answer, list) else []
    return tuple(str(row["name"]) for row in rows if isinstance(row, dict) and "name" in row)
