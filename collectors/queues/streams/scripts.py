"""The steps of the actions on consumer groups, as scripts that the server runs as one each.

They add before they acknowledge: where the server refuses (memory, rights) no entry is lost.
"""

_PENDING = """
local function pending(entry)
  return redis.call('XPENDING', stream, group, entry, entry, 1)[1]
end
-- what speaks against an entry that was kept as given to `consumer` for the time `times`
local function unlike(told, consumer, times, idle)
  if not told then return 'acked' end
  if told[2] ~= consumer or tostring(told[4]) ~= times or told[3] < idle then return 'taken' end
end
"""

_IDS = """
local function parts(id)
  local time, number = id:match('^(%d+)%-(%d+)$')
  return time, number
end
local function less(one, other)
  return #one < #other or (#one == #other and one < other)
end
-- numbers of up to 20 digits are compared as text: a Lua number holds 53 bits
local function before(one, other)
  local time, number = parts(one)
  local than, tail = parts(other)
  return less(time, than) or (time == than and less(number, tail))
end
"""

COPY = (
    "local stream, notes, group = KEYS[1], KEYS[2], ARGV[1]"
    + _PENDING
    + """
local batch, ttl, idle = ARGV[2], ARGV[3], tonumber(ARGV[4])
local before = redis.call('HGET', notes, batch)
if before then return before end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local states = {}
for at = 5, #ARGV, 3 do
  local told = pending(ARGV[at])
  local state = unlike(told, ARGV[at + 1], ARGV[at + 2], idle)
  if not state then
    local entry = redis.call('XRANGE', stream, ARGV[at], ARGV[at])[1]
    if not entry then
      state = 'deleted'
    elseif #entry[2] > 6000 then
      state = 'large'
    else
      local id = redis.call('XADD', stream, '*', unpack(entry[2]))
      local acked = redis.pcall('XACK', stream, group, ARGV[at])
      if type(acked) == 'table' and acked.err then
        redis.call('XDEL', stream, id)
        return acked
      end
      state = id .. ':' .. string.format('%.0f', now - told[3])
    end
  end
  states[#states + 1] = state
end
local answer = table.concat(states, ',')
redis.call('HSET', notes, batch, answer)
redis.call('EXPIRE', notes, ttl)
return answer
"""
)
"""Entries that are stuck are added anew and acknowledged. KEYS stream, notes. ARGV group, batch, how long
notes stay, milliseconds for which an entry must have been idle, and for each entry its id, its consumer
and how often it was given.

Answers with what each came to, by comma: ``NEW-ID:SINCE`` (milliseconds since the epoch at which the old
one was given), ``acked``, ``taken`` (given anew meanwhile), ``deleted`` (it has no content), ``large``.
"""

CLAIM = (
    "local stream, notes, group = KEYS[1], KEYS[2], ARGV[1]"
    + _PENDING
    + """
local batch, ttl, idle, to = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local before = redis.call('HGET', notes, batch)
if before then return before end
local known = false
for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  if told[2] == to then known = true end
end
local states = {}
for at = 6, #ARGV, 3 do
  local state = known and unlike(pending(ARGV[at]), ARGV[at + 1], ARGV[at + 2], idle) or nil
  if not known then
    state = 'nobody'
  elseif not state then
    state = redis.call('XCLAIM', stream, group, to, idle, ARGV[at], 'JUSTID')[1] and 'claimed' or 'deleted'
  end
  states[#states + 1] = state
end
local answer = table.concat(states, ',')
redis.call('HSET', notes, batch, answer)
redis.call('EXPIRE', notes, ttl)
return answer
"""
)
"""The same entries are given to another consumer. KEYS and ARGV as above, with the consumer before them.

Answers likewise: ``claimed``, ``acked``, ``taken``, ``deleted``, ``nobody`` (the consumer is gone).
"""

UNCOPY = (
    "local stream, notes, group = KEYS[1], KEYS[2], ARGV[1]"
    + _IDS
    + """
local batch, ttl = ARGV[2], ARGV[3]
local done = redis.call('HGET', notes, 'undo:' .. batch)
if done then return done end
local noted = redis.call('HGET', notes, batch)
if not noted then return '' end
local read = '0-0'
for _, told in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  for at = 1, #told, 2 do
    if told[at] == 'last-delivered-id' and before(read, told[at + 1]) then read = told[at + 1] end
  end
end
local states, at = {}, 4
for state in noted:gmatch('[^,]+') do
  local new, since = state:match('^(%d+%-%d+):(%d+)$')
  local answer = '-'
  if new then
    answer = '0'
    if before(read, new) and #redis.call('XRANGE', stream, ARGV[at], ARGV[at]) == 1 then
      redis.call('XCLAIM', stream, group, ARGV[at + 1], 0, ARGV[at],
        'TIME', since, 'RETRYCOUNT', ARGV[at + 2], 'FORCE', 'JUSTID')
      redis.call('XDEL', stream, new)
      answer = '1'
    end
  end
  states[#states + 1] = answer
  at = at + 3
end
local answer = table.concat(states)
redis.call('HSET', notes, 'undo:' .. batch, answer)
redis.call('EXPIRE', notes, ttl)
return answer
"""
)
"""The way back of ``COPY``: KEYS as there. ARGV group, batch, how long notes stay, and for each entry its id,
its consumer and how often it was given. Answers for each 1, 0 where a group has read the copy or the
original is gone, - where it was never copied; nothing at all where the batch was never run.
"""

_GROUP = """
local at, read
for _, told in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local one = {}
  for index = 1, #told, 2 do one[told[index]] = told[index + 1] end
  if one['name'] == group then at, read = one['last-delivered-id'], one['entries-read'] or '' end
end
if not at then return {'gone', '', ''} end
"""

SKIP = (
    "local stream, notes, group = KEYS[1], KEYS[2], ARGV[1]"
    + _IDS
    + _GROUP
    + """
local old, to, ttl = ARGV[2], ARGV[3], ARGV[4]
if before(at, old) then return {'back', at, read} end
if not before(at, to) then return {'read', at, read} end
redis.call('XGROUP', 'SETID', stream, group, to)
redis.call('HSET', notes, 'from', at, 'read', read, 'to', to)
redis.call('EXPIRE', notes, ttl)
return {'done', at, read}
"""
)
"""A group's read position moves on. KEYS stream, notes. ARGV group, where it stood when the plan was made,
where it goes, how long notes stay.

Answers (``done``, ``read`` where it stands there already, ``back`` where somebody moved it back or
``gone``; where it stood, how many entries it had read or "").
"""

BACK = (
    "local stream, notes, group = KEYS[1], KEYS[2], ARGV[1]"
    + _GROUP
    + """
local from = redis.call('HGET', notes, 'from')
if not from then return {'never', at, ''} end
if redis.call('HGET', notes, 'back') then return {'again', at, ''} end
if at ~= ARGV[2] then return {'moved', at, ''} end
local command = {'XGROUP', 'SETID', stream, group, from}
local count = redis.call('HGET', notes, 'read')
if count ~= '' then
  command[#command + 1] = 'ENTRIESREAD'
  command[#command + 1] = count
end
redis.call(unpack(command))
redis.call('HSET', notes, 'back', from)
redis.call('EXPIRE', notes, ARGV[3])
return {'done', from, count}
"""
)
"""The way back of ``SKIP``: KEYS as there. ARGV group, where it must stand now, how long notes stay.

Answers (``done``, ``moved``, ``again``, ``never`` or ``gone``, where it stands, …).
"""
