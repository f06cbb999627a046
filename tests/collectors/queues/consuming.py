"""Real consumers for tests, in threads; and hands that die at a chosen write."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import redis

from collectors.action import Outcome, Plan
from collectors.base import Collector
from collectors.errors import UnreachableError
from collectors.transport.write import open_hands
from tests.collectors.acting import KeepingControl, find


@contextmanager
def list_worker(
    url: str,
    queue: str,
    handle: Callable[[bytes], bytes | None] = lambda _: None,
    *,
    dead: str = "",
    left: bool = False,
) -> Iterator[list[bytes]]:
    """A worker that waits in BRPOP (``left``: BLPOP); what ``handle`` gives back goes to the dead list."""
    done: list[bytes] = []
    stop = threading.Event()

    def work() -> None:
        with redis.Redis.from_url(url, client_name="worker") as client:
            pop, push = (client.blpop, client.rpush) if left else (client.brpop, client.lpush)
            while not stop.is_set():
                got = cast("tuple[bytes, bytes] | None", pop([queue], timeout=0.1))
                if got is None:
                    continue
                again = handle(got[1])
                done.append(got[1])
                if again is not None:
                    push(dead, again)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@contextmanager
def group_worker(
    url: str,
    stream: str,
    group: str,
    name: str,
    acks: Callable[[dict[bytes, bytes]], bool] = lambda _: True,
    *,
    own: bool = False,
) -> Iterator[list[dict[bytes, bytes]]]:
    """A reader of a group acknowledges what ``acks`` agrees to; ``own``: and what it was given before."""
    done: list[dict[bytes, bytes]] = []
    stop = threading.Event()

    def work() -> None:
        with redis.Redis.from_url(url, client_name="worker") as raw:
            client: Any = raw
            refused: set[bytes] = set()
            while not stop.is_set():
                found = client.xreadgroup(group, name, {stream: ">"}, count=10, block=50) or []
                found += (client.xreadgroup(group, name, {stream: "0"}, count=1000) or []) if own else []
                for _, entries in found:
                    for entry, fields in entries:
                        if fields is None or entry in refused:
                            continue
                        if acks(fields):
                            client.xack(stream, group, entry)
                            done.append(fields)
                        else:
                            refused.add(entry)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


class DyingHands:
    """Real hands whose connection breaks at the script number ``at``, before or after it was carried out."""

    def __init__(self, hands: Any, at: int, *, after: bool) -> None:
        self._hands = hands
        self._at = at
        self._after = after
        self.scripts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hands, name)

    async def script(self, lua: str, keys: Sequence[bytes], arguments: Sequence[Any]) -> Any:
        self.scripts += 1
        if self.scripts != self._at:
            return await self._hands.script(lua, keys, arguments)
        if self._after:
            await self._hands.script(lua, keys, arguments)
        raise UnreachableError("killed by the test")


class LateHands(DyingHands):
    """Real hands in front of which something happens, right before the script number ``at``."""

    def __init__(self, hands: Any, at: int, happens: Callable[[], object]) -> None:
        super().__init__(hands, at, after=False)
        self._happens = happens

    async def script(self, lua: str, keys: Sequence[bytes], arguments: Sequence[Any]) -> Any:
        self.scripts += 1
        if self.scripts == self._at:
            self._happens()
        return await self._hands.script(lua, keys, arguments)


async def late(
    collector: Collector[Any],
    plan: Plan,
    control: KeepingControl,
    happens: Callable[[], object],
    *,
    at: int = 1,
    undo: bool = False,
) -> Outcome:
    """Run a plan, or undo it, while something happens between its last look and its write."""
    action = find(collector, plan.spec.id)
    hands = await open_hands(action.kind, collector)
    try:
        there = LateHands(hands, at, happens)
        if undo:
            return await action.undo(plan, control.kept, there, control)
        return await action.run(plan, there, control)
    finally:
        await hands.close()


async def dying(
    collector: Collector[Any], plan: Plan, control: KeepingControl, at: int, *, after: bool
) -> Outcome | None:
    """Run a plan until it dies at a script; None where it did, its outcome where it ended before."""
    action = find(collector, plan.spec.id)
    hands = await open_hands(action.kind, collector)
    try:
        return await action.run(plan, DyingHands(hands, at, after=after), control)
    except UnreachableError:
        return None
    finally:
        await hands.close()


def from_journal(plan: Plan) -> Plan:
    """The plan as the next start has it: without its items."""
    return dataclasses.replace(plan, items=())
