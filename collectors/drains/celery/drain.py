"""drains.drain of a Celery worker: off its queues, its tasks to their end, and then warm shutdown."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import (
    Action,
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
    StoppedError,
)
from collectors.drains._telling import DEADLINE, LONGEST, READY, Told, counted, deadline_of, span_argument
from collectors.drains.celery.asking import Bus
from collectors.drains.celery.look import Look, Node, lost
from collectors.drains.celery.quieting import UNMARK, cancel, emptied, has_left, only_here, take_again
from collectors.errors import SourceError
from collectors.hands import RedisHands
from collectors.model.drains import DrainReading, Phase
from collectors.model.reading import Reading
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader

if TYPE_CHECKING:
    from collectors.drains.celery import CeleryDrain  # noqa: F401 - the base below names it in a string

_GONE_WITHIN = 30.0
"""Seconds in which a worker that has nothing left should have left the bus."""


class Drain(Action["CeleryDrain", RedisHands]):
    """Makes one worker quiet and, where that is asked, tells it to end once it has nothing left."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.drain",
        words="Take a worker off its queues and wait for its tasks; stop=yes shuts it down warmly then.",
        risk=Risk.DISRUPTIVE,
        arguments=(
            Argument("stop", "shut it down once it has nothing left", default="no", choices=("no", "yes")),
            DEADLINE,
        ),
        undoable=True,
        deadline=LONGEST,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "PUBLISH", "SADD", "SREM", "HSET", "EXPIRE", "DEL", "LRANGE")

    def unfit(self, reading: Reading) -> str:
        """Why not: one that is gone, or silent."""
        phase = reading.phase if isinstance(reading, DrainReading) else Phase.UNKNOWN
        if phase is Phase.STOPPING:
            return "it has said good-bye already"
        return "it is not heard" if phase in (Phase.GONE, Phase.EXITED) else ""

    async def plan(self, request: Request) -> Plan:
        """One worker and what is known of its tasks without asking it."""
        refusals: list[str] = []
        deadline = span_argument(request, "deadline", "10m", LONGEST, refusals.append)
        stop = request.argument("stop", "no") == "yes"
        async with self._reading() as reader:
            node, look = await self._found(reader, request.subject.key)
            server = f"{reader.server.run_id} {reader.server.role}".strip()
        if not node.alive or node.beat is None:
            refusals.append("its heartbeats do not come: whether it is alive is not known")
        name = one_line(node.name, 120)
        off = list(node.quiet.queues) if node.is_quiet and node.quiet else []
        return Plan(
            spec=self.spec,
            request=request,
            target=name,
            service=self.collector.context.service_of(str(name)),
            server=server,
            sample=tuple(one_line(line, 200) for line in _phases(node, stop=stop)),
            warnings=tuple(one_line(line, 300) for line in _warnings(node, look, stop=stop)),
            refusals=tuple(one_line(line, 300) for line in refusals),
            undo="back on its queues, until it is told to shut down",
            detail={
                "deadline": deadline,
                "pid": node.beat.pid if node.beat else 0,
                "stop": stop,
                "quiet": off,
            },
            owed=(READY, f"{one_line(node.name, 80)} is off its queues"),
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Go through the phases; whatever ends it before the shutdown leaves it off its queues, and owed."""
        told = Told(control)
        try:
            async with Bus(hands, self.collector.names) as bus:
                return await self._phases(plan, hands, bus, told, control)
        except (StoppedError, RefusedError, SourceError) as error:
            if not told.off:
                raise
            where = "it was told to shut down" if told.ending else "it is off its queues"
            result = Result.UNKNOWN if isinstance(error, SourceError) else Result.FAILED
            return told.outcome(result, f"{error.why}; {where}")

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """By what was written down before each step, and by whether that very worker is still heard."""
        phases = [record.get("phase") for record in kept]
        if not phases:
            return _found(Result.FAILED, "nothing was done: it ended before the first phase", owes=False)
        async with self._reading() as reader:
            node, _look = await self._found(reader, plan.request.subject.key)
        same = node.alive and node.beat is not None and node.beat.pid == plan.detail["pid"]
        if not same and (node.alive or not node.joined):
            words = "that worker is gone" + ("; another has its name" if node.alive else "")
            told = "stop" in phases
            words += "" if told else ", and had not been told to shut down by us"
            return _found(Result.DONE if told else Result.FAILED, words, owes=False)
        if "stop" in phases:
            words = "it was told to shut down, and is still on the bus"
            return _found(Result.UNKNOWN, words, owes=False)
        words = "it may be off its queues; whether its tasks had ended was not seen"
        return _found(Result.UNKNOWN, words, owes=True)

    async def undo(
        self,
        plan: Plan,
        kept: Sequence[Mapping[str, Any]],
        hands: RedisHands,
        control: Control,
    ) -> Outcome:
        """Back on its queues, until it was told to shut down."""
        if any(record.get("phase") == "stop" for record in kept):
            raise RefusedError("it was told to shut down: that cannot be taken back")
        queues = next((record["queues"] for record in kept if record.get("phase") == "quiet"), ())
        await control.step()
        names, node = self.collector.names, plan.request.subject.key
        async with Bus(hands, names) as bus:
            await _same(bus, plan)
            return await take_again(bus, names, node, tuple(queues), control)

    async def _phases(self, plan: Plan, hands: RedisHands, bus: Bus, told: Told, control: Control) -> Outcome:
        names, node = self.collector.names, plan.request.subject.key
        until = deadline_of(plan, control, told.began)
        await _same(bus, plan)
        takes = await bus.queues(node)
        if takes is None:
            raise RefusedError("it does not answer", "of the solo pool: wait until its task has ended")
        await self._alone(bus, node, takes, control)
        # those that an earlier drain took it off must not be forgotten
        queues = tuple(dict.fromkeys((*takes, *plan.detail.get("quiet", ()))))
        await control.step()
        await control.keep({"phase": "quiet", "queues": list(queues)})
        told.off = True
        await cancel(bus, names, hands, node, plan.detail["pid"], queues)
        if not await has_left(bus, node, control, until):
            return told.outcome(Result.FAILED, "it was told to leave its queues, and takes from them still")
        told.passed(f"off {one_line(', '.join(queues) or 'no queue', 160)}")
        first, _ = await bus.seen(bus.held(node))
        if first is not None and first.early:
            told.line(f"{counted(first.early, 'running task')} would be lost if killed (acks_late off)")
        held = await emptied(bus, node, told, control, until)
        if held is None or held.active or held.reserved:
            words = f"{held.words} at the deadline" if held else "it did not answer until the deadline"
            return told.outcome(Result.FAILED, f"{words}; it is off its queues")
        told.passed("nothing running, nothing reserved")
        if not plan.detail["stop"]:
            return told.outcome(Result.DONE, "drained: it is off its queues and has nothing left")
        return await self._end(plan, bus, told, control, until)

    async def _alone(self, bus: Bus, node: bytes, queues: Sequence[str], control: Control) -> None:
        only = await only_here(bus, node, queues)
        if not only:
            return
        words = f"no other worker that answers takes from {one_line(', '.join(only), 120)}: go on?"
        if not await control.ask(words):
            raise RefusedError(f"the last worker of {one_line(', '.join(only), 120)}", "start another first")

    async def _end(self, plan: Plan, bus: Bus, told: Told, control: Control, until: float) -> Outcome:
        names, name = self.collector.names, plan.request.subject.key
        await control.keep({"phase": "stop"})
        told.ending = True
        await bus.tell(name, "shutdown")
        told.passed("told to shut down")
        end = min(until, time.monotonic() + _GONE_WITHIN)
        async with self._reading() as reader:
            while True:
                try:
                    node, _look = await self._found(reader, name)
                except SourceError:
                    if time.monotonic() >= end:
                        raise
                    await control.pause(0.3)
                    continue
                other = node.beat is not None and node.beat.pid != plan.detail["pid"]
                if not node.joined or other:
                    await bus.surely(UNMARK, [names.quiet(name)], [])
                    told.passed("left the bus")
                    words = "it has left the bus with nothing running; its exit is not told on Redis"
                    return told.outcome(Result.DONE, words, owes=False)
                if time.monotonic() >= end:
                    words = "it was told to shut down, and is still on the bus"
                    return told.outcome(Result.UNKNOWN, words, owes=False)
                await control.pause(0.3)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[RedisReader]:
        reader = RedisReader(self.collector.context, self.collector.options, role="plan")
        try:
            yield reader
        finally:
            await reader.close()

    async def _found(self, reader: RedisReader, name: bytes) -> tuple[Node, Look]:
        look, _ = await self.collector.looked(reader)
        return look.nodes.get(name) or Node(name), look


async def _same(bus: Bus, plan: Plan) -> None:
    """Refuse where another process has the worker's name by now."""
    pid = await bus.pid(plan.request.subject.key)
    if pid is None:
        raise RefusedError("it does not answer", "of the solo pool: wait until its task has ended")
    if pid != plan.detail["pid"]:
        raise RefusedError("it was started anew since the plan", "plan it again")


def _phases(node: Node, *, stop: bool) -> Iterator[str]:
    yield "cancel_consumer for each of its queues, by its control bus"
    running = f" ({node.beat.active} running at its last heartbeat)" if node.beat else ""
    yield f"until it runs nothing and has nothing reserved{running}"
    if stop:
        yield "warm shutdown, until it has left the bus"


def _warnings(node: Node, look: Look, *, stop: bool) -> Iterator[str]:
    known = lost(node, look)
    if known:
        yield f"if it were killed, {known}"
    elif node.beat and node.beat.active:
        yield "which of its running tasks would be lost if it were killed is told once it is asked"
    yield "what it has reserved it still executes: that is part of the wait"
    if stop:
        yield "once it is told to shut down, nothing is taken back"
        yield "its supervisor may start another in its place"


def _found(result: Result, words: str, *, owes: bool) -> Outcome:
    return Outcome(result=result, count=1 if result is Result.DONE else 0, words=Shown(words), owes=owes)
