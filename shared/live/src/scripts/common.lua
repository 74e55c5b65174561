-- Keys of one topic (a room or a person), all in one slot:
-- 1 sockets, 2 queue, 3 lock, 4 head, 5 generation, 6 who left lately.
-- Field '' of the sockets says that the index is whole.
local sockets, queue, lock, head, generation, left = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local DAYS, LEASE = 7 * 86400000, 3000

-- The index changed: whoever remembers it must read it anew. Numbers never repeat, not even after a flush.
local function changed()
  redis.call('SET', generation, clock[1] .. '.' .. clock[2], 'PX', DAYS)
  redis.call('PEXPIRE', sockets, DAYS)
end

-- Adds one connection, unless its person left a moment ago and the adder may not know it yet.
local function add(connection, person, stamp)
  local gone = redis.call('ZSCORE', left, person)
  if gone and tonumber(gone) > now then return end
  redis.call('HSET', sockets, connection, person .. ' ' .. stamp)
end
