"""queues.delete: one dead job with all that RQ keeps of it, undoable from its kept bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.action import (
    ActionSpec,
    Argument,
    Control,
    Outcome,
    Plan,
    RefusedError,
    Request,
    Result,
    Risk,
)
from collectors.hands import RedisHands
from collectors.model.queues import QueueReading
from collectors.model.reading import Reading
from collectors.queues._fingerprint import fingerprint
from collectors.queues.rq.acting import RqAction, counted, latin, raw, server_of, words
from collectors.queues.rq.dead import error_text
from collectors.queues.rq.look import ask_all
from collectors.text import one_line
from collectors.transport.read.redis import RedisReader, read

_LARGEST = 4 * 2**20
"""Bytes of a job that undo keeps."""

_TRIES = 3
"""A hash that grows or shrinks may be dumped in another order: the same bytes are then read anew."""

# KEYS: failed, dependents, group (or failed again), then the keys that go
# ARGV: id, score, "1" where it is of a group, then each key's dump: "+" and bytes, or "-"
_DELETE = """
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then return 'not dead any more' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'refused: other jobs depend on it' end
local changed = score ~= ARGV[2]
for i = 4, #KEYS do
  local dump = redis.call('DUMP', KEYS[i])
  local marked = '-'
  if dump then marked = '+' .. dump end
  if marked ~= ARGV[i] then changed = true end
end
if changed then return 'changed meanwhile' end
redis.call('ZREM', KEYS[1], ARGV[1])
for i = 4, #KEYS do redis.call('DEL', KEYS[i]) end
if ARGV[3] == '1' then redis.call('SREM', KEYS[3], ARGV[1]) end
return 'done'
"""

# KEYS: failed, group (or failed again), then the keys; ARGV: id, score, "1" where it is of a group, then
# each key's dump and the epoch milliseconds at which it ends (0: never)
_RESTORE = """
for i = 3, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 'there is a job of that id again' end
end
for i = 3, #KEYS do
  local a = 4 + (i - 3) * 2
  if ARGV[a] ~= '-' then
    redis.call('RESTORE', KEYS[i], ARGV[a + 1], string.sub(ARGV[a], 2), 'ABSTTL')
  end
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if ARGV[3] == '1' then redis.call('SADD', KEYS[2], ARGV[1]) end
return 'done'
"""


class Delete(RqAction):
    """Delete a dead job: its hash, its results, its place among the failed and in its group."""

    spec = ActionSpec(
        "queues.delete",
        "Delete one dead job with its data and results.",
        Risk.DESTRUCTIVE,
        arguments=(Argument("ids", "the id of one dead job", required=True),),
        undoable=True,
        deadline=60.0,
    )
    needs = ("EVAL", "ZREM", "DEL", "SREM", "RESTORE", "ZADD", "SADD")

    def unfit(self, reading: Reading) -> str:
        """A queue without dead jobs has none to delete."""
        dead = reading.dead.value if isinstance(reading, QueueReading) else None
        return "no job of this queue is dead" if dead == 0 else ""

    async def plan(self, request: Request) -> Plan:
        """The job, and what speaks against it."""
        named = [part.strip() for part in request.argument("ids").split(",") if part.strip()]
        job_id = named[0].encode() if named else b""
        async with self.reading() as reader:
            lines, refusals, group = await self._look(reader, request, job_id)
            server = server_of(reader)
        if len(named) != 1:
            refusals = [f"ids: name one job, not {len(named)}; queues.purge takes many"]
        return self.planned(
            request,
            server=server,
            sample=lines if len(named) == 1 else [],
            refusals=refusals,
            undo="put back with all its bytes, unless a job of that id was made meanwhile",
            items=(job_id,),
            detail={"id": latin(job_id), "group": latin(group)},
        )

    async def _look(
        self, reader: RedisReader, request: Request, job_id: bytes
    ) -> tuple[list[str], list[str], bytes]:
        """The job in a line, what speaks against deleting it, and its group."""
        keys = self.keys
        score, dependents, fields, result, *sizes = await ask_all(
            reader,
            (
                read("ZSCORE", keys.registry(b"failed", request.subject.key), job_id),
                read("EXISTS", keys.dependents(job_id)),
                read("HMGET", keys.job(job_id), "status", "description", "exc_info", "group_id"),
                read("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
                read("MEMORY USAGE", keys.job(job_id), "SAMPLES", 0),
                read("MEMORY USAGE", keys.results(job_id), "SAMPLES", 0),
            ),
        )
        status, description, packed, group = fields or (None,) * 4
        refusals = []
        if score is None:
            other = f" (RQ calls it {one_line(status, 20)})" if status else ""
            refusals.append(f"no dead job of this queue has that id{other}")
        elif status is None:
            refusals.append("RQ has dropped its data: its place among the failed goes by itself")
        elif status not in (b"failed", b"stopped"):
            refusals.append(f"it is not dead any more: RQ calls it {one_line(status, 20)}")
        if dependents:
            refusals.append("other jobs depend on it: they would wait for ever")
        if sum(size or 0 for size in sizes) > _LARGEST:
            refusals.append("it is larger than the 4 MiB that undo keeps")
        line = f"{one_line(description or 'no description', 160)} — {_error(result, packed)}"
        return [line], refusals, group or b""

    async def run(self, plan: Plan, hands: RedisHands, control: Control) -> Outcome:
        """Keep every byte, then delete what is still the same."""
        await control.step()
        answer = ""
        for _try in range(_TRIES):
            async with self.reading() as reader:
                record = await self._record(reader, plan)
            if record is None:
                answer = "not dead any more"
                break
            await control.keep(record)
            answer = await self._script(hands, _DELETE, plan, record, dumps_only=True)
            if answer != "changed meanwhile":
                break
        if answer == "done":
            return Outcome(result=Result.DONE, count=1, words=words("the job is deleted"))
        told = words(f"nothing was deleted: {answer}")
        return Outcome(result=Result.FAILED, count=0, words=told, skipped={answer: 1})

    def _keys_of(self, job_id: bytes) -> list[bytes]:
        keys = self.keys
        return [keys.job(job_id), keys.results(job_id), keys.dependencies(job_id), keys.executions(job_id)]

    async def _record(self, reader: RedisReader, plan: Plan) -> dict[str, Any] | None:
        """Every byte that RQ has of the job, and when each key ends; None where it is not dead any more."""
        job_id = raw(plan.detail["id"])
        reads = [read("ZSCORE", self.keys.registry(b"failed", plan.request.subject.key), job_id)]
        for key in self._keys_of(job_id):
            reads += [read("DUMP", key), read("PTTL", key)]
        score, *replies = await ask_all(reader, reads)
        if score is None or replies[0] is None:
            return None
        now = reader.now() * 1000
        return {
            "kind": "deleted",
            "score": latin(score),
            "dumps": ["-" if dump is None else "+" + latin(dump) for dump in replies[::2]],
            "ends": [round(now + left) if left >= 0 else 0 for left in replies[1::2]],
        }

    async def _script(
        self, hands: RedisHands, lua: str, plan: Plan, record: Mapping[str, Any], *, dumps_only: bool
    ) -> str:
        """Run one of the two scripts; its answer."""
        job_id, group = raw(plan.detail["id"]), raw(plan.detail["group"])
        failed = self.keys.registry(b"failed", plan.request.subject.key)
        keys = [failed, self.keys.group(group) if group else failed, *self._keys_of(job_id)]
        rest: list[bytes | int] = [raw(dump) for dump in record["dumps"]]
        if dumps_only:
            keys.insert(1, self.keys.dependents(job_id))
        else:
            rest = [part for pair in zip(rest, record["ends"], strict=True) for part in pair]
        answer = await hands.script(lua, keys, [job_id, raw(record["score"]), "1" if group else "0", *rest])
        return str(one_line(answer, 100))

    async def verify(self, plan: Plan, outcome: Outcome) -> Outcome:
        """Done only where RQ has nothing of it any more."""
        there = await self._there(plan)
        if outcome.result is Result.DONE and there:
            told = words("a job of that id is there again: somebody made it meanwhile")
            return Outcome(result=Result.DONE, count=1, words=outcome.words, lines=(told,))
        return outcome

    async def reconcile(self, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
        """Gone is deleted, if we were about to."""
        if kept and not await self._there(plan):
            return Outcome(result=Result.DONE, count=1, words=words("the job is deleted"))
        told = words("nothing was deleted: the job is there" if kept else "it was not begun")
        return Outcome(result=Result.FAILED, count=0, words=told)

    async def _there(self, plan: Plan) -> bool:
        async with self.reading() as reader:
            [found] = await ask_all(reader, (read("EXISTS", self.keys.job(raw(plan.detail["id"]))),))
        return bool(found)

    async def undo(
        self, plan: Plan, kept: Sequence[Mapping[str, Any]], hands: RedisHands, control: Control
    ) -> Outcome:
        """Put the job back as it was kept last."""
        if not kept:
            raise RefusedError("nothing was kept of this job")
        await control.step()
        answer = await self._script(hands, _RESTORE, plan, kept[-1], dumps_only=False)
        if answer != "done":
            told = words(f"nothing was put back: {answer}")
            return Outcome(result=Result.FAILED, count=0, words=told, skipped={answer: 1})
        return Outcome(result=Result.DONE, count=1, words=words(f"{counted(1, 'job')} put back"))


def _error(result: Any, packed: bytes | None) -> str:  # noqa: ANN401 - replies are untyped
    return str(one_line(fingerprint(error_text(result, packed)), 100))
