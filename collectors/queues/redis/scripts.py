"""The steps of the actions on lists, as scripts that the server runs as one each.

They push before they remove: where the server refuses (memory, rights) nothing is lost. Places count
from the oldest element, whichever end that is.
"""

_BEGIN = """
local function is_list(key)
  local kind = redis.call('TYPE', key)['ok']
  return kind == 'list' or kind == 'none'
end
for _, key in ipairs(LISTS) do
  if not is_list(key) then return redis.error_reply('ERR a key of this run holds no list') end
end
local function newest_first(left) return left and 1 or -1 end
local function push_new(key, left, one) redis.call(left and 'LPUSH' or 'RPUSH', key, one) end
local function push_old(key, left, one) redis.call(left and 'RPUSH' or 'LPUSH', key, one) end
local function place_of(left, length, index) return left and length - 1 - index or index end
"""

_BOUND = """
-- how many elements from the oldest end on are the plan's, at most; nil where that cannot be told
local function bound(key, left, length, most, mark, behind)
  if mark == '' then return math.min(length, most) end
  local index = redis.call('LPOS', key, mark, 'RANK', newest_first(left))
  if not index then return nil end
  local old = place_of(left, length, index) + 1 + behind
  if old > most then return nil end
  return math.min(old, length)
end
"""

MOVE = (
    "local LISTS = {KEYS[1], KEYS[3]}"
    + _BEGIN
    + _BOUND
    + """
local from, notes, to = KEYS[1], KEYS[2], KEYS[3]
local left, to_left, batch, ttl = ARGV[1] == '1', ARGV[2] == '1', ARGV[3], ARGV[4]
local length = redis.call('LLEN', from)
local before = redis.call('HGET', notes, batch)
if before then return {'again', before, length} end
local most = bound(from, left, length, tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7]))
if not most then return {'lost', '', length} end
local told, room = {}, tonumber(ARGV[8])
for at = 9, #ARGV do
  local one = ARGV[at]
  if room == 0 then
    told[#told + 1] = '.'
  elseif most > 0 and redis.call('LPOS', from, one, 'RANK', -newest_first(left), 'MAXLEN', most) then
    if to then push_new(to, to_left, one) end
    local gone = redis.pcall('LREM', from, -newest_first(left), one)
    if type(gone) == 'table' and gone.err then
      if to then redis.call(to_left and 'LPOP' or 'RPOP', to) end
      return gone
    end
    most, room = most - 1, room - 1
    told[#told + 1] = '1'
  else
    told[#told + 1] = '0'
  end
end
local answer = table.concat(told)
redis.call('HSET', notes, batch, answer)
redis.call('EXPIRE', notes, ttl)
return {'moved', answer, length}
"""
)
"""KEYS from, notes, and to unless elements are only taken away. ARGV whether the newest of ``from`` and
of ``to`` stand left (1 or 0), the batch, how long notes stay, the plan's length less what is gone since,
its newest element ("" for none) and how many stood behind that, how many may move, and the elements.

Answers (``moved``, for each element 1, 0 where it is gone or . where enough had moved, length before),
``lost`` where newer elements cannot be told apart, or ``again`` with what the batch did before.
"""

RESTORE = (
    "local LISTS = {KEYS[1], KEYS[3]}"
    + _BEGIN
    + """
local home, notes, from = KEYS[1], KEYS[2], KEYS[3]
local left, from_left, batch, ttl = ARGV[1] == '1', ARGV[2] == '1', ARGV[3], ARGV[4]
local token, missing, expires = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local done = redis.call('HGET', notes, 'undo:' .. batch)
local moved = redis.call('HGET', notes, batch)
if not moved then return {'never', '', missing} end
if done then
  for at = 1, #done do
    if done:sub(at, at) ~= '1' and moved:sub(at, at) ~= '.' then missing = missing + 1 end
  end
  return {'again', done, missing}
end
local fresh = redis.call('EXISTS', home) == 0
local function insert(one, place)
  local length = redis.call('LLEN', home)
  if place <= 0 then return push_old(home, left, one) end
  if place >= length then return push_new(home, left, one) end
  local index = place_of(left, length, place)
  local other = redis.call('LINDEX', home, index)
  redis.call('LSET', home, index, token)
  redis.call('LINSERT', home, left and 'AFTER' or 'BEFORE', token, one)
  redis.call('LSET', home, left and index or index + 1, other)
end
local told = {}
for at = 8, #ARGV, 2 do
  local one, was, state = ARGV[at], moved:sub(#told + 1, #told + 1), '-'
  if was == '1' then
    state = '1'
    if from and not redis.call('LPOS', from, one, 'RANK', newest_first(from_left)) then state = '0' end
  end
  if state == '1' then
    insert(one, tonumber(ARGV[at + 1]) - missing)
    if from then redis.call('LREM', from, newest_first(from_left), one) end
  elseif was ~= '.' then
    missing = missing + 1
  end
  told[#told + 1] = state
end
if fresh and expires ~= '' then redis.call('PEXPIREAT', home, expires) end
local answer = table.concat(told)
redis.call('HSET', notes, 'undo:' .. batch, answer)
redis.call('EXPIRE', notes, ttl)
return {'moved', answer, missing}
"""
)
"""The way back of ``MOVE``: KEYS home, notes, and from where they are taken (none: they come from us).

ARGV as there up to how long notes stay, then bytes that stand in no list, how many elements of lower
places are not there any more, when ``home`` expires ("" for never), and elements with their places.
Answers (``moved``, for each element 1, 0 where it was taken meanwhile, - where it was not moved,
how many are not there any more now).
"""

TAKE = (
    "local LISTS = {KEYS[1], KEYS[3]}"
    + _BEGIN
    + _BOUND
    + """
local from, notes, to = KEYS[1], KEYS[2], KEYS[3]
local left, keep, ttl = ARGV[1] == '1', ARGV[2], ARGV[3]
local allowed, most = tonumber(ARGV[6]), tonumber(ARGV[7])
local length = redis.call('LLEN', from)
local old = length > 0 and bound(from, left, length, allowed, ARGV[4], tonumber(ARGV[5])) or 0
if not old then return {'lost', 0, 0} end
local took, state = math.min(old, most), 'part'
if old > 0 and old == length and redis.call('EXISTS', to) == 0 then
  redis.call('RENAMENX', from, to)
  took, state = length, 'end'
else
  for _ = 1, took do
    push_new(to, left, redis.call('LINDEX', from, left and -1 or 0))
    redis.call(left and 'RPOP' or 'LPOP', from)
  end
  if took == old then state = 'end' end
end
if took > 0 then redis.call('EXPIRE', to, keep) end
redis.call('HINCRBY', notes, 'took', took)
redis.call('HSET', notes, 'state', state)
redis.call('EXPIRE', notes, ttl)
return {state, took, old - took}
"""
)
"""Purge: KEYS the list, notes, the quarantine. ARGV whether the newest stand left, seconds of the
quarantine and of the notes, the plan's newest element and how many stood behind that, how many may
still be taken, and how many at most now. Answers (``end``, ``part`` or ``lost``, how many, how many left).
"""

GIVE = (
    "local LISTS = {KEYS[1], KEYS[2]}"
    + _BEGIN
    + """
local from, to = KEYS[1], KEYS[2]
local left, most, expires = ARGV[1] == '1', tonumber(ARGV[2]), ARGV[3]
local held, waiting = redis.call('LLEN', from), redis.call('LLEN', to)
if held == 0 then return {0, 0} end
local function outlive()
  if expires ~= '' then redis.call('PEXPIREAT', to, expires) else redis.call('PERSIST', to) end
end
if waiting == 0 then
  redis.call('RENAME', from, to)
  outlive()
  return {held, 0}
end
if waiting <= most then
  local own = redis.call('PTTL', to)
  for place = 0, waiting - 1 do
    push_new(from, left, redis.call('LINDEX', to, left and -1 - place or place))
  end
  redis.call('RENAME', from, to)
  if own >= 0 then redis.call('PEXPIRE', to, own) else redis.call('PERSIST', to) end
  return {held, 0}
end
for _ = 1, math.min(held, most) do
  push_old(to, left, redis.call('LINDEX', from, left and 0 or -1))
  redis.call(left and 'LPOP' or 'RPOP', from)
end
return {math.min(held, most), math.max(0, held - most)}
"""
)
"""The way back of ``TAKE``: KEYS the quarantine and the list. ARGV whether the newest stand left, how
many are moved one by one at most, and when the list expires ("" for never). Answers (moved, left).

Where nothing or little waits, all comes back in one step; else the newest come back first, each to
the end that is consumed.
"""
