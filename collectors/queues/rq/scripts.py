"""The scripts by which RQ's jobs are moved: each checks an item's state where it writes, and answers."""

from collections.abc import Sequence
from typing import Any

from collectors.action import RefusedError
from collectors.hands import RedisHands
from collectors.text import one_line

GUARD = 2
"""Seconds before its time from which a scheduled job is left to RQ: its scheduler reads what is due and
moves it in two steps, so that a job taken back in between would be both dead and queued."""

MARGIN = 60
"""Seconds that a job's data must outlive its time."""

# "+" and the value, or "-" for a field that is not there
_MARKED = """
local function marked(value) if value == false then return '-' end return '+' .. value end
"""

_UNFIT = (
    _MARKED
    + """
local function unfit(failed, job, queue, a)
  local score = redis.call('ZSCORE', failed, ARGV[a + 1])
  if not score then return 'not dead any more' end
  if redis.call('HEXISTS', job, 'data') == 0 then return 'gone: RQ has dropped its data' end
  local f = redis.call('HMGET', job, 'status', 'started_at', 'ended_at', 'rate_limit_key', 'origin')
  if f[1] ~= 'failed' and f[1] ~= 'stopped' then return 'not dead any more' end
  if score ~= ARGV[a + 2] or marked(f[1]) ~= ARGV[a + 3] or marked(f[2]) ~= ARGV[a + 4]
    or marked(f[3]) ~= ARGV[a + 5] then return 'changed meanwhile' end
  if f[4] and f[4] ~= '' then return 'refused: rate limited' end
  if f[5] and f[5] ~= '' and f[5] ~= queue then return 'refused: of another queue' end
end
"""
)

NOW = (
    _UNFIT
    + """
if redis.call('EXISTS', KEYS[4]) == 1 then return 'RQ is suspended' end
local out = {}
for n = 1, (#ARGV - 2) / 5 do
  local k, a = 4 + (n - 1) * 3, 2 + (n - 1) * 5
  local id, job = ARGV[a + 1], KEYS[k + 1]
  local why = unfit(KEYS[1], job, ARGV[1], a)
  if not why then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[2], 'started_at', '', 'ended_at', '')
    redis.call('HDEL', job, 'exc_info')
    local ttl = tonumber(redis.call('HGET', job, 'ttl') or '')
    if ttl and ttl > 0 then
      for i = 1, 3 do redis.call('EXPIRE', KEYS[k + i], ttl) end
    end
    redis.call('SADD', KEYS[3], KEYS[2])
    redis.call('RPUSH', KEYS[2], id)
  end
  out[n] = why or 'done'
end
return out
"""
)
"""Dead jobs into the queue, as RQ's own requeue leaves them.

KEYS: failed, queue, queues, suspended, then each job, its dependents, its dependencies.
ARGV: queue's name, enqueued_at, then each job's id, score, status, started_at, ended_at (marked).
"""

LATER = (
    _UNFIT
    + f"""
if redis.call('EXISTS', KEYS[4]) == 1 then return 'RQ is suspended' end
if redis.call('EXISTS', KEYS[3]) == 0 then return 'no worker runs the scheduler any more' end
local now = tonumber(redis.call('TIME')[1])
local out = {{}}
for n = 1, (#ARGV - 1) / 6 do
  local a = 1 + (n - 1) * 6
  local id, job, due = ARGV[a + 1], KEYS[4 + n], ARGV[a + 6]
  local why = unfit(KEYS[1], job, ARGV[1], a)
  local left = redis.call('PTTL', job)
  if not why and left >= 0 and now + left / 1000 < tonumber(due) + {MARGIN} then
    why = 'refused: its data expires before its time'
  end
  if not why and redis.call('ZSCORE', KEYS[2], id) then why = 'scheduled already' end
  if not why then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HSET', job, 'status', 'scheduled', 'started_at', '', 'ended_at', '')
    redis.call('ZADD', KEYS[2], due, id)
  end
  out[n] = why or 'done'
end
return out
"""
)
"""Dead jobs into the hands of RQ's scheduler.

KEYS: failed, scheduled, scheduler-lock, suspended, then each job. ARGV: queue's name, then each
job's id, score, status, started_at, ended_at (marked), due.
"""

BACK = f"""
local function put(job, field, value)
  if value == '-' then redis.call('HDEL', job, field)
  else redis.call('HSET', job, field, string.sub(value, 2)) end
end
local lock = redis.call('EXISTS', KEYS[3])
local now = tonumber(redis.call('TIME')[1])
local out = {{}}
for n = 1, #ARGV / 6 do
  local a = (n - 1) * 6
  local id, job = ARGV[a + 1], KEYS[3 + n]
  local due = tonumber(redis.call('ZSCORE', KEYS[2], id) or '')
  local why
  if not due then
    why = redis.call('ZSCORE', KEYS[1], id) == ARGV[a + 2] and 'never taken' or 'due before'
  elseif due ~= tonumber(ARGV[a + 6]) then why = 'scheduled anew by somebody else'
  elseif redis.call('HGET', job, 'status') ~= 'scheduled' then why = 'changed meanwhile'
  elseif lock == 1 and due <= now + {GUARD} then why = 'due now'
  else
    redis.call('ZREM', KEYS[2], id)
    put(job, 'status', ARGV[a + 3])
    put(job, 'started_at', ARGV[a + 4])
    put(job, 'ended_at', ARGV[a + 5])
    redis.call('ZADD', KEYS[1], ARGV[a + 2], id)
  end
  out[n] = why or 'done'
end
return out
"""
"""Scheduled jobs back among the dead, every byte.

KEYS: failed, scheduled, scheduler-lock, then each job. ARGV: each job's id, score, status, started_at,
ended_at (marked), due.
"""


async def moved(
    hands: RedisHands, lua: str, keys: Sequence[bytes], arguments: Sequence[bytes | str | int]
) -> list[str]:
    """Run one of the scripts and give its answer for each job.

    Raises RefusedError where it refused them all, and SourceError where no answer came.
    """
    reply: Any = await hands.script(lua, keys, arguments)
    if not isinstance(reply, list):
        raise RefusedError(one_line(reply, 200), "plan it anew")
    return [str(one_line(answer, 100)) for answer in reply]
