"""Invalidating cached values by key, pattern or Django's version: planned, run, looked at again."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from collectors.action import Action, ActionSpec, Control, Outcome, Plan, RefusedError, Request, Result, Risk
from collectors.base import Collector
from collectors.caches.redis.guarding import LISTS, library_of, types_of
from collectors.caches.redis.patterns import Glob
from collectors.caches.redis.place import identity, subject_of, unfit_server
from collectors.caches.redis.quoting import written
from collectors.caches.redis.selecting import ARGUMENTS, Selected, selected, unfit_hits, unfit_name
from collectors.caches.redis.surveying import count_all, described, examples, survey
from collectors.caches.redis.unlinking import Walk, kind_of, letter_of, unlink
from collectors.caches.redis.wording import NO_UNDO, ended, found_out, looked_again, warnings
from collectors.errors import SourceError
from collectors.hands import RedisHands
from collectors.model.caches import CacheReading
from collectors.model.quantity import Quantity, exact, unknown
from collectors.model.reading import Reading
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_options import RedisOptions

DRIFT, FEW = 1.1, 10
"""How many times the keys of the plan, and how many more, may be counted without asking again."""

_LOOK_AGAIN = 1000
"""Random keys that are drawn once more afterwards."""

_TIME_TO_DRAW = 0.5
"""Part of the time-out in which keys are drawn."""

_TIME_TO_COUNT = 20.0
"""Seconds in which the keys are counted that a run of which nobody saw the end has left."""


class Invalidate(Action[Collector[RedisOptions], RedisHands]):
    """Unlinks keys of one database; what queue libraries keep there is never touched."""

    spec: ClassVar[ActionSpec] = ActionSpec(
        "caches.invalidate",
        "Forget cached values by key, pattern or version; they come back from their source, at its cost.",
        Risk.DESTRUCTIVE,
        ARGUMENTS,
        bulk=True,
        deadline=1800.0,
    )
    kind: ClassVar[str] = "redis"
    needs: ClassVar[tuple[str, ...]] = ("EVAL", "SCAN", "TYPE", "UNLINK")

    def __init__(self, collector: Collector[RedisOptions]) -> None:
        super().__init__(collector)
        self._names: tuple[bytes, ...] = ()

    def unfit(self, reading: Reading) -> str:
        """A replica takes no writes, and an empty database has nothing to forget."""
        if isinstance(reading, CacheReading):
            if reading.role == "replica":
                return "this is a replica: invalidate on its primary"
            if reading.keys.value == 0 and reading.keys.margin is None:
                return "it holds no keys"
        return ""

    async def plan(self, request: Request) -> Plan:
        """The keys with their count, a few of them, and why they may not go; raises SourceError."""
        try:
            chosen = selected(request.arguments)
        except RefusedError as error:
            return self._plan(request, Selected(Shown("")), "", refused=f"{error.why}; {error.hint}")
        async with self._reader() as reader:
            server, info = await identity(reader)
            refused = self._unfit_subject(request) or unfit_server(info) or unfit_name(chosen)
            if refused:
                return self._plan(request, chosen, server, refused=refused)
            if chosen.glob is None:
                return await self._plan_key(request, chosen, server, reader)
            return await self._plan_glob(request, chosen.glob, chosen, (server, info), reader)

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Count once more, then unlink batch by batch; StoppedError leaves it between two batches."""
        async with self._reader() as reader:
            try:
                await reader.ask(read("DBSIZE"))
            except SourceError as error:
                raise RefusedError(f"nothing was invalidated: {error.why}", error.hint) from None
            if "key" in plan.detail:
                return await _run_key(plan, hands, control, reader)
            walk = Walk(
                hands,
                control,
                Glob(_bytes(plan.detail["glob"])),
                reader.probes,
                lists=plan.detail["lists"],
                request=plan.request,
            )
            await _agree(await walk.count(), plan, control)
            began = asyncio.get_running_loop().time()
            tally = await walk.run()
            self._names = tuple(tally.names)
            return ended(tally, walk.pace, asyncio.get_running_loop().time() - began)

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """Whether some that went are there again, and what random keys say of how many match now."""
        try:
            async with self._reader() as reader:
                if "key" in plan.detail:
                    there = await _kinds(reader, [_bytes(plan.detail["key"])])
                    lines: tuple[Shown, ...] = (
                        Shown("it is there again, filled anew" if there else "it is not there any more"),
                    )
                else:
                    again = await _kinds(reader, self._names)
                    found = await survey(reader, _glob(plan), self._time_to_draw, _LOOK_AGAIN)
                    lines = looked_again(found, len(again), len(self._names))
        except SourceError as error:
            lines = (Shown(f"it could not be looked at again: {error.why}"),)
        return dataclasses.replace(outcome, lines=outcome.lines + lines)

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:  # noqa: ARG002 - nothing is kept
        """By what matches now: none is done, fewer than planned is broken off, as many is not known."""
        async with self._reader() as reader:
            if "key" in plan.detail:
                if await _kinds(reader, [_bytes(plan.detail["key"])]):
                    words = "the key is there: it did not go, or it was filled again"
                    return Outcome(result=Result.UNKNOWN, count=0, words=Shown(words))
                return Outcome(result=Result.DONE, count=1, words=Shown("the key is not there any more"))
            return found_out(plan.detail["planned"], await count_all(reader, _glob(plan), _TIME_TO_COUNT))

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[RedisReader]:
        """A reader on a connection of its own: the poll does not wait for us."""
        reader = RedisReader(self.collector.context, self.collector.options, cluster=True, role="plan")
        try:
            yield reader
        finally:
            await reader.close()

    @property
    def _time_to_draw(self) -> float:
        return self.collector.context.timeout * _TIME_TO_DRAW

    def _unfit_subject(self, request: Request) -> str:
        ours = subject_of(self.collector.options, self.collector.context).id
        return "" if request.subject == ours else f"{written(request.subject.key)} is not watched here"

    async def _plan_key(self, request: Request, chosen: Selected, server: str, reader: RedisReader) -> Plan:
        looks = (read("TYPE", chosen.key), read("MEMORY USAGE", chosen.key), read("PTTL", chosen.key))
        told, size, ttl = await reader.ask_each(*looks)
        if isinstance(told, Exception):
            raise reader.explained(told)
        kind = "" if told == b"none" else told.decode()
        refused = "" if kind else "there is no such key"
        if library := library_of(chosen.key, kind):
            refused = f"{written(chosen.key)}, a {kind}, is a key of {library}, not a cached value"
        notes = [NO_UNDO]
        if kind in LISTS:
            notes.append(Shown(f"it is a {kind}, as queues are: is it a cached value?"))
        return self._plan(
            request,
            chosen,
            server,
            refused=refused,
            count=exact(1 if kind else 0),
            sample=(described(chosen.key, kind, size, ttl),) if kind else (),
            notes=notes,
            items=(chosen.key,),
            detail={"key": chosen.key.decode("latin-1"), "kind": kind},
            risk=Risk.DISRUPTIVE,
        )

    async def _plan_glob(
        self,
        request: Request,
        glob: Glob,
        chosen: Selected,
        server: tuple[str, Mapping[str, str]],
        reader: RedisReader,
    ) -> Plan:
        found = await survey(reader, glob, self._time_to_draw)
        count = found.count
        refused = unfit_hits(chosen, glob, found)
        if not refused and request.maximum is not None and (count.value or 0) > request.maximum:
            nearly = "" if found.whole else "about "
            refused = f"{nearly}{count.value:.0f} keys match, the limit is {request.maximum}"
        return self._plan(
            request,
            chosen,
            server[0],
            refused=refused,
            count=count,
            sample=await examples(reader, found),
            notes=warnings(chosen, found, server[1], request.maximum),
            detail={
                "glob": glob.pattern.decode("latin-1"),
                "lists": chosen.lists,
                "planned": count.value,
                "most": found.most,
            },
        )

    def _plan(
        self,
        request: Request,
        chosen: Selected,
        server: str,
        *,
        refused: str = "",
        count: Quantity | None = None,
        notes: Sequence[Shown] = (NO_UNDO,),
        **more: Any,  # noqa: ANN401 - fields of Plan as they are
    ) -> Plan:
        subject = subject_of(self.collector.options, self.collector.context)
        return Plan(
            spec=self.spec,
            request=request,
            target=Shown(f"{subject.label}: {chosen.words}" if chosen.words else subject.label),
            service=subject.service,
            server=server,
            count=count or unknown(),
            warnings=tuple(notes),
            refusals=(Shown(refused),) if refused else (),
            **more,
        )


async def _run_key(plan: Plan, hands: RedisHands, control: Control, reader: RedisReader) -> Outcome:
    key, kind = _bytes(plan.detail["key"]), plan.detail["kind"]
    if library := library_of(key, kind):
        raise RefusedError(f"{written(key)} is a key of {library}", "it is not a cached value")
    await control.step(1)
    told = await unlink(hands, reader.probes, [key], letter_of(kind))
    if told == letter_of(kind):
        control.report(1)
        return Outcome(result=Result.DONE, count=1, words=Shown(f"{written(key)} is invalidated"))
    if told == "n":
        words = f"{written(key)} had gone already"
        return Outcome(result=Result.DONE, count=0, words=Shown(words), skipped={"gone": 1})
    words = f"{written(key)} has become a {kind_of(told)}, the plan saw a {kind}: it is left alone"
    return Outcome(result=Result.FAILED, count=0, words=Shown(words), skipped={f"a {kind_of(told)} now": 1})


async def _agree(count: int, plan: Plan, control: Control) -> None:
    """Raise RefusedError where more keys are counted than the limit, or the operator, lets go."""
    most, maximum = plan.detail["most"], plan.request.maximum
    if maximum is not None and count > maximum:
        raise RefusedError(
            f"{count} keys match, the limit is {maximum}: nothing was invalidated", "choose fewer"
        )
    if count > most * DRIFT + FEW and not await control.ask(
        f"{count} keys match now, the plan said at most {most}: invalidate them all?"
    ):
        why = f"{count} keys match now, the plan said at most {most}: nothing was invalidated"
        raise RefusedError(why, "plan it anew")


async def _kinds(reader: RedisReader, keys: Sequence[bytes]) -> dict[bytes, str]:
    """Which keys are there, with their types."""
    return types_of(keys, await reader.ask_each(*(read("TYPE", key) for key in keys)))


def _glob(plan: Plan) -> Glob:
    return Glob(_bytes(plan.detail["glob"]))


def _bytes(text: str) -> bytes:
    """Bytes as plans keep them in JSON."""
    return text.encode("latin-1")
