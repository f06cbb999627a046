"""Jobs out of the way for a day, and back: the scripts, and the keys that hold them meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from collectors.action import Control, Outcome, Plan, Result, StoppedError
from collectors.hands import RedisHands
from collectors.queues.rq.acting import counted, latin, raw, words
from collectors.queues.rq.keys import Keys
from collectors.queues.rq.look import ask_all
from collectors.queues.rq.scripts import moved
from collectors.transport.read.redis import RedisReader, read

LASTS = 24 * 3600
"""Seconds that a quarantine lasts."""

LONGER = 3600
"""Seconds by which the jobs' data outlives it."""

BATCH = 100

_PREFIX = b"quarterdeck:quarantine:"
_STAMPS = b":stamps"

# a stamp is what proves that a job is still the one that was put away: when its data, its results and its
# dependencies would have ended (epoch milliseconds, -1: never, -: left as it is), then its time, marked
_LUA = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function marked(value) if value == false then return '-' end return '+' .. value end
local function ends(key)
  local at = redis.pcall('PEXPIRETIME', key)
  if type(at) == 'number' then return at end
  local left = redis.call('PTTL', key)
  if left < 0 then return left end
  return now + left
end
local function shortened(key, till)
  local at = ends(key)
  if at == -2 or (at >= 0 and at <= till) then return '-' end
  redis.call('PEXPIREAT', key, till)
  return string.format('%.0f', at)
end
local function lengthened(key, at)
  if at == '-1' then redis.call('PERSIST', key)
  elseif at ~= '-' then redis.call('PEXPIREAT', key, at) end
end
local function put_away(id, mark, k)
  local till = tonumber(ARGV[2])
  local stamp = ''
  for i = 1, 3 do stamp = stamp .. shortened(KEYS[k + i], till) .. ' ' end
  redis.call('HSET', KEYS[3], id, stamp .. mark)
  redis.call('PEXPIREAT', KEYS[2], ARGV[1])
  redis.call('PEXPIREAT', KEYS[3], ARGV[1])
end
local function take_out(id, k, field)
  local stamp = redis.call('HGET', KEYS[3], id)
  if not stamp then return 'not in quarantine' end
  local a, b, c, mark = string.match(stamp, '^(%S+) (%S+) (%S+) (.*)$')
  if mark ~= '-' and redis.call('EXISTS', KEYS[k + 1]) == 0 then return 'its data has expired' end
  if marked(redis.call('HGET', KEYS[k + 1], field)) ~= mark then return 'changed meanwhile' end
  return nil, a, b, c
end
local function free(id, k, a, b, c)
  redis.call('HDEL', KEYS[3], id)
  lengthened(KEYS[k + 1], a)
  lengthened(KEYS[k + 2], b)
  lengthened(KEYS[k + 3], c)
end
local out = {}
"""

# KEYS: failed, quarantine, stamps, then each job, its results, its dependencies, its dependents
# ARGV: end of the quarantine, of the data (epoch milliseconds), then each job's id, score, ended_at marked
_DEAD_AWAY = (
    _LUA
    + """
for n = 1, (#ARGV - 2) / 3 do
  local k, a = 3 + (n - 1) * 4, 2 + (n - 1) * 3
  local id, score = ARGV[a + 1], redis.call('ZSCORE', KEYS[1], ARGV[a + 1])
  local f = redis.call('HMGET', KEYS[k + 1], 'status', 'ended_at')
  local why
  if not score or (f[1] and f[1] ~= 'failed' and f[1] ~= 'stopped') then why = 'not dead any more'
  elseif score ~= ARGV[a + 2] or marked(f[2]) ~= ARGV[a + 3] then why = 'changed meanwhile'
  elseif redis.call('EXISTS', KEYS[k + 4]) == 1 then why = 'refused: other jobs depend on it'
  else
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZADD', KEYS[2], score, id)
    put_away(id, ARGV[a + 3], k)
  end
  out[n] = why or 'done'
end
return out
"""
)

# KEYS: queue, quarantine, stamps, then each job as above; ARGV: as above, each job's id, enqueued_at marked
_READY_AWAY = (
    _LUA
    + """
for n = 1, (#ARGV - 2) / 2 do
  local k, a = 3 + (n - 1) * 4, 2 + (n - 1) * 2
  local id = ARGV[a + 1]
  local f = redis.call('HMGET', KEYS[k + 1], 'enqueued_at', 'rate_limit_key')
  local place = redis.pcall('LPOS', KEYS[1], id, 'MAXLEN', 20000)
  local why
  if not place then why = 'not waiting any more'
  elseif marked(f[1]) ~= ARGV[a + 2] then why = 'changed meanwhile'
  elseif f[2] and f[2] ~= '' then why = 'refused: rate limited, it would hold its slot'
  elseif redis.call('EXISTS', KEYS[k + 4]) == 1 then why = 'refused: other jobs depend on it'
  elseif redis.call('LREM', KEYS[1], 1, id) == 0 then why = 'not waiting any more'
  else
    redis.call('RPUSH', KEYS[2], id)
    put_away(id, ARGV[a + 2], k)
  end
  out[n] = why or 'done'
end
return out
"""
)

# KEYS: failed, quarantine, stamps, then each job, its results, its dependencies; ARGV: each job's id
_DEAD_BACK = (
    _LUA
    + """
for n = 1, #ARGV do
  local k, id = 3 + (n - 1) * 3, ARGV[n]
  local why, a, b, c = take_out(id, k, 'ended_at')
  local score = redis.call('ZSCORE', KEYS[2], id)
  if not why and redis.call('ZSCORE', KEYS[1], id) then why = 'dead again' end
  if not why and not score then why = 'not in quarantine' end
  if not why then
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZADD', KEYS[1], score, id)
    free(id, k, a, b, c)
  end
  out[n] = why or 'done'
end
return out
"""
)

# KEYS: queue, quarantine, stamps, then each job as above; ARGV: each job's id, from the tail to the head
_READY_BACK = (
    _LUA
    + """
for n = 1, #ARGV do
  local k, id = 3 + (n - 1) * 3, ARGV[n]
  local why, a, b, c = take_out(id, k, 'enqueued_at')
  if not why and redis.call('HGET', KEYS[k + 1], 'status') ~= 'queued' then why = 'changed meanwhile' end
  if not why and redis.call('LREM', KEYS[2], -1, id) == 0 then why = 'not in quarantine' end
  if not why then
    redis.call('LPUSH', KEYS[1], id)
    free(id, k, a, b, c)
  end
  out[n] = why or 'done'
end
return out
"""
)


def key_of(keys: Keys, queue: bytes, at: float) -> bytes:
    """The key of a quarantine that was planned at ``at`` (UTC epoch seconds).

    An RQ with a prefix of its own has it in the name, and with it a cluster's hash tag.
    """
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S.%fZ").encode()
    own = b"" if keys.prefix == b"rq" else keys.prefix + b":"
    return _PREFIX + own + queue + b":" + stamp


def place_of(keys: Keys, queue: bytes, of: str) -> bytes:
    """The key from which jobs are taken: the failed, or the ready."""
    return keys.registry(b"failed", queue) if of == "dead" else keys.queue(queue)


async def away(
    hands: RedisHands, keys: Keys, plan: Plan, rows: Sequence[tuple[bytes, ...]], ends: float
) -> list[str]:
    """Put a batch of jobs away until ``ends`` (UTC epoch seconds); the answer for each.

    A row is a job's id, score and ``ended_at``, or id and ``enqueued_at``, the times marked.
    """
    of, key = plan.detail["of"], raw(plan.detail["key"])
    head = [place_of(keys, plan.request.subject.key, of), key, key + _STAMPS]
    of_jobs = [one for job_id, *_rest in rows for one in (*_data(keys, job_id), keys.dependents(job_id))]
    deadlines = [round(ends * 1000), round((ends + LONGER) * 1000)]
    flat = [part for row in rows for part in row]
    lua = _DEAD_AWAY if of == "dead" else _READY_AWAY
    return await moved(hands, lua, [*head, *of_jobs], [*deadlines, *flat])


def _data(keys: Keys, job_id: bytes) -> tuple[bytes, bytes, bytes]:
    return keys.job(job_id), keys.results(job_id), keys.dependencies(job_id)


async def back(reader: RedisReader, hands: RedisHands, keys: Keys, plan: Plan, control: Control) -> Outcome:
    """Move back what is in the quarantine of a plan, batch by batch, in its old order."""
    of, key = plan.detail["of"], raw(plan.detail["key"])
    head = [place_of(keys, plan.request.subject.key, of), key, key + _STAMPS]
    answers: Counter[str] = Counter()
    stopped = ""
    while True:
        stuck = answers.total() - answers["done"]
        ids = await _held(reader, key, of, stuck)
        if not ids:
            break
        try:
            await control.step(len(ids))
        except StoppedError as stop:
            stopped = f"{stop.why}; "
            break
        of_jobs = [one for job_id in ids for one in _data(keys, job_id)]
        lua = _DEAD_BACK if of == "dead" else _READY_BACK
        answers.update(await moved(hands, lua, [*head, *of_jobs], ids))
        control.report(answers["done"], "moved back")
    done = answers.pop("done", 0)
    told = f"{stopped}{counted(done, 'job')} moved back"
    if not done and not answers and not stopped:
        told = "nothing is in quarantine any more: its day is over, or it was moved back before"
    result = Result.DONE if done and not stopped else Result.FAILED
    return Outcome(result=result, count=done, words=words(told), skipped=dict(answers))


async def _held(reader: RedisReader, key: bytes, of: str, stuck: int) -> list[bytes]:
    """The next ids in a quarantine, in the order in which they go back, behind those that cannot."""
    if of == "dead":
        [ids] = await ask_all(reader, (read("ZRANGE", key, stuck, stuck + BATCH - 1),))
        return list(ids or ())
    [ids] = await ask_all(reader, (read("LRANGE", key, -stuck - BATCH, -stuck - 1),))
    return list(reversed(ids or ()))


async def became(reader: RedisReader, keys: Keys, plan: Plan, kept: Sequence[Mapping[str, Any]]) -> Outcome:
    """How far a purge came that nobody saw end."""
    of, key, total = plan.detail["of"], raw(plan.detail["key"]), int(plan.detail["count"])
    named = sum(len(record["ids"]) for record in kept)
    last = [raw(job_id) for job_id in kept[-1]["ids"]] if kept else []
    place = place_of(keys, plan.request.subject.key, of)
    size = read("ZCARD", key) if of == "dead" else read("LLEN", key)
    still = [
        read("ZSCORE", place, job_id) if of == "dead" else read("LPOS", place, job_id, "MAXLEN", 20_000)
        for job_id in last
    ]
    held, *found = await ask_all(reader, [size, *still])
    pending = bool(last) and all(one is not None for one in found)
    if not held and (not kept or pending):
        told = f"nothing was moved: all {counted(total, 'job')} are where they were"
        return Outcome(result=Result.FAILED, count=0, words=words(told))
    if not held:
        told = "the quarantine is empty: its day is over, or what was in it was moved back"
        return Outcome(result=Result.UNKNOWN, count=0, words=words(told))
    whole = named >= total and not pending
    told = f"{held:,} of {counted(total, 'job')} moved into quarantine ({latin(key)})"
    return Outcome(result=Result.DONE if whole else Result.FAILED, count=held, words=words(told))
