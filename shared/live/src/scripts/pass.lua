-- What the holder of the lock does next.
-- {0}: nothing: somebody else works here, or nobody hears. {1}: wait a little, an earlier event is on its way.
-- {2, events, generation, gap, sockets or false when `known` is still right}: push these.
local MOST = 500
local function pass(token, patient, known)
  local entries = redis.call('ZRANGE', queue, 0, MOST - 1, 'WITHSCORES')
  if #entries == 0 then
    redis.call('DEL', lock)
    return { 0 }
  end
  local last = tonumber(redis.call('GET', head) or '-1')
  local first, gap = tonumber(entries[2]), 0
  if last < 0 then
    -- Nothing is known of what came before, unless this is the log's beginning.
    if first ~= 1 then gap = 1 end
  elseif first > last + 1 then
    if patient then return { 1, token } end
    gap = 1
  end
  local events, count, upto = {}, 0, first - 1
  for i = 1, #entries, 2 do
    local seq = tonumber(entries[i + 1])
    if seq > upto + 1 then break end
    upto = seq
    count = count + 1
    events[count] = entries[i]
  end
  redis.call('ZREMRANGEBYRANK', queue, 0, count - 1)
  if upto > last then redis.call('SET', head, upto, 'PX', DAYS) end
  -- Nobody hears, the index is whole and as new as the log, and no more is queued: nothing is left to come back for.
  if gap == 0 and redis.call('HLEN', sockets) == 1 and redis.call('HEXISTS', sockets, '') == 1
    and redis.call('EXISTS', queue) == 0 then
    redis.call('DEL', lock)
    return { 0 }
  end
  local current = redis.call('GET', generation) or ''
  local index = false
  if current == '' or current ~= known then index = redis.call('HGETALL', sockets) end
  return { 2, token, events, current, gap, index }
end
