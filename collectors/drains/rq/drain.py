"""drains.drain of an RQ worker: a warm shutdown, over the channel to which every worker listens."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from collectors.action import (
    Action,
    ActionSpec,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
    StoppedError,
)
from collectors.drains._telling import DEADLINE, LONGEST, Told, counted, deadline_of, span_argument
from collectors.drains.rq.look import Hand, Look, look_at
from collectors.drains.rq.words import lost, name_of
from collectors.errors import SourceError
from collectors.hands import RedisHands
from collectors.model.drains import DrainReading, Phase
from collectors.model.reading import Reading
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import ask_all
from collectors.text import Shown, one_line
from collectors.transport.read.redis import RedisReader, read

if TYPE_CHECKING:
    from collectors.drains.rq import RqDrain  # noqa: F401 - the base below names it in a string

STOPS = "it is told to stop already: a second word would end its job"

_MOST = 500
_STEP = 0.5
"""Seconds between two looks at the worker."""

_TELL = """
local f = redis.call('HMGET', KEYS[1], 'birth', 'death', 'shutdown_requested_date')
if not f[1] or f[2] then return 'gone' end
if f[1] ~= ARGV[1] then return 'gone: another has its name' end
if f[3] then return 'told to stop already' end
if redis.call('PUBLISH', ARGV[2], ARGV[3]) == 0 then return 'not listening' end
return 'done'
"""
"""Tell a worker once; to RQ's worker a second word is an order to drop its job."""


class Drain(Action["RqDrain", RedisHands]):
    """Sends ``shutdown`` to one worker, which finishes its job and ends."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        id="drains.drain",
        words="Let a worker finish its job, take no other, and end (warm shutdown).",
        risk=Risk.DISRUPTIVE,
        arguments=(DEADLINE,),
        deadline=LONGEST,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "PUBLISH")

    def unfit(self, reading: Reading) -> str:
        """Why not: one that stops, or is gone."""
        phase = reading.phase if isinstance(reading, DrainReading) else Phase.UNKNOWN
        if phase is Phase.STOPPING:
            return STOPS
        return "it is there no more" if phase in (Phase.GONE, Phase.EXITED) else ""

    async def plan(self, request: Request) -> Plan:
        """One worker, its job, and who is left for its queues."""
        refusals: list[str] = []
        deadline = span_argument(request, "deadline", "10m", LONGEST, refusals.append)
        async with self._reading() as reader:
            hand, look = await self._found(reader, request.subject.key)
            if hand is None:
                raise RefusedError(f"there is no worker {one_line(request.subject.key, 80)} any more")
            keys = self._keys
            births, *depths = await ask_all(
                reader,
                [
                    read("HMGET", hand.worker.key, "birth"),
                    *(read("LLEN", keys.queue(one)) for one in hand.queues),
                ],
            )
            server = f"{reader.server.run_id} {reader.server.role}".strip()
        if not hand.worker.alive or not births or births[0] is None:
            refusals.append(f"it is not alive: {hand.worker.word}")
        if hand.asked is not None:
            refusals.append(STOPS)
        owner = (hand.queues or (hand.name,))[0].decode("utf-8", "replace")
        alone = [name for name in hand.queues if not _others(hand, look, name)]
        jobs = dict(zip(hand.queues, (int(depth or 0) for depth in depths), strict=True))
        idle = [name for name in alone if not jobs[name]]
        refusals += [
            f"the last live worker of {one_line(name, 60)}, which has {counted(jobs[name], 'job')}: "
            "start another first"
            for name in alone
            if jobs[name]
        ]
        return Plan(
            spec=self.spec,
            request=request,
            target=one_line(hand.name, 120),
            service=self.collector.context.service_of(owner),
            server=server,
            sample=tuple(one_line(line, 200) for line in _phases(hand)),
            warnings=tuple(one_line(line, 300) for line in _warnings(hand, idle)),
            refusals=tuple(one_line(line, 300) for line in refusals),
            detail={
                "deadline": deadline,
                "key": hand.worker.key.decode("latin-1"),
                "birth": (births[0] or b"").decode("latin-1") if births else "",
                # by queue, which is what only this adapter knows
                "peers_counted": True,
            },
        )

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Tell it once, in one script with the check, and watch it until it is gone."""
        told, key = Told(control), plan.detail["key"].encode("latin-1")
        await control.step()
        await control.keep({"phase": "stop"})
        payload = json.dumps({"command": "shutdown"})
        answer = await hands.script(
            _TELL, [key], [plan.detail["birth"].encode("latin-1"), self._keys.channel(key), payload]
        )
        word = answer.decode() if isinstance(answer, bytes) else str(answer)
        if word != "done":
            words = one_line(f"{plan.target}: {word}")
            return Outcome(result=Result.FAILED, count=0, words=words, skipped={word: 1})
        told.ending = True
        told.passed("told to stop")
        async with self._reading() as reader:
            return await self._watched(plan, reader, told, control)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """By whether that worker is still there, and whether it says that it stops."""
        async with self._reading() as reader:
            hand, _look = await self._found(reader, plan.request.subject.key)
        gone = hand is None or not hand.worker.alive
        if not kept:
            words = "it was not told to stop" + (", and is gone" if gone else "")
            return Outcome(result=Result.FAILED, count=0, words=Shown(words))
        if hand is None or gone:
            return Outcome(result=Result.DONE, count=1, words=Shown(f"it is gone: {_end(hand)}"))
        if hand.asked is not None:
            words = "it was told to stop, and finishes its job"
            return Outcome(result=Result.DONE, count=1, words=Shown(words))
        words = "it goes on: it was not told, or another has its name"
        return Outcome(result=Result.FAILED, count=0, words=Shown(words))

    @property
    def _keys(self) -> Keys:
        return Keys(self.collector.options.prefix.encode())

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[RedisReader]:
        reader = RedisReader(self.collector.context, self.collector.options, role="plan")
        try:
            yield reader
        finally:
            await reader.close()

    async def _found(self, reader: RedisReader, name: bytes) -> tuple[Hand | None, Look]:
        prefix = self.collector.options.prefix.encode()
        look = await look_at(reader, self._keys, (prefix + b":worker:" + name,), _MOST)
        return look.hands.get(name), look

    async def _watched(self, plan: Plan, reader: RedisReader, told: Told, control: Control) -> Outcome:
        until = deadline_of(plan, control, told.began)
        words = "what it does is not known"
        announced = False
        while True:
            now = time.monotonic()
            try:
                hand, look = await self._found(reader, plan.request.subject.key)
            except SourceError as error:
                words = f"its server cannot be seen: {error.why}"
            else:
                if hand is None or not hand.worker.alive:
                    told.passed(f"gone ({_end(hand)})")
                    return told.outcome(Result.DONE, f"it is gone: {_end(hand)}", owes=False)
                words = _at_work(hand, look.now)
                late = _late(hand, look.now, until - now)
                if late and not announced:
                    announced = True
                    told.line(late)
            if now >= until:
                words = f"{words} at the deadline; it was told to stop, and does when its job has ended"
                return told.outcome(Result.FAILED, words, owes=False)
            told.show(f"told to stop; {words}")
            try:
                await control.pause(_STEP)
            except StoppedError as error:
                words = f"{error.why}; it was told to stop, and does when its job has ended"
                return told.outcome(Result.FAILED, words, owes=False)


def _others(hand: Hand, look: Look, queue: bytes) -> int:
    """Workers besides this that would take the next job of a queue."""
    return sum(one.ready and queue in one.queues for one in look.hands.values() if one.name != hand.name)


def _phases(hand: Hand) -> Iterator[str]:
    yield "shutdown, once, over its channel"
    yield f"finishes {name_of(hand.jobs[0])}" if hand.jobs else "it is idle"
    yield "until it is gone"


def _warnings(hand: Hand, alone: Sequence[bytes]) -> Iterator[str]:
    yield "once it is told to stop, nothing is taken back"
    for name in alone:
        yield f"it is the last live worker of {one_line(name, 60)}, which has no jobs now"
    if hand.jobs:
        yield f"lost if it were killed: {lost(hand)}"
    yield "its supervisor may start another in its place"


def _end(hand: Hand | None) -> str:
    if hand is None or hand.worker.word == "ended":
        return "it said good-bye"
    return f"how is not known ({hand.worker.word})"


def _at_work(hand: Hand, now: float) -> str:
    if not hand.jobs:
        return "no job" if not hand.worker.busy else "busy"
    job = hand.jobs[0]
    since = "" if job.started is None else f" for {max(0.0, now - job.started):.0f} s"
    return f"works on {name_of(job)}{since}"


def _late(hand: Hand, now: float, left: float) -> str:
    """What is said once: that its job may go on past the deadline, ``left`` seconds from now."""
    if not hand.jobs:
        return ""
    job = hand.jobs[0]
    if job.limit is None or job.started is None:
        return f"its job has no limit that is known: it may not end before the deadline in {left:.0f} s"
    more = max(0.0, job.limit - (now - job.started))
    return "" if more <= left else f"its job may take {more:.0f} s more, and the deadline is in {left:.0f} s"
